# shellcheck shell=bash
# Hosts of a lab that lose trust and win it back, seen through the API of h2 and from outside.

# Until a voter has asked twice and all have heard, with time for a busy machine, in seconds.
readonly JUDGE_SECONDS=60
readonly WATCHED="trust.interval = 2 s
  trust.patience = 60 s
  balance.interval = 5 s"

all_are_proved() { within "$JUDGE_SECONDS" trusts h2 "h1 proved, h2 proved, h3 proved" || die "hosts are: $(trust_on h2)."; }

trust_on() { ask "$1" hosts | jq -r '[.hosts[] | "\(.host) \(.trust)"] | join(", ")'; } # HOST

trusts() { [ "$(trust_on "$1")" = "$2" ]; } # HOST EXPECTED

against() { ask h2 hosts | jq -r --arg host "$1" '.hosts[] | select(.host == $host) | .against'; } # HOST

policy_of() { echo "$(lab directory "$1")/state/trust/policy.json"; } # HOST

# A policy that no host of the lab can satisfy, as an operator would write it by a slip.
break_policy() { # HOST
  local policy
  policy=$(policy_of "$1")
  cp "$policy" "$RUN/policy.$1"
  jq '.pcrs["0"] = ["\("ab" * 32)"]' "$policy" >"$policy.new"
  mv "$policy.new" "$policy"
}

mend_policy() { # HOST
  cp "$RUN/policy.$1" "$(policy_of "$1").new"
  mv "$(policy_of "$1").new" "$(policy_of "$1")"
}

one_wrong_policy_is_said() {
  break_policy h3
  within "$JUDGE_SECONDS" says_against h1 "1 of 3 voters: h3" || die "nothing is said against h1: $(against h1)"
  # With one voter against them it takes the words of both others; one of them may not have said its first yet.
  within "$JUDGE_SECONDS" trusts h2 "h1 proved, h2 proved, h3 proved" || die "hosts are: $(trust_on h2)."
  amig_on h2 hosts >"$RUN/hosts.out" 2>"$RUN/hosts.error"
  says "$RUN/hosts.error" "PcrValueNotAllowed" "1 of 3 voters: h3"
  redis_goes_on
}

says_against() { [[ "$(against "$1")" == *"$2"* ]]; } # HOST WORDS

landslide_stops_nothing() {
  break_policy h2
  within "$JUDGE_SECONDS" trusts h2 "h1 rejected, h2 rejected, h3 rejected" || die "hosts are: $(trust_on h2)."
  sleep 5
  [ "$(state_of redis)" = Running ] || die "redis is $(state_of redis) although all hosts are rejected."
  within 5 log_says h1 "More than half of all hosts are rejected" || die "h1 does not say that it is likelier a wrong policy."
  mend_policy h2
  mend_policy h3
  all_are_proved
  redis_goes_on
}

state_of() { ask h2 containers | jq -r --arg name "$1" '.containers[] | select(.name == $name) | .state'; } # CONTAINER

host_of() { ask h2 containers | jq -r --arg name "$1" '.containers[] | select(.name == $name and .state == "Running") | .host'; } # CONTAINER

is_in_state() { [ "$(state_of "$1")" = "$2" ]; } # CONTAINER STATE

changed_host_stands() {
  lab tpm-extend h1
  within "$JUDGE_SECONDS" trusts h2 "h1 rejected, h2 proved, h3 proved" || die "hosts are: $(trust_on h2)."
  trusts h3 "h1 rejected, h2 proved, h3 proved" || within 5 trusts h3 "h1 rejected, h2 proved, h3 proved" || die "h3 has not heard: $(trust_on h3)."
  within "$JUDGE_SECONDS" is_in_state redis Frozen || die "redis is $(state_of redis)."
  refused_with "$EXIT_ATTESTATION" h1 run --name other --image redis --ip "$(lab network).77/24" -- redis-server
  says "$RUN/refused.error" "host h1 is not trusted" "PcrValueNotAllowed" "voters"
  refused_with "$EXIT_ATTESTATION" h2 migrate redis --to h3
  says "$RUN/refused.error" "host h1 is not trusted"
}

# Nobody lists it while h1 joins; but at no moment it runs.
restart_lets_nothing_go() {
  local until=$((SECONDS + 25))
  lab kill h1
  lab start h1
  while [ "$SECONDS" -lt "$until" ]; do
    ! is_in_state redis Running || die "redis runs."
    sleep 1
  done
  within "$JOIN_SECONDS" is_in_state redis Frozen || die "redis is $(state_of redis)."
  trusts h2 "h1 rejected, h2 proved, h3 proved" || die "hosts are: $(trust_on h2)."
}

host_is_trusted_again() {
  lab tpm-reset h1
  within "$JOIN_SECONDS" trusts h2 "h1 proved, h2 proved, h3 proved" || die "hosts are: $(trust_on h2)."
  within "$JUDGE_SECONDS" is_in_state redis Running || die "redis is $(state_of redis)."
  redis_goes_on
}

revoked_key_is_not_believed() {
  local host key
  key=$(lab directory h3)/state/trust/ak.crt
  for host in h1 h2; do "$AMIG_OUT/amig/amig" policy revoke "$(policy_of "$host")" --ak "$key" >>"$RUN/revoked.out"; done
  within "$JUDGE_SECONDS" trusts h2 "h1 proved, h2 proved, h3 rejected" || die "hosts are: $(trust_on h2)."
  refused_with "$EXIT_ATTESTATION" h2 migrate redis --to h3
  says "$RUN/refused.error" "host h3 is not trusted" "AkRevoked"
  for host in h1 h2; do "$AMIG_OUT/amig/amig" policy revoke "$(policy_of "$host")" --ak "$key" --undo >>"$RUN/revoked.out"; done
  all_are_proved
  redis_goes_on
}

# By a rule of its own: the mode is off, and the operator has only said what is to become of such hosts.
host_is_evacuated() {
  local host
  for host in h1 h2 h3; do
    AMIG_NODE_SETTINGS="$WATCHED
  trust.untrusted = evacuate" lab configure "$host"
    lab kill "$host"
    lab start "$host"
    within "$JOIN_SECONDS" is_member_of_all "$host" || die "$host is not a member again."
  done
  all_are_proved
  lab tpm-extend h1
  within "$((JUDGE_SECONDS * 2))" has_left_h1 || die "redis is still on h1: $(ask h2 balance | jq -c '[.last, .moves[0:2]]'); $(ask h2 migrations | jq -c '.migrations[0]')"
  within 30 is_moved_for_trust || die "the balancer says: $(ask h2 balance | jq -c .moves[0:2])"
  log_says "$(host_of redis)" "its container is taken in all the same" || die "$(host_of redis) does not say that it has taken in what nobody vouches for."
  lab tpm-reset h1
  all_are_proved
  redis_goes_on
}

is_moved_for_trust() { ask h2 balance | jq -e '[.moves[] | select(.move.reason == "Trust" and .outcome == "Committed" and .move.from == "h1")] | length == 1' >/dev/null; }

has_left_h1() { [[ "$(host_of redis)" == h[23] ]]; }

# In the eyes of all, so that none of them counts it twice.
is_member_of_all() { sees h1 h1 h2 h3 && sees h2 h1 h2 h3 && sees h3 h1 h2 h3; }
