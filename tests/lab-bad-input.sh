#!/usr/bin/env bash
# Lab test: bad input and bad moments get one clear sentence and leave everything as it was. Three hosts that vote and a fourth that is given
# every fault, a redis with a client's connection that must not notice any of it. Output and exit code as of tests/lab.sh.
set -euo pipefail
# shellcheck source=lab/begin.sh
source "$(dirname "$0")/lab/begin.sh"
# shellcheck source=lab/cancels.sh
source "$AMIG_SOURCE/tests/lab/cancels.sh"
# shellcheck source=lab/undumpable.sh
source "$AMIG_SOURCE/tests/lab/undumpable.sh"
# shellcheck source=lab/room.sh
source "$AMIG_SOURCE/tests/lab/room.sh"
# shellcheck source=../deploy/demo/memcheck.sh
source "$AMIG_SOURCE/deploy/demo/memcheck.sh"
# shellcheck source=lab/untracked.sh
source "$AMIG_SOURCE/tests/lab/untracked.sh"
# shellcheck source=lab/majority.sh
source "$AMIG_SOURCE/tests/lab/majority.sh"
# shellcheck source=lab/certificates.sh
source "$AMIG_SOURCE/tests/lab/certificates.sh"
# shellcheck source=lab/faults.sh
source "$AMIG_SOURCE/tests/lab/faults.sh"
export AMIG_NODE_SETTINGS_h4="memory.reserve = $TOO_MUCH"

main() {
  begin_lab_test 4
  test_that without_memory_at_the_destination_prepare_refuses_with_numbers may no_room_for_memory
  cancels
  test_that a_destination_that_hangs_in_the_stop_does_not_keep_the_source_from_thawing may hanging_destination
  undumpables
  test_that a_tree_that_dies_behind_the_verdict_is_lost_by_name_and_runs_nowhere may tree_dies_behind_the_verdict
  test_that without_disk_at_the_destination_prepare_refuses_with_numbers may no_room_on_disk
  test_that without_tracking_a_move_needs_force_and_loses_no_page may moves_in_one_copy_under_the_freeze
  test_that without_a_majority_of_voters_nothing_is_begun may no_majority
  test_that a_voter_that_lost_its_state_directory_does_not_vote_before_the_others_have_told_it may voter_without_memory
  test_that when_the_voters_are_back_a_migration_succeeds may majority_is_back
  test_that a_voter_whose_state_directory_was_put_back_becomes_another_one may voter_with_an_old_copy
  test_that a_host_whose_AK_another_CA_certified_is_refused_by_rule may foreign_attestation_key
  test_that a_host_without_an_AK_certificate_does_not_start_and_says_why may missing_attestation_key
  test_that a_host_whose_TLS_certificate_is_of_another_CA_cannot_join_and_harms_nobody may foreign_node_certificate
  end_lab_test
}

main "$@"
