# shellcheck shell=bash
# `amig node` on each host: certificate authorities, enrolment, policy, configuration, daemon.

readonly REMOTE_PORT=7070
readonly VOTER_PORT=7072
# Voters are an odd number: with fewer than three no host may be lost, and more than five only make every decision slower.
# shellcheck disable=SC2034 # used in lab.sh
readonly FEWEST_VOTERS=3
readonly MOST_VOTERS=5
# Akka's cluster forms within some 5 s after the first seed is up, on a machine that does much else in some 20 s.
readonly CLUSTER_SECONDS=60

amig() { "$AMIG_PROGRAM/amig" "$@"; }

start_nodes() {
  local host
  make_trust
  for host in $(host_names); do write_config "$host"; done
  for host in $(host_names); do start_node "$host"; done
  say "waiting for the cluster of $HOST_COUNT daemons."
  wait_until "$CLUSTER_SECONDS" "a cluster of $HOST_COUNT daemons" cluster_is_up
  wait_until "$CLUSTER_SECONDS" "voters that vote" voters_vote
}

# The CA stays outside of all hosts, as it would on an administrator's machine; each host gets its own certificates and the policy.
make_trust() {
  local host
  amig ca init --dir "$LAB/ca" >>"$LAB/trust.log" 2>&1 || die "amig ca init failed: $(tail -n1 "$LAB/trust.log")"
  for host in $(host_names); do
    amig enrol local --ca-dir "$LAB/ca" --ek-roots "$LAB/ek-roots" --state "$(host_directory "$host")/state" \
      --host "$host" --address "$NET.${host#h}" --tpm "$(chip_address "$host")" >>"$LAB/trust.log" 2>&1 \
      || die "enrolment of $host failed: $(tail -n1 "$LAB/trust.log")"
  done
  amig policy capture --tpm "$(chip_address h1)" --pcrs "$POLICY_PCRS" --allow-software-tpm --out "$LAB/policy.json" >>"$LAB/trust.log" 2>&1 \
    || die "amig policy capture failed: $(tail -n1 "$LAB/trust.log")"
  for host in $(host_names); do cp "$LAB/policy.json" "$(host_directory "$host")/state/trust/policy.json"; done
}

# The chip's command socket, reached from outside the host.
chip_address() { echo "unix:$(host_root "$1")/run/amig/tpm.sock"; }

# Real hosts differ in nothing but such a file; every other key keeps its default from hocon/. AMIG_NODE_SETTINGS has more lines for all hosts,
# AMIG_NODE_SETTINGS_h2 and so on for one.
write_config() { # HOST
  local own=AMIG_NODE_SETTINGS_$1
  cat >"$(host_directory "$1")/state/node.conf" <<CONF
amig {
  host = "$1"
  address = "$NET.${1#h}"
  seeds = [$(each_host "\"%s@$NET.%d:$REMOTE_PORT\"" "$MOST_VOTERS")]
  voters = [$(each_host "\"%s=$NET.%d:$VOTER_PORT\"" "$(voters)")]
  network.bridge = "amigbr0"
  network.uplink = "up0"
  tpm = "unix:/run/amig/tpm.sock"
  criu = "$AMIG_CRIU"
  cgroup-prefix = "$(cgroup_prefix "$1")"
  ${AMIG_NODE_SETTINGS:-}
  ${!own:-}
}
CONF
}

each_host() { # FORMAT MOST
  local number text='' entry
  for number in $(seq 1 "$(($2 < HOST_COUNT ? $2 : HOST_COUNT))"); do
    # shellcheck disable=SC2059 # the format is ours
    printf -v entry "$1" "h$number" "$number"
    text+="${text:+, }$entry"
  done
  echo "$text"
}

# An odd number, so that one host less never costs the majority.
voters() {
  local count=$((HOST_COUNT < MOST_VOTERS ? HOST_COUNT : MOST_VOTERS))
  echo $((count % 2 == 1 ? count : count - 1))
}

start_node() { # HOST
  local host=$1
  ! process_of "$host.node" >/dev/null || die "the daemon of $host is running already."
  start_process "$host.node-parent" "$(host_directory "$host")/log/node.log" \
    nsenter --target "$(process_of "$host.init")" --net --mount --pid --uts --ipc --time --wd=/ -- \
    env HOME=/var/lib/amig "PATH=/run/amig-program:$PATH" /run/amig-program/amig node --config /var/lib/amig/node.conf
  wait_until 10 "start of the daemon of $host" has_child "$host.node-parent"
  record_process "$host.node" "$(only_child_of "$(process_of "$host.node-parent")")"
}

# kill -9 of the daemon alone: containers and the helpers of open attempts go on.
kill_node() { # HOST
  process_of "$1.node" >/dev/null || die "the daemon of $1 is not running."
  kill_process "$1.node"
  kill_process "$1.node-parent"
}

# The daemon alone hangs: it neither answers nor dies.
signal_node() { # HOST SIGNAL
  local pid
  pid=$(process_of "$1.node") || die "the daemon of $1 is not running."
  kill "-$2" "$pid"
  # nsenter stops itself when it sees its child stopped; left so it would never reap the daemon, and the host's init could not end.
  if [ "$2" = CONT ] && pid=$(process_of "$1.node-parent"); then
    kill -CONT "$pid"
  fi
}

voters_vote() { in_host h1 amig voters --json 2>/dev/null | jq -e '[.voters[].state] | all(. == "votes")' >/dev/null; }

cluster_is_up() {
  local host
  for host in $(host_names); do
    process_of "$host.node" >/dev/null || die "the daemon of $host has ended: $(tail -n 3 "$(host_directory "$host")/log/node.log")"
    in_host "$host" amig hosts --json 2>/dev/null \
      | jq -e --argjson count "$HOST_COUNT" '[.hosts[] | select(.status == "Up" and .reachable)] | length == $count' >/dev/null || return 1
  done
}
