# shellcheck shell=bash
# Two faults in the stop: the destination hangs, and the restored tree dies between the verdict and its gate.

# h2's daemon hangs while the rest crosses. h1 cannot know; the operator's cancel goes to the register, and redis must not wait for h2. The
# cluster gives a member up that hangs for some 8 s: it must be over by then.
hanging_destination() {
  local id
  nothing_held
  hold_at h1 Source.CopyingFrozen
  id=$(begin redis h2)
  reaches h1 Source.CopyingFrozen "$id"
  lab pause h2
  let_go h1 Source.CopyingFrozen
  sleep 1
  amig_on h1 cancel "$id" || { lab resume h2; die "the cancel was refused."; }
  within 5 redis_answers || { lab resume h2; die "redis still stands."; }
  lab resume h2
  ended_as "$id" Aborted Cancelled
  # h2 woke with the order to claim the address in its mailbox and did, until h1 announced it again: a SYN may have been lost in between, which is repeated after 1 s.
  within 3 redis_answers || die "the address did not come back to h1."
  redis_goes_on
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
}

# DEST is chosen and on h2's disk when the tree is killed there: it runs nowhere, says so, and leaves its files only.
tree_dies_behind_the_verdict() {
  local id status=0
  nothing_held
  start_holder nothing
  hold_at h2 Destination.OpeningGate
  lab exec h1 amig migrate holder --to h2 >"$RUN/lost.out" 2>"$RUN/lost.error" &
  within "$REACH_SECONDS" is_under_way holder || die "the migration did not begin."
  id=$(attempt_under_way holder)
  reaches h2 Destination.OpeningGate "$id"
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec h2 sh -c 'kill -KILL $(cat /sys/fs/cgroup/*/"$1"/holder-e*/cgroup.procs | sort -u)' sh "amig-$AMIG_LAB-h2"
  let_go h2 Destination.OpeningGate
  wait "$!" || status=$?
  [ "$status" -eq "$EXIT_LOST" ] || die "amig migrate ended with $status instead of $EXIT_LOST: $(cat "$RUN/lost.error")"
  says "$RUN/lost.error" "holder" "lost" "h2" "runs nowhere" "amig rm holder"
  ended_as "$id" Lost ContainerLost
  [ "$(ask h1 containers | jq -c '[.containers[] | select(.name == "holder") | [.host, .state]]')" = '[["h2","Exited"]]' ] || die "it is listed as $(ask h1 containers | jq -c .containers)."
  ! holder_answers || die "it runs."
  amig_on h1 rm holder
  nothing_left_of "$id" h1
  nothing_left_of "$id" h2
}
