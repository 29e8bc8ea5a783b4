# shellcheck shell=bash
# The voters of a lab of four hosts change, h4 for h3 and back, while a move is open and a client counts.

readonly LAB_VOTER_PORT=7072

# The change reaches the daemons one after the other, in the middle of a stop that only voters of the old set can decide. The source that is started again wants its
# container back, and the two of the old set that are left say so.
voter_is_exchanged() {
  local id
  nothing_held
  hold_at h2 Destination.Deciding
  id=$(begin redis h2)
  reaches h2 Destination.Deciding "$id"
  lab crash h3
  within "$JOIN_SECONDS" is_gone h3 || die "h1 still counts h3."
  takes_set 2 "h1 h2 h4" h1 h2 h4
  let_go h2 Destination.Deciding
  ended_as "$id" Aborted Internal
  redis_goes_on
  nothing_left_of "$id" h2
  within "$JOIN_SECONDS" sets_on h2 "h1 votes 2, h2 votes 2, h4 votes 2" || die "amig voters: $(voters_on h2)."
}

# What the two of the old set have decided is known without one of them.
new_voter_decides() {
  within "$JOIN_SECONDS" commits h1 h2 || die "redis does not move: $(cat "$RUN/moved.error")"
  lab kill h1
  within "$JOIN_SECONDS" commits h2 h4 || die "redis does not move with h2 and h4 as voters: $(cat "$RUN/moved.error")"
  redis_goes_on
  lab start h1
  within "$JOIN_SECONDS" sees h2 h1 || die "h1 is not a member again."
}

# h3 has slept over the change, and its configuration says that nothing has changed: nobody begins anything with it.
sleeper_decides_nothing() {
  lab boot h3
  within "$JOIN_SECONDS" sees h2 h3 || die "h3 is not a member again."
  "$AMIG_SOURCE/deploy/images.sh" redis h3
  refused_with "$EXIT_NO_MAJORITY" h3 run --name other --image redis --ip "$(lab network).77/24" -- redis-server
  says "$RUN/refused.error" "majority" "voters"
  redis_goes_on
}

# It comes back as a voter with an old memory, and is admitted as another one.
sleeper_is_admitted() {
  local before
  before=$(incarnation_of h3)
  takes_set 3 "h1 h2 h3" h1 h2 h3 h4
  within "$JOIN_SECONDS" sets_on h2 "h1 votes 3, h2 votes 3, h3 votes 3" || die "amig voters: $(voters_on h2)."
  [ "$(incarnation_of h3)" != "$before" ] || die "h3 votes with the memory that it had two sets ago."
  lab kill h1
  within "$JOIN_SECONDS" commits h4 h2 || die "redis does not move with h2 and h3 as voters: $(cat "$RUN/moved.error")"
  redis_goes_on
}

# Other voters under the same number: it does not vote, and says why.
wrong_set_is_said() {
  takes_set 3 "h2 h3 h4" h3
  within "$JOIN_SECONDS" log_says h3 "a change of amig.voters needs the next amig.voter.set, 4" || die "h3 does not say why it does not vote."
  sets_on h3 "h2 votes 3, h3 waits 3, h4 silent 0" || die "amig voters: $(voters_on h3)."
  redis_goes_on
}

takes_set() { # NUMBER VOTERS HOSTS...
  local number=$1 names=$2 host list=''
  shift 2
  for host in $names; do list+="${list:+, }\"$host=$(lab network).${host#h}:$LAB_VOTER_PORT\""; done
  for host in "$@"; do
    AMIG_NODE_SETTINGS="$AMIG_NODE_SETTINGS
  voter.set = $number
  voter.before = $(before_of "$number")
  voters = [$list]" lab configure "$host"
    lab kill "$host" 2>/dev/null || true
    lab start "$host"
    within "$JOIN_SECONDS" sees "$host" "$host" || die "$host is not a member again."
  done
}

before_of() { case "$1" in 2) echo '"h1,h2,h3"' ;; *) echo '"h1,h2,h4"' ;; esac; } # NUMBER

# A try that is refused is made again: the cluster takes its time to know who is there.
commits() { # FROM TO
  amig_on "$1" migrate redis --to "$2" --json >"$RUN/moved.json" 2>"$RUN/moved.error" && [ "$(jq -r .outcome "$RUN/moved.json")" = Committed ]
}

is_gone() { ask h1 hosts | jq -e --arg host "$1" '[.hosts[] | select(.host == $host)] == []' >/dev/null; } # HOST

sees() { ask "$1" hosts | jq -e --arg host "$2" '[.hosts[] | select(.host == $host and .status == "Up" and .reachable)] | length == 1' >/dev/null; } # HOST OTHER

voters_on() { ask "$1" voters | jq -r '[.voters[] | "\(.host) \(.state) \(.set)"] | join(", ")'; } # HOST

sets_on() { [ "$(voters_on "$1")" = "$2" ]; } # HOST TEXT

incarnation_of() { jq -r .Incarnation "$(lab root "$1")/var/lib/amig/voter.json"; } # HOST

