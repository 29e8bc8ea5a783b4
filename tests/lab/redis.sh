# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts that read this
# A redis with a client's connection that must not notice anything, and sentences that amig must say.

# amig's exit codes, as in docs/operating.md.
readonly EXIT_NOT_FOUND=4 EXIT_CONFLICT=5 EXIT_ATTESTATION=6 EXIT_NO_MAJORITY=7 EXIT_NOT_POSSIBLE=8 EXIT_ABORTED=9 EXIT_LOST=10
# Small: what is tested here does not depend on size.
readonly SMALL_MIB=32
# A daemon that was started again is a member again, in seconds: the cluster must first give up the one that was killed.
readonly JOIN_SECONDS=60

start_and_fill() {
  start_redis h1
  lab client "$AMIG_OUT/recorder/recorder" fill --server "$(redis_address):$REDIS_PORT" --mib "$SMALL_MIB" --value-bytes "$REDIS_VALUE_BYTES" >"$RUN/fill.json"
}

# amig ends with this code; what it says is in $RUN/refused.error.
refused_with() { # EXIT_CODE HOST ARGUMENTS...
  local code=$1 host=$2 status=0
  shift 2
  amig_on "$host" "$@" >"$RUN/refused.out" 2>"$RUN/refused.error" || status=$?
  [ "$status" -eq "$code" ] || die "amig $* ended with $status instead of $code: $(sentence_in "$RUN/refused.error")"
}

sentence_in() { grep -a 'amig: ' "$1" | tail -n 1; }

# One sentence, with all these words.
says() { # FILE WORDS...
  local file=$1 sentence word
  shift
  sentence=$(sentence_in "$file")
  echo "$sentence"
  [ -n "$sentence" ] || die "nothing was said."
  for word in "$@"; do
    grep -qiF -- "$word" <<<"$sentence" || die "the sentence does not say '$word': $sentence"
  done
}

# The connection that began before all this still counts, and a new one is answered.
redis_goes_on() {
  redis_answers || die "redis does not answer any more."
  kill -0 "$RECORDER_PID" 2>/dev/null || die "the recorder has ended: $(jq -c '[.broken, .background_broken]' "$RUN/recording.json")"
}

# In its own eyes too: others take a daemon that was killed for a member a while longer, and may take its successor for it.
is_member() { sees "$1" h1 "$1" && sees h1 "$1" "$1"; } # HOST

sees() { # HOST SEEN...
  local host=$1
  shift
  ask "$host" hosts \
    | jq -e '[.hosts[] | select(.status == "Up" and .reachable) | .host] | contains($ARGS.positional)' --args "$@" >/dev/null
}
