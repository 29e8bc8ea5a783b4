#!/usr/bin/env bash
# The whole thing on one machine: three hosts, a redis under load that moves around them, a workload that checks its own memory, and a
# host that is refused after something was measured behind its back. Ends with one line of JSON. Leaves nothing behind.
# usage: deploy/demo.sh [--no-setup] [--hosts N] [--keep]     --keep leaves the lab up
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=demo/redis.sh
source "$AMIG_SOURCE/deploy/demo/redis.sh"
# shellcheck source=demo/memcheck.sh
source "$AMIG_SOURCE/deploy/demo/memcheck.sh"
AMIG_SPEAKER=demo
# A lab of its own, so that one that somebody is working in is not touched.
export AMIG_LAB=demo-$$

readonly LEAST_HOSTS=3
# amig's exit code for a host that did not prove what it is.
readonly EXIT_REFUSED=6

main() {
  local setup=yes hosts=$LEAST_HOSTS
  KEEP=no LINE=
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --no-setup) setup=no; shift ;;
      --keep) KEEP=yes; shift ;;
      --hosts) hosts=${2:?--hosts needs a number}; shift 2 ;;
      *) die "unknown option '$1': there are --no-setup, --hosts N and --keep." ;;
    esac
  done
  need_root
  [ "$hosts" -ge "$LEAST_HOSTS" ] || die "the demo needs at least $LEAST_HOSTS hosts."
  RUN=$(mktemp -d)
  trap leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  [ "$setup" = no ] || "$AMIG_SOURCE/deploy/setup.sh"
  "$AMIG_SOURCE/deploy/build.sh"
  lab up "$hosts"
  move_redis
  move_and_check_memory
  finish
}

leave() {
  local status=$?
  trap - EXIT
  stop_recording || true
  stop_reader
  if [ "$KEEP" = yes ]; then
    say "the lab stays up: AMIG_LAB=$AMIG_LAB deploy/lab.sh status; results in $RUN."
  else
    [ "$status" -eq 0 ] || show_logs
    lab down || true
    rm -rf "$RUN"
  fi
  [ -z "$LINE" ] || echo "$LINE"
  exit "$status"
}

show_logs() {
  local host
  for host in h1 h2 h3; do
    say "last lines of the daemon of $host:"
    tail -n 15 "$(lab directory "$host" 2>/dev/null)/log/node.log" >&2 2>/dev/null || true
  done
}

# --- redis around three hosts --------------------------------------------------------------------------------------------

move_redis() {
  say "starting redis on h1."
  start_redis h1
  fill_redis
  start_recording
  sleep 1
  move_redis_once redis-1 h1 h2
  move_redis_once redis-2 h2 h3
  move_redis_once redis-3 h3 h1
  sleep 1
  RECORDING_OK=yes
  stop_recording || RECORDING_OK=no
  local label
  for label in redis-1 redis-2 redis-3; do print_migration "$label" "$(client_gap "$label")"; done
  say "the client: $(jq -c 'del(.gaps)' "$RUN/recording.json")"
  check_append_only_file h1
  amig_on h1 rm --force redis
}

move_redis_once() { # LABEL FROM TO
  say "moving redis $2 -> $3 under load."
  migrate "$1" redis "$2" "$3" || die "redis did not move: $(error_of "$1")"
  sleep 1
}

# --- memory, and a host that is not what it was ---------------------------------------------------------------------------

move_and_check_memory() {
  "$AMIG_SOURCE/deploy/images.sh" memcheck h1
  start_memcheck memcheck-32m 32 51 h1
  start_memcheck memcheck-1g 1024 52 h1
  say "moving 32 MiB of memory h1 -> h2: h2 is accepted."
  move_memcheck memcheck-32m memcheck-32m h1 h2 || die "memcheck-32m did not move: $(error_of memcheck-32m)"
  STOP_32M=$MEMCHECK_STOP_MS WRONG=$WRONG_PAGES
  refuse_changed_host
  say "moving 1 GiB of memory h1 -> h2: h2 is accepted again after its TPM was reset."
  move_memcheck memcheck-1g memcheck-1g h1 h2 || die "memcheck-1g did not move: $(error_of memcheck-1g)"
  STOP_1G=$MEMCHECK_STOP_MS WRONG=$((WRONG + WRONG_PAGES))
  verify_memory memcheck-32m
  verify_memory memcheck-1g
}

# Twice more with a digest of every page, taken from outside of the container under the freeze and again at the gate, when all is filled in and nothing
# has run yet. It lengthens the stop, so these two are not among the five that are timed.
verify_memory() { # NAME
  say "moving $1 h2 -> h3 with a digest of all its pages at freeze and after the fill."
  migrate "verified-$1" "$1" h2 h3 --verify || die "$1 did not move: $(error_of "verified-$1")"
  say "$1: $(of_migration "verified-$1" '.memoryDigest | "\(.pages) pages, sha256 \(.sha256), equal at freeze and after the fill"'); wrong pages $(sweep h3 "$1") after a sweep."
  [ "$(of_migration "verified-$1" '.memoryDigest.pages')" -gt 0 ] || WRONG=$((WRONG + 1))
  WRONG=$((WRONG + $(sweep h3 "$1")))
}

# Sets REFUSED to yes only if the attempt ended with the exit code for attestation and no page crossed.
refuse_changed_host() {
  local status=0
  REFUSED=no
  lab tpm-extend h2
  say "something was measured into a PCR of h2 behind its daemon's back; trying to move 1 GiB there."
  migrate refused memcheck-1g h1 h2 || status=$?
  if [ "$status" -eq "$EXIT_REFUSED" ] && [ "$(of_migration refused '[.rounds[]?.pages] | add // 0')" = 0 ]; then REFUSED=yes; fi
  say "exit code $status: $(error_of refused)"
  lab tpm-reset h2
  within 120 is_not_rejected h2 || die "h2 is not trusted again two minutes after its TPM was reset."
}

# The voters ask each host once in a minute, and may have met the time in which h2 had changed.
is_not_rejected() { lab exec h1 amig hosts --json 2>/dev/null | jq -e --arg host "$1" '.hosts[] | select(.host == $host) | .trust != "rejected"' >/dev/null; } # HOST

# --- the line -------------------------------------------------------------------------------------------------------------

# The line is printed last of all, when nothing of the lab is left.
finish() {
  LINE=$(jq -nc --slurpfile recording "$RUN/recording.json" --slurpfile moved <(committed) \
    --argjson gap "$(printf '%s\n' "$(client_gap redis-1)" "$(client_gap redis-2)" "$(client_gap redis-3)" | sort -g | tail -n 1)" \
    --argjson small "$STOP_32M" --argjson large "$STOP_1G" --argjson wrong "$WRONG" --arg refused "$REFUSED" '
    def ms: . * 10 | round / 10;
    {migrations: ($moved | length), client_gap_ms_max: ($gap | ms),
     stop_ms_redis_max: ([$moved[] | select(.container == "redis") | .stopMs] | max | ms),
     stop_ms_32MiB: ($small | ms), stop_ms_1GiB: ($large | ms),
     lost: $recording[0].lost, repeated: $recording[0].repeated, wrong_pages: $wrong,
     accepted_refused_accepted: ($refused == "yes")}')
  say "took $SECONDS s."
  [ "$RECORDING_OK" = yes ] || die "the client's connection did not survive, or numbers are missing: $(jq -r '.broken // .background_broken // "see lost and repeated"' "$RUN/recording.json")"
  jq -e '.migrations == 5 and .lost == 0 and .repeated == 0 and .wrong_pages == 0 and .accepted_refused_accepted' <<<"$LINE" >/dev/null \
    || die "not everything that the demo shows came out right: see the line below."
}

# The two that verify are left out: their stop is not comparable.
committed() { jq -c 'select(.outcome == "Committed" and .memoryDigest == null)' "$RUN"/migrations/*.json; }

main "$@"
