#!/usr/bin/env bash
# Puts on this machine what the lab, the demo and the tests need: packages of the distribution, CRIU >= 4.2 beside the
# distribution's own, and a check that the kernel can do what we ask. May be run again at any time: what is there is left alone.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

# command = package that brings it. A command that is there already is taken as it is, whoever installed it.
readonly COMMANDS="
runc=runc swtpm=swtpm swtpm_setup=swtpm-tools swtpm_localca=swtpm-tools swtpm_ioctl=swtpm-tools
redis-server=redis-server redis-cli=redis-tools ip=iproute2 tc=iproute2 nsenter=util-linux unshare=util-linux
flock=util-linux findmnt=util-linux ps=procps tini=tini jq=jq curl=curl spin=spin shellcheck=shellcheck
"
# The oldest CRIU that dumps TCP sockets on Linux >= 6.16.
readonly CRIU_OLDEST=4.2
# The suite that has it while releases do not yet.
readonly CRIU_SUITE=sid
readonly DOTNET_OLDEST=10
# Other package work on the machine is waited for this long.
readonly APT_LOCK_SECONDS=600

main() {
  need_root
  have apt-get || die "needs a Debian-like system with apt-get to install packages."
  mkdir -p "$AMIG_PREFIX"
  exec 9>"$AMIG_PREFIX/.setup.lock"
  flock 9
  install_packages
  check_dotnet
  check_freezer
  provide_criu
  say "ready: runc $(runc --version | awk 'NR == 1 {print $3}'), criu $(criu_version "$AMIG_CRIU"), $(swtpm --version 2>&1 | sed 's/,.*//'), dotnet $(dotnet --version), Linux $(uname -r)."
}

# --- packages of the distribution -------------------------------------------------------------------------------------

install_packages() {
  local wanted redis_was_there=no
  if have redis-server; then redis_was_there=yes; fi
  mapfile -t wanted < <(missing_packages | sort -u)
  if [ "${#wanted[@]}" -eq 0 ]; then
    say "all packages are there."
    return
  fi
  say "installing ${wanted[*]}."
  refresh_lists_if_absent "${wanted[0]}"
  apt_install "${wanted[@]}"
  mapfile -t wanted < <(missing_packages | sort -u)
  [ "${#wanted[@]}" -eq 0 ] || die "installed ${wanted[*]}, and yet the commands they bring are not on PATH ($PATH)."
  [ "$redis_was_there" = yes ] || keep_redis_off
}

# Only the program is wanted: a service that the package has enabled would start at the next boot.
keep_redis_off() {
  have systemctl || return 0
  systemctl disable --quiet redis-server.service 2>/dev/null || say "could not disable redis-server.service: it may start at the next boot."
}

missing_packages() {
  local pair
  for pair in $COMMANDS; do
    have "${pair%%=*}" || echo "${pair#*=}"
  done
  static_busybox || echo busybox-static
  compiles || printf 'gcc\nlibc6-dev\n'
}

# A dynamic busybox would need its libraries in every image.
static_busybox() { have busybox && ! ldd "$(command -v busybox)" 2>/dev/null | grep -q '=>'; }

# gcc without the headers is as good as none.
compiles() { have gcc && echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1; }

refresh_lists_if_absent() {
  if apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; then return; fi
  update_lists
}

lists_are_fresh=no
update_lists() {
  [ "$lists_are_fresh" = no ] || return 0
  say "apt has no package lists: fetching them."
  # A third party's source that does not answer is no reason to stop: whether our packages can be had shows at the install.
  apt_quiet update || say "some package lists could not be fetched."
  lists_are_fresh=yes
}

apt_install() {
  local log status=0
  without_services install -y --no-install-recommends "$@" || status=$?
  [ "$status" -ne 0 ] || return 0
  # Lists that are too old name versions which the archive no longer holds: once more with new ones.
  update_lists
  log=$(without_services install -y --no-install-recommends "$@" 2>&1) \
    || die "cannot install $*: $(first_error "$log") Check that this machine reaches the package archive in its apt sources."
}

first_error() { grep -m1 'E: ' <<<"$1" || tail -n1 <<<"$1"; }

# redis-server brings a service that would take port 6379 of this machine: while we install, policy says no to starting anything.
without_services() {
  local policy=/usr/sbin/policy-rc.d made=no status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
  fi
  apt_quiet "$@" || status=$?
  [ "$made" = no ] || rm -f "$policy"
  return "$status"
}

apt_quiet() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o "DPkg::Lock::Timeout=$APT_LOCK_SECONDS" -o Dpkg::Use-Pty=0 "$@" \
    </dev/null 9>&- 2>&1 | sed 's/^/  /' >&2
}

# --- .NET -------------------------------------------------------------------------------------------------------------

check_dotnet() {
  if dotnet_is_new_enough; then return; fi
  refresh_lists_if_absent "dotnet-sdk-$DOTNET_OLDEST.0"
  if apt-cache policy "dotnet-sdk-$DOTNET_OLDEST.0" 2>/dev/null | grep -q 'Candidate: [^(]'; then
    say "installing dotnet-sdk-$DOTNET_OLDEST.0."
    apt_install "dotnet-sdk-$DOTNET_OLDEST.0"
  fi
  dotnet_is_new_enough || die "needs the .NET SDK $DOTNET_OLDEST or newer, which this machine's package sources do not have: install it so that 'dotnet --version' works, then run again."
}

dotnet_is_new_enough() {
  have dotnet || return 1
  local newest
  newest=$(dotnet --list-sdks 2>/dev/null | sed 's/\..*//' | sort -n | tail -n1)
  [ "${newest:-0}" -ge "$DOTNET_OLDEST" ]
}

# --- kernel -----------------------------------------------------------------------------------------------------------

# Probed by doing: a new cgroup either has the freezer's file or not (cgroup v1: freezer.state, v2: cgroup.freeze).
check_freezer() {
  local base probe found=no
  for base in /sys/fs/cgroup/freezer /sys/fs/cgroup /sys/fs/cgroup/unified; do
    probe=$base/amig-probe-$$
    mkdir "$probe" 2>/dev/null || continue
    if [ -e "$probe/freezer.state" ] || [ -e "$probe/cgroup.freeze" ]; then found=yes; fi
    rmdir "$probe"
    [ "$found" = no ] || return 0
  done
  die "this machine has no cgroup freezer under /sys/fs/cgroup, without which no container can be stopped as a whole: mount the cgroup hierarchies (or boot a kernel with CONFIG_CGROUP_FREEZER)."
}

# --- CRIU -------------------------------------------------------------------------------------------------------------

provide_criu() {
  if criu_is_good "$AMIG_CRIU"; then
    say "criu $(criu_version "$AMIG_CRIU") is there ($AMIG_CRIU)."
    return
  fi
  local own
  own=$(command -v criu || true)
  if [ -n "$own" ] && criu_is_good "$own"; then
    say "using this machine's criu $(criu_version "$own")."
    write_wrapper "exec $own \"\$@\""
  else
    install_criu_beside
  fi
  new_enough "$(criu_version "$AMIG_CRIU")" || die "the criu that suite $CRIU_SUITE gave is $(criu_version "$AMIG_CRIU"), older than $CRIU_OLDEST."
  check_kernel
}

criu_is_good() { new_enough "$(criu_version "$1")" && "$1" check >/dev/null 2>&1; }

criu_version() { "$1" --version 2>/dev/null | sed -n 's/^Version: //p'; }

new_enough() { [ -n "$1" ] && dpkg --compare-versions "$1" ge "$CRIU_OLDEST"; }

check_kernel() {
  local why
  if why=$("$AMIG_CRIU" check 2>&1); then return; fi
  why=$(grep -m1 Error <<<"$why" || tail -n1 <<<"$why")
  die "this kernel ($(uname -r)) cannot checkpoint and restore (CONFIG_CHECKPOINT_RESTORE or a part of it is missing): criu check says: $why"
}

write_wrapper() {
  printf '#!/bin/sh\n# Written by deploy/setup.sh.\n%s\n' "$1" >"$AMIG_CRIU.new"
  chmod 755 "$AMIG_CRIU.new"
  mv "$AMIG_CRIU.new" "$AMIG_CRIU"
}

# CRIU with all its libraries, down to libc, in a directory of its own, so that nothing of the distribution changes: apt resolves
# against an empty list of installed packages with the suite as the only source, only downloads, and the packages are unpacked here.
# Each package's licence stays in usr/share/doc.
install_criu_beside() {
  local work=$AMIG_PREFIX/.download root=$AMIG_PREFIX/criu-root packages
  say "installing criu from suite $CRIU_SUITE beside the distribution's, in $root."
  rm -rf "$work" "$root.new"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$root.new"
  : >"$work/status"
  suite_source >"$work/sources.list"
  apt_beside "$work" -o APT::Update::Error-Mode=any update \
    || { rm -rf "$work" "$root.new"; die "cannot read suite $CRIU_SUITE from the archive of this machine's apt sources: check the network."; }
  apt_beside "$work" install -y --no-install-recommends --download-only criu \
    || { rm -rf "$work" "$root.new"; die "cannot download criu from suite $CRIU_SUITE: check the network and the free space in $AMIG_PREFIX."; }
  packages=("$work"/cache/archives/*.deb)
  local package
  for package in "${packages[@]}"; do dpkg-deb -x "$package" "$root.new"; done
  rm -rf "$root"
  mv "$root.new" "$root"
  rm -rf "$work"
  write_wrapper "$(beside_command "$root")"
  say "unpacked ${#packages[@]} packages, criu $(criu_version "$AMIG_CRIU")."
}

# The archive is the one this machine already uses; only the suite's name is ours.
suite_source() {
  local line uri key
  line=$(main_archive)
  if [ -z "$line" ]; then
    update_lists
    line=$(main_archive)
  fi
  [ -n "$line" ] || die "needs criu $CRIU_OLDEST or newer, and this machine's apt sources name no Debian archive to take it from: install criu $CRIU_OLDEST, then run again."
  read -r uri key <<<"$line"
  case "$key" in
    /*) echo "deb [signed-by=$key] $uri $CRIU_SUITE main" ;;
    *) echo "deb $uri $CRIU_SUITE main" ;;
  esac
}

# The security archive (its site ends in -security) has no such suite.
main_archive() {
  # shellcheck disable=SC2016 # these are apt's own variables
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(CREATED_BY) $(REPO_URI) $(SIGNED_BY)' 2>/dev/null \
    | awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" && $4 == "Packages" {print $5, $6; exit}'
}

apt_beside() {
  local work=$1
  shift
  apt_quiet -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- \
    -o "Dir::State=$work" -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" \
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root "$@"
}

# The loader of the same libc as the program, told where its libraries are.
beside_command() {
  local root=$1 loader libraries
  loader=$(find "$root" -name 'ld-linux*.so*' | sort | head -n1)
  libraries=$(find "$root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*' | sort | paste -sd:)
  echo "exec $loader --library-path $libraries $root/usr/sbin/criu \"\$@\""
}

main "$@"
