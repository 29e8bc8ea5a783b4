# shellcheck shell=bash
# The containers c01 to cNN (counter.c), the client that has a connection to each (reader.c), and the watcher.

# Addresses FIRST_OCTET and up; 200 is the client's.
# shellcheck disable=SC2034 # used in circles.sh
readonly MOST_CONTAINERS=60
readonly FIRST_OCTET=51
readonly COUNTER_PORT=7000
readonly HISTORY_FILE=/data/history

names() { seq -f 'c%02g' 1 "$CONTAINERS"; }

address_of() { echo "$(lab network).$((FIRST_OCTET + 10#${1#c} - 1))"; } # NAME

addresses() { local name; for name in $(names); do address_of "$name"; done; }

containers_begin() { # HOSTS [LOAD...]
  local name hosts host number=0
  read -ra hosts <<<"$1"
  shift
  compile_all
  image_of_counter
  for name in $(names); do
    host=${hosts[$((number % ${#hosts[@]}))]}
    number=$((number + 1))
    amig_on "$host" run --name "$name" --image counter --ip "$(address_of "$name")/24" --workdir /data -- /bin/counter "$HISTORY_FILE" "$COUNTER_PORT" "$@" >"$RUN/run.out"
  done
  say "$CONTAINERS containers run."
}

compile_all() {
  mkdir -p "$RUN"/image/{bin,etc,dev,proc,sys,run,tmp,data}
  gcc -static -O2 -Wall -Wextra -Werror -o "$RUN/image/bin/counter" "$AMIG_SOURCE/tests/circles/counter.c"
  gcc -O2 -Wall -Wextra -Werror -o "$RUN/reader" "$AMIG_SOURCE/tests/circles/reader.c"
  gcc -O2 -Wall -Wextra -Werror -Wno-format-truncation -o "$RUN/watcher" "$AMIG_SOURCE/tests/chaos/watcher.c"
}

image_of_counter() {
  local host
  # shellcheck disable=SC2153 # of circles.sh
  for host in $HOSTS; do
    tar -C "$RUN/image" -cf - . | lab exec "$host" sh -c 'mkdir -p /tmp/counter && tar -C /tmp/counter -xf -'
    amig_on "$host" image import --name counter /tmp/counter
    lab exec "$host" rm -rf /tmp/counter
  done >"$RUN/import.out"
}

start_watcher_of_all() {
  local freezer=/sys/fs/cgroup names
  [ ! -d /sys/fs/cgroup/freezer ] || freezer=/sys/fs/cgroup/freezer
  mapfile -t names < <(names)
  "$RUN/watcher" "$freezer" "amig-$AMIG_LAB-" "${names[0]}" "$AMIG_LAB_DIR/$AMIG_LAB/hosts" "${names[@]:1}" >"$RUN/watch" &
  # shellcheck disable=SC2034 # used in chaos/checks.sh
  WATCHER_PID=$!
}

# Not through the function `lab`, whose subshell would take the signal.
start_reader_of_all() {
  local addresses
  mapfile -t addresses < <(addresses)
  "$AMIG_SOURCE/deploy/lab.sh" client "$RUN/reader" "$COUNTER_PORT" "${addresses[@]}" >"$RUN/read" 2>"$RUN/read.error" &
  READER_PID=$!
}

stop_reader_of_all() {
  local status=0
  [ -n "${READER_PID:-}" ] || return 0
  kill -TERM "$READER_PID" 2>/dev/null || true
  # In the subshell of a test it is no child, and cannot be waited for in this way.
  wait "$READER_PID" 2>/dev/null || status=$?
  [ "$status" -ne 127 ] || { status=0; within 30 reader_has_ended || status=1; }
  READER_PID=
  return "$status"
}

reader_has_ended() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$READER_PID/status" 2>/dev/null; }

# --- as the kernel has it ------------------------------------------------------------------------------------------------

# The newest line of the watcher about NAME. With one container it names none, and each line is about that one.
seen_of() { if [ "$CONTAINERS" = 1 ]; then tail -n 1 "$RUN/watch"; else tac "$RUN/watch" | grep -m 1 " $1 " || true; fi; } # NAME

# "HOST COPY" of the one that runs; nothing when none runs, or more than one.
where_is() { # NAME
  local found
  found=$(seen_of "$1" | tr ' ' '\n' | sed -n 's/^\(h[0-9]*\):\(.*\)=running$/\1 \2/p')
  [ "$(wc -w <<<"$found")" -ne 2 ] || echo "$found"
}
