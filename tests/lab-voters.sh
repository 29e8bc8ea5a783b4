#!/usr/bin/env bash
# Lab test: the voters of four hosts change while a move is open (docs/protocol.md, "Other voters"). A client's connection must not notice.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=../deploy/demo/redis.sh
source "$AMIG_SOURCE/deploy/demo/redis.sh"
# shellcheck source=lab/report.sh
source "$AMIG_SOURCE/tests/lab/report.sh"
# shellcheck source=lab/redis.sh
source "$AMIG_SOURCE/tests/lab/redis.sh"
# shellcheck source=lab/holds.sh
source "$AMIG_SOURCE/tests/lab/holds.sh"
# shellcheck source=lab/voters.sh
source "$AMIG_SOURCE/tests/lab/voters.sh"
AMIG_SPEAKER=lab-voters
export AMIG_LAB=set-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
export AMIG_NODE_SETTINGS="debug.hold-dir = \"$HOLD_DIRECTORY\""

main() {
  need_root
  RUN=$(mktemp -d)
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  test_that a_lab_of_four_hosts_comes_up must lab up 4
  test_that redis_starts_on_a_host must start_and_fill
  [ "$broken" = yes ] || start_recording
  test_that a_voter_is_exchanged_while_a_move_waits_for_its_verdict may voter_is_exchanged
  test_that the_new_voter_and_one_old_one_decide may new_voter_decides
  test_that a_voter_that_slept_over_the_change_decides_nothing may sleeper_decides_nothing
  test_that it_is_admitted_as_another_one_when_it_is_a_voter_again may sleeper_is_admitted
  test_that other_voters_under_the_same_number_are_refused_by_name may wrong_set_is_said
  RECORDING_STATUS=0
  stop_recording || RECORDING_STATUS=$?
  test_that all_the_while_every_reply_was_the_next_number_on_one_connection may recording_is_whole
  test_that the_lab_goes_without_a_trace may lab_goes
  [ "$bad" -eq 0 ]
}

main "$@"
