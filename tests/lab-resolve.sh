#!/usr/bin/env bash
# Lab test: two of three hosts are switched off in the middle of a migration, and the operator decides who has the container (amig migration resolve). A
# client's connection must not notice more than the time that it took. Output and exit code as of tests/lab.sh.
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
# shellcheck source=lab/majority.sh
source "$AMIG_SOURCE/tests/lab/majority.sh"
# shellcheck source=lab/resolve.sh
source "$AMIG_SOURCE/tests/lab/resolve.sh"
AMIG_SPEAKER=lab-resolve
export AMIG_LAB=off-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
export AMIG_NODE_SETTINGS="debug.hold-dir = \"$HOLD_DIRECTORY\""

main() {
  need_root
  RUN=$(mktemp -d)
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  test_that a_lab_of_three_hosts_comes_up must lab up 3
  test_that redis_starts_on_a_host must start_and_fill
  [ "$broken" = yes ] || start_recording
  test_that with_destination_and_third_voter_off_the_operator_gives_the_container_back may operator_gives_it_back
  test_that with_source_and_third_voter_off_the_operator_lets_the_restored_tree_run may operator_lets_it_go
  RECORDING_STATUS=0
  stop_recording || RECORDING_STATUS=$?
  test_that all_the_while_every_reply_was_the_next_number_on_one_connection may recording_is_whole
  test_that the_lab_goes_without_a_trace may lab_goes
  [ "$bad" -eq 0 ]
}

main "$@"
