# shellcheck shell=bash
# What must be true of every round, looked at from outside: nothing here relies on what a daemon says of itself.

# The container runs again this long after the end of a fault, at most, in seconds.
# shellcheck disable=SC2034 # used in rounds.sh
readonly RECOVERY_SECONDS=15
# An attempt is gone from both hosts this long after that, at most, in seconds: the patience of a side that waits for the other is in it.
# shellcheck disable=SC2034 # used in rounds.sh
readonly CLEAN_SECONDS=40

start_watcher() {
  gcc -O2 -Wall -Wextra -Werror -Wno-format-truncation -o "$RUN/watcher" "$AMIG_SOURCE/tests/chaos/watcher.c"
  local freezer=/sys/fs/cgroup
  [ ! -d /sys/fs/cgroup/freezer ] || freezer=/sys/fs/cgroup/freezer
  "$RUN/watcher" "$freezer" "amig-$AMIG_LAB-" redis "$AMIG_LAB_DIR/$AMIG_LAB/hosts" >"$RUN/watch" &
  WATCHER_PID=$!
}

stop_watcher() {
  [ -n "${WATCHER_PID:-}" ] || return 0
  kill "$WATCHER_PID" 2>/dev/null || true
  wait "$WATCHER_PID" 2>/dev/null || true
  WATCHER_PID=
}

# Host that the container runs on, as the kernel has it; nothing when it runs nowhere, or twice.
owner() { tail -n 1 "$RUN/watch" | tr ' ' '\n' | sed -n 's/^\(h[0-9]*\):.*=running$/\1/p' | { mapfile -t hosts; [ "${#hosts[@]}" -ne 1 ] || echo "${hosts[0]}"; }; }

running_copy() { tail -n 1 "$RUN/watch" | tr ' ' '\n' | sed -n 's/^h[0-9]*:\(.*\)=running$/\1/p' | head -n 1; }

# Lines of the watcher since MILLISECONDS.
watched_since() { awk -v since="$1" '$1 >= since' "$RUN/watch"; }

runs_and_answers() { [ -n "$(owner)" ] && redis_answers; }

# Everything that an attempt could leave on HOST, which may have the container itself as COPY (nothing: it may not).
strays() { # HOST COPY
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec "$1" sh -c '
    copy=${1:-none-such} prefix=$2
    dotted=$(echo "$copy" | sed "s/^\(.*\)-\(e[0-9]*o[0-9]*\)$/\1.\2/")
    find /sys/fs/cgroup -depth -type d -path "*/$prefix/*" \( -name "redis-e*" -o -name "gate-redis-e*" \) ! -name "$copy"
    find /run/amig /var/lib/amig -maxdepth 5 \( -name "redis-e*" -o -name "redis.e*" \) ! -name "$copy*" ! -name "$dotted*"
    find /run/amig/attempts /var/lib/amig/attempts -mindepth 1 -maxdepth 1 2>/dev/null
    grep -e "/redis[-.]e" /proc/self/mountinfo | grep -v -e "/$copy" -e "/$dotted"
    for process in /proc/[0-9]*; do
      tr "\0" " " 2>/dev/null <"$process/cmdline" | grep -v "for process in" | grep -e "redis[-.]e[0-9]" | grep -v -e "$copy" -e "$dotted"
    done
    cat /sys/fs/cgroup/*/"$prefix"/helpers/cgroup.procs 2>/dev/null | sed "s/^/helper /"
    ip -br link | grep -E "^a[ht][0-9a-f]{12}@"
    [ "$(ip -br link | grep -cE "^am[0-9a-f]{12}@")" = "$(ls /run/amig/netns 2>/dev/null | wc -l)" ] || ip -br link | grep -E "^am[0-9a-f]{12}@"
    [ "$copy" != none-such ] || ! [ -e /var/lib/amig/containers/redis ] || echo /var/lib/amig/containers/redis
    true' sh "$2" "amig-$AMIG_LAB-$1" 2>&1
}

strays_anywhere() {
  local host here
  here=$(owner)
  for host in h1 h2 h3; do strays "$host" "$([ "$host" != "$here" ] || running_copy)" | sed "s/^/$host: /"; done
}

nothing_stray() { revive; STRAYS=$(strays_anywhere); [ -z "$STRAYS" ]; }

# Members in each other's eyes, and no attempt that goes on.
all_is_quiet() {
  revive
  local host
  for host in h1 h2 h3; do
    ask "$host" hosts | jq -e '[.hosts[] | select(.status == "Up" and .reachable) | .host] | sort == ["h1", "h2", "h3"]' >/dev/null 2>&1 || return 1
  done
  nothing_under_way 2>/dev/null
}
