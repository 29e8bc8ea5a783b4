# shellcheck shell=bash
# The redis of the demo: Debian's own, 512 MiB of data, every write fsynced, a client that counts and one that writes beside it.

readonly REDIS_MIB=512
readonly REDIS_VALUE_BYTES=4096
readonly REDIS_PORT=6379
readonly REDIS_OCTET=50
# Background writes per second, 4 KiB each: 1.6 MiB of changed memory and of append-only file each second.
readonly BACKGROUND_WRITES=400

redis_address() { echo "$(lab network).$REDIS_OCTET"; }

redis_cli() { lab client timeout 20 redis-cli -h "$(redis_address)" -p "$REDIS_PORT" "$@" </dev/null; }

start_redis() { # HOST
  "$AMIG_SOURCE/deploy/images.sh" redis "$1"
  amig_on "$1" run --name redis --image redis --ip "$(redis_address)/24" --workdir /data -- \
    redis-server --bind 0.0.0.0 --protected-mode no --port "$REDIS_PORT" --dir /data --save '' \
    --appendfsync always --enable-debug-command yes
  within 10 redis_answers || die "redis does not answer on $(redis_address)."
}

redis_answers() { [ "$(lab client timeout 1 redis-cli -h "$(redis_address)" -p "$REDIS_PORT" ping </dev/null 2>/dev/null)" = PONG ]; }

# Data first, then the append-only file: it begins with all data, and from then on every write is in it and fsynced before its reply.
fill_redis() {
  say "loading $REDIS_MIB MiB into redis."
  lab client "$AMIG_OUT/recorder/recorder" fill --server "$(redis_address):$REDIS_PORT" --mib "$REDIS_MIB" --value-bytes "$REDIS_VALUE_BYTES" >"$RUN/fill.json"
  redis_cli config set appendonly yes >/dev/null
  within 60 aof_is_on || die "redis did not finish its append-only file: $(redis_cli info persistence | grep aof_ | tr -d '\r' | tr '\n' ' ')"
  say "redis holds $(redis_cli info memory | sed -n 's/^used_memory_human:\(.*\)\r/\1/p'), append-only file on, appendfsync $(redis_cli config get appendfsync | tail -n1)."
}

aof_is_on() {
  local state
  state=$(redis_cli info persistence | tr -d '\r')
  grep -qx aof_enabled:1 <<<"$state" && grep -qx aof_rewrite_in_progress:0 <<<"$state" \
    && grep -qx aof_rewrite_scheduled:0 <<<"$state" && grep -qx aof_last_bgrewrite_status:ok <<<"$state"
}

start_recording() {
  # Not through the function, whose subshell would take the signal instead of the recorder.
  "$AMIG_SOURCE/deploy/lab.sh" client "$AMIG_OUT/recorder/recorder" incr --server "$(redis_address):$REDIS_PORT" --key counter --gap 20 \
    --background "$BACKGROUND_WRITES" --keys "$(jq .keys "$RUN/fill.json")" --value-bytes "$REDIS_VALUE_BYTES" \
    >"$RUN/recording.json" 2>"$RUN/recording.error" &
  RECORDER_PID=$!
}

# Ends the recording; true if every reply was the next number on one connection.
stop_recording() {
  local status=0
  [ -n "${RECORDER_PID:-}" ] || return 0
  kill -TERM "$RECORDER_PID" 2>/dev/null || true
  wait "$RECORDER_PID" || status=$?
  RECORDER_PID=
  return "$status"
}

# Longest pause between two replies while the migration LABEL was under way, ms.
client_gap() { # LABEL
  jq --argjson began "$(of_migration "$1" .began)" --argjson ended "$(of_migration "$1" .ended)" \
    '[.gaps[] | select(.since_unix_ms + .ms >= $began and .since_unix_ms <= $ended) | .ms] | max // 0' "$RUN/recording.json"
}

# The append-only file alone, read by another redis, must give the last number that the client was told, and all data as the running one has it.
check_append_only_file() { # HOST
  local copy=$RUN/aof last stored live loaded
  last=$(jq .last "$RUN/recording.json")
  mkdir -p "$copy"
  cp -r "$(process_directory "$1" redis)/root/data/appendonlydir" "$copy/"
  live=$(redis_cli debug digest)
  redis-server --port 0 --unixsocket "$copy/socket" --dir "$copy" --save '' --appendonly yes --enable-debug-command yes \
    --daemonize no </dev/null >"$copy/log" 2>&1 &
  AOF_READER_PID=$!
  within 60 copy_is_loaded "$copy" || die "the append-only file cannot be loaded: $(tail -n1 "$copy/log")"
  stored=$(redis-cli -s "$copy/socket" get counter)
  loaded=$(redis-cli -s "$copy/socket" debug digest)
  stop_reader
  [ "$stored" = "$last" ] || { say "the append-only file ends at $stored, the client was told $last."; return 1; }
  [ "$live" = "$loaded" ] || { say "the append-only file gives other data than redis holds in memory."; return 1; }
  say "the append-only file holds the last number, $last, and all data as memory has it."
}

copy_is_loaded() { [ "$(redis-cli -s "$1/socket" ping 2>/dev/null)" = PONG ]; }

stop_reader() {
  [ -n "${AOF_READER_PID:-}" ] || return 0
  kill -KILL "$AOF_READER_PID" 2>/dev/null || true
  wait "$AOF_READER_PID" 2>/dev/null || true
  AOF_READER_PID=
}
