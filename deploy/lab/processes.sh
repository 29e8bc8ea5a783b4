# shellcheck shell=bash
# Processes of a lab, by a file each under $LAB/processes: "pid starttime". The start time makes a pid that the kernel has given to
# somebody else since then no longer ours, so that nothing is ever killed by its number or name alone.

# How long a killed process may take to be gone, in tenths of a second; a container of many GiB has much to free.
readonly GONE_WITHIN_TENTHS=300

# The name in field 2 may hold blanks and parentheses: cut it off first, so that fields count from 3. Empty for a process that is gone.
stat_field() { { sed 's/^.*) //' "/proc/$1/stat" | cut -d' ' -f"$2"; } 2>/dev/null || true; }

start_time_of() {
  stat_field "$1" 20
}

record_process() { # ROLE PID
  local started
  started=$(start_time_of "$2")
  [ -n "$started" ] || die "$1 ended as soon as it was started."
  echo "$2 $started" >"$LAB/processes/$1"
}

# Prints the pid of ROLE if that very process is still alive (a zombie is not).
process_of() { # ROLE
  local pid started
  [ -r "$LAB/processes/$1" ] || return 1
  read -r pid started <"$LAB/processes/$1"
  [ "$(start_time_of "$pid")" = "$started" ] || return 1
  [ "$(process_state "$pid")" != Z ] || return 1
  echo "$pid"
}

process_state() { stat_field "$1" 1; }

# Starts a command detached from terminal, caller and its locks; prints nothing. Output goes to FILE.
start_process() { # ROLE FILE COMMAND...
  local role=$1 output=$2
  shift 2
  setsid "$@" </dev/null >>"$output" 2>&1 9>&- &
  record_process "$role" "$!"
  disown "$!"
}

kill_process() { # ROLE [SIGNAL]
  local pid waited=0
  if ! pid=$(process_of "$1"); then
    rm -f "$LAB/processes/$1"
    return 0
  fi
  kill "-${2:-KILL}" "$pid" 2>/dev/null || true
  while process_of "$1" >/dev/null; do
    waited=$((waited + 1))
    [ "$waited" -le "$GONE_WITHIN_TENTHS" ] || die "$1 (pid $pid) is still there $((GONE_WITHIN_TENTHS / 10)) s after signal ${2:-KILL}."
    sleep 0.1
  done
  rm -f "$LAB/processes/$1"
}

only_child_of() { # PID
  local children=
  read -r children <"/proc/$1/task/$1/children" || true
  echo "${children%% *}"
}

wait_until() { # SECONDS WHAT COMMAND...
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || die "$what did not happen in time."
    sleep 0.1
  done
}
