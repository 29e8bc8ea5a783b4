#!/usr/bin/env bash
# Clusters of many nodes in one process: production actor systems with TLS on loopback, balancers and load actors; loads and migrations are simulated from a seed. For each size, one after the other, a process of its own and one JSON line on stdout: the time to form, traffic
# and CPU without looks and what a look adds, the time of a decision, moves, a takeover, threads and memory of a node; docs/balancing.md explains them.
# Each runs in a network namespace of its own, so that its loopback carries nothing else; it needs two open files for each pair of nodes and direction, 2 N (N - 1) in all: as many as the kernel lets root have, or as this shell may.
# usage: bench/cluster.sh [--nodes N,N,...] [--containers M] [--seed S] [--looks K] [--window SECONDS] [--moving SECONDS] [--patience SECONDS] [--no-build]
# Without --seed a fresh one is drawn and told in the lines. Exit code 0: each ran to its end; 1: it does not build, or a cluster did not form (its line says how far it came); 2: a wrong command line.
set -euo pipefail
# shellcheck source=../deploy/common.sh
source "$(dirname "$0")/../deploy/common.sh"
AMIG_SPEAKER=cluster
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1

readonly PROJECT=$AMIG_SOURCE/bench/Nodes
sizes=3,10,30,100 build=yes
rest=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    --nodes) sizes=${2:?--nodes needs N,N,...}; shift 2 ;;
    --no-build) build=no; shift ;;
    *) rest+=("$1"); shift ;;
  esac
done
[[ $sizes =~ ^[0-9]+(,[0-9]+)*$ ]] || { say "--nodes needs N,N,..., not '$sizes'."; exit 2; }
have dotnet || die "the .NET SDK is not installed: run deploy/setup.sh."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ "$build" = no ] || dotnet build "$PROJECT/Nodes.csproj" -c Release -v quiet --nologo >"$log" 2>&1 || { cat "$log" >&2; die "the bench does not build."; }
commit=$(git -C "$AMIG_SOURCE" rev-parse --short HEAD 2>/dev/null || echo unknown)
# Root may raise it, but not everywhere.
ulimit -n "$(cat /proc/sys/fs/nr_open)" 2>/dev/null || ulimit -n "$(ulimit -Hn)"

worst=0
for size in ${sizes//,/ }; do
  # --map-root-user: whoever is root already stays it, everybody else becomes it in a user namespace, to bring the loopback up.
  unshare --map-root-user --net bash -c 'ip link set lo up && exec dotnet "$@"' bash "$PROJECT/bin/Release/net10.0/nodes-bench.dll" --commit "$commit" --hosts "$size" "${rest[@]}" || { code=$?; [ "$code" -le "$worst" ] || worst=$code; }
done
exit "$worst"
