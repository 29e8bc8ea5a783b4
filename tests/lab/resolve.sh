# shellcheck shell=bash
# Two of the three voters are switched off while redis stands frozen between h1 and one of them: only the operator can decide.

# Lab hosts with all that can be seen of them: what runs, and whom the voters name as owner.
operator_resolves() {
  local id epoch
  nothing_held
  epoch=$(ask h1 containers | jq '.containers[] | select(.name == "redis") | .epoch')
  hold_at h2 Destination.Deciding
  id=$(begin redis h2)
  reaches h2 Destination.Deciding "$id"
  lab crash h2
  lab crash h3
  refused_with "$EXIT_CONFLICT" h1 migration resolve redis --to source --fenced h2 --yes
  says "$RUN/refused.error" "No answer from h3" "second time" "--fenced h3"
  refused_with "$EXIT_CONFLICT" h1 migration resolve redis --to destination --fenced h2 --fenced h3 --yes
  says "$RUN/refused.error" "h2" "is said to be off"
  ! redis_answers || die "redis runs while nobody has decided."

  amig_on h1 migration resolve redis --to source --fenced h2 --fenced h3 --reason "both lost power" --yes || die "the resolution was refused."
  ended_as "$id" Aborted Cancelled
  [[ "$(of_attempt "$id" .sentence)" == *"both lost power"* ]] || die "the attempt does not say why: $(of_attempt "$id" .sentence)"
  within "$GONE_SECONDS" redis_answers || die "redis does not run on."
  redis_goes_on

  lab boot h2
  lab boot h3
  within "$JOIN_SECONDS" all_vote || die "amig voters: $(voters_are)."
  within "$JOIN_SECONDS" is_member h2 || die "h2 is not a member again."
  nothing_left_of "$id" h2
  nothing_left_of "$id" h1
  id=$(begin redis h2)
  ended_as "$id" Committed None
  redis_goes_on
  [ "$(ask h2 containers | jq '.containers[] | select(.name == "redis") | .epoch')" -gt "$((epoch + 1))" ] || die "the epoch did not move past the one that might have been given away."
  id=$(amig_on h2 migrate redis --to h1 --no-wait --json | jq -r .id)
  ended_as "$id" Committed None
}
