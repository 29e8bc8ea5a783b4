#!/usr/bin/env bash
# The simulator of balancing: the production planner and four others in the same trace of load, failures and noise, made from a seed. On stdout one JSON line for each strategy and one for the bound that regret is
# measured against; docs/balancing.md explains them. Needs no root.
# usage: bench/balance.sh [--seed S] [--hosts N] [--containers M] [--hours H] [--strategy NAME]... [--threshold X] [--margin X] [--worth SECONDS] [--svg FILE]
# Without --seed a fresh one is drawn and told on stderr. Exit code 0: it ran to its end; 1: it does not build, or a strategy ordered what may not be; 2: a wrong command line.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
AMIG_SPEAKER=balance
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1

readonly PROJECT=$AMIG_SOURCE/tests/BalanceSimulator
have dotnet || die "the .NET SDK is not installed: run deploy/setup.sh."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet build "$PROJECT/BalanceSimulator.csproj" -c Release -v quiet --nologo >"$log" 2>&1 || { cat "$log" >&2; die "the simulator does not build."; }
commit=$(git -C "$AMIG_SOURCE" rev-parse --short HEAD 2>/dev/null || echo unknown)
dotnet "$PROJECT/bin/Release/net10.0/balance-simulator.dll" --commit "$commit" "$@"
