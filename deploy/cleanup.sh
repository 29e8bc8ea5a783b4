#!/usr/bin/env bash
# Undoes every lab of this machine completely, also one whose `up` broke off half-way, and says what it removed. Network namespaces and mounts
# of a lab belong to its processes and go with them; processes are ended by their recorded pid and start time. Leaves what set-up installed.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
LABS=${AMIG_LAB_DIR:-/var/lib/amig-lab}

main() {
  need_root
  local lab
  while read -r lab; do
    AMIG_LAB=$lab "$AMIG_SOURCE/deploy/lab.sh" down
  done < <(find "$LABS" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort)
  remove_stray_cgroups
  say "nothing of a lab is left."
}

# Cgroups of a lab whose directory somebody deleted. One with tasks in it cannot be removed, and is named.
remove_stray_cgroups() {
  local top
  while read -r top; do
    find "$top" -depth -type d -exec rmdir {} + 2>/dev/null || true
    if [ -d "$top" ]; then
      say "cgroup $top still has tasks ($(find "$top" -name cgroup.procs -exec cat {} + | sort -un | tr '\n' ' ')): not removed."
    else
      say "removed cgroup $top."
    fi
  done < <(find /sys/fs/cgroup -maxdepth 2 -type d -regex '.*/amig-[a-z0-9-]+-h[0-9]+' 2>/dev/null)
}

main "$@"
