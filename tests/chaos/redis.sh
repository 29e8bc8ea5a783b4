# shellcheck shell=bash
# The container of all rounds: a small redis whose every write is on its disk before it is answered, a client that counts and one that writes beside it.

readonly CHAOS_MIB=32
readonly CHAOS_WRITES=50
readonly CHAOS_VALUE_BYTES=1024

redis_begins() { # HOST
  start_redis "$1"
  lab client "$AMIG_OUT/recorder/recorder" fill --server "$(redis_address):$REDIS_PORT" --mib "$CHAOS_MIB" --value-bytes "$CHAOS_VALUE_BYTES" >"$RUN/fill.json"
  redis_cli config set appendonly yes >/dev/null
  within 30 aof_is_on || die "redis did not finish its append-only file."
  LAST_NUMBER=0
}

# One recording a round, so that a lost reply is known by its round. Not through the function `lab`, whose subshell would take the signal.
begin_recording() {
  "$AMIG_SOURCE/deploy/lab.sh" client "$AMIG_OUT/recorder/recorder" incr --server "$(redis_address):$REDIS_PORT" --key counter --gap 20 --interval 2 \
    --background "$CHAOS_WRITES" --keys "$(jq .keys "$RUN/fill.json")" --value-bytes "$CHAOS_VALUE_BYTES" --reply-timeout "$REPLY_SECONDS" \
    >"$RUN/recording.json" 2>"$RUN/recording.error" &
  # shellcheck disable=SC2034 # used in deploy/demo/redis.sh
  RECORDER_PID=$!
  within 10 recorder_counts || die "the recorder does not count."
}

recorder_counts() { [ "$(redis_cli get counter)" != "$LAST_NUMBER" ] && [ -n "$(redis_cli get counter)" ]; }
