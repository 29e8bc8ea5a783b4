# shellcheck shell=bash
# What a lab can do to its hosts: cables that are cut or slow, hosts that lose their power and come back with the disk that they had.

# A limiter with so little room lets nothing through: every frame is larger.
readonly NOTHING_THROUGH=(rate 8bit burst 10 limit 1)
# What a slow cable lets through at once, bytes: as little as a full-sized GSO frame allows, or it would carry none.
readonly SLOW_BURST=66000

# both: as if the cable had been pulled. in: the host hears nothing. out: nobody hears the host.
cut_cable() { # HOST both|in|out
  case "$2" in
    both) in_net_of wire ip link set "$1" down ;;
    in) in_net_of wire tc qdisc replace dev "$1" root tbf "${NOTHING_THROUGH[@]}" ;;
    out) in_net_of "$1.init" tc qdisc replace dev up0 root tbf "${NOTHING_THROUGH[@]}" ;;
    *) die "a cable is cut both, in or out, not '$2'." ;;
  esac
}

slow_cable() { # HOST RATE
  in_net_of wire tc qdisc replace dev "$1" root tbf rate "$2" burst "$SLOW_BURST" latency "$TBF_LATENCY"
  in_net_of "$1.init" tc qdisc replace dev up0 root tbf rate "$2" burst "$SLOW_BURST" latency "$TBF_LATENCY"
}

mend_cable() { # HOST
  limit wire "$1"
  limit "$1.init" up0
  in_net_of wire ip link set "$1" up
}

# The power goes: every process of the host ends at once, containers too. Directories stay.
crash_host() { # HOST
  stop_host "$1"
  kill_process "$1.node-parent"
  kill_process "$1.swtpm-parent"
  in_net_of wire ip link delete "$1" 2>/dev/null || true
}

boot_host() { # HOST
  ! process_of "$1.init" >/dev/null || die "$1 is running."
  start_host "$1" "${1#h}"
  start_chip "$1"
  start_node "$1"
}
