# shellcheck shell=bash
# Two of the three voters are gone: h1 and h4 are left, and cannot decide anything.

no_majority() {
  local epoch
  nothing_held
  epoch=$(epoch_of_redis)
  lab kill h2
  lab kill h3
  refused_with "$EXIT_NO_MAJORITY" h1 migrate redis --to h4
  says "$RUN/refused.error" "majority" "voters" "nothing was begun"
  redis_goes_on
  [ "$(epoch_of_redis)" = "$epoch" ] || die "redis is at another epoch."
  nothing_left_of "$(newest_of redis)" h1
  nothing_left_of "$(newest_of redis)" h4
}

# h2 comes back without what it has promised, and h3 is still gone: h1 and h2 are two of three, but h2 does not count.
voter_without_memory() {
  local epoch
  epoch=$(epoch_of_redis)
  lab exec h2 sh -c 'rm /var/lib/amig/voter.log /var/lib/amig/voter.json'
  lab start h2
  within "$JOIN_SECONDS" is_member h2 || die "h2 is not a member again."
  [ "$(voters_are)" = "h1 votes, h2 new, h3 silent" ] || die "amig voters: $(voters_are)."
  refused_with "$EXIT_NO_MAJORITY" h1 migrate redis --to h4
  redis_goes_on
  [ "$(epoch_of_redis)" = "$epoch" ] || die "redis is at another epoch."
}

voters_are() { ask h1 voters | jq -r '[.voters[] | .host + " " + .state] | join(", ")'; }

all_vote() { [ "$(voters_are)" = "h1 votes, h2 votes, h3 votes" ]; }

majority_is_back() {
  local id
  lab start h3
  within "$JOIN_SECONDS" all_vote || die "amig voters: $(voters_are)."
  within "$JOIN_SECONDS" is_member h2 || die "h2 is not a member again."
  id=$(begin redis h2)
  ended_as "$id" Committed None
  redis_goes_on
  id=$(amig_on h2 migrate redis --to h1 --no-wait --json | jq -r .id)
  ended_as "$id" Committed None
}

# h2's state directory is put back as it was before its last start: its TPM remembers that start.
voter_with_an_old_copy() {
  local before
  lab exec h2 sh -c 'mkdir -p /run/copy && cp /var/lib/amig/voter.log /var/lib/amig/voter.json /run/copy'
  before=$(incarnation_of h2)
  lab kill h2
  lab start h2
  within "$JOIN_SECONDS" all_vote || die "amig voters: $(voters_are)."
  [ "$(incarnation_of h2)" = "$before" ] || die "a restart made h2 another voter."
  lab kill h2
  lab exec h2 sh -c 'cp /run/copy/* /var/lib/amig/ && rm -r /run/copy'
  lab start h2
  within "$JOIN_SECONDS" all_vote || die "amig voters: $(voters_are)."
  [ "$(incarnation_of h2)" != "$before" ] || die "h2 votes with a memory that is older than its last start."
  within "$JOIN_SECONDS" is_member h2 || die "h2 is not a member again."
  redis_goes_on
}

incarnation_of() { ask h1 voters | jq -r --arg host "$1" '.voters[] | select(.host == $host) | .incarnation'; } # HOST

epoch_of_redis() { ask h1 containers | jq -c '.containers[] | select(.name == "redis") | [.host, .epoch]'; }
