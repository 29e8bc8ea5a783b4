# shellcheck shell=bash
# Two of the three voters are switched off while a container stands between h1 and h2: only the operator can decide.

# The container whose migration is resolved.
OF=redis

# The destination and the third voter are off: the source's copy stands frozen.
operator_gives_it_back() {
  local id epoch
  nothing_held
  epoch=$(epoch_on h1)
  id=$(gated_on_h2)
  lab crash h2
  lab crash h3
  refused_with "$EXIT_CONFLICT" h1 migration resolve redis --to source --fenced h2 --yes
  says "$RUN/refused.error" "No answer from h3" "second time" "--fenced h3"
  refused_with "$EXIT_CONFLICT" h1 migration resolve redis --to destination --fenced h2 --fenced h3 --yes
  says "$RUN/refused.error" "h2" "is said to be off"
  ! redis_answers || die "redis runs while nobody has decided."

  resolve_on h1 source h2 h3
  ended_as "$id" Aborted Cancelled
  [[ "$(of_attempt "$id" .sentence)" == *"both lost power"* ]] || die "the attempt does not say why: $(of_attempt "$id" .sentence)"
  within "$GONE_SECONDS" redis_answers || die "redis does not run on."
  redis_goes_on

  come_back h2 h3
  nothing_left_of "$id" h2
  nothing_left_of "$id" h1
  id=$(begin redis h2)
  ended_as "$id" Committed None
  [ "$(epoch_on h2)" -gt "$((epoch + 1))" ] || die "the epoch did not move past the one that might have been given away."
  redis_goes_on
  id=$(amig_on h2 migrate redis --to h1 --no-wait --json | jq -r .id)
  ended_as "$id" Committed None
  redis_goes_on
}

# The source and the third voter are off: the tree waits at its gate. The two daemons that were left are one host of three to the cluster, which
# ends them; they are started again, as systemd would.
operator_lets_it_go() {
  local id
  nothing_held
  id=$(gated_on_h2)
  lab crash h1
  lab crash h3
  let_go h2 Destination.Deciding
  resolve_on h2 destination h1 h3
  within "$GONE_SECONDS" redis_answers || die "redis does not run on."

  # The cluster ends the daemon of a host that is left alone. Who knows the resolution has to be there when the others are switched on (docs/operating.md).
  within "$JOIN_SECONDS" was_started_again h2 || true
  come_back h1 h3
  within "$JOIN_SECONDS" ended_on h1 "$id" Committed || die "attempt $id does not end on h1: $(of_attempt "$id" '[.step, .outcome, .failure]')"
  nothing_left_of "$id" h1
  ! lab exec h1 sh -c 'runc --root /run/amig/runc list -q | grep -q redis' || die "a copy of redis is on h1."
  redis_goes_on
  id=$(amig_on h2 migrate redis --to h1 --no-wait --json | jq -r .id)
  ended_as "$id" Committed None
  redis_goes_on
}

# The source and the third voter are off, and the tree dies at its gate: nothing of it is left, and its name would be blocked for ever. Redis is on h2 meanwhile.
operator_gives_it_to_nobody() {
  local id
  nothing_held
  ended_as "$(begin redis h2)" Committed None
  OF=holder
  holder_image
  start_holder nothing
  id=$(gated_on_h2 holder)
  refused_with "$EXIT_CONFLICT" h2 migration resolve holder --to nobody --yes
  says "$RUN/refused.error" "of the 3 voters" "vote"
  lab crash h1
  lab crash h3
  within "$JOIN_SECONDS" is_refused h2 nobody "is not lost" h1 h3 || die "nobody says that the tree stands: $(cat "$RUN/resolve.error")"
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec h2 sh -c 'kill -KILL $(cat /sys/fs/cgroup/*/"$1"/holder-e*/cgroup.procs | sort -u)' sh "amig-$AMIG_LAB-h2"
  within "$JOIN_SECONDS" is_refused h2 destination "nothing of it can go on there" h1 h3 || die "a dead tree was given the container: $(cat "$RUN/resolve.error")"
  let_go h2 Destination.Deciding
  resolve_on h2 nobody h1 h3
  grep -F "holder is lost" "$RUN/resolve.out"

  within "$JOIN_SECONDS" was_started_again h2 || true
  come_back h1 h3
  within "$JOIN_SECONDS" ended_on h1 "$id" Aborted || die "attempt $id does not end on h1: $(of_attempt "$id" '[.step, .outcome, .failure]')"
  ! holder_answers || die "it runs."
  amig_on h1 rm holder
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2

  # The name is free.
  start_holder nothing
  amig_on h1 rm --force holder
  redis_goes_on
}

gated_on_h2() { # [CONTAINER]
  local id
  hold_at h2 Destination.Deciding
  id=$(begin "${1:-redis}" h2)
  reaches h2 Destination.Deciding "$id"
  echo "$id"
}

# A host that is cut off from most of the cluster ends its daemon: asked again when it is back.
resolve_on() { # HOST SIDE FENCED...
  local host=$1 side=$2
  shift 2
  within "$JOIN_SECONDS" is_resolved "$host" "$side" "$@" || die "the resolution was refused: $(cat "$RUN/resolve.error")"
}

is_refused() { # HOST SIDE TEXT FENCED...
  local host=$1 side=$2 text=$3
  shift 3
  ! is_resolved "$host" "$side" "$@" && grep -qF -- "$text" "$RUN/resolve.error"
}

is_resolved() { # HOST SIDE FENCED...
  local host=$1 side=$2
  shift 2
  lab start "$host" >"$RUN/start.out" 2>&1 || true
  # shellcheck disable=SC2046 # one option for each host
  amig_on "$host" migration resolve "$OF" --to "$side" $(printf -- '--fenced %s ' "$@") --reason "both lost power" --yes >"$RUN/resolve.out" 2>"$RUN/resolve.error"
}

was_started_again() { # HOST
  if lab start "$1" >"$RUN/start.out" 2>&1; then touch "$RUN/again"; fi
  [ -e "$RUN/again" ] && ask "$1" node | jq -e .host >/dev/null
}

come_back() { # HOSTS...
  local host
  for host in "$@"; do
    lab boot "$host"
    let_go "$host" Destination.Deciding
  done
  within "$JOIN_SECONDS" all_are_back || die "amig voters: $(voters_are)."
}

# A daemon that the cluster has given up meanwhile ends, and is started again.
all_are_back() {
  local host
  for host in h1 h2 h3; do lab start "$host" >"$RUN/start.out" 2>&1 || true; done
  all_vote && is_member h2 && is_member h3
}

ended_on() { [ "$(lab exec "$1" curl --silent --unix-socket /run/amig/api.sock "http://amig/v1/migrations/$2" | jq -r .outcome)" = "$3" ]; } # HOST ATTEMPT OUTCOME

epoch_on() { ask "$1" containers | jq '.containers[] | select(.name == "redis") | .epoch'; } # HOST
