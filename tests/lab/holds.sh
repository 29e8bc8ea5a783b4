# shellcheck shell=bash
# Attempts that wait at a step (amig.debug.hold-dir), and what may be left of an attempt when it has ended: nothing.

readonly HOLD_DIRECTORY=/run/amig/hold
# What a hold costs at most to be reached, in seconds: everything before it, on a machine that is busy with other things.
readonly REACH_SECONDS=40
# What an attempt may take to be gone from a host after it was given up, in seconds.
readonly GONE_SECONDS=20

# What a host's daemon answers to GET PATH; a `amig` process for each look would be most of the time that these tests take.
ask() { curl --silent --max-time 20 --unix-socket "$(lab root "$1")/run/amig/api.sock" "http://amig/v1/$2"; } # HOST PATH

log_says() { grep -qF -- "$2" "$(lab directory "$1")/log/node.log"; } # HOST TEXT

hold_at() { lab exec "$1" touch "$HOLD_DIRECTORY/$2"; } # HOST STEP

let_go() { lab exec "$1" rm -f "$HOLD_DIRECTORY/$2"; } # HOST STEP

# An earlier test that failed may have left a hold, and an attempt that goes on to its end now.
nothing_held() {
  local host
  for host in h1 h2; do lab exec "$host" find "$HOLD_DIRECTORY" -type f ! -name '*.held' -delete; done
  within "$REACH_SECONDS" nothing_under_way || die "an attempt of an earlier test does not end."
}

nothing_under_way() { ask h1 migrations | jq -e '[.migrations[] | select(.step != "Creation" and (.step | endswith("Ended") | not))] == []' >/dev/null; }

# Waits until ATTEMPT stands at STEP on HOST.
reaches() { # HOST STEP ATTEMPT
  within "$REACH_SECONDS" is_held "$@" || die "attempt $3 did not come to $2 on $1: $(ask h1 "migrations/$3" | jq -c '[.step, .outcome, .failure, .sentence]')."
}

is_held() { [ "$(cat "$(lab root "$1")$HOLD_DIRECTORY/$2.held" 2>/dev/null)" = "$3" ]; }

begin() { amig_on h1 migrate "$1" --to "$2" --no-wait --json | jq -r .id; } # CONTAINER TO

step_is() { [[ "$(of_attempt "$1" .step)" == *"$2" ]]; } # ATTEMPT STEP

# One field of an attempt.
of_attempt() { ask h1 "migrations/$1" | jq -r "$2"; } # ATTEMPT FILTER

ended_as() { # ATTEMPT OUTCOME FAILURE
  local is
  within "$GONE_SECONDS" step_is "$1" Ended || die "attempt $1 does not end: it is in $(of_attempt "$1" .step)."
  is=$(of_attempt "$1" '.outcome + " " + .failure')
  [ "$is" = "$2 $3" ] || die "attempt $1 ended as $is, not as $2 $3: $(of_attempt "$1" .sentence)"
}

# Fails unless, in due time, nothing of an attempt is on a host: no cgroup, mount, network namespace, interface, process, file.
nothing_left_of() { # ATTEMPT HOST
  local id name
  read -r name id < <(of_attempt "$1" '"\(.container) e\(.epoch)o\(.ordinal)"')
  within "$GONE_SECONDS" is_clean "$2" "$name" "$id" || die "of attempt $1 there is left on $2: $(leftovers "$2" "$name" "$id" | tr '\n' ';')"
}

is_clean() { [ -z "$(leftovers "$@")" ]; }

# Every object of an attempt has name and fence in its name: NAME-eNoM, in network namespaces NAME.eNoM. Interfaces have a hash of it: there
# is one per network namespace, and none else while no attempt is under way.
leftovers() { # HOST NAME FENCE
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec "$1" sh -c '
    name=$1 fence=$2 prefix=$3
    find /sys/fs/cgroup -depth -type d -path "*/$prefix/*" -name "*$name-$fence"
    find /run/amig /var/lib/amig -maxdepth 5 \( -name "$name-$fence*" -o -name "$name.$fence*" \)
    grep -e "/$name-$fence" -e "/$name\.$fence" /proc/self/mountinfo
    for process in /proc/[0-9]*; do
      [ "$process" = /proc/$$ ] || tr "\0" " " 2>/dev/null <"$process/cmdline" | grep -e "$name-$fence" -e "$name\.$fence"
    done
    cat /sys/fs/cgroup/*/"$prefix"/helpers/cgroup.procs 2>/dev/null
    ip -br link | grep -E "^a[ht][0-9a-f]{12}@"
    [ "$(ip -br link | grep -cE "^am[0-9a-f]{12}@")" = "$(ls /run/amig/netns | wc -l)" ] || ip -br link | grep -E "^am[0-9a-f]{12}@"
    [ -e "/var/lib/amig/containers/$name/container.json" ] || ! [ -e "/var/lib/amig/containers/$name" ] || echo "/var/lib/amig/containers/$name"
    true' sh "$2" "$3" "amig-$AMIG_LAB-$1"
}
