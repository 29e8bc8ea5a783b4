# shellcheck shell=bash
# How tests on the lab speak: a line per test, "ok NAME" or "not ok NAME: reason". Sourced by scripts that have set RUN to a directory of their own.

bad=0
broken=no

# must: what follows makes no sense without it.
test_that() { # NAME must|may COMMAND...
  local name=$1 need=$2 log=$RUN/$1.log status=0
  shift 2
  if [ "$broken" = yes ]; then
    fails "$name" "not reached, because an earlier step failed"
    return
  fi
  set +e
  (
    trap - EXIT
    set -e
    "$@"
  ) >"$log" 2>&1
  status=$?
  set -e
  if [ "$status" -eq 0 ]; then
    echo "ok $name"
    return
  fi
  cat "$log" >&2
  last_words >&2
  fails "$name" "$(grep -v '^ *$' "$log" | tail -n 1)"
  [ "$need" = may ] || broken=yes
}

# What the daemons said last: the lab will be gone when somebody reads of the failure.
last_words() {
  local host
  for host in "$AMIG_LAB_DIR/$AMIG_LAB"/hosts/*; do
    [ ! -e "$host/log/node.log" ] || { echo "${host##*/}:"; tail -n 4 "$host/log/node.log" | cut -c1-300; }
  done
}

fails() {
  bad=$((bad + 1))
  echo "not ok $1: ${2:-no reason given}"
}

has_ended() { [ "$(amig_on h1 migration show "$1" --json | jq '.step | endswith("Ended")')" = true ]; } # ATTEMPT

lab_goes() {
  lab down
  local left
  left=$(find /sys/fs/cgroup -maxdepth 2 -type d -name "amig-$AMIG_LAB-*" | head -n 1)
  [ -z "$left" ] || die "cgroup $left is left."
  [ ! -e "$AMIG_LAB_DIR/$AMIG_LAB" ] || die "its directory is left."
}

recording_is_whole() {
  jq -c 'del(.gaps)' "$RUN/recording.json" || true
  [ "$RECORDING_STATUS" -eq 0 ] || die "the recorder ended with $RECORDING_STATUS: $(jq -r '.broken // .background_broken // "numbers lost or repeated"' "$RUN/recording.json")"
  [ "$(jq .replies "$RUN/recording.json")" -gt 0 ] || die "no reply was recorded."
}

leave() {
  local status=$?
  trap - EXIT
  stop_recording || true
  stop_reader
  lab down >&2 || true
  rm -rf "$RUN"
  exit "$status"
}
