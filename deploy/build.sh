#!/usr/bin/env bash
# Builds what the lab runs, into out/: the daemon and command `amig`, and the recorder of the demo.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

# Each project: its folder and where it goes.
readonly PROJECTS="src/Host=amig bench/Recorder=recorder"

# What the daemon is compiled for ahead of time: this machine.
case "$(uname -m)" in aarch64) RUNTIME=linux-arm64 ;; *) RUNTIME=linux-x64 ;; esac
readonly RUNTIME

main() {
  local pair
  have dotnet || die "there is no dotnet: run deploy/setup.sh first."
  for pair in $PROJECTS; do
    publish "${pair%%=*}" "$AMIG_OUT/${pair#*=}"
  done
  say "built $AMIG_OUT/amig/amig and $AMIG_OUT/recorder/recorder."
}

publish() { # PROJECT DIRECTORY
  local log
  say "building $1."
  log=$(dotnet publish "$AMIG_SOURCE/$1" -c Release -r "$RUNTIME" --self-contained false -o "$2" -v quiet -nodeReuse:false --nologo -warnaserror 2>&1) \
    || { printf '%s\n' "$log" >&2; die "$1 does not build."; }
}

main "$@"
