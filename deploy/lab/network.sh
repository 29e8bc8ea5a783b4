# shellcheck shell=bash
# The wire: one L2 segment, a bridge in a network namespace of its own, with one port per host and one for the client.
# Every port is limited in both directions, as a cable is.

# What the limiter lets through at once, bytes: 1 ms of 1 Gbit/s, enough for a full-sized GSO frame.
readonly TBF_BURST=131072
# How long a frame may wait in the limiter; more is dropped, as in a switch.
readonly TBF_LATENCY=50ms
# The client's last octet; hosts count from 1, containers get the rest.
readonly CLIENT_OCTET=200

in_net_of() { # ROLE COMMAND...
  local pid
  pid=$(process_of "$1") || die "$1 of lab $LAB_NAME is not running."
  shift
  nsenter --target "$pid" --net -- "$@"
}

start_wire() {
  start_process wire /dev/null unshare --net -- sleep infinity
  wait_until 5 "the wire's network namespace" in_own_net wire
  in_net_of wire ip link add wire type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  in_net_of wire ip link set wire up
  quiet_ipv6 wire
}

start_client() {
  start_process client /dev/null unshare --net --uts -- sh -c 'hostname client; exec sleep infinity'
  wait_until 5 "the client's network namespace" in_own_net client
  quiet_ipv6 client
  plug client client eth0
  in_net_of client ip addr add "$NET.$CLIENT_OCTET/24" dev eth0
  in_net_of client ip link set lo up
}

in_own_net() { # ROLE
  local pid
  pid=$(process_of "$1") && [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Neighbour discovery would only add noise to what is counted on the wire.
quiet_ipv6() { in_net_of "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6' 2>/dev/null || true; }

# A cable from the wire's bridge (port PORT) to device DEVICE in ROLE's namespace.
plug() { # ROLE PORT DEVICE
  local role=$1 port=$2 device=$3 wire end
  wire=$(process_of wire)
  end=$(process_of "$role")
  nsenter --target "$wire" --net -- ip link add name "$port" type veth peer name "$device" netns "$end"
  in_net_of wire ip link set "$port" master wire up
  in_net_of "$role" ip link set "$device" up
  limit wire "$port"
  limit "$role" "$device"
}

limit() { # ROLE DEVICE
  in_net_of "$1" tc qdisc replace dev "$2" root tbf rate "$RATE" burst "$TBF_BURST" latency "$TBF_LATENCY"
}

# The host's own bridge, which its containers join, with the uplink in it.
build_bridge() { # HOST OCTET
  quiet_ipv6 "$1.init"
  in_net_of "$1.init" ip link set lo up
  in_net_of "$1.init" ip link add amigbr0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  plug "$1.init" "$1" up0
  in_net_of "$1.init" ip link set up0 master amigbr0
  in_net_of "$1.init" ip link set amigbr0 up
  in_net_of "$1.init" ip addr add "$NET.$2/24" dev amigbr0
}

# Bytes that crossed each host's cable, seen from the wire: what a port received, the host has sent.
wire_bytes() {
  in_net_of wire ip -s -j link show type veth \
    | jq -c '[.[] | {(.ifname): {sent: .stats64.rx.bytes, received: .stats64.tx.bytes}}] | add'
}
