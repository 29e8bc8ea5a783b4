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

# Cgroups of a lab whose directory somebody deleted. Those of a host in which something runs, in whatever hierarchy, belong to a lab that is up, perhaps under another directory: left alone, and named.
remove_stray_cgroups() {
  local top tasks
  while read -r top; do
    tasks=$(find /sys/fs/cgroup -maxdepth 2 -type d -name "${top##*/}" -exec find {} -name cgroup.procs -exec cat {} + \; 2>/dev/null | sort -un | tr '\n' ' ')
    if [ -n "$tasks" ]; then
      say "cgroup $top has tasks ($tasks): not removed."
    elif find "$top" -depth -type d -exec rmdir {} + 2>/dev/null; then
      say "removed cgroup $top."
    fi
  done < <(find /sys/fs/cgroup -maxdepth 2 -type d -regex '.*/amig-[a-z0-9-]+-h[0-9]+' 2>/dev/null)
}

main "$@"
