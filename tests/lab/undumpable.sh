# shellcheck shell=bash
# Containers that hold something which cannot be carried: refused by name before the freeze, or, where only CRIU finds it, thawed by the
# register's verdict. holder.c serves a connection meanwhile.

readonly HOLDER_OCTET=51
readonly HOLDER_PORT=7000
# Before the freeze, by name: what holder takes, and the words that the sentence must have.
readonly KNOWN_BEFORE="direct=O_DIRECT inotify=inotify mqueue=/queue"

undumpables() {
  local pair
  test_that the_image_of_holder_is_imported must holder_image
  for pair in $KNOWN_BEFORE; do
    test_that "a_container_with_${pair%%=*}_is_refused_by_name_before_the_freeze" may refused_before "${pair%%=*}" "${pair#*=}"
  done
  test_that what_only_CRIU_finds_aborts_in_the_stop_and_the_connection_lives may refused_in_the_stop
}

holder_image() {
  local root=$RUN/holder
  mkdir -p "$root"/{bin,etc,dev,proc,sys,run,tmp}
  gcc -static -O2 -Wall -Wextra -Werror -o "$root/bin/holder" "$AMIG_SOURCE/tests/lab/holder.c"
  tar -C "$root" -cf - . | lab exec h1 sh -c 'mkdir -p /tmp/holder && tar -C /tmp/holder -xf -'
  amig_on h1 image import --name holder /tmp/holder
  lab exec h1 rm -rf /tmp/holder
}

holder_address() { echo "$(lab network).$HOLDER_OCTET"; }

start_holder() { # WHAT
  remove_holder 2>/dev/null || true
  amig_on h1 run --name holder --image holder --ip "$(holder_address)/24" -- /bin/holder "$1" "$HOLDER_PORT"
  within 5 holder_answers || { say "holder $1 does not answer: this kernel may not have it."; return 1; }
}

holder_answers() { [ "$(client_says once)" = once ]; }

client_says() { lab client timeout 2 bash -c "exec 3<>/dev/tcp/$(holder_address)/$HOLDER_PORT && echo $1 >&3 && read -r -t 1 answer <&3 && echo \$answer" 2>/dev/null; }

remove_holder() { amig_on h1 rm --force holder; }

refused_before() { # WHAT WORD
  local id
  start_holder "$1"
  refused_with "$EXIT_NOT_POSSIBLE" h1 migrate holder --to h2
  says "$RUN/refused.error" "holder" "$2" "descriptor"
  id=$(newest_of holder)
  [ "$(of_attempt "$id" .phase)" = Attest ] || die "it was refused in $(of_attempt "$id" .phase)."
  [ "$(of_attempt "$id" .stopMs)" = 0 ] || die "it was stopped."
  holder_answers || die "holder does not answer any more."
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
  remove_holder
}

newest_of() { ask h1 migrations | jq -r --arg name "$1" '[.migrations[] | select(.container == $name)][0].id'; }

# A socket or descriptor of which nothing is seen in /proc that tells it from one that CRIU carries; which of them a kernel has differs.
refused_in_the_stop() {
  local what id
  for what in mptcp landlock vsock; do
    if start_holder "$what"; then break; fi
    what=
  done
  [ -n "$what" ] || die "this kernel has none of the things that only CRIU finds."
  talk_to_holder &
  within 5 test -s "$RUN/talk" || die "the client has no answer."
  refused_with "$EXIT_NOT_POSSIBLE" h1 migrate holder --to h2
  says "$RUN/refused.error" "holder" "CRIU" "$what"
  id=$(newest_of holder)
  [ "$(of_attempt "$id" .phase)" = StopAndCopy ] || die "it was refused in $(of_attempt "$id" .phase), so this tests nothing."
  ended_as "$id" Aborted NotDumpable
  touch "$RUN/talked"
  wait "$!" || die "the connection broke after $(cat "$RUN/talk") words."
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
  remove_holder
}

# One connection, a number every 50 ms, each must come back; ends well when $RUN/talked is there.
talk_to_holder() {
  # shellcheck disable=SC2016 # for the shell of the client
  lab client bash -c '
    exec 3<>"/dev/tcp/$1/$2" || exit 1
    number=0
    until [ -e "$3/talked" ]; do
      number=$((number + 1))
      echo "$number" >&3
      read -r -t 10 answer <&3 && [ "$answer" = "$number" ] || exit 1
      echo "$number" >"$3/talk"
      sleep 0.05
    done' bash "$(holder_address)" "$HOLDER_PORT" "$RUN"
}
