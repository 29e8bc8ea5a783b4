#!/usr/bin/env bash
# A lab of N hosts on one machine that share nothing but the wire: own network, mount, pid, UTS, IPC and time namespace each, own TPM, own
# `amig node`, on one L2 segment with a client. Several labs can stand side by side: AMIG_LAB names this one.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
AMIG_SPEAKER=lab
LABS=${AMIG_LAB_DIR:-/var/lib/amig-lab}
LAB_NAME=${AMIG_LAB:-lab}
LAB=$LABS/$LAB_NAME
# The directory with the executable that the hosts run, and what they run as daemon (tests of the lab itself put a stand-in here).
AMIG_PROGRAM=${AMIG_PROGRAM:-$AMIG_OUT/amig}
# shellcheck source=lab/processes.sh
source "$AMIG_SOURCE/deploy/lab/processes.sh"
# shellcheck source=lab/network.sh
source "$AMIG_SOURCE/deploy/lab/network.sh"
# shellcheck source=lab/host.sh
source "$AMIG_SOURCE/deploy/lab/host.sh"
# shellcheck source=lab/tpm.sh
source "$AMIG_SOURCE/deploy/lab/tpm.sh"
# shellcheck source=lab/node.sh
source "$AMIG_SOURCE/deploy/lab/node.sh"
# shellcheck source=lab/faults.sh
source "$AMIG_SOURCE/deploy/lab/faults.sh"

# Hosts get the addresses .1 to .N of one /24, the client .200; up takes two digits at most.
readonly MOST_HOSTS=99
readonly DEFAULT_RATE=1gbit

usage() {
  cat <<'TEXT'
usage: deploy/lab.sh COMMAND        (as root; AMIG_LAB=NAME chooses the lab, default "lab")
  up N [--rate RATE] [--no-nodes]   start N hosts h1..hN (with daemons 3 or more) and a client; every cable carries RATE each way
                                    (tc's unit, default 1gbit)
  down                              stop and remove everything of the lab
  status                            one line per host
  exec HOST COMMAND...              run a command on a host
  client COMMAND...                 run a command in the client's network
  kill HOST | start HOST            kill -9 the host's daemon (its containers go on) | start it again
  pause HOST | resume HOST          let the host's daemon hang (SIGSTOP) | go on
  crash HOST | boot HOST            end every process of the host at once, as when its power goes | start it with the disk that it had
  cut HOST both|in|out | slow HOST RATE | mend HOST
                                    cut the host's cable, both ways or one | let only RATE through (tc's unit) | as it was
  configure HOST                    write the host's node.conf anew (AMIG_NODE_SETTINGS, AMIG_NODE_SETTINGS_HOST), for its next start
  tpm-extend HOST | tpm-reset HOST  change a PCR behind the daemon's back | power-cycle the TPM
  wire-bytes                        bytes that crossed each cable, as JSON
  directory HOST | root HOST        the host's directory of this lab (state, log) | its file system as seen from outside
  network                           first three numbers of the lab's addresses
TEXT
}

main() {
  [ "$#" -gt 0 ] || { usage >&2; exit 64; }
  local command=$1
  shift
  case "$command" in -h | --help | help) usage; exit 0 ;; esac
  need_root
  [[ "$LAB_NAME" =~ ^[a-z0-9]([a-z0-9-]{0,15})$ ]] || die "lab name '$LAB_NAME' is not 1 to 16 of a-z, 0-9 and '-'."
  case "$command" in
    up) up "$@" ;;
    down) down ;;
    status | exec | client | kill | start | pause | resume | crash | boot | cut | slow | mend | configure | tpm-extend | tpm-reset | wire-bytes | directory | root | network) need_lab; "lab_$command" "$@" ;;
    *) usage >&2; exit 64 ;;
  esac
}

need_lab() {
  [ -r "$LAB/settings" ] || die "lab $LAB_NAME is not up: run 'deploy/lab.sh up 3'."
  # shellcheck disable=SC1091 # written by up
  source "$LAB/settings"
}

host_names() { seq -f 'h%g' 1 "$HOST_COUNT"; }

need_host() {
  case "${1:-}" in h[1-9] | h[1-9][0-9]) ;; *) die "names of hosts are h1 to h$HOST_COUNT, not '${1:-}'." ;; esac
  [ "${1#h}" -le "$HOST_COUNT" ] || die "names of hosts are h1 to h$HOST_COUNT, not '$1'."
}

up() {
  local count=${1:-} nodes=yes
  RATE=$DEFAULT_RATE
  shift || true
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --rate) RATE=${2:?--rate needs a value such as 1gbit}; shift 2 ;;
      --no-nodes) nodes=no; shift ;;
      *) die "unknown option $1 of up." ;;
    esac
  done
  [[ "$count" =~ ^[1-9][0-9]?$ ]] || die "up needs a number of hosts, 1 to $MOST_HOSTS, not '$count'."
  [ "$nodes" = no ] || [ "$count" -ge "$FEWEST_VOTERS" ] \
    || die "a decision needs $FEWEST_VOTERS voters, so that one host can be lost, and $count cannot be: run 'up $FEWEST_VOTERS' (the third host is the witness), or give --no-nodes."
  if [ "$nodes" = no ]; then
    mkdir -p "$AMIG_PROGRAM"
  else
    [ -x "$AMIG_PROGRAM/amig" ] || die "there is no $AMIG_PROGRAM/amig: run deploy/build.sh first."
  fi
  claim_name
  write_settings "$count"
  need_lab
  trap up_failed EXIT
  start_all "$nodes"
  trap - EXIT
  say "lab $LAB_NAME is up: $HOST_COUNT hosts $NET.1 to $NET.$HOST_COUNT, client $NET.$CLIENT_OCTET, $RATE."
}

up_failed() {
  trap - EXIT
  say "up failed; the last lines of each log:"
  find "$LAB/hosts" -name '*.log' -size +0 -exec tail -n 3 {} + >&2
  down
}

# mkdir is the lock: of two `up` with one name one fails.
claim_name() {
  mkdir -p "$LABS"
  chmod 711 "$LABS"
  mkdir "$LAB" 2>/dev/null || die "lab $LAB_NAME is up already (or was not taken down): run 'AMIG_LAB=$LAB_NAME deploy/lab.sh down' first."
  mkdir "$LAB/processes" "$LAB/hosts"
}

# The wire is nobody else's, so labs could even share addresses; different ones keep logs readable.
write_settings() { # COUNT
  local octet
  octet=$(($(cksum <<<"$LAB_NAME" | cut -d' ' -f1) % 200 + 20))
  printf 'HOST_COUNT=%s\nRATE=%q\nNET=10.%s.0\n' "$1" "$RATE" "$octet" >"$LAB/settings"
}

start_all() { # NODES
  local host
  make_manufacturer
  start_wire
  start_client
  for host in $(host_names); do
    start_host "$host" "${host#h}"
    manufacture_chip "$host"
    start_chip "$host"
  done
  collect_ek_roots
  if [ "$1" = yes ]; then start_nodes; fi
}

down() {
  if [ ! -d "$LAB" ]; then
    say "lab $LAB_NAME is not up."
    return
  fi
  local host gone processes
  gone=$(known_hosts | tr '\n' ' ')
  processes=$(find "$LAB/processes" -type f -printf '%f ' 2>/dev/null)
  for host in $gone; do stop_host "$host"; done
  kill_process client
  kill_process wire
  for host in $gone; do give_state_back "$host"; done
  rm -rf --one-file-system "$LAB"
  rmdir "$LABS" 2>/dev/null || true
  say "lab $LAB_NAME is gone: hosts ${gone:-none }with their containers, cgroups, mounts and networks; processes ${processes:-none}; directory $LAB."
}

# Works on what is there, not on what should be: a lab whose `up` broke off half-way goes the same way.
known_hosts() { find "$LAB/hosts" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort; }

lab_status() {
  local host
  for host in $(host_names); do
    printf '%s %s.%s init=%s tpm=%s node=%s\n' "$host" "$NET" "${host#h}" \
      "$(process_of "$host.init" || echo -)" "$(process_of "$host.swtpm" || echo -)" "$(process_of "$host.node" || echo -)"
  done
}

lab_exec() { need_host "${1:-}"; in_host "$@"; }
# The command takes this process's place, so that a signal to it reaches the command.
lab_client() {
  local pid
  pid=$(process_of client) || die "the client of lab $LAB_NAME is not running."
  exec nsenter --target "$pid" --net -- "$@"
}
lab_root() { need_host "${1:-}"; host_root "$1"; }
lab_network() { echo "$NET"; }
lab_kill() { need_host "${1:-}"; kill_node "$1"; }
lab_start() { need_host "${1:-}"; start_node "$1"; }
lab_pause() { need_host "${1:-}"; signal_node "$1" STOP; }
lab_resume() { need_host "${1:-}"; signal_node "$1" CONT; }
lab_crash() { need_host "${1:-}"; crash_host "$1"; }
lab_boot() { need_host "${1:-}"; boot_host "$1"; }
lab_cut() { need_host "${1:-}"; cut_cable "$1" "${2:-both}"; }
lab_slow() { need_host "${1:-}"; slow_cable "$1" "${2:?slow needs a rate such as 100kbit}"; }
lab_mend() { need_host "${1:-}"; mend_cable "$1"; }
lab_configure() { need_host "${1:-}"; write_config "$1"; }
lab_tpm-extend() { need_host "${1:-}"; extend_chip "$1"; }
lab_tpm-reset() { need_host "${1:-}"; reset_chip "$1"; }
lab_wire-bytes() { wire_bytes; }
lab_directory() { need_host "${1:-}"; host_directory "$1"; }

main "$@"
