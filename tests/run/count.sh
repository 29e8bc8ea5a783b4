# shellcheck shell=bash
# Counts what passed and what failed, and keeps the names of what failed for the end. A thing that could not run has failed.

passed=0
failed=0
failures=()

note_failure() { # NAME REASON
  failed=$((failed + 1))
  failures+=("$1: $2")
}

could_not_run() { # NAME REASON
  note_failure "could not run: $1" "$2"
  printf 'not run %s: %s\n' "$1" "$2"
}

# One command as one test. Its output is shown only when it fails.
check() { # NAME COMMAND...
  local name=$1 log started=$SECONDS
  shift
  log=$RESULTS/check.log
  if ("$@") >"$log" 2>&1; then
    passed=$((passed + 1))
    printf 'ok      %s (%s s)\n' "$name" "$((SECONDS - started))"
    return 0
  fi
  tail -n 60 "$log"
  printf 'FAILED  %s (%s s)\n' "$name" "$((SECONDS - started))"
  note_failure "$name" "$(tail -n 1 "$log")"
  return 1
}

# Results of a test project, from the file that its logger wrote. Tests that were skipped count as failed.
count_trx() { # PROJECT EXIT_STATUS SECONDS
  local project=$1 status=$2 trx=$RESULTS/$1/$1.trx total=0 good=0
  if [ ! -s "$trx" ]; then
    tail -n 60 "$RESULTS/$project.log"
    could_not_run "$project" "$(why_no_results "$status" "$3")"
    return
  fi
  read -r total good < <(counters_of "$trx")
  passed=$((passed + good))
  printf '%-7s %s: %s passed, %s failed\n' "$(verdict "$status" "$total" "$good")" "$project" "$good" "$((total - good))"
  if [ "$total" -ne "$good" ]; then
    failed=$((failed + total - good))
    failures+=("$project: $(names_of_failed "$trx" | paste -sd, | sed 's/,/, /g')")
    grep -vE '^ *$|^ *Passed ' "$RESULTS/$project.log" | tail -n 200
  elif [ "$status" -ne 0 ] || [ "$total" -eq 0 ]; then
    tail -n 60 "$RESULTS/$project.log"
    note_failure "$project" "$(why_no_results "$status" "$3") after $total tests"
  fi
}

verdict() { # EXIT_STATUS TOTAL PASSED
  if [ "$1" -eq 0 ] && [ "$2" -gt 0 ] && [ "$2" -eq "$3" ]; then echo ok; else echo FAILED; fi
}

why_no_results() { # EXIT_STATUS SECONDS
  case "$1" in
    0) echo "it ran no test" ;;
    124 | 137) echo "it took longer than $2 s" ;;
    *) echo "it ended with exit code $1" ;;
  esac
}

# <Counters total="11" executed="11" passed="11" failed="0" ... />
counters_of() {
  sed -n 's/.*<Counters total="\([0-9]*\)" executed="[0-9]*" passed="\([0-9]*\)".*/\1 \2/p' "$1" | head -n 1
}

names_of_failed() {
  grep -o '<UnitTestResult [^>]*' "$1" | grep -v 'outcome="Passed"' | sed 's/.*testName="\([^"]*\)".*/\1/'
}

# Results of a script that prints a line per test: "ok NAME" or "not ok NAME: reason".
count_lines() { # NAME EXIT_STATUS SECONDS
  local line bad=0
  while IFS= read -r line; do
    case "$line" in
      'ok '*) passed=$((passed + 1)) ;;
      'not ok '*)
        bad=$((bad + 1))
        note_failure "$1" "${line#not ok }"
        ;;
    esac
  done <"$RESULTS/$1.txt"
  cat "$RESULTS/$1.txt"
  if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; then note_failure "$1" "$(why_no_results "$2" "$3")"; fi
  if [ "$2" -ne 0 ]; then tail -n 80 "$RESULTS/$1.log"; fi
}

print_totals() {
  local failure
  for failure in "${failures[@]}"; do printf 'failed: %s\n' "$failure"; done
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
