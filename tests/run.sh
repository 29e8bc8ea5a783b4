#!/usr/bin/env bash
# Everything that is checked before a change is taken: set-up, build without a warning, format, scripts, all test projects, the protocol's models,
# and labs in which a container moves there and back, and in which everything goes wrong that an operator can get wrong. Ends with the line "N passed, N failed"; what could not run counts as failed.
# usage: tests/run.sh [--fast]        --fast: only what needs no root, in a minute or two
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
# shellcheck source=run/count.sh
source "$AMIG_SOURCE/tests/run/count.sh"
AMIG_SPEAKER=tests

# Projects that need nothing but .NET; every other tests/*.Tests needs root and what set-up installs.
readonly FAST_PROJECTS="Contracts.Tests Actors.Tests Host.Tests Recorder.Tests"
# Seconds that a project may take, several times what it takes on a slow two-core machine; a single test that hangs is ended sooner.
readonly FAST_SECONDS=480
readonly SLOW_SECONDS=480
readonly HANGING_TEST=120s
readonly MODEL_SECONDS=300
readonly LAB_SECONDS=420
# Rounds of chaos that every change has to pass: a short form of the recorded runs (docs/chaos.md), always the same.
readonly CHAOS_ROUNDS=20
readonly CHAOS_SEED=20261126
readonly CHAOS_SECONDS=900

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
# No compiler or build server may outlive this script: it would hold the output pipe of whoever called us.
export UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1
export HOME=${HOME:-/root}

main() {
  local fast=no
  case "${1:-}" in
    '') ;;
    --fast) fast=yes ;;
    *) die "unknown option '$1': there is only --fast." ;;
  esac
  exec </dev/null
  cd "$AMIG_SOURCE"
  RESULTS=$(mktemp -d)
  trap 'leave_nothing; rm -rf "$RESULTS"' EXIT
  trap 'exit 130' INT TERM
  if [ "$fast" = yes ]; then run_fast; else run_all; fi
  print_totals
}

run_fast() {
  if build; then
    check_code
    test_projects "$FAST_PROJECTS" "$FAST_SECONDS"
  fi
}

run_all() {
  local ready=yes
  check set-up deploy/setup.sh || ready=no
  if ! have dotnet || ! build; then
    could_not_run "test projects and lab" "nothing to test without a build"
    return
  fi
  check_code
  test_projects "$FAST_PROJECTS" "$FAST_SECONDS"
  if [ "$ready" = yes ]; then
    test_projects "$(slow_projects)" "$SLOW_SECONDS"
    check_models
    check_lab
  else
    could_not_run "$(slow_projects)" "set-up failed"
    could_not_run "models and lab" "set-up failed"
  fi
}

slow_projects() {
  local project
  for project in tests/*.Tests; do
    project=${project#tests/}
    case " $FAST_PROJECTS " in *" $project "*) ;; *) printf '%s ' "$project" ;; esac
  done
}

build() { check "build without a warning" dotnet build ActorMigration.sln -c Release -warnaserror -v quiet --nologo; }

check_code() {
  check "format" dotnet format ActorMigration.sln --verify-no-changes --no-restore || true
  if have shellcheck; then
    check "shellcheck" shellcheck_all || true
  else
    could_not_run shellcheck "shellcheck is not installed: run deploy/setup.sh"
  fi
}

shellcheck_all() {
  find . -path ./.git -prune -o \( -name bin -o -name obj -o -name out \) -prune -o -type f -name '*.sh' -print0 | xargs -0 shellcheck && shellcheck .ci/run
}

test_projects() { # PROJECTS SECONDS
  local project
  for project in $1; do
    if [ -f "tests/$project/$project.csproj" ]; then test_project "$project" "$2"; else could_not_run "$project" "the project is not there"; fi
  done
}

# Output goes to a file and not through a pipe, which a process left behind by a test could hold open.
test_project() { # PROJECT SECONDS
  local project=$1 log=$RESULTS/$1.log status=0
  timeout --kill-after=10 "$2" dotnet test "tests/$project/$project.csproj" -c Release --no-build --nologo \
    --results-directory "$RESULTS/$project" --logger "trx;LogFileName=$project.trx" --logger "console;verbosity=minimal" \
    --blame-hang-timeout "$HANGING_TEST" --blame-hang-dump-type none >"$log" 2>&1 9>&- || status=$?
  count_trx "$project" "$status" "$2"
}

check_models() {
  if [ ! -x docs/protocol/check.sh ]; then
    could_not_run models "docs/protocol/check.sh is not there"
    return
  fi
  check "models of the protocol" timeout --kill-after=10 "$MODEL_SECONDS" docs/protocol/check.sh || true
}

check_lab() {
  check "build for the lab" deploy/build.sh || { could_not_run lab "nothing to run on its hosts"; return; }
  # Chaos mostly waits, and so do these; the others look at times and loads, and have the machine for themselves.
  AMIG_LAB_DIR=$CHAOS_DIRECTORY timeout --kill-after=60 "$CHAOS_SECONDS" tests/chaos.sh --rounds "$CHAOS_ROUNDS" --seed "$CHAOS_SEED" >"$RESULTS/chaos.txt" 2>"$RESULTS/chaos.log" 9>&- &
  local chaos=$! status=0
  run_labs lab-bad-input lab-resolve lab-voters lab-trust
  wait "$chaos" || status=$?
  check "chaos, $CHAOS_ROUNDS rounds of seed $CHAOS_SEED, beside the labs before" chaos_ended_with "$status" || true
  run_labs lab lab-balance
}

run_labs() { # SCRIPTS...
  local script status
  for script in "$@"; do
    status=0
    timeout --kill-after=60 "$LAB_SECONDS" "tests/$script.sh" >"$RESULTS/$script.txt" 2>"$RESULTS/$script.log" || status=$?
    count_lines "$script" "$status" "$LAB_SECONDS"
  done
}

chaos_ended_with() { # EXIT_STATUS
  tail -n 50 "$RESULTS/chaos.log"
  cat "$RESULTS/chaos.txt"
  [ "$1" -eq 0 ] || die "$(why_no_results "$1" "$CHAOS_SECONDS")."
}

# Labs of tests have their own directory, so that one that somebody is working in is not touched.
export AMIG_LAB_DIR=${AMIG_LAB_DIR:-/var/lib/amig-lab-tests}
readonly CHAOS_DIRECTORY=$AMIG_LAB_DIR-chaos
leave_nothing() {
  local directory
  # What is still under way when this script is ended takes its own lab down.
  # shellcheck disable=SC2046
  if kill $(jobs -p) 2>/dev/null; then wait; fi
  for directory in "$AMIG_LAB_DIR" "$CHAOS_DIRECTORY"; do
    [ "$(id -u)" -ne 0 ] || [ ! -d "$directory" ] || AMIG_LAB_DIR=$directory deploy/cleanup.sh || say "a lab could not be cleaned up."
  done
}

main "$@"
