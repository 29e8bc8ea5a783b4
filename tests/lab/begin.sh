# shellcheck shell=bash
# How a lab test with a redis and a client that counts begins and ends: everything that such tests share, and a directory of its own for each.

# shellcheck source=../../deploy/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/common.sh"
# shellcheck source=../../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=../../deploy/demo/redis.sh
source "$AMIG_SOURCE/deploy/demo/redis.sh"
# shellcheck source=report.sh
source "$AMIG_SOURCE/tests/lab/report.sh"
# shellcheck source=redis.sh
source "$AMIG_SOURCE/tests/lab/redis.sh"
# shellcheck source=holds.sh
source "$AMIG_SOURCE/tests/lab/holds.sh"
# shellcheck disable=SC2034 # used by the scripts that read this
AMIG_SPEAKER=$(basename "$0" .sh)
export AMIG_LAB=${AMIG_SPEAKER#lab-}-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
export AMIG_NODE_SETTINGS="debug.hold-dir = \"$HOLD_DIRECTORY\""

# A lab of HOSTS hosts, a redis on the first, and a client that counts from now on.
begin_lab_test() { # HOSTS
  need_root
  RUN=$(mktemp -d)
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  test_that "a_lab_of_$1_hosts_comes_up" must lab up "$1"
  test_that redis_starts_on_a_host must start_and_fill
  [ "$broken" = yes ] || start_recording
}

# The client has noticed nothing, nothing is left, and every test was ok.
end_lab_test() {
  RECORDING_STATUS=0
  stop_recording || RECORDING_STATUS=$?
  test_that all_the_while_every_reply_was_the_next_number_on_one_connection may recording_is_whole
  test_that the_lab_goes_without_a_trace may lab_goes
  [ "$bad" -eq 0 ]
}
