# shellcheck shell=bash
# Faults: each has a part that begins it while the attempt is held at its step, and a part that ends it after the attempt has been let go.
# FROM, TO and THIRD are the hosts of the round, ATTEMPT is its id.

# Longer than the cluster takes to give a silent member up (heartbeat pause 3 s, stable-after 5 s).
readonly HANG_SECONDS=12
readonly CUT_SECONDS=8
readonly FULL_SECONDS=4
readonly TPM_SECONDS=3
# A criu or runc that hangs for so long, and then goes on: less than the stop deadline.
readonly STALL_SECONDS=6
readonly SLOW_RATE=100kbit

readonly DAEMON_FAULTS="kill-source kill-destination kill-third kill-both kill-all hang-source hang-destination hang-third"
readonly CABLE_FAULTS="cut-source cut-destination cut-third mute-source mute-destination deaf-source deaf-destination slow-both"
readonly HOST_FAULTS="full-source full-destination tpm-kill-source tpm-kill-destination tpm-hang-source tpm-hang-destination crash-source crash-destination crash-third empty-third thaw-source"
readonly HELPER_FAULTS="end-criu end-runc end-gate end-pager end-keeper end-dump stall-criu stall-runc stall-dump"
# shellcheck disable=SC2034 # used in rounds.sh
readonly ALL_FAULTS="$DAEMON_FAULTS $CABLE_FAULTS $HOST_FAULTS $HELPER_FAULTS cancel"

# A helper can only be ended where it lives, and an attempt that is being given up is not cancelled again.
fits() { # STEP FAULT
  local stage
  stage=$(stage_of "$1")
  case "$2" in
    end-criu | end-gate | stall-criu) case "$stage $1" in gated* | deciding* | *Destination.JournalingVerdict | *Destination.OpeningGate | *Destination.Restoring) ;; *) return 1 ;; esac ;;
    end-runc | stall-runc) case "$stage $1" in stopped* | gated* | deciding* | *Destination.JournalingVerdict | *Destination.OpeningGate) ;; *) return 1 ;; esac ;;
    end-pager | end-keeper) case "$stage $1" in copying\ Source.C* | copying\ Destination.Receiving) ;; stopped* | gated* | deciding* | decided* | *Destination.Filling) ;; *) return 1 ;; esac ;;
    end-dump | stall-dump) case "$1" in Source.AgreeingStop | Source.AwaitingConsent | Source.Freezing | Source.CopyingFrozen) ;; *) return 1 ;; esac ;;
    thaw-source) case "$1" in Source.AwaitingVerdict | Destination.Restoring | Destination.JournalingPrepared | Destination.LookingAtTree | Destination.JournalingProposed) ;; *) return 1 ;; esac ;;
    cancel) case "$stage" in abort) return 1 ;; esac ;;
  esac
}

victims_of() { # FAULT
  case "$1" in
    *-source) echo "$FROM" ;;
    *-destination) echo "$TO" ;;
    *-third) echo "$THIRD" ;;
    *-both) echo "$FROM $TO" ;;
    *-all) echo "$FROM $TO $THIRD" ;;
    end-dump | stall-dump) echo "$FROM" ;;
    end-* | stall-*) echo "$TO" ;;
  esac
}

each_victim() { # FAULT COMMAND...
  local host
  for host in $(victims_of "$1"); do "${@:2}" "$host"; done
}

begin_fault() { # FAULT
  case "$1" in
    kill-*) each_victim "$1" end_daemon ;;
    hang-*) each_victim "$1" lab pause ;;
    cut-*) each_victim "$1" cut_off both ;;
    mute-*) each_victim "$1" cut_off out ;;
    deaf-*) each_victim "$1" cut_off in ;;
    slow-*) each_victim "$1" slow ;;
    full-*) each_victim "$1" fill_state ;;
    tpm-kill-*) each_victim "$1" end_chip ;;
    tpm-hang-*) each_victim "$1" signal_role swtpm STOP ;;
    crash-*) each_victim "$1" lab crash ;;
    empty-*) each_victim "$1" lose_votes ;;
    thaw-*) each_victim "$1" thaw_by_hand ;;
    cancel) amig_on "$FROM" cancel "$ATTEMPT" >"$RUN/cancel.out" 2>&1 || true ;;
    end-* | stall-*) is_in_the_middle || signal_helper "${1#*-}" "$(signal_of "$1")" ;;
  esac
}

# Steps whose work takes a while: there a helper is ended while it is at it, and not before it begins.
is_in_the_middle() { case "$STEP" in Destination.Restoring | Source.CopyingFrozen | Source.Freezing) ;; *) return 1 ;; esac; }

# After the attempt was let go.
middle_of_fault() { # FAULT DELAY_MS
  case "$1" in
    end-* | stall-*)
      if is_in_the_middle; then
        sleep "$(seconds "$2")"
        signal_helper "${1#*-}" "$(signal_of "$1")"
      fi
      case "$1" in stall-*) sleep "$STALL_SECONDS" ;; esac ;;
    kill-* | crash-* | empty-*) sleep "$(seconds "$2")" ;;
    hang-*) sleep "$HANG_SECONDS" ;;
    cut-* | mute-* | deaf-* | slow-*) sleep "$CUT_SECONDS" ;;
    full-*) sleep "$FULL_SECONDS" ;;
    tpm-*) sleep "$TPM_SECONDS" ;;
  esac
}

end_fault() { # FAULT
  case "$1" in
    kill-* | empty-*) each_victim "$1" start_again ;;
    stall-*) each_victim "$1" go_on_helper ;;
    hang-*) each_victim "$1" go_on ;;
    cut-* | mute-* | deaf-* | slow-*) each_victim "$1" lab mend ;;
    full-*) each_victim "$1" free_state ;;
    tpm-kill-*) each_victim "$1" lab tpm-reset ;;
    tpm-hang-*)
      each_victim "$1" signal_role swtpm CONT
      # nsenter stops itself with its child.
      each_victim "$1" signal_role swtpm-parent CONT ;;
    crash-*) each_victim "$1" lab boot ;;
  esac
}

# It may have ended by itself just now.
end_daemon() { ! is_alive "$1" || lab kill "$1"; } # HOST

seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); } # MILLISECONDS

cut_off() { lab cut "$2" "$1"; } # both|in|out HOST
slow() { lab slow "$1" "$SLOW_RATE"; }

pid_of_role() { # HOST ROLE
  local pid started
  { read -r pid started <"$AMIG_LAB_DIR/$AMIG_LAB/processes/$1.$2"; } 2>/dev/null || return 1
  [ "$(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null | field 20)" = "$started" ] || return 1
  echo "$pid"
}

field() { cut -d' ' -f"$1"; }

signal_role() { # ROLE SIGNAL HOST
  local pid
  pid=$(pid_of_role "$3" "$1") && kill "-$2" "$pid"
}

end_chip() { signal_role swtpm KILL "$1"; }

is_alive() { # HOST
  local pid
  pid=$(pid_of_role "$1" node) && [ "$(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null | field 1)" != Z ]
}

# As systemd would (Restart=always): also a daemon that ended by itself because the cluster had given it up.
start_again() { # HOST
  is_alive "$1" || lab start "$1"
}

revive() {
  local host
  for host in h1 h2 h3; do start_again "$host"; done
}

go_on() { # HOST
  lab resume "$1" || start_again "$1"
}

# To the last block. What was written there is freed again at once by removing it.
fill_state() { # HOST
  local file
  file=$(lab directory "$1")/state/filler
  fallocate -l "$(df --output=avail -B1 "$(dirname "$file")" | tail -n 1)" "$file" 2>/dev/null || true
  dd if=/dev/zero of="$file.rest" bs=4k status=none 2>/dev/null || true
}

free_state() { rm -f "$(lab directory "$1")"/state/filler{,.rest}; } # HOST

# Its voter comes back without a memory, in the middle of whatever is being decided.
lose_votes() { # HOST
  end_daemon "$1"
  lab exec "$1" rm -f /var/lib/amig/voter.log /var/lib/amig/voter.json
}

# Somebody who is not asked lets the frozen copy run. A host sees the cgroups of all labs on the machine: only this lab's are meant.
thaw_by_hand() { # HOST
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec "$1" sh -c '
    for file in $(find /sys/fs/cgroup -path "*/amig-$0/redis-e*" \( -name freezer.state -o -name cgroup.freeze \)); do
      case "$file" in *freezer.state) echo THAWED >"$file" ;; *) echo 0 >"$file" ;; esac
    done' "$AMIG_LAB-$1" || true
}

signal_of() { case "$1" in stall-*) echo STOP ;; *) echo KILL ;; esac; } # FAULT

# One of an attempt's processes on its host, the eldest with such a command line, is killed (-9) or stopped. runc starts CRIU as "criu swrk", and it gives itself a title.
signal_helper() { # criu|runc|gate|pager|keeper|dump SIGNAL
  local host=$TO pattern
  case "$1" in
    criu) pattern='criu swrk \|criu: restore' ;;
    runc) pattern='^runc .*restore .*redis-e' ;;
    gate) pattern='redis-e.*/gate\.sh' ;;
    pager) pattern='amig pager .*redis-e' ;;
    keeper) pattern='amig keeper .*redis-e' ;;
    dump) host=$FROM pattern='criu dump \|criu: dump' ;;
  esac
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec "$host" sh -c '
    for process in $(ls /proc | grep "^[0-9]" | sort -n); do
      if tr "\0\n" "  " 2>/dev/null <"/proc/$process/cmdline" | grep -v "for process in" | grep -q -e "$1"; then
        kill "-$2" "$process" && echo "$process" && break
      fi
    done' sh "$pattern" "$2" >"$ROUND/ended.pid" 2>/dev/null || true
  [ -s "$ROUND/ended.pid" ] || note "no $1 was there on $host to be ended"
}

go_on_helper() { # HOST
  [ ! -s "$ROUND/ended.pid" ] || lab exec "$1" kill -CONT "$(cat "$ROUND/ended.pid")" 2>/dev/null || true
}
