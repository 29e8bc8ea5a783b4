#!/usr/bin/env bash
# Chaos on a real lab: a redis under load moves between three hosts, each move is held at a step on purpose, something breaks there, and everything is looked
# at from outside. Ends with one line of JSON; exit code 0 when no round had a violation. Expects that deploy/setup.sh and deploy/build.sh have run.
# usage: tests/chaos.sh [--rounds N] [--seed S] [--seconds T]          N rounds with steps and faults drawn from the seed (a fresh one is printed), none begun after T seconds
#        tests/chaos.sh --seed S --only ROUND                          that round of such a run again
#        tests/chaos.sh --step STEP --fault FAULT [--rounds N]         this pair
#        tests/chaos.sh --matrix [--steps "A B"] [--faults "X Y"]      each step with each fault that fits it, once
#        tests/chaos.sh --spread [K/N] [--rounds R] [--seconds T]      the K-th of N parts (1/1) of all pairs in an order drawn from the seed, in which every step and every fault comes early
#                       [--except FILE]...                            without those that these results have: a matrix in several runs
#        tests/chaos.sh --list                                         steps and faults
#        tests/chaos.sh --table FILE...                                results as a table
#        tests/chaos.sh --pairs FILE...                                results as the matrix of steps and faults
# Options: --results FILE appends a line of JSON per round; --evidence DIRECTORY gets the logs of failed rounds; --stop ends at the first of them; --keep leaves the lab up.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=../deploy/demo/redis.sh
source "$AMIG_SOURCE/deploy/demo/redis.sh"
# shellcheck source=lab/holds.sh
source "$AMIG_SOURCE/tests/lab/holds.sh"
# shellcheck source=chaos/steps.sh
source "$AMIG_SOURCE/tests/chaos/steps.sh"
# shellcheck source=chaos/faults.sh
source "$AMIG_SOURCE/tests/chaos/faults.sh"
# shellcheck source=chaos/redis.sh
source "$AMIG_SOURCE/tests/chaos/redis.sh"
# shellcheck source=chaos/checks.sh
source "$AMIG_SOURCE/tests/chaos/checks.sh"
# shellcheck source=chaos/rounds.sh
source "$AMIG_SOURCE/tests/chaos/rounds.sh"
# shellcheck source=chaos/results.sh
source "$AMIG_SOURCE/tests/chaos/results.sh"
AMIG_SPEAKER=chaos
export AMIG_LAB=chaos-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
# Shorter than the defaults, so that a round does not consist of waiting: what is said of recovery holds for these.
export AMIG_NODE_SETTINGS="debug.hold-dir = \"$HOLD_DIRECTORY\"
  migration.patience = 6 s
  migration.prepare-patience = 20 s
  migration.stop-deadline = 10 s
  migration.hand-over-patience = 25 s
  disk.reserve = 16 MiB"
export AMIG_LAB_STATE_MIB=512

readonly DEFAULT_ROUNDS=20
# All daemons know each other again this long after a fault, at most, in seconds: a member that went silent must be given up first.
readonly READY_SECONDS=60
# A client that waits longer than this, in seconds, counts as cut off: the longest fault, the stop deadline, the recovery.
readonly REPLY_SECONDS=60

main() {
  local except=() rounds='' only='' matrix=no spread='' some_steps='' some_faults='' most_seconds='' number=0
  SEED='' PAIR_GIVEN='' KEEP=no STOP=no GIVEN_STEP='' GIVEN_FAULT='' RESULTS='' EVIDENCE=''
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
      --seed) SEED=${2:?--seed needs a number}; shift 2 ;;
      --seconds) most_seconds=${2:?--seconds needs a number}; shift 2 ;;
      --only) only=${2:?--only needs the number of a round}; shift 2 ;;
      --step) GIVEN_STEP=${2:?--step needs a name}; shift 2 ;;
      --fault) GIVEN_FAULT=${2:?--fault needs a name}; shift 2 ;;
      --matrix) matrix=yes; shift ;;
      --spread)
        spread=1/1
        shift
        case "${1:-}" in [0-9]*/[0-9]*) spread=$1; shift ;; esac ;;
      --except) except+=("$(realpath "${2:?--except needs a file}")"); shift 2 ;;
      --steps) some_steps=${2:?--steps needs names}; shift 2 ;;
      --faults) some_faults=${2:?--faults needs names}; shift 2 ;;
      --results) RESULTS=$(realpath -m "${2:?--results needs a file}"); shift 2 ;;
      --evidence) EVIDENCE=$(realpath -m "${2:?--evidence needs a directory}"); shift 2 ;;
      --stop) STOP=yes; shift ;;
      --keep) KEEP=yes; shift ;;
      --table) shift; print_table "$@"; exit 0 ;;
      --pairs) shift; print_pairs "$@"; exit 0 ;;
      --list) all_steps; tr ' ' '\n' <<<"$ALL_FAULTS"; exit 0 ;;
      *) die "unknown option '$1'; the options are at the top of $0." ;;
    esac
  done
  [ -z "$GIVEN_STEP$GIVEN_FAULT" ] || PAIR_GIVEN=yes
  [ -z "$GIVEN_STEP" ] || stage_of "$GIVEN_STEP" >/dev/null
  need_root
  SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
  RUN=$(mktemp -d)
  RESULTS=${RESULTS:-$RUN/results}
  EVIDENCE=${EVIDENCE:-$(mktemp -d -t amig-chaos-XXXXXX)}
  : >>"$RESULTS"
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  say "seed $SEED."
  [ -z "$spread" ] || spread_pairs "$SEED" "${spread%/*}" "${spread#*/}" "${except[@]}" >"$RUN/pairs"
  comes_up
  if [ "$matrix" = yes ]; then
    for STEP in ${some_steps:-$(all_steps)}; do
      for FAULT in ${some_faults:-$ALL_FAULTS}; do
        if ! fits "$STEP" "$FAULT"; then continue; fi
        number=$((number + 1))
        [ -z "$most_seconds" ] || [ "$SECONDS" -lt "$most_seconds" ] || break 2
        PAIR_GIVEN=yes one_round "$number"
      done
    done
  elif [ -n "$spread" ]; then
    while read -r STEP FAULT; do
      number=$((number + 1))
      [ -z "$rounds" ] || [ "$number" -le "$rounds" ] || break
      [ -z "$most_seconds" ] || [ "$SECONDS" -lt "$most_seconds" ] || break
      PAIR_GIVEN=yes one_round "$number" </dev/null
    done <"$RUN/pairs"
  elif [ -n "$only" ]; then
    one_round "$only"
  else
    for number in $(seq "${rounds:-$([ -n "$PAIR_GIVEN" ] && echo 1 || echo "$DEFAULT_ROUNDS")}"); do
      [ -z "$most_seconds" ] || [ "$SECONDS" -lt "$most_seconds" ] || break
      one_round "$number"
    done
  fi
}

comes_up() {
  lab up 3 >&2
  start_watcher
  redis_begins h1
}

one_round() { # NUMBER
  local began=$SECONDS
  seed_round "$1"
  [ -n "$PAIR_GIVEN" ] || draw_pair
  STEP=${GIVEN_STEP:-$STEP} FAULT=${GIVEN_FAULT:-$FAULT}
  round "$1"
  stop_recording || true
  SECONDS_TAKEN=$((SECONDS - began))
  keep_result "$1"
  say "  $OUTCOME $FAILURE, recovered after ${RECOVERED_MS:--} ms, longest gap ${GAP_MS:--} ms, $SECONDS_TAKEN s.${SENTENCE:+ $SENTENCE}"
  if [ "${#VIOLATIONS[@]}" -eq 0 ]; then return; fi
  collect "$1"
  [ "$STOP" = no ] || exit 1
  say "  a fresh lab for the rounds that follow."
  stop_watcher
  lab down >&2
  comes_up
}

leave() {
  local status=$?
  trap - EXIT
  stop_recording || true
  stop_reader
  if [ "$KEEP" = yes ]; then
    say "the lab stays up: AMIG_LAB_DIR=$AMIG_LAB_DIR AMIG_LAB=$AMIG_LAB deploy/lab.sh status; what was seen is in $RUN."
  else
    lab down >&2 || true
  fi
  stop_watcher
  print_line
  jq -se 'all(.violations == [])' "$RESULTS" >/dev/null || status=1
  rmdir "$EVIDENCE" 2>/dev/null || true
  [ "$KEEP" = yes ] || rm -rf "$RUN"
  exit "$status"
}

main "$@"
