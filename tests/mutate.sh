#!/usr/bin/env bash
# Mutation testing of the pure cores: dotnet-stryker changes them one line at a time, and the specs of that core have to notice (docs/mutation.md).
# Says one JSON line per group; exit code 1 when a group is below its share of killed mutants. Reports with every mutant are in out/mutate/GROUP.
# usage: tests/mutate.sh [GROUP...]        GROUP: a file of tests/mutate without .json; none: all of them
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
AMIG_SPEAKER=mutate
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1
export VSTEST_CONNECTION_TIMEOUT=600 # seconds; on a busy machine a test host takes longer than the 90 that are usual
cd "$AMIG_SOURCE"

readonly LEAST_SCORE=90 # per cent
readonly NICE=10        # it takes all cores it is given for a quarter of an hour

main() {
  local group failed=0 all
  for group in jq dotnet; do have "$group" || die "$group is not installed: run deploy/setup.sh."; done
  mapfile -t all < <(cd tests/mutate && basename -s .json ./*.json)
  [ "$#" -gt 0 ] || set -- "${all[@]}"
  for group in "$@"; do [ -f "tests/mutate/$group.json" ] || die "there is no group $group; there are ${all[*]}."; done
  dotnet tool restore >/dev/null
  for group in "$@"; do mutate "$group" || failed=1; done
  for group in "$@"; do
    if [ -f "$(report "$group")" ]; then result "$group" || failed=1; else failed=1; fi
  done
  return "$failed"
}

report() { echo "out/mutate/$1/reports/mutation-report.json"; }

# Stryker wants to be started in the directory of the test project.
mutate() { # GROUP
  local tests out=$PWD/out/mutate/$1
  tests=$(jq -r '."stryker-config"."test-projects"[0]' "tests/mutate/$1.json")
  rm -rf "$out" && mkdir -p "$out"
  say "group $1; its log is out/mutate/$1.log."
  (cd "tests/${tests%.csproj}" && nice -n "$NICE" dotnet tool run dotnet-stryker -f "../mutate/$1.json" -O "$out" --skip-version-check) >"$out.log" 2>&1 \
    || { tail -n 5 "$out.log" >&2; say "group $1 could not be run; this is the end of its log."; return 1; }
}

result() { # GROUP
  jq -ce --arg group "$1" --argjson least "$LEAST_SCORE" '
    [.files[].mutants[].status] | [., (["Killed", "Survived", "Timeout", "NoCoverage", "CompileError"] | map({key: ., value: 0}) | from_entries)]
    | reduce .[0][] as $s (.[1]; .[$s] += 1)
    | {group: $group, killed: .Killed, survived: .Survived, timeout: .Timeout, no_coverage: .NoCoverage, cannot_be_compiled: .CompileError,
       score: (100 * (.Killed + .Timeout) / (.Killed + .Timeout + .Survived + .NoCoverage) * 100 | round / 100)}
    | ., (if .score >= $least then empty else error("group \($group) is below \($least) %") end)' "$(report "$1")"
}

main "$@"
