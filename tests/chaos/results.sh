# shellcheck shell=bash
# What is kept of rounds: a line of JSON each, the logs of a failed one, and the line at the end.

keep_result() { # NUMBER
  local replay found
  # shellcheck disable=SC2153 # set by tests/chaos.sh and tests/chaos/rounds.sh
  replay="tests/chaos.sh --seed $SEED --step $STEP --fault $FAULT"
  [ -n "$PAIR_GIVEN" ] || replay="tests/chaos.sh --seed $SEED --only $1"
  found=$(printf '%s\n' "${VIOLATIONS[@]}" | jq -R . | jq -sc 'map(select(. != ""))')
  jq -nc --argjson number "$1" --arg step "$STEP" --arg stage "$(stage_of "$STEP")" --arg fault "$FAULT" --arg from "${FROM:-}" --arg to "${TO:-}" --arg attempt "$ATTEMPT" \
    --arg outcome "$OUTCOME" --arg failure "$FAILURE" --arg lost "$LOST" --arg recovered "$RECOVERED_MS" --arg gap "${GAP_MS:-}" --argjson seconds "$SECONDS_TAKEN" \
    --argjson violations "$found" --arg replay "$replay" --arg notes "$(cat "$ROUND/notes" 2>/dev/null)" \
    '{round: $number, step: $step, stage: $stage, fault: $fault, from: $from, to: $to, attempt: $attempt, outcome: $outcome, failure: $failure, lost_with_it: ($lost == "yes"),
      recovered_ms: ($recovered | tonumber? // null), gap_ms: ($gap | tonumber? // null), seconds: $seconds, notes: $notes, violations: $violations}
     + (if $violations == [] then {} else {replay: $replay} end)' >>"$RESULTS"
}

# Everything that tells what happened: node logs, journals, gates and dumps of all hosts, the watcher's lines, the attempt.
collect() { # NUMBER
  local host to=$EVIDENCE/seed-$SEED-round-$1
  mkdir -p "$to"
  cp -r "$ROUND"/. "$to/" 2>/dev/null || true
  watched_since "${BEGAN:-0}" >"$to/watch"
  tail -n 1 "$RESULTS" >"$to/result.json"
  for host in h1 h2 h3; do
    mkdir -p "$to/$host"
    tail -n 400 "$(lab directory "$host")/log/node.log" >"$to/$host/node.log" 2>/dev/null || true
    cp "$(lab directory "$host")"/state/*.log "$to/$host/" 2>/dev/null || true
    cp -r "$(lab directory "$host")/state/attempts" "$to/$host/" 2>/dev/null || true
    lab exec "$host" ps -eo pid,ppid,stat,etimes,args >"$to/$host/ps" 2>/dev/null || true
  done
  say "  what is known of it is in $to; again with: $(jq -r .replay "$to/result.json")"
}

print_line() {
  jq -sc --argjson seed "$SEED" --arg commit "$(git -C "$AMIG_SOURCE" rev-parse --short HEAD 2>/dev/null || echo unknown)" --argjson seconds "$SECONDS" '
    def count(f): map(select(f)) | length;
    {chaos: "lab", seed: $seed, commit: $commit, rounds: length, seconds: $seconds, pairs: ([.[] | .step + " " + .fault] | unique | length),
     steps: ([.[].step] | unique | length), faults: ([.[].fault] | unique | length),
     committed: count(.outcome == "Committed"), aborted: count(.outcome == "Aborted"), lost_with_host_or_tree: count(.lost_with_it), other: count(.outcome != "Committed" and .outcome != "Aborted" and (.lost_with_it | not)),
     recovered_ms_max: ([.[].recovered_ms // 0] | max), gap_ms_max: ([.[].gap_ms // 0] | max),
     violations: ([.[] | select(.violations != []) | {round, step, fault, violations, replay}])}' "$RESULTS"
}

# What rounds of one or more results showed, as a table for docs/chaos.md: faults by where the attempt stood; C committed, A aborted, L gone with its host or tree.
print_table() { # FILE...
  jq -rs '
    ["early", "copying", "stopped", "gated", "deciding", "decided", "ending", "abort"] as $stages
    | def mark: if .violations != [] then "**X**" elif .lost_with_it then "L" elif .outcome == "Committed" then "C" elif .outcome == "Aborted" then "A" else "-" end;
    "| fault | " + ($stages | join(" | ")) + " |", "|---" * (1 + ($stages | length)) + "|",
    (group_by(.fault)[] | . as $rounds | "| \(.[0].fault) | " + ([$stages[] as $stage | [$rounds[] | select(.stage == $stage) | mark] | group_by(.) | map("\(length) \(.[0])") | join(", ")] | join(" | ")) + " |")' "$@"
}

# The same by pair: a row per step, a column per fault, and in each cell a letter per round. A dot is a pair that does not fit, an empty cell one that has not been run.
print_pairs() { # FILE...
  local fitting step fault
  fitting=$(for step in $(all_steps); do for fault in $ALL_FAULTS; do ! fits "$step" "$fault" || echo "$step $fault"; done; done | jq -R . | jq -sc .)
  # shellcheck disable=SC2086 # words
  jq -rs --argjson fitting "$fitting" --argjson steps "$(all_steps | jq -R . | jq -sc .)" --argjson faults "$(printf '%s\n' $ALL_FAULTS | jq -R . | jq -sc .)" '
    def mark: if .violations != [] then "X" elif .lost_with_it then "L" elif .outcome == "Committed" then "C" elif .outcome == "Aborted" then "A" else "-" end;
    (map({key: "\(.step) \(.fault)", value: mark}) | group_by(.key) | map({key: .[0].key, value: (map(.value) | join(""))}) | from_entries) as $seen
    | "| step | " + ($faults | join(" | ")) + " |", "|---" * (1 + ($faults | length)) + "|",
    ($steps[] as $step | "| \($step) | " + ([$faults[] | "\($step) \(.)" as $pair | $seen[$pair] // (if ($fitting | index($pair)) then "" else "." end)] | join(" | ")) + " |")' "$@"
}
