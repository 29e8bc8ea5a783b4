#!/usr/bin/env bash
# Lab test: what becomes of a host that cannot prove any more what it is, and of its containers (docs/attestation.md, "Watching over hosts"). A client's connection must not notice more than that its container stood.
# Output and exit code as of tests/lab.sh.
set -euo pipefail
# shellcheck source=lab/begin.sh
source "$(dirname "$0")/lab/begin.sh"
# shellcheck source=lab/trust.sh
source "$AMIG_SOURCE/tests/lab/trust.sh"
# Hosts are asked more often than by default, so that the test does not consist of waiting.
export AMIG_NODE_SETTINGS="$WATCHED
  trust.untrusted = stop"

main() {
  begin_lab_test 3
  test_that every_host_proves_what_it_is_to_the_voters may all_are_proved
  test_that a_policy_that_is_wrong_on_one_host_condemns_nobody may one_wrong_policy_is_said
  test_that a_wrong_policy_on_most_hosts_stops_nothing may landslide_stops_nothing
  test_that a_host_that_is_measured_otherwise_takes_nothing_and_its_containers_stand may changed_host_stands
  test_that a_daemon_that_is_started_anew_does_not_let_them_go may restart_lets_nothing_go
  test_that they_go_on_when_the_host_has_proved_itself_again may host_is_trusted_again
  test_that a_key_that_is_revoked_is_not_believed_and_needs_no_restart may revoked_key_is_not_believed
  test_that a_host_that_is_to_be_evacuated_is_emptied_by_the_balancer may host_is_evacuated
  end_lab_test
}

main "$@"
