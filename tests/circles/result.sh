# shellcheck shell=bash
# The line at the end, and what is kept of a run with violations.

# Longest time that the kernel showed no running copy of one container, ms, as far as it ended.
longest_stand() {
  awk '
    $2 == 0 && !($3 in since) { since[$3] = $1 }
    $2 > 0 && ($3 in since) { if ($1 - since[$3] > most) most = $1 - since[$3]; delete since[$3] }
    END { print most + 0 }' "$RUN/watch"
}

print_result() {
  local replay
  replay="tests/circles.sh --containers $CONTAINERS --minutes $MINUTES --seed $SEED --at-once $AT_ONCE --restarts $RESTARTS"
  jq -nc --argjson seed "$SEED" --argjson containers "$CONTAINERS" --arg minutes "$MINUTES" --arg at_once "$AT_ONCE" --arg replay "$replay" --arg loads "${LOADS:-}" \
    --arg commit "$(git -C "$AMIG_SOURCE" rev-parse --short HEAD 2>/dev/null || echo unknown)" --argjson seconds "$((SECONDS - ${STARTED:-0}))" --argjson numbers "${NUMBERS:-0}" --argjson stood "$(longest_stand)" \
    --rawfile moves "$RUN/moves" --rawfile restarts "$RUN/restarts" --rawfile stops "$RUN/stops" --rawfile itself "$RUN/by-itself" --rawfile resources "$RUN/resources" \
    --rawfile violations "$RUN/violations" --rawfile watch "$RUN/watch" --slurpfile read <(cat "$RUN/read" 2>/dev/null) '
    def lines: split("\n") | map(select(. != ""));
    def rows: lines | map(split(" "));
    ($moves | rows) as $m | ($restarts | rows) as $r | ($violations | lines) as $v
    | {circles: "lab", seed: $seed, commit: $commit, containers: $containers, minutes: ($minutes | tonumber), at_once: ($at_once | tonumber), seconds: $seconds, load: ($loads | split(" ") | map(tonumber)),
       restarts: {daemons: ($r | length), killed: ($r | map(select(.[2] == "kill")) | length), stopped: ($r | map(select(.[2] == "stop")) | length), ended_by_themselves: ($itself | lines | length),
         stop_ms_max: ([$stops | rows[] | select(.[2] == "stop") | .[3] | tonumber] | max)},
       moves: {asked: ($m | map(select(.[4] != "nowhere")) | length), committed: ($m | map(select(.[4] == "0")) | length), aborted: ($m | map(select(.[4] == "9")) | length),
         no_answer: ($m | map(select(.[4] == "3" or .[4] == "124" or .[4] == "255")) | length),
         refused: ($m | map(select(.[4] | . == "1" or . == "2" or . == "4" or . == "5" or . == "6" or . == "7" or . == "8")) | length), lost: ($m | map(select(.[4] == "10")) | length), not_running_at_its_turn: ($m | map(select(.[4] == "nowhere")) | length)},
       epochs: ([$watch | scan("c[0-9]+-e[0-9]+")] | unique | length),
       answers: ([$read[].answers] | add // 0), numbers: $numbers, not_running_ms_max: $stood, gap_ms_max: ([$read[].gap_ms_max] | max), connections_broken: ([$read[] | select(.broken != "")] | length),
       doubles: ($watch | rows | map(select((.[1] | tonumber) > 1)) | length),
       missing: ($v | map(select(test("does not run once|has no process|has no history|the memory of|the file of|differ"))) | length), left: ($v | map(select(test("there is left"))) | length),
       daemons_at_end: [$resources | rows[] | select(.[3] == "end") | {host: .[1], age_s: (.[4] | tonumber), rss_mib: (.[5] | tonumber / 1024 | floor), fds: (.[6] | tonumber), threads: (.[7] | tonumber)}],
       rss_mib_max: ([$resources | rows[] | .[5] | tonumber / 1024 | floor] | max), fds_max: ([$resources | rows[] | .[6] | tonumber] | max),
       violations: $v} + (if $v == [] then {} else {replay: $replay} end)'
}

collect_all() {
  local host to=$EVIDENCE
  mkdir -p "$to"
  cp -r "$RUN"/. "$to/" 2>/dev/null || true
  rm -rf "$to/image"
  for host in $HOSTS; do
    mkdir -p "$to/$host"
    cp "$(log_of "$host")" "$to/$host/" 2>/dev/null || true
    cp "$AMIG_LAB_DIR/$AMIG_LAB/hosts/$host"/state/*.log "$to/$host/" 2>/dev/null || true
    cp -r "$AMIG_LAB_DIR/$AMIG_LAB/hosts/$host/state/attempts" "$to/$host/" 2>/dev/null || true
    lab exec "$host" ps -eo pid,ppid,stat,etimes,args >"$to/$host/ps" 2>/dev/null || true
  done
  ask h1 migrations >"$to/migrations.json" 2>/dev/null || true
  say "what is known of it is in $to."
}
