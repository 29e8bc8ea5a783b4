# shellcheck shell=bash
# What every script in deploy/ and tests/ shares: how they speak, and where things are. Sourced, never run.

# Where set-up puts what the distribution does not have. Everything below is ours and is removed with it.
AMIG_PREFIX=${AMIG_PREFIX:-/usr/local/lib/amig}
# The one path under which everything else finds CRIU >= 4.2, whoever installed it.
AMIG_CRIU=${AMIG_CRIU:-$AMIG_PREFIX/criu}
# The directory of this checkout, whatever it is called.
AMIG_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Where deploy/build.sh puts the executables.
AMIG_OUT=${AMIG_OUT:-$AMIG_SOURCE/out}
export AMIG_PREFIX AMIG_CRIU AMIG_SOURCE AMIG_OUT

# Progress goes to stderr, so that stdout stays free for results that a script reads.
say() { printf '%s: %s\n' "${AMIG_SPEAKER:-$(basename "$0" .sh)}" "$*" >&2; }

# One clear sentence and a non-zero exit.
die() {
  say "$*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

need_root() {
  [ "$(id -u)" -eq 0 ] || die "must run as root, because namespaces, cgroups and CRIU need it: run 'sudo $0'."
}
