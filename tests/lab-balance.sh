#!/usr/bin/env bash
# Lab test: 24 containers with loads begin on one of four hosts; the balancer spreads them, moving none twice, and then leaves them alone, one host is drained while the others go on, and no client notices anything. Prints a line per test, and a
# line of JSON with what was measured. Expects that deploy/setup.sh and deploy/build.sh have run.
# usage: tests/lab-balance.sh [--quiet SECONDS]        how long nothing may be moved once it is balanced, under loads that go up and down (20)
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=lab/report.sh
source "$AMIG_SOURCE/tests/lab/report.sh"
# shellcheck source=lab/holds.sh
source "$AMIG_SOURCE/tests/lab/holds.sh"
# shellcheck source=chaos/checks.sh
source "$AMIG_SOURCE/tests/chaos/checks.sh"
# shellcheck source=circles/containers.sh
source "$AMIG_SOURCE/tests/circles/containers.sh"
# shellcheck source=circles/checks.sh
source "$AMIG_SOURCE/tests/circles/checks.sh"
# shellcheck source=lab/balance.sh
source "$AMIG_SOURCE/tests/lab/balance.sh"
AMIG_SPEAKER=lab-balance
export AMIG_LAB=balance-$$
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
# The hosts of a lab share one machine: each is said to have a part of it. Looks are more frequent than the defaults, so that the test does not consist of waiting.
export AMIG_NODE_SETTINGS="load.interval = 2 s
  load.window = 10 s
  load.cores = 1
  load.memory = 2 GiB
  balance.interval = 5 s
  balance.hold-rounds = 2
  balance.max-moves = 3
  balance.max-moves-out = 3"

# shellcheck disable=SC2034 # used in tests/circles
readonly HOSTS="h1 h2 h3 h4" CONTAINERS=24
# Of a core and of memory, per container: together about three quarters of what a host is said to have.
readonly LOAD_PERMILLE=30 LOAD_MIB=48

main() {
  QUIET=20
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --quiet) QUIET=${2:?--quiet needs seconds}; shift 2 ;;
      *) die "unknown option '$1'; the options are at the top of $0." ;;
    esac
  done
  need_root
  RUN=$(mktemp -d)
  touch "$RUN"/{violations,watch}
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  test_that four_hosts_come_up must lab up 4
  test_that twenty_four_containers_with_loads_run_on_one_of_them must loads_begin "$LOAD_PERMILLE" "$LOAD_MIB"
  [ "$broken" = yes ] || start_watcher_of_all
  [ "$broken" = yes ] || start_reader_of_all
  test_that nothing_is_moved_while_the_mode_is_off may stays_off
  test_that a_recommendation_moves_nothing_before_it_is_applied may recommends
  test_that the_cluster_is_balanced_by_itself_by_moves_from_the_full_host_and_none_twice must becomes_balanced
  test_that then_nothing_is_moved_any_more_while_loads_go_up_and_down may stays_balanced
  test_that each_decision_is_explained_and_replayed_to_the_same may is_replayed
  test_that what_cannot_leave_a_drained_host_is_named_at_once may names_what_stays
  test_that a_drained_host_is_emptied_and_takes_nothing may is_drained
  test_that a_host_that_takes_containers_again_gets_some may is_filled_again
  test_that every_container_runs_once_with_its_whole_history_and_no_client_noticed may all_is_whole
  [ ! -e "$RUN/measured" ] || jq -sc 'add' "$RUN/measured"
  test_that the_lab_goes_without_a_trace may lab_goes
  [ "$bad" -eq 0 ]
}

leave() {
  local status=$?
  trap - EXIT
  stop_reader_of_all || true
  lab down >&2 || true
  stop_watcher
  rm -rf "$RUN"
  exit "$status"
}

main "$@"
