# shellcheck shell=bash
# What the balancer does on a lab of four hosts with containers c01 to c24, seen through the API of h1 and from outside.

# From the mode to the last move: eight plans of three moves, each held for two rounds and carried out on a busy machine, in seconds.
readonly BALANCE_SECONDS=300
readonly DRAIN_SECONDS=240
readonly EXIT_NOT_POSSIBLE=8
# Five looks, in seconds.
readonly SETTLED_SECONDS=25

# The client may begin when all of them listen.
loads_begin() { # LOAD...
  local name
  containers_begin h1 "$@"
  for name in $(names); do within 30 listens "$name" || die "$name does not listen."; done
}

listens() { lab client timeout 2 bash -c "exec 3<>/dev/tcp/$(address_of "$1")/$COUNTER_PORT" 2>/dev/null; } # NAME

balance() { ask h1 balance; }

measured() { jq -nc "$@" >>"$RUN/measured"; }

counts() { ask h1 containers | jq -c '[.containers[] | select(.state == "Running") | .host] | reduce .[] as $host ({}; .[$host] += 1)'; }

count_on() { counts | jq --arg host "$1" '.[$host] // 0'; } # HOST

moves_made() { ask h1 migrations | jq '[.migrations[]] | length'; }

stays_off() {
  within 60 has_looked 4 || die "the balancer has not seen four hosts: $(balance | head -c 600)"
  within 30 is_above || die "the imbalance of 24 containers on one host is below the threshold: $(balance | head -c 900)"
  [ "$(balance | jq -r .mode)" = off ] || die "the mode of a new cluster is $(balance | jq -r .mode)."
  sleep 15
  [ "$(moves_made)" -eq 0 ] || die "something was moved in mode off."
}

has_looked() { [ "$(balance | jq '.hosts | length')" -eq "$1" ]; } # HOSTS

is_above() { balance | jq -e '.last.imbalance >= .threshold' >/dev/null; }

# Nothing is under way, held back or planned.
is_below() { balance | jq -e '.last.imbalance < .threshold and .last.moves == [] and ([.moves[] | select(.outcome == "Open")] == [])' >/dev/null; }

# While containers move the machine has less for the others, and what they use is more when the moves are over: below the threshold for a while is what counts.
is_settled() {
  if ! is_below; then
    BELOW_SINCE=
    return 1
  fi
  BELOW_SINCE=${BELOW_SINCE:-$SECONDS}
  [ $((SECONDS - BELOW_SINCE)) -ge "$SETTLED_SECONDS" ]
}

recommends() {
  local before
  amig_on h2 balance mode recommend
  sleep 15
  [ "$(moves_made)" -eq 0 ] || die "a recommendation was carried out by itself."
  amig_on h3 balance plan --json >"$RUN/plan.json"
  [ "$(jq '.moves | length' "$RUN/plan.json")" -eq 3 ] || die "the plan is $(cat "$RUN/plan.json")"
  before=$(count_on h1)
  amig_on h4 balance apply
  within 60 has_fewer_on_h1 "$((before - 3))" || die "the plan was not carried out: $(balance | head -c 900)"
}

has_fewer_on_h1() { [ "$(count_on h1)" -le "$1" ] && balance | jq -e '[.moves[] | select(.outcome == "Open")] == []' >/dev/null; } # COUNT

# Each move is one from the host that was full, and no container is moved twice.
becomes_balanced() {
  local began=$SECONDS imbalance
  imbalance=$(balance | jq .last.imbalance)
  amig_on h1 balance mode auto
  within "$BALANCE_SECONDS" is_settled || die "not balanced after $BALANCE_SECONDS s: $(balance | jq -c '[.last, .hosts]')"
  ask h1 migrations >"$RUN/migrations.json"
  jq -e '[.migrations[] | select(.outcome == "Committed" and .source != "h1")] == []' "$RUN/migrations.json" >/dev/null || die "something was moved from another host than the full one."
  jq -e '[.migrations[] | select(.outcome == "Committed") | .container] | length == (unique | length)' "$RUN/migrations.json" >/dev/null || die "a container was moved twice."
  # shellcheck disable=SC2016 # variables of jq
  measured --argjson before "$imbalance" --argjson after "$(balance | jq .last.imbalance)" --argjson seconds "$((SECONDS - began))" --argjson hosts "$(counts)" \
    --argjson moves "$(jq '[.migrations[] | select(.outcome == "Committed")] | length' "$RUN/migrations.json")" --argjson failed "$(jq '[.migrations[] | select(.outcome != "Committed")] | length' "$RUN/migrations.json")" \
    --argjson stop "$(jq '[.migrations[] | select(.outcome == "Committed") | .stopMs] | max' "$RUN/migrations.json")" \
    '{containers: 24, imbalance_before: $before, imbalance_after: $after, moves: $moves, failed_moves: $failed, seconds: $seconds, stop_ms_max: $stop, on_hosts: $hosts}'
}

stays_balanced() {
  local before until=$((SECONDS + QUIET)) most=0 now
  before=$(moves_made)
  while [ "$SECONDS" -lt "$until" ]; do
    now=$(balance | jq .last.imbalance)
    most=$(jq -n --argjson a "$most" --argjson b "$now" '[$a, $b] | max')
    sleep 5
  done
  # shellcheck disable=SC2016 # variables of jq
  measured --argjson seconds "$QUIET" --argjson moves "$(($(moves_made) - before))" --argjson most "$most" '{quiet_seconds: $seconds, quiet_moves: $moves, quiet_imbalance_max: $most}'
  [ "$(moves_made)" -eq "$before" ] || die "$(($(moves_made) - before)) moves in $QUIET s of quiet, with an imbalance of up to $most."
}

is_replayed() {
  local by move log decisions
  amig_on h1 balance mode recommend >"$RUN/mode.out"
  by=$(balance | jq -r .by)
  move=$(balance | jq -r '[.moves[] | select(.move.reason == "Balance")][0].move.id')
  amig_on h1 explain "$move" >"$RUN/explained"
  grep -q "the imbalance falls from" "$RUN/explained" || die "explain says: $(cat "$RUN/explained")"
  log=$(lab directory "$by")/state/balance.log
  sleep 1
  decisions=$(wc -l <"$log")
  [ "$decisions" -gt 0 ] || die "host $by has logged no decision."
  amig_on "$by" balance replay /var/lib/amig/balance.log >"$RUN/replayed" || die "the log is replayed otherwise: $(grep -A3 OTHERWISE "$RUN/replayed" | head -n 5)"
  grep -q "^[0-9]* decisions, 0 of them otherwise now" "$RUN/replayed" || die "the replay says: $(tail -n 1 "$RUN/replayed")"
}

# What a move would refuse is named as soon as the host is drained: somebody has left a process of runc exec in a container, which came here by a move.
names_what_stays() {
  local name status=0
  name=$(ask h1 containers | jq -r '[.containers[] | select(.host == "h2" and .state == "Running") | .name][0]')
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec h2 sh -c 'runc --root /run/amig/runc exec -d --cwd / --pid-file /run/foreign.pid "$(runc --root /run/amig/runc list -q | grep "^$1-")" /bin/counter /tmp/foreign 7001' sh "$name"
  # What a busy host has not looked at within a second is in its next answer.
  within 15 is_named "$name" || status=$?
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec h2 sh -c 'kill -KILL "$(cat /run/foreign.pid)" && rm /run/foreign.pid'
  cat "$RUN/stays.error"
  [ "$status" -eq 0 ] || die "drain does not name $name."
}

is_named() { # CONTAINER
  local status=0
  amig_on h3 drain h2 --no-wait 2>"$RUN/stays.error" >"$RUN/stays.out" || status=$?
  [ "$status" -eq "$EXIT_NOT_POSSIBLE" ] && grep -q "^  $1 stays: process [0-9]* (counter) was started from outside the container (exec); end it" "$RUN/stays.error"
}

# Drained by its name from another host; a client's container on it must not notice.
is_drained() {
  local began=$SECONDS before
  before=$(count_on h2)
  [ "$before" -gt 0 ] || die "nothing runs on h2."
  amig_on h3 drain h2 --timeout "$DRAIN_SECONDS" 2>"$RUN/drain.error" || die "drain says: $(tail -n 3 "$RUN/drain.error")"
  [ "$(count_on h2)" -eq 0 ] || die "$(count_on h2) containers are on h2."
  # shellcheck disable=SC2016 # variables of jq
  measured --argjson containers "$before" --argjson seconds "$((SECONDS - began))" '{drained_containers: $containers, drain_seconds: $seconds}'
  ask h1 containers >"$RUN/containers.json"
  ! amig_on h1 migrate c01 --to h2 2>"$RUN/refused.error" || die "h2 has taken a container."
  grep -q "host h2 is drained and takes no containers" "$RUN/refused.error" || die "the refusal says: $(cat "$RUN/refused.error"); $(tail -n 2 "$RUN/drain.error"); c01 is $(jq -c '[.containers[] | select(.name == "c01")]' "$RUN/containers.json")"
  lab kill h2
  lab start h2
  within 60 has_looked 4 || die "h2 is not back."
  within 30 still_drained || die "h2 has forgotten that it is drained: $(balance | jq -c .hosts)"
}

still_drained() { [ "$(balance | jq -r '.hosts[] | select(.host == "h2") | .standing')" = Draining ]; }

is_filled_again() {
  within 60 ask h2 node >"$RUN/node.json" || die "h2's daemon does not answer."
  amig_on h2 undrain h2
  within 60 goes_to_h2 c02 || die "h2 takes nothing: $(tail -n 1 "$RUN/moved.error")"
  amig_on h1 balance mode off
  within 60 is_quiet || die "moves do not end: $(balance | jq -c .moves[0:3])"
}

# It is a member again when it has joined, which an answer to its own host does not wait for.
goes_to_h2() { amig_on h1 migrate "$1" --to h2 >"$RUN/moved.out" 2>"$RUN/moved.error"; } # CONTAINER

is_quiet() { balance | jq -e '[.moves[] | select(.outcome == "Open")] == []' >/dev/null && ask h1 migrations | jq -e '[.migrations[] | select(.outcome == "Open")] == []' >/dev/null; }

all_is_whole() {
  local name
  each_runs_once
  for name in $(names); do look_at_history "$name"; done
  look_at_watch
  look_at_reader
  [ ! -s "$RUN/violations" ] || die "$(head -n 3 "$RUN/violations")"
}
