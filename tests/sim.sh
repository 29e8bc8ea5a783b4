#!/usr/bin/env bash
# The simulator of the hand-over: the production state machines of source, destination and voters in schedules with lost, doubled, late and reordered messages, crashes at every
# step, old and lost disks, partitions, clock steps, several attempts in a row. The last line is one JSON object; docs/simulator.md explains it. Needs no root.
# usage: tests/sim.sh [--schedules N] [--seed S] [--mutant NAME | --naive] [--plain] [--coverage FILE] [--scripts DIR]
#        tests/sim.sh --replay SCRIPT|SEED:NUMBER [--mutant NAME | --naive]
# Without --seed a fresh one is drawn and printed. Exit code 0: no violation, or with --mutant and --naive: one was found.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
AMIG_SPEAKER=sim
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1

readonly PROJECT=$AMIG_SOURCE/tests/Simulator
have dotnet || die "the .NET SDK is not installed: run deploy/setup.sh."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet build "$PROJECT/Simulator.csproj" -c Release -v quiet --nologo >"$log" 2>&1 || { cat "$log" >&2; die "the simulator does not build."; }
dotnet "$PROJECT/bin/Release/net10.0/simulator.dll" "$@"
