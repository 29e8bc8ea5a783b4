#!/usr/bin/env bash
# Lab test: two of three hosts are switched off in the middle of a migration, and the operator decides who has the container (amig migration resolve). A
# client's connection must not notice more than the time that it took. Output and exit code as of tests/lab.sh.
set -euo pipefail
# shellcheck source=lab/begin.sh
source "$(dirname "$0")/lab/begin.sh"
# shellcheck source=lab/majority.sh
source "$AMIG_SOURCE/tests/lab/majority.sh"
# shellcheck source=lab/undumpable.sh
source "$AMIG_SOURCE/tests/lab/undumpable.sh"
# shellcheck source=lab/resolve.sh
source "$AMIG_SOURCE/tests/lab/resolve.sh"

main() {
  begin_lab_test 3
  test_that with_destination_and_third_voter_off_the_operator_gives_the_container_back may operator_gives_it_back
  test_that with_source_and_third_voter_off_the_operator_lets_the_restored_tree_run may operator_lets_it_go
  test_that what_is_lost_on_both_sides_is_given_to_nobody_and_its_name_is_free_again may operator_gives_it_to_nobody
  end_lab_test
}

main "$@"
