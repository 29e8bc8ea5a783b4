# shellcheck shell=bash
# A destination without room. h4 keeps more of its memory, and then of its disk, for itself than it has.

# Above what any machine has.
readonly TOO_MUCH="1048576 GiB"

no_room_for_memory() {
  refused_with "$EXIT_NOT_POSSIBLE" h1 migrate redis --to h4
  says "$RUN/refused.error" "redis" "h4" "memory" "MiB" "amig.memory.reserve"
  refused_in_prepare redis h4
}

no_room_on_disk() {
  nothing_held
  h4_anew "disk.reserve = $TOO_MUCH"
  refused_with "$EXIT_NOT_POSSIBLE" h1 migrate redis --to h4
  says "$RUN/refused.error" "redis" "h4" "disk" "MiB" "amig.disk.reserve"
  refused_in_prepare redis h4
}

# The newest attempt of CONTAINER: given up in prepare, before anything stopped.
refused_in_prepare() { # CONTAINER DESTINATION
  local id
  id=$(newest_of "$1")
  [ "$(of_attempt "$id" '.phase + " " + .failure')" = "PrepareResources NoRoom" ] || die "it ended in $(of_attempt "$id" '.phase + " " + .failure')."
  [ "$(of_attempt "$id" .stopMs)" = 0 ] || die "it was stopped."
  redis_goes_on
  ended_as "$id" Aborted NoRoom
  nothing_left_of "$id" h1
  nothing_left_of "$id" "$2"
}

# h4 with other settings, in the cluster again.
h4_anew() { # SETTINGS
  lab kill h4
  AMIG_NODE_SETTINGS_h4=$1 lab configure h4
  lab start h4
  within "$JOIN_SECONDS" is_member h4 || die "h4 is not a member: $(tail -n 1 "$(lab directory h4)/log/node.log")"
}
