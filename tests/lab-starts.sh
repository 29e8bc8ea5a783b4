#!/usr/bin/env bash
# Lab test: a daemon is killed inside `amig run` and `amig rm`. Output and exit code as of tests/lab.sh.
# usage: tests/lab-starts.sh [--rounds N] [--seed S]        N of each (2); without --seed a fresh one is drawn and told
set -euo pipefail
# shellcheck source=lab/begin.sh
source "$(dirname "$0")/lab/begin.sh"
# shellcheck source=lab/starts.sh
source "$AMIG_SOURCE/tests/lab/starts.sh"

main() {
  local rounds=2 seed=$((SRANDOM % 32768))
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
      --seed) seed=${2:?--seed needs a number}; shift 2 ;;
      *) die "unknown option '$1'." ;;
    esac
  done
  say "seed $seed."
  begin_lab_test 3
  RANDOM=$seed
  test_that "a_start_that_a_daemon_died_in_leaves_a_container_with_its_name_or_neither" may killed_in_starts "$rounds"
  RANDOM=$((seed + 1))
  test_that "so_does_a_removal" may killed_in_removals "$rounds"
  end_lab_test
}

main "$@"
