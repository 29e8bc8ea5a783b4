#!/usr/bin/env bash
# Process 1 of a lab host, started in new network, mount, pid, UTS, IPC and time namespaces. Makes the mounts such that nothing can be
# shared with another host but the wire: the base system is read-only, everything that is written is the host's own. Then reaps.
# usage: host-init.sh NAME STATE_DIRECTORY CHIP_DIRECTORY PROGRAM_DIRECTORY LAB_DIRECTORY
set -euo pipefail
readonly name=$1 state=$2 chip=$3 program=$4 labs=$5

hostname "$name"
mount --make-rprivate /
mount -t proc proc /proc

# /run first: it carries the own directories while the shared ones are covered. A tmpfs also serves CRIU's feature cache.
mkdir -p /dev/shm
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/amig /run/swtpm/state /run/amig-program /run/keep /run/lock
mount --bind "$chip" /run/swtpm/state
mount --bind "$program" /run/amig-program
mount --rbind "$state" /run/keep

read_only_base() {
  local target type options
  while read -r target type options; do
    case "$type" in
      ext* | xfs | btrfs | overlay | zfs | f2fs | 9p | virtiofs | vfat) ;;
      *) continue ;;
    esac
    case "$target" in /run/keep | /run/keep/* | /run/swtpm/state) continue ;; esac
    case ",$options," in *,ro,*) continue ;; esac
    # A mount below one that is covered by now (such as /run/netns) can be neither reached nor written through.
    mountpoint -q "$target" || continue
    mount -o remount,bind,ro "$target"
  done < <(findmnt --raw --noheadings --output TARGET,FSTYPE,OPTIONS)
}

own_tmpfs() { # PATH MODE
  mount -t tmpfs -o "mode=$2" own "$1"
}

# A fresh sysfs shows this network namespace's devices; the cgroup hierarchies below it are kept.
own_sysfs() {
  mkdir /run/cgroup
  mount --rbind /sys/fs/cgroup /run/cgroup
  mount -t sysfs sysfs /sys
  mount --rbind /run/cgroup /sys/fs/cgroup
  umount --recursive --lazy /run/cgroup
  rmdir /run/cgroup
}

# Each start of a host is another boot, though the kernel is the same.
own_boot_id() {
  cat /proc/sys/kernel/random/uuid >/run/boot_id
  mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
}

own_boot_id
read_only_base
own_tmpfs /dev/shm 1777
own_tmpfs /tmp 1777
if [ -d "$labs" ]; then own_tmpfs "$labs" 755; fi
own_tmpfs /var/lib 755
mkdir /var/lib/amig
mount --move /run/keep /var/lib/amig
rmdir /run/keep
own_sysfs

export HOME=/var/lib/amig
cd /
touch /run/ready
# -s would make tini a subreaper, which process 1 is already. It reaps what daemons leave behind.
exec tini -- sleep infinity
