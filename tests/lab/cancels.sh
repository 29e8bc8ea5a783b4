# shellcheck shell=bash
# `amig cancel` in each phase of a migration of redis from h1 to h2, held at a step of it.

# Steps of the source, one per phase before the verdict.
readonly CANCELLABLE="Attest=Quoting PrepareResources=Connecting PreCopy=Copying StopAndCopy=CopyingFrozen"

cancels() {
  local pair
  for pair in $CANCELLABLE; do
    test_that "a_cancel_in_${pair%%=*}_leaves_redis_where_it_is_and_nothing_of_the_attempt" may cancelled_in "${pair%%=*}" "Source.${pair#*=}"
  done
  test_that a_cancel_when_the_tree_stands_at_its_gate_thaws_the_source may cancelled_at_the_gate
  test_that a_cancel_after_the_verdict_is_too_late_and_says_so may cancelled_too_late
}

cancelled_in() { # PHASE STEP
  local id status=0
  nothing_held
  hold_at h1 "$2"
  lab exec h1 amig migrate redis --to h2 >"$RUN/cancelled.out" 2>"$RUN/cancelled.error" &
  within "$REACH_SECONDS" is_under_way redis || die "the migration did not begin."
  id=$(attempt_under_way redis)
  reaches h1 "$2" "$id"
  [ "$(of_attempt "$id" .phase)" = "$1" ] || die "$2 is in phase $(of_attempt "$id" .phase)."
  amig_on h1 cancel "$id"
  let_go h1 "$2"
  wait "$!" || status=$?
  [ "$status" -eq "$EXIT_ABORTED" ] || die "amig migrate ended with $status instead of $EXIT_ABORTED: $(cat "$RUN/cancelled.error")"
  says "$RUN/cancelled.error" "cancelled" "redis" "h1"
  ended_as "$id" Aborted Cancelled
  redis_goes_on
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
}

attempt_under_way() { ask h1 migrations | jq -r --arg name "$1" '[.migrations[] | select(.container == $name and .outcome == "Open")][0].id // empty'; }

is_under_way() { [ -n "$(attempt_under_way "$1")" ]; }

# The destination is about to propose DEST: the register has not decided, so it says SOURCE.
cancelled_at_the_gate() {
  local id
  nothing_held
  hold_at h2 Destination.JournalingProposed
  id=$(begin redis h2)
  reaches h2 Destination.JournalingProposed "$id"
  amig_on h1 cancel "$id"
  within "$GONE_SECONDS" redis_answers || die "redis was not thawed."
  let_go h2 Destination.JournalingProposed
  ended_as "$id" Aborted Cancelled
  redis_goes_on
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
}

# In Resume and in Teardown. Redis is on h2 afterwards, and goes back.
cancelled_too_late() {
  local id step
  nothing_held
  hold_at h1 Source.Killing
  hold_at h1 Source.Cleaning
  id=$(begin redis h2)
  for step in Source.Killing Source.Cleaning; do
    reaches h1 "$step" "$id"
    refused_with "$EXIT_CONFLICT" h1 cancel "$id"
    says "$RUN/refused.error" "too late to cancel" "redis" "h2" "amig migrate redis --to h1"
    let_go h1 "$step"
  done
  ended_as "$id" Committed None
  nothing_left_of "$id" h1
  redis_goes_on
  id=$(amig_on h2 migrate redis --to h1 --no-wait --json | jq -r .id)
  ended_as "$id" Committed None
  nothing_left_of "$id" h2
}
