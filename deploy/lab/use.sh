# shellcheck shell=bash
# What the demo and the lab test do with a lab that is up: run containers, migrate them, look at them from outside. Results of
# migrations are kept as JSON, one file each, in $RUN/migrations. Sourced by scripts that have set RUN to a directory of their own.

lab() { "$AMIG_SOURCE/deploy/lab.sh" "$@"; }

amig_on() { # HOST ARGUMENTS...
  local host=$1
  shift
  lab exec "$host" amig "$@"
}

recorder() { "$AMIG_OUT/recorder/recorder" "$@"; }

# One migration, started on the host that CONTAINER is on. Keeps its JSON, with the bytes that crossed the source's cable meanwhile and both
# ends of it in time, under LABEL; the exit code is amig's.
migrate() { # LABEL CONTAINER FROM TO [OPTIONS...]
  local label=$1 container=$2 from=$3 to=$4 status=0 sent began
  mkdir -p "$RUN/migrations"
  sent=$(bytes_sent "$from")
  began=$(date +%s%3N)
  amig_on "$from" migrate "$container" --to "$to" "${@:5}" --json >"$RUN/migrations/$label.amig" 2>"$RUN/migrations/$label.error" || status=$?
  jq --arg from "$from" --arg to "$to" --argjson began "$began" --argjson ended "$(date +%s%3N)" --argjson sent "$(($(bytes_sent "$from") - sent))" \
    --slurp '(last // {}) + {from: $from, to: $to, began: $began, ended: $ended, wireBytes: $sent}' \
    "$RUN/migrations/$label.amig" >"$RUN/migrations/$label.json"
  return "$status"
}

bytes_sent() { lab wire-bytes | jq --arg host "$1" '.[$host].sent'; }

error_of() { grep -v '^ *$' "$RUN/migrations/$1.error" | tail -n 1; } # LABEL

of_migration() { jq -r "$2" "$RUN/migrations/$1.json"; } # LABEL FILTER

# The table that the demo prints: phases, rounds, bytes, stop and gap.
print_migration() { # LABEL [GAP_MS]
  jq -r --arg gap "${2:-}" --arg title "$1" '
    def ms: . * 10 | round / 10 | tostring;
    def mib: . / 1048576 * 10 | round / 10 | tostring + " MiB";
    "\n\($title): \(.container) \(.from) -> \(.to), migration \(.id)",
    "  phase             ms",
    (.phases[] | "  \(.name + "                  " | .[0:18])\(.ms | ms)"),
    "  rounds \(.rounds | length): " + ([.rounds[] | "\(.pages) pages in \(.elapsedMs | ms) ms"] | join(", ")) + "; under freeze \(.frozenPages) pages",
    "  memory \(([.rounds[] | .bytes - .fileBytes] | add // 0) + .frozenBytes | mib), files \([.rounds[].fileBytes] | add // 0 | mib), counted on the cable \(.wireBytes | mib)",
    "  stop of the container \(.stopMs | ms) ms (" + ([.stopSpans[] | "\(.name) \(.ms | ms)"] | join(", ")) + ")",
    (if $gap == "" then empty else "  pause seen by the client \($gap) ms" end)' "$RUN/migrations/$1.json"
}

# --- containers from outside --------------------------------------------------------------------------------------------

# Path of the first process's /proc entry, as seen from outside of HOST.
process_directory() { # HOST CONTAINER
  local pid
  pid=$(amig_on "$1" ps --json | jq --arg name "$2" --arg host "$1" '.containers[] | select(.name == $name and .host == $host) | .initPid')
  [ -n "$pid" ] || die "$2 does not run on $1."
  echo "$(lab root "$1")/proc/$pid"
}

signal_container() { # HOST CONTAINER SIGNAL
  local directory
  directory=$(process_directory "$1" "$2")
  lab exec "$1" kill "-$3" "${directory##*/}"
}

# Waits until COMMAND succeeds, SECONDS at most; fails then.
within() { # SECONDS COMMAND...
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}
