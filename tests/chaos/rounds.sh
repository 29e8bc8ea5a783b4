# shellcheck shell=bash
# A round: a move is held at STEP, FAULT is begun, the move is let go, the fault ends, and everything is looked at.

# Set by what a round sees. A round with violations is a failed one.
VIOLATIONS=()
violation() { VIOLATIONS+=("$*"); say "  VIOLATION: $*"; }
note() { echo "$*" >>"$ROUND/notes"; }

now_ms() { date +%s%3N; }

# Numbers of one round depend on seed and number only, so that it can be repeated alone.
seed_round() { # NUMBER
  # shellcheck disable=SC2153 # set by tests/chaos.sh and tests/chaos/rounds.sh
  RANDOM=$(($(cksum <<<"$SEED.$1" | cut -d' ' -f1) % 32768))
  # The first numbers of neighbouring seeds are alike.
  : $RANDOM $RANDOM
}

draw_pair() {
  local -a steps faults
  mapfile -t steps < <(all_steps)
  read -ra faults <<<"$ALL_FAULTS"
  while :; do
    STEP=${steps[$((RANDOM % ${#steps[@]}))]}
    FAULT=${faults[$((RANDOM % ${#faults[@]}))]}
    if fits "$STEP" "$FAULT"; then return; fi
  done
}

# All pairs that fit and that no result of another run has, in an order drawn from the seed: next is always one whose step and whose fault have come the fewest times.
spread_pairs() { # SEED PART PARTS [FILE...]
  local step fault seed=$1 part=$2 parts=$3
  shift 3
  for step in $(all_steps); do
    for fault in $ALL_FAULTS; do
      ! fits "$step" "$fault" || echo "$step $fault"
    done
  done | { if [ "$#" -eq 0 ]; then cat; else grep -vxFf <(jq -r '.step + " " + .fault' "$@") || true; fi; } | awk -v seed="$seed" -v part="$part" -v parts="$parts" '
    BEGIN { srand(seed) }
    { pair[NR] = $0; step[NR] = $1; fault[NR] = $2; lot[NR] = rand() }
    END {
      for (n = 1; n <= NR; n++) {
        best = 0
        for (i = 1; i <= NR; i++) {
          if (i in gone) continue
          if (!best || steps[step[i]] + faults[fault[i]] < few || (steps[step[i]] + faults[fault[i]] == few && lot[i] < lot[best])) {
            best = i
            few = steps[step[i]] + faults[fault[i]]
          }
        }
        gone[best]
        steps[step[best]]++
        faults[fault[best]]++
        if (n % parts == part % parts) print pair[best]
      }
    }'
}

# STEP and FAULT are set; whether to verify, which way to go, and how long to wait are drawn.
round() { # NUMBER
  ROUND=$RUN/rounds/$1
  mkdir -p "$ROUND"
  VIOLATIONS=() OUTCOME='' FAILURE='' SENTENCE='' RECOVERED_MS='' GAP_MS='' LOST=no ATTEMPT=''
  local delay verify
  delay=$((RANDOM % 3000))
  case "$FAULT" in end-* | stall-*) delay=$((RANDOM % 200)) ;; esac
  verify=--verify
  [ $((RANDOM % 2)) = 0 ] || verify=
  begins_well "$((RANDOM % 2))" || { violation "the lab is not ready: $(tail -n 1 "$RUN/watch")"; return; }
  say "round $1: $STEP x $FAULT, $FROM -> $TO, delay $delay ms${verify:+, $verify}"
  begin_recording
  BEGAN=$(now_ms)
  move_with_fault "$delay" "$verify"
  settle
  look_at_outcome "$verify"
}

# A container that runs, hosts that know each other, no hold; FROM, TO and THIRD are set.
begins_well() { # 0|1
  local host others=()
  for host in h1 h2 h3; do
    lab exec "$host" sh -c "mkdir -p $HOLD_DIRECTORY; find $HOLD_DIRECTORY -type f -delete"
  done
  within "$READY_SECONDS" all_is_quiet || return 1
  within 5 runs_and_answers || return 1
  FROM=$(owner)
  for host in h1 h2 h3; do [ "$host" = "$FROM" ] || others+=("$host"); done
  # shellcheck disable=SC2034 # used in faults.sh
  TO=${others[$1]} THIRD=${others[$((1 - $1))]}
}

move_with_fault() { # DELAY_MS VERIFY
  local host first other
  host=$(host_of_step "$STEP")
  first=$(cancelled_at "$STEP")
  hold_at "$host" "$STEP"
  [ -z "$first" ] || hold_at "$(host_of_step "$first")" "$first"
  other=$(held_back_for "$STEP")
  [ -z "$other" ] || hold_at "$(host_of_step "$other")" "$other"
  # shellcheck disable=SC2086 # an option or nothing
  ATTEMPT=$(amig_on "$FROM" migrate redis --to "$TO" --no-wait --json $2 2>"$ROUND/begin.error" | jq -r '.id // empty')
  [ -n "$ATTEMPT" ] || { violation "the move was refused: $(cat "$ROUND/begin.error")"; let_go "$host" "$STEP"; return; }
  if [ -n "$first" ]; then
    within "$REACH_SECONDS" is_held "$(host_of_step "$first")" "$first" "$ATTEMPT" || { violation "it did not come to $first: $(of_attempt "$ATTEMPT" '[.step, .failure, .sentence] | join(" ")')"; }
    amig_on "$FROM" cancel "$ATTEMPT" >"$ROUND/cancel.out" 2>&1 || true
    let_go "$(host_of_step "$first")" "$first"
  fi
  if ! within "$REACH_SECONDS" is_held "$host" "$STEP" "$ATTEMPT"; then
    violation "it did not come to $STEP: $(of_attempt "$ATTEMPT" '[.step, .failure, .sentence] | join(" ")')"
    let_go "$host" "$STEP"
    [ -z "$other" ] || let_go "$(host_of_step "$other")" "$other"
    return
  fi
  [ -z "$other" ] || let_go "$(host_of_step "$other")" "$other"
  begin_fault "$FAULT"
  if [ -d "$(lab root "$host" 2>/dev/null)$HOLD_DIRECTORY" ]; then let_go "$host" "$STEP"; fi
  middle_of_fault "$FAULT" "$1"
  end_fault "$FAULT"
}

# The fault is over.
settle() {
  local ended
  ended=$(now_ms)
  revive
  if within "$RECOVERY_SECONDS" revived_and_answers; then
    # shellcheck disable=SC2034 # used in results.sh
    RECOVERED_MS=$(($(now_ms) - ended))
  elif may_be_lost && within "$CLEAN_SECONDS" is_said_to_be_lost; then
    LOST=yes
  else
    violation "it does not run $RECOVERY_SECONDS s after the end of the fault: $(tail -n 1 "$RUN/watch")"
    within "$CLEAN_SECONDS" revived_and_answers || violation "nor $CLEAN_SECONDS s later: $(tail -n 1 "$RUN/watch")"
  fi
  within "$READY_SECONDS" all_is_quiet || violation "the attempt does not end, or the hosts do not find each other: $(ask "$TO" migrations | jq -c '[.migrations[] | select(.outcome == "Open") | [.step, .sentence]]'), $(ask h1 hosts | jq -c '[.hosts[] | [.host, .status, .reachable]]')"
}

revived_and_answers() { revive; runs_and_answers; }

# A container goes with the host that has it, or with its tree when that is killed between the verdict and the gate.
may_be_lost() {
  case "$FAULT $(stage_of "$STEP")" in
    crash-source\ early | crash-source\ copying | crash-source\ stopped | crash-source\ abort | crash-source\ gated) return 0 ;;
    crash-destination\ deciding | crash-destination\ decided | crash-destination\ ending) return 0 ;;
    end-criu\ decided | end-gate\ decided) return 0 ;;
    *) return 1 ;;
  esac
}

is_said_to_be_lost() {
  revive
  ask h1 containers | jq -e '[.containers[] | select(.name == "redis")] | length == 1 and .[0].state == "Exited"' >/dev/null 2>&1
}

look_at_outcome() { # VERIFY
  local status=0 two
  if [ -n "$ATTEMPT" ]; then
    OUTCOME=$(of_attempt "$ATTEMPT" '.outcome // "forgotten"' || true)
    FAILURE=$(of_attempt "$ATTEMPT" '.failure // ""' || true)
    SENTENCE=$(of_attempt "$ATTEMPT" '.sentence // ""' || true)
    of_attempt "$ATTEMPT" . >"$ROUND/attempt.json" || true
  fi
  two=$(watched_since "$BEGAN" | awk '$2 > 1')
  [ -z "$two" ] || violation "two copies ran: $two"
  # A copy that somebody let run is not what was sent any more, which is said in the same way.
  [ "$FAILURE" != ContentMismatch ] || [[ "$FAULT" == thaw-* && "$SENTENCE" == somebody\ let* ]] || violation "wrong content: $SENTENCE"
  stop_recording || status=$?
  cp "$RUN/recording.json" "$ROUND/" 2>/dev/null || true
  if [ "$LOST" = yes ]; then
    begin_anew
    return
  fi
  look_at_recording "$status"
  within "$CLEAN_SECONDS" nothing_stray || violation "there is left: $(tr '\n' ';' <<<"$STRAYS" | head -c 800)"
  # A daemon that took the attempt up again, and a destination that answers for a source which nobody reaches, do not have the number.
  if [ "$OUTCOME $1" = "Committed --verify" ] && [ "$(jq -r .reportedBy "$ROUND/attempt.json")" = "$FROM" ]; then
    case "$FAULT" in
      kill-* | crash-* | hang-* | *-source) ;;
      *) [ "$(jq '.memoryDigest.pages // 0' "$ROUND/attempt.json")" -gt 0 ] || violation "no page was compared" ;;
    esac
  fi
  if [ "$OUTCOME" = Committed ]; then
    check_append_only_file "$(owner)" >"$ROUND/aof" 2>&1 || violation "$(tail -n 1 "$ROUND/aof")"
    rm -rf "$RUN/aof"
  fi
}

look_at_recording() { # STATUS
  jq -e . "$RUN/recording.json" >/dev/null 2>&1 || { violation "the recorder ended with $1 and said nothing: $(cat "$RUN/recording.error")"; return; }
  [ "$1" -eq 0 ] || violation "replies: $(jq -c '{lost, repeated, broken, background_broken}' "$RUN/recording.json")"
  [ "$(jq .first "$RUN/recording.json")" -eq $((LAST_NUMBER + 1)) ] || violation "the first number is $(jq .first "$RUN/recording.json"), the last one of before was $LAST_NUMBER"
  LAST_NUMBER=$(jq .last "$RUN/recording.json")
  # shellcheck disable=SC2034 # used in results.sh
  GAP_MS=$(jq .gap_ms_max "$RUN/recording.json")
}

# The container went with its host or its tree, as it may: its name is given back and another one is started.
begin_anew() {
  say "  lost with $FAULT at $STEP ($OUTCOME), as it may be; another redis is started."
  amig_on h1 rm --force redis >"$ROUND/rm.out" 2>&1 || violation "its name was not given back: $(tail -n 1 "$ROUND/rm.out")"
  within "$CLEAN_SECONDS" nothing_stray || violation "there is left of a lost one: $(tr '\n' ';' <<<"$STRAYS" | head -c 800)"
  # With a violation there is a fresh lab anyway.
  [ "${#VIOLATIONS[@]}" -gt 0 ] || redis_begins h1
}
