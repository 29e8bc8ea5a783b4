# shellcheck shell=bash
# A host of the lab: namespaces, cgroup prefix, clock, TPM.

# Clocks of different hosts have nothing to do with each other: each boots this much "earlier" than the one before, in seconds
# (100 days and an hour). Namespaces of time under runc 1.1.5 and CRIU 4.2 work; `runc exec` alone does not join a container's restored one.
readonly CLOCK_STEP=$((100 * 86400 + 3600))

readonly HIERARCHIES=/sys/fs/cgroup

host_directory() { echo "$LAB/hosts/$1"; }

cgroup_prefix() { echo "amig-$LAB_NAME-$1"; }

start_host() { # HOST NUMBER
  local directory
  directory=$(host_directory "$1")
  mkdir -p "$directory"/{state,chip,log}
  chmod 700 "$directory/state" "$directory/chip"
  [ -z "${AMIG_LAB_STATE_MIB:-}" ] || own_state "$directory" "$AMIG_LAB_STATE_MIB"
  start_process "$1.unshare" "$directory/log/init.log" \
    unshare --net --mount --uts --ipc --pid --fork --kill-child --time --monotonic $(($2 * CLOCK_STEP)) --boottime $(($2 * CLOCK_STEP)) -- \
    "$AMIG_SOURCE/deploy/lab/host-init.sh" "$1" "$directory/state" "$directory/chip" "$AMIG_PROGRAM" "$LABS"
  wait_until 10 "start of process 1 of $1" has_child "$1.unshare"
  record_process "$1.init" "$(only_child_of "$(process_of "$1.unshare")")"
  wait_until 10 "set-up of $1 (see $directory/log/init.log)" host_is_ready "$1"
  build_bridge "$1" "$2"
}

# A state directory on a small disk of its own, so that it can be filled; what containers write is on another one.
own_state() { # DIRECTORY MIB
  if mountpoint -q "$1/state"; then return; fi
  truncate -s "$2M" "$1/state.disk"
  mkfs.ext4 -q -m 0 "$1/state.disk"
  mount -o loop "$1/state.disk" "$1/state"
  chmod 700 "$1/state"
  mkdir -p "$1/state/containers" "$1/containers"
  mount --bind "$1/containers" "$1/state/containers"
}

give_state_back() { # HOST
  local directory
  directory=$(host_directory "$1")
  if mountpoint -q "$directory/state"; then umount --recursive "$directory/state"; fi
}

has_child() { [ -n "$(only_child_of "$(process_of "$1")")" ]; }

host_root() { # HOST, the host's file system seen from outside
  echo "/proc/$(process_of "$1.init")/root"
}

host_is_ready() {
  process_of "$1.init" >/dev/null || die "process 1 of $1 has ended: $(tail -n1 "$(host_directory "$1")/log/init.log")"
  [ -e "$(host_root "$1")/run/ready" ]
}

in_host() { # HOST COMMAND...
  local pid
  pid=$(process_of "$1.init") || die "there is no host $1 in lab $LAB_NAME."
  shift
  nsenter --target "$pid" --net --mount --pid --uts --ipc --time --wd=/ -- \
    env HOME=/var/lib/amig "PATH=/run/amig-program:$PATH" "$@"
}

stop_host() { # HOST
  local host=$1
  kill_process "$host.node"
  # Frozen tasks do not die before they thaw: first the death of process 1 puts SIGKILL on all of them, then they may see it.
  local pid
  if pid=$(process_of "$host.init"); then kill -KILL "$pid" 2>/dev/null || true; fi
  thaw_all "$host"
  kill_process "$host.init"
  kill_process "$host.unshare"
  rm -f "$LAB/processes/$host.swtpm"
  remove_cgroups "$host"
}

thaw_all() {
  local file
  while read -r file; do
    case "$file" in
      */freezer.state) echo THAWED >"$file" ;;
      *) echo 0 >"$file" ;;
    esac
  done < <(host_cgroups "$1" \( -name freezer.state -o -name cgroup.freeze \)) 2>/dev/null || true
}

host_cgroups() { # HOST FIND_TESTS...
  local prefix directories
  prefix=$(cgroup_prefix "$1")
  shift
  mapfile -t directories < <(find "$HIERARCHIES" -maxdepth 2 -type d -name "$prefix" 2>/dev/null)
  [ "${#directories[@]}" -eq 0 ] || find "${directories[@]}" -depth "$@" 2>/dev/null
}

remove_cgroups() { # HOST
  local tries=50 left
  while :; do
    host_cgroups "$1" -type d | xargs -r -n1 rmdir 2>/dev/null || true
    left=$(host_cgroups "$1" -type d | head -n1)
    [ -n "$left" ] || return 0
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || die "cgroup $left does not go away: tasks $(tr '\n' ' ' <"$left/cgroup.procs")are in it."
    sleep 0.1
  done
}
