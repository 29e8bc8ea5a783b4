# shellcheck shell=bash
# Restarts: which daemons, killed or stopped in order, for how long, and how long until the next are drawn from the seed. The guard starts a daemon that ended by
# itself again, as systemd would.

# Longest time that a daemon is away, ms.
readonly LONGEST_AWAY_MS=5000
# Time between two restarts, in ms: most leave the hosts time to find each other and to move something, some fall into the start before.
readonly SHORTEST_PAUSE_MS=6000
readonly LONGEST_PAUSE_MS=20000
readonly SHORT_PAUSE_MS=2000
readonly ONE_IN_SO_MANY_IS_SHORT=4
# An orderly stop that takes longer than this, in seconds, is a violation: systemd's own patience.
readonly STOP_SECONDS=90

readonly -a WAYS=(kill stop)
readonly -a SETS=("h1" "h2" "h3" "h1" "h2" "h3" "h1 h2" "h1 h3" "h2 h3" "h1 h2 h3" "h1 h2 h3")

restart_until_the_end() {
  if [ "$RESTARTS" = no ]; then
    while [ "$SECONDS" -lt "$UNTIL" ]; do sleep 1; done
    return
  fi
  local host jobs pause away way
  while :; do
    pause=$((SHORTEST_PAUSE_MS + RANDOM % (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS)))
    [ $((RANDOM % ONE_IN_SO_MANY_IS_SHORT)) -ne 0 ] || pause=$((RANDOM % SHORT_PAUSE_MS))
    sleep "$(seconds "$pause")"
    [ "$SECONDS" -lt "$UNTIL" ] || return 0
    jobs=()
    # Drawn here: a subshell begins with random numbers of its own.
    for host in ${SETS[$((RANDOM % ${#SETS[@]}))]}; do
      way=${WAYS[$((RANDOM % 2))]} away=$((RANDOM % LONGEST_AWAY_MS))
      restart "$host" "$way" "$away" &
      jobs+=("$!")
    done
    wait "${jobs[@]}" || true
  done
}

restart() { # HOST kill|stop AWAY_MS
  trap - EXIT
  local began
  touch "$RUN/away.$1"
  sample "$1" before || true
  began=$(now_ms)
  echo "$began $1 $2 $3" >>"$RUN/restarts"
  if [ "$2" = kill ]; then end_daemon "$1"; else stop_in_order "$1"; fi
  echo "$(now_ms) $1 $2 $(($(now_ms) - began))" >>"$RUN/stops"
  sleep "$(seconds "$3")"
  start_again "$1" || true
  rm -f "$RUN/away.$1"
}

now_ms() { date +%s%3N; }

stop_in_order() { # HOST
  signal_role node TERM "$1" || return 0
  if ! within "$STOP_SECONDS" is_dead "$1"; then
    violation "the daemon of $1 has not ended $STOP_SECONDS s after SIGTERM"
    end_daemon "$1"
  fi
}

is_dead() { ! is_alive "$1"; } # HOST

# A daemon that nobody took away and that is not there has ended by itself.
guard() {
  local host
  while sleep 1; do
    for host in $HOSTS; do
      if [ ! -e "$RUN/away.$host" ] && is_dead "$host" && [ ! -e "$RUN/away.$host" ]; then
        echo "$(now_ms) $host $(grep -v '^ *$' "$(log_of "$host")" | tail -n 1 | cut -c1-300)" >>"$RUN/by-itself"
        start_again "$host" || true
      fi
      sample "$host" going || true
    done
  done
}

log_of() { echo "$AMIG_LAB_DIR/$AMIG_LAB/hosts/$1/log/node.log"; }

# What a daemon uses: RSS in KiB, descriptors, threads, and how old it is in seconds. Nothing of one that ends in the middle of the look.
sample() { # HOST WHEN
  local pid age rss descriptors threads
  pid=$(pid_of_role "$1" node) || return 0
  age=$(ps -o etimes= -p "$pid" | tr -d ' ')
  rss=$(awk '/^VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null)
  threads=$(awk '/^Threads/ {print $2}' "/proc/$pid/status" 2>/dev/null)
  descriptors=$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)
  [ -z "$age" ] || [ -z "$rss" ] || [ -z "$threads" ] || echo "$(now_ms) $1 $pid $2 $age $rss $descriptors $threads" >>"$RUN/resources"
}
