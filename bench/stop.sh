#!/usr/bin/env bash
# How long containers of several sizes stand still, side by side in one lab: memcheck of each size moves back and forth between two hosts, in
# turn, so that whatever else the machine does hits all sizes alike. The first moves of each host are left out of the medians (a daemon that has
# just started) and told apart. Ends with one line of JSON: per size the median and spread of the gap that the container's own threads saw and of the parts of the stop.
# usage: bench/stop.sh [--sizes MIB,MIB,...] [--moves N] [--no-build]
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=../deploy/lab/use.sh
source "$AMIG_SOURCE/deploy/lab/use.sh"
# shellcheck source=../deploy/demo/memcheck.sh
source "$AMIG_SOURCE/deploy/demo/memcheck.sh"
AMIG_SPEAKER=bench
export AMIG_LAB=bench-$$

# The first address of the containers in the lab's network.
readonly FIRST_OCTET=60

main() {
  local sizes=32,1024 moves=6 build=yes
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --sizes) sizes=${2:?--sizes needs MiB,MiB,...}; shift 2 ;;
      --moves) moves=${2:?--moves needs a number}; shift 2 ;;
      --no-build) build=no; shift ;;
      *) die "unknown option '$1': there are --sizes, --moves and --no-build." ;;
    esac
  done
  need_root
  RUN=$(mktemp -d)
  trap leave EXIT
  trap 'exit 130' INT TERM HUP
  [ "$build" = no ] || "$AMIG_SOURCE/deploy/build.sh"
  lab up 3
  "$AMIG_SOURCE/deploy/images.sh" memcheck h1
  local size octet=$FIRST_OCTET
  for size in ${sizes//,/ }; do
    start_memcheck "m$size" "$size" "$octet" h1
    octet=$((octet + 1))
  done
  local number from=h1 to=h2
  for number in $(seq "$moves"); do
    for size in ${sizes//,/ }; do measure "$number" "$size" "$from" "$to"; done
    local before=$from
    from=$to to=$before
  done
  summarise
}

measure() { # NUMBER SIZE FROM TO
  forget_gap "$3" "m$2"
  sleep 0.5
  migrate "m$2-$1" "m$2" "$3" "$4" || die "m$2 did not move: $(error_of "m$2-$1")"
  local gap
  gap=$(container_gap "$4" "m$2")
  of_migration "m$2-$1" "{size: $2, number: $1, gap: $gap, stop: .stopMs, parts: ([.stopSpans[] | {(.name): .ms}] | add)}" >>"$RUN/moves.json"
  say "move $1 of $2 MiB: gap $gap ms, stop $(of_migration "m$2-$1" '.stopMs | round') ms."
}

# Numbers 1 and 2 are each host's first in a role.
summarise() {
  jq -sc --arg commit "$(git -C "$AMIG_SOURCE" rev-parse --short HEAD 2>/dev/null || echo unknown)" '
    def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
    def spread: {median: (median | . * 10 | round / 10), least: (min * 10 | round / 10), most: (max * 10 | round / 10)};
    {bench: "stop", commit: $commit,
     sizes: (group_by(.size) | map({mib: .[0].size, moves: length, first_gap_ms: [.[] | select(.number <= 2) | .gap],
       gap_ms: ([.[] | select(.number > 2) | .gap] | spread), stop_ms: ([.[] | select(.number > 2) | .stop] | spread),
       parts_ms: ([.[] | select(.number > 2) | .parts // {} | to_entries[]] | group_by(.key) | map({(.[0].key): (map(.value) | median)}) | add)}))}
    | .ratio_of_medians = (.sizes[-1].gap_ms.median / .sizes[0].gap_ms.median * 100 | round / 100)' "$RUN/moves.json"
}

leave() {
  local status=$?
  trap - EXIT
  lab down >&2 || true
  rm -rf "$RUN"
  exit "$status"
}

main "$@"
