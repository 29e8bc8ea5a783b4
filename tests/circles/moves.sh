# shellcheck shell=bash
# Movers: each has its share of the containers and moves them in turn, one after the other, to the next host of the circle. What is refused, given up or not
# answered is tried again at the container's next turn.

# An `amig migrate` that has not answered after this many seconds is left alone; the attempt goes on.
readonly MOVE_SECONDS=120

mover() { # NUMBER
  local name number
  while [ "$SECONDS" -lt "$UNTIL" ]; do
    number=0
    for name in $(names); do
      if [ $((number % AT_ONCE)) -eq "$1" ] && [ "$SECONDS" -lt "$UNTIL" ]; then turn "$name"; fi
      number=$((number + 1))
    done
  done
}

next_host() { case "$1" in h1) echo h2 ;; h2) echo h3 ;; h3) echo h1 ;; esac; } # HOST

# "MS NAME FROM TO STATUS TOOK_MS WORDS" for each; status is amig's exit code, or "nowhere" for one that does not run at this moment.
turn() { # NAME
  local from status=0 began words
  read -r from _ <<<"$(where_is "$1")"
  began=$(now_ms)
  if [ -z "$from" ]; then
    echo "$began $1 - - nowhere 0 $(seen_of "$1")" >>"$RUN/moves"
    sleep 1
    return
  fi
  # A daemon that is away would only say so: the turn goes to the next one.
  if [ -e "$RUN/away.$from" ] && is_dead "$from"; then
    sleep 0.2
    return
  fi
  words=$(timeout "$MOVE_SECONDS" "$AMIG_SOURCE/deploy/lab.sh" exec "$from" amig migrate "$1" --to "$(next_host "$from")" --json 2>&1 >/dev/null) || status=$?
  echo "$began $1 $from $(next_host "$from") $status $(($(now_ms) - began)) $(grep -v '^ *$' <<<"$words" | tail -n 1)" >>"$RUN/moves"
  # So that a daemon that is away, or a container that is not free yet, is not asked all the time.
  case "$status" in 0 | 9) ;; *) sleep 0.5 ;; esac
}

# Every name can be moved still, when nothing is restarted any more.
all_can_be_moved() {
  local number jobs=()
  for number in $(seq 0 $((AT_ONCE - 1))); do
    last_moves "$number" &
    jobs+=("$!")
  done
  wait "${jobs[@]}"
}

last_moves() { # NUMBER
  trap - EXIT
  local name number=0
  for name in $(names); do
    if [ $((number % AT_ONCE)) -eq "$1" ] && ! moves_at_last "$name"; then
      violation "$name cannot be moved: $(grep " $name " "$RUN/moves" | tail -n 1)"
    fi
    number=$((number + 1))
  done
}

readonly LAST_TRIES=4

moves_at_last() { # NAME
  local try
  for try in $(seq "$LAST_TRIES"); do
    turn "$1"
    [ "$(grep " $1 " "$RUN/moves" | tail -n 1 | cut -d' ' -f5)" != 0 ] || return 0
    say "$1, try $try: $(grep " $1 " "$RUN/moves" | tail -n 1 | cut -d' ' -f3-)"
    sleep 2
  done
  return 1
}
