#!/usr/bin/env bash
# Makes a container image from programs of this machine and imports it on a host of the lab.
# usage: deploy/images.sh redis|memcheck|busybox HOST
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
AMIG_SPEAKER=images

main() {
  [ "$#" -eq 2 ] || die "usage: deploy/images.sh redis|memcheck|busybox HOST"
  local name=$1 host=$2 root
  root=$(mktemp -d)
  # shellcheck disable=SC2064 # root is known now
  trap "rm -rf '$root'" EXIT
  chmod 755 "$root"
  base "$root"
  case "$name" in
    redis) redis "$root" ;;
    memcheck) memcheck "$root" ;;
    busybox) busybox_tree "$root" ;;
    *) die "there is no image '$name': redis, memcheck or busybox." ;;
  esac
  import "$name" "$root" "$host"
}

base() {
  mkdir -p "$1"/{bin,etc,dev,proc,sys,run,tmp,usr/bin,data}
  chmod 1777 "$1/tmp"
  echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}

redis() {
  have redis-server || die "there is no redis-server: run deploy/setup.sh first."
  program "$(command -v redis-server)" "$1"
}

memcheck() {
  gcc -static -O2 -pthread -Wall -Wextra -Werror -o "$1/bin/memcheck" "$AMIG_SOURCE/deploy/workloads/memcheck.c"
}

busybox_tree() {
  local applet
  cp "$(command -v busybox)" "$1/bin/busybox"
  for applet in $("$1/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
}

# A program with the libraries and the loader that it names.
program() { # PATH ROOT
  local library
  cp --dereference "$1" "$2/usr/bin/$(basename "$1")"
  while read -r library; do
    mkdir -p "$2$(dirname "$library")"
    cp --dereference "$library" "$2$library"
  done < <(ldd "$1" | grep -o '/[^ ]*')
}

import() { # NAME ROOT HOST
  local lab=$AMIG_SOURCE/deploy/lab.sh
  tar -C "$2" -cf - . | "$lab" exec "$3" sh -c 'mkdir -p /tmp/image && tar -C /tmp/image -xf -'
  "$lab" exec "$3" amig image import --name "$1" /tmp/image
  "$lab" exec "$3" rm -rf /tmp/image
}

main "$@"
