#!/usr/bin/env bash
# Lab test: the voters of four hosts change while a move is open (docs/protocol.md, "Other voters"). A client's connection must not notice.
set -euo pipefail
# shellcheck source=lab/begin.sh
source "$(dirname "$0")/lab/begin.sh"
# shellcheck source=lab/voters.sh
source "$AMIG_SOURCE/tests/lab/voters.sh"

main() {
  begin_lab_test 4
  test_that a_voter_is_exchanged_while_a_move_waits_for_its_verdict may voter_is_exchanged
  test_that the_new_voter_and_one_old_one_decide may new_voter_decides
  test_that a_voter_that_slept_over_the_change_decides_nothing may sleeper_decides_nothing
  test_that it_is_admitted_as_another_one_when_it_is_a_voter_again may sleeper_is_admitted
  test_that other_voters_under_the_same_number_are_refused_by_name may wrong_set_is_said
  end_lab_test
}

main "$@"
