# shellcheck shell=bash
# A daemon is killed inside `amig run` and `amig rm`, at moments drawn from a seed. Afterwards there is the container or nothing, by what runs and by what is listed; its name is of use either way.

readonly BRIEF=brief
readonly BRIEF_OCTET=60
# A start or a removal that nothing disturbs takes less than a second here; a killed daemon is back, and a member, within this.
readonly MOST_MILLISECONDS=1200
readonly BACK_SECONDS=60

brief_address() { echo "$(lab network).$BRIEF_OCTET"; }

run_brief() { # HOST
  amig_on "$1" run --name "$BRIEF" --image redis --ip "$(brief_address)/24" --workdir /data -- redis-server --bind 0.0.0.0 --protected-mode no --save ''
}

brief_answers() { [ "$(lab client timeout 1 redis-cli -h "$(brief_address)" -p "$REDIS_PORT" ping </dev/null 2>/dev/null)" = PONG ]; }

brief_state() { ask h1 containers | jq -r --arg name "$BRIEF" '[.containers[] | select(.name == $name) | .state] | join(" ")'; }

# h3's daemon dies while COMMAND is under way there.
killed_inside() { # COMMAND...
  local pause=$((RANDOM % MOST_MILLISECONDS)) command
  echo "killed $pause ms after '$*' began"
  "$@" >"$RUN/inside.out" 2>"$RUN/inside.error" &
  command=$!
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  lab kill h3
  wait "$command" || true
  lab start h3
  within "$BACK_SECONDS" is_member h3 || die "h3 is not back."
}

is_member() { [ "$(ask h1 hosts | jq -r --arg host "$1" '[.hosts[] | select(.host == $host) | .reachable] | any')" = true ]; } # HOST

# What is left of it on h3: files, namespaces, mounts, cgroups, processes, ports.
left_of_brief() {
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec h3 sh -c '
    find /var/lib/amig/containers /run/amig/netns /run/amig/runc -mindepth 1 -maxdepth 1 -name "brief*" 2>/dev/null
    grep -c "/containers/brief/" /proc/self/mountinfo | grep -v "^0$" | sed "s/^/mounts: /"
    find /sys/fs/cgroup -type d -path "*/$1/brief-e*" | sed "s/^/cgroup /"' sh "amig-$AMIG_LAB-h3"
}

# A removal that was cut off leaves a container that has ended, until it is removed again.
is_settled() { # start|removal
  case $(brief_state) in
    Exited) [ "$1" = removal ] ;;
    Running) brief_answers && [ -n "$(left_of_brief)" ] ;;
    '') [ -z "$(left_of_brief)" ] ;;
    *) return 1 ;;
  esac
}

brief_goes() { amig_on h1 rm --force "$BRIEF" 2>"$RUN/rm.error" || grep -q "is on no reachable host" "$RUN/rm.error"; }

settles() { # start|removal
  within "$BACK_SECONDS" is_settled "$1" || die "after that it is '$(brief_state)', answers: $(brief_answers && echo yes || echo no), and on h3 there is: $(left_of_brief | tr '\n' ' ')"
  echo "it is '$(brief_state)'"
}

# The name is free for another host when it is gone.
name_is_of_use() { # HOST
  within "$BACK_SECONDS" brief_goes || die "it cannot be removed: $(cat "$RUN/rm.error")"
  [ -z "$(left_of_brief)" ] || die "when it is removed there is: $(left_of_brief | tr '\n' ' ')"
  within "$BACK_SECONDS" starts_on "$1" || die "it cannot be started on $1: $(tail -n 1 "$RUN/start.error")"
  within 10 brief_answers || die "it does not answer on $1."
}

starts_on() { run_brief "$1" >"$RUN/start.out" 2>"$RUN/start.error"; } # HOST

killed_in_starts() { # ROUNDS
  local round
  "$AMIG_SOURCE/deploy/images.sh" redis h2 >"$RUN/images.out"
  "$AMIG_SOURCE/deploy/images.sh" redis h3 >>"$RUN/images.out"
  for ((round = 0; round < $1; round++)); do
    killed_inside run_brief h3
    settles start
    name_is_of_use h2
    brief_goes || die "it cannot be removed: $(cat "$RUN/rm.error")"
  done
}

killed_in_removals() { # ROUNDS
  local round
  for ((round = 0; round < $1; round++)); do
    within "$BACK_SECONDS" starts_on h3 || die "it cannot be started on h3: $(tail -n 1 "$RUN/start.error")"
    killed_inside amig_on h3 rm "$BRIEF"
    settles removal
    name_is_of_use h3
    brief_goes || die "it cannot be removed: $(cat "$RUN/rm.error")"
  done
}
