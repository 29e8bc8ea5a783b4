# shellcheck shell=bash
# What must be true at the end. Only whether attempts have ended, and whether the hosts know each other, is asked of the daemons; the rest is looked at from outside.

# Everything has ended this long after the last restart, at most, in seconds.
readonly QUIET_SECONDS=120

violation() { echo "$*" >>"$RUN/violations"; say "  VIOLATION: $*"; }

look_at_everything() {
  within "$QUIET_SECONDS" all_is_quiet || violation "attempts do not end, or the hosts do not find each other, within $QUIET_SECONDS s: $(open_attempts)"
  each_runs_once
  all_can_be_moved || true
  within "$QUIET_SECONDS" all_is_quiet || violation "attempts of the last moves do not end: $(open_attempts)"
  each_runs_once
  local host
  for host in $HOSTS; do sample "$host" end || true; done
  local name
  for name in $(names); do look_at_history "$name"; done
  look_at_watch
  look_at_reader
  within "$CLEAN_SECONDS" nothing_stray_of_all || violation "there is left: $(tr '\n' ';' <<<"$STRAYS" | head -c 1500)"
}

open_attempts() { ask h1 migrations | jq -c '[.migrations[] | select(.outcome == "Open") | [.container, .source, .destination, .step, .sentence]]'; ask h1 hosts | jq -c '[.hosts[] | [.host, .status, .reachable]]'; }

# In the kernel's eyes and in the daemons'.
each_runs_once() {
  local name listed
  for name in $(names); do
    within "$CLEAN_SECONDS" runs_once "$name" || violation "$name does not run once: $(seen_of "$name")"
  done
  listed=$(ask h1 containers | jq -c '[.containers[] | select(.state == "Running") | .name] | sort')
  [ "$listed" = "$(names | jq -R . | jq -sc .)" ] || violation "listed as running are $listed"
}

runs_once() { [ -n "$(where_is "$1")" ]; } # NAME

# The numbers in memory and those in the file are 1 to the last, the same, each with the hash that comes from all before it; and the process was born once.
# The process goes on meanwhile, so that the file, which is read first, has the beginning of what memory has.
look_at_history() { # NAME
  local host copy root file=$RUN/$1.file memory=$RUN/$1.memory
  read -r host copy <<<"$(where_is "$1")"
  root=$(root_of_copy "$host" "$copy") || { violation "$1 has no process: $(seen_of "$1")"; return 0; }
  cat "$root$HISTORY_FILE" >"$file" || { violation "$1 has no history on $host"; return 0; }
  lab client timeout 20 bash -c "exec 3<>/dev/tcp/$(address_of "$1")/$COUNTER_PORT && echo all >&3 && sed /end/q <&3" >"$memory" 2>"$RUN/all.error" || true
  [ "$(tail -n 1 "$memory")" = end ] || violation "$1 does not tell its history: $(tail -n 1 "$RUN/all.error")"
  is_history "$memory" || violation "the memory of $1: $WRONG"
  is_history "$file" || violation "the file of $1: $WRONG"
  cmp -s "$file" <(head -n "$(wc -l <"$file")" "$memory") || violation "file and memory of $1 differ: $(diff "$file" "$memory" | head -n 3 | tr '\n' ';')"
  NUMBERS=$((${NUMBERS:-0} + $(wc -l <"$file") - 1))
}

is_history() { # FILE
  WRONG=$(awk '
    $1 == "end" { exit }
    $1 == "born" { births++; hash = $2; if (NR > 1 || births > 1) { print "born again in line " NR; exit } next }
    NR == 1 { print "line 1 is no birth"; exit }
    $1 != NR - 1 { print "in line " NR " is number " $1; exit }
    { hash = (hash * 31 + $1) % 2147483647; if ($2 != hash) { print "number " $1 " has hash " $2 ", not " hash; exit } last = $1 }
    END { if (!last) print "it is empty" }' "$1")
  [ -z "$WRONG" ]
}

# The file system of a copy, through its first process.
root_of_copy() { # HOST COPY
  local pid
  pid=$(cat /sys/fs/cgroup/*/"amig-$AMIG_LAB-$1/$2/cgroup.procs" "/sys/fs/cgroup/amig-$AMIG_LAB-$1/$2/cgroup.procs" 2>/dev/null | sort -nu | head -n 1)
  [ -n "$pid" ] && echo "/proc/$pid/root"
}

look_at_watch() {
  local two
  two=$(awk '$2 > 1' "$RUN/watch")
  [ -z "$two" ] || violation "two copies ran: $(head -n 5 <<<"$two")"
}

look_at_reader() {
  local status=0
  stop_reader_of_all || status=$?
  [ "$(wc -l <"$RUN/read")" -eq "$CONTAINERS" ] || violation "the client ended with $status and said too little: $(tail -n 1 "$RUN/read.error")"
  jq -c 'select(.broken != "")' "$RUN/read" | while read -r broken; do violation "a connection: $broken"; done
}

# Everything on HOST that belongs to an attempt or a copy, but for the copies that run there, COPIES.
strays_of_all() { # HOST COPIES
  # shellcheck disable=SC2016 # for the shell on the host
  lab exec "$1" sh -c '
    prefix=$1 count=$2 copies=$3
    dotted=$(echo "$copies" | sed "s/-\(e[0-9]*o[0-9]*\)/.\1/g")
    mine=$(printf "%s\n" none-such $copies $dotted | sed "s/[.]/[.]/g; s/.*/-e &/" | tr "\n" " ")
    find /sys/fs/cgroup -depth -type d -path "*/$prefix/*" \( -name "c[0-9]*-e*" -o -name "gate-c[0-9]*-e*" \) | grep -v $mine
    find /run/amig /var/lib/amig -maxdepth 5 \( -name "c[0-9][0-9]-e*" -o -name "c[0-9][0-9].e*" \) | grep -v $mine
    find /run/amig/attempts /var/lib/amig/attempts -mindepth 1 -maxdepth 1 2>/dev/null
    find /var/lib/amig/containers -mindepth 1 -maxdepth 1 2>/dev/null | while read -r one; do case " $copies" in *" ${one##*/}-"*) ;; *) echo "$one" ;; esac; done
    grep -e "/c[0-9][0-9][-.]e[0-9]" /proc/self/mountinfo | grep -v $mine
    for process in /proc/[0-9]*; do
      tr "\0" " " 2>/dev/null <"$process/cmdline" | grep -v "for process in" | grep -e "c[0-9][0-9][-.]e[0-9]" | grep -v $mine
    done
    cat /sys/fs/cgroup/*/"$prefix"/helpers/cgroup.procs 2>/dev/null | sed "s/^/helper /"
    ip -br link | grep -E "^a[ht][0-9a-f]{12}@"
    for kind in "ports $(ip -br link | grep -cE "^am[0-9a-f]{12}@")" "namespaces $(ls /run/amig/netns 2>/dev/null | wc -l)"; do
      [ "${kind#* }" = "$count" ] || echo "$kind of $count containers"
    done
    true' sh "amig-$AMIG_LAB-$1" "$(wc -w <<<"$2")" "$2" 2>&1
}

nothing_stray_of_all() {
  local host name here copies
  revive
  STRAYS=
  for host in $HOSTS; do
    copies=
    for name in $(names); do
      here=$(where_is "$name")
      [ "${here% *}" != "$host" ] || copies+="${here#* } "
    done
    STRAYS+=$(strays_of_all "$host" "$copies" | sed "s/^/$host: /")
  done
  [ -z "$STRAYS" ]
}
