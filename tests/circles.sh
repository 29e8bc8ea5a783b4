#!/usr/bin/env bash
# Containers in circles on a real lab: N small containers move h1 -> h2 -> h3 -> h1 again and again while the three daemons are killed or stopped and started in a
# drawn order. At the end there must be N containers, each running once, each with its full history, each movable, and nothing left behind. Ends with one line of
# JSON; exit code 0 when nothing was violated. Expects that deploy/setup.sh and deploy/build.sh have run.
# usage: tests/circles.sh [--containers N] [--minutes M] [--seed S] [--at-once K] [--restarts yes|no] [--evidence DIRECTORY] [--keep]
#   defaults: 20 containers, 10 minutes, a fresh seed (printed), 3 moves at once, restarts; --evidence gets everything that is known if something was violated; --keep leaves the lab up.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=lab/holds.sh
source "$AMIG_SOURCE/tests/lab/holds.sh"
# shellcheck source=chaos/faults.sh
source "$AMIG_SOURCE/tests/chaos/faults.sh"
# shellcheck source=chaos/checks.sh
source "$AMIG_SOURCE/tests/chaos/checks.sh"
# shellcheck source=circles/containers.sh
source "$AMIG_SOURCE/tests/circles/containers.sh"
# shellcheck source=circles/daemons.sh
source "$AMIG_SOURCE/tests/circles/daemons.sh"
# shellcheck source=circles/moves.sh
source "$AMIG_SOURCE/tests/circles/moves.sh"
# shellcheck source=circles/checks.sh
source "$AMIG_SOURCE/tests/circles/checks.sh"
# shellcheck source=circles/result.sh
source "$AMIG_SOURCE/tests/circles/result.sh"
AMIG_SPEAKER=circles
export AMIG_LAB=circles-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-circles}
# Shorter than the defaults, as in tests/chaos.sh.
export AMIG_NODE_SETTINGS="migration.patience = 6 s
  migration.prepare-patience = 20 s
  migration.stop-deadline = 10 s
  migration.hand-over-patience = 25 s"

# shellcheck disable=SC2034 # used in tests/circles
readonly HOSTS="h1 h2 h3"

main() {
  CONTAINERS=20 MINUTES=10 SEED='' AT_ONCE=3 RESTARTS=yes EVIDENCE='' KEEP=no
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --containers) CONTAINERS=${2:?--containers needs a number}; shift 2 ;;
      --minutes) MINUTES=${2:?--minutes needs a number}; shift 2 ;;
      --seed) SEED=${2:?--seed needs a number}; shift 2 ;;
      --at-once) AT_ONCE=${2:?--at-once needs a number}; shift 2 ;;
      --restarts) RESTARTS=${2:?--restarts needs yes or no}; shift 2 ;;
      --evidence) EVIDENCE=$(realpath -m "${2:?--evidence needs a directory}"); shift 2 ;;
      --keep) KEEP=yes; shift ;;
      *) die "unknown option '$1'; the options are at the top of $0." ;;
    esac
  done
  [[ "$CONTAINERS" =~ ^[1-9][0-9]?$ && "$CONTAINERS" -le "$MOST_CONTAINERS" ]] || die "--containers is 1 to $MOST_CONTAINERS, not '$CONTAINERS'."
  need_root
  SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
  # The first numbers of neighbouring seeds are alike.
  RANDOM=$((SEED % 32768))
  : $RANDOM $RANDOM
  RUN=$(mktemp -d)
  EVIDENCE=${EVIDENCE:-$(mktemp -d -t amig-circles-XXXXXX)}
  touch "$RUN"/{moves,restarts,stops,by-itself,resources,violations,watch}
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  say "seed $SEED, $CONTAINERS containers, $MINUTES minutes, $AT_ONCE moves at once, restarts: $RESTARTS; what is seen is in $RUN."
  LOADS=$(cut -d' ' -f1 /proc/loadavg)
  lab up 3 >&2
  containers_begin "$HOSTS"
  start_watcher_of_all
  start_reader_of_all
  STARTED=$SECONDS UNTIL=$((SECONDS + MINUTES * 60))
  in_circles
  LOADS="$LOADS $(cut -d' ' -f1 /proc/loadavg)"
  look_at_everything
}

# Guard, movers and this shell, which draws the restarts, until the time is over. Afterwards whatever waits starts daemons again (revive).
in_circles() {
  local number movers=() guard
  in_background guard
  guard=$!
  for number in $(seq 0 $((AT_ONCE - 1))); do
    in_background mover "$number"
    movers+=("$!")
  done
  restart_until_the_end
  say "the time is over; waiting for the last moves."
  wait "${movers[@]}" || true
  kill "$guard" || die "the guard has ended."
  wait "$guard" || true
}

in_background() {
  (trap - EXIT INT TERM HUP; "$@") &
  BACKGROUND+=("$!")
}

BACKGROUND=()

leave() {
  local status=$? pid
  trap - EXIT
  # A loop that is ended in the middle of a start leaves a daemon, which goes with the lab.
  for pid in "${BACKGROUND[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${BACKGROUND[@]}"; do wait "$pid" 2>/dev/null || true; done
  stop_reader_of_all || true
  if [ -s "$RUN/violations" ]; then collect_all; fi
  if [ "$KEEP" = yes ]; then
    say "the lab stays up: AMIG_LAB_DIR=$AMIG_LAB_DIR AMIG_LAB=$AMIG_LAB deploy/lab.sh status; what was seen is in $RUN."
  else
    lab down >&2 || true
  fi
  stop_watcher
  print_result
  if [ -s "$RUN/violations" ]; then status=1; fi
  rmdir "$EVIDENCE" 2>/dev/null || true
  [ "$KEEP" = yes ] || rm -rf "$RUN"
  exit "$status"
}

main "$@"
