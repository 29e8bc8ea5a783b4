# shellcheck shell=bash
# The workload whose memory tells by itself whether a move lost or mixed up a page; see deploy/workloads/memcheck.c.

readonly MEMCHECK_THREADS=2
readonly MEMCHECK_WRITES=4000
# This part of the memory is written all the time; the rest keeps its bytes, so that a digest from outside can be compared.
readonly MEMCHECK_HOT_PARTS=4

start_memcheck() { # NAME MIB OCTET HOST
  amig_on "$4" run --name "$1" --image memcheck --ip "$(lab network).$3/24" -- \
    /bin/memcheck "$2" "$MEMCHECK_WRITES" "$MEMCHECK_THREADS" /data/memcheck.json "$(($2 / MEMCHECK_HOT_PARTS))"
  within 60 memcheck_writes "$1" "$4" || die "$1 does not report on $4."
}

memcheck_writes() { [ "$(memcheck_says "$2" "$1" .writes 2>/dev/null || echo 0)" -gt 0 ]; }

memcheck_says() { # HOST NAME FILTER
  jq "$3" "$(process_directory "$1" "$2")/root/data/memcheck.json"
}

# SHA-256 of the pages that no longer change, read from outside of the container.
cold_digest() { # HOST NAME
  local directory report
  directory=$(process_directory "$1" "$2")
  report=$directory/root/data/memcheck.json
  recorder digest --memory "$directory/mem" --address "$(jq '.pages_at + .hot_pages * 4096' "$report")" \
    --bytes "$(jq '(.pages - .hot_pages) * 4096' "$report")" | jq -er .sha256
}

forget_gap() { signal_container "$1" "$2" USR2; } # HOST NAME

# The longest gap that the container's own threads saw since, by real time, ms. Of the stop just ended neither the report knows that came along with the
# memory, nor the next one, which may have been half written at the freeze.
container_gap() { # HOST NAME
  local writes
  for _ in 1 2; do
    writes=$(memcheck_says "$1" "$2" .writes)
    within 10 writes_exceed "$1" "$2" "$writes" || die "$2 does not write on $1."
  done
  memcheck_says "$1" "$2" '.gap_real_us / 1000'
}

writes_exceed() { [ "$(memcheck_says "$1" "$2" .writes)" -gt "$3" ]; } # HOST NAME WRITES

# A sweep over all pages that began after now; prints how many were wrong since the start.
sweep() { # HOST NAME
  local wanted
  signal_container "$1" "$2" USR1
  sleep 0.2
  wanted=$(memcheck_says "$1" "$2" .sweeps_wanted)
  within 60 sweep_is_done "$1" "$2" "$wanted" || die "$2 did not finish a sweep of its memory on $1."
  memcheck_says "$1" "$2" .wrong_pages
}

sweep_is_done() { [ "$(memcheck_says "$1" "$2" .sweeps)" -ge "$3" ]; }

# One move with everything that is checked about it. Sets WRONG_PAGES (a digest that differs counts as one) and MEMCHECK_STOP_MS.
move_memcheck() { # LABEL NAME FROM TO
  local before after
  before=$(cold_digest "$3" "$2")
  forget_gap "$3" "$2"
  sleep 1
  migrate "$1" "$2" "$3" "$4" || return
  MEMCHECK_STOP_MS=$(container_gap "$4" "$2")
  WRONG_PAGES=$(sweep "$4" "$2")
  after=$(cold_digest "$4" "$2")
  [ "$before" = "$after" ] || { say "$2: the digest from outside was $before on $3 and is $after on $4."; WRONG_PAGES=$((WRONG_PAGES + 1)); }
  [ "$(memcheck_says "$4" "$2" .clock_steps_back)" = 0 ] || { say "$2: its monotonic clock went back."; return 1; }
  print_migration "$1"
  say "$2: gap seen by its own threads $MEMCHECK_STOP_MS ms, wrong pages $WRONG_PAGES after a full sweep, digest from outside $([ "$before" = "$after" ] && echo equal || echo DIFFERENT)."
}
