#!/usr/bin/env bash
# Makes a minimal Debian 12 by debootstrap, from where apt on this machine has it, as an archive; once. As root.
#
#   packaging/minimal_debian.sh FILE.tar
set -euo pipefail
archive=${1:?names no archive to make}
[ ! -e "$archive" ] || exit 0
die() { echo "minimal_debian: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root to make a Debian"
command -v debootstrap >/dev/null || die "debootstrap is not installed; scripts/setup.sh installs it"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -1)
[ -n "$mirror" ] || die "apt on this machine knows no source of Debian 12"
root=$archive.root
rm -rf --one-file-system "$root"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$archive.log" 2>&1 || die "debootstrap failed; see $archive.log"
# The sources of apt that this machine has.
for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  [ ! -e "$list" ] || cp "$list" "$root/etc/apt/${list#/etc/apt/}"
done
rm -rf --one-file-system "${root:?}"/var/cache/apt/* "${root:?}"/var/lib/apt/lists/*
tar -C "$root" -cf "$archive.part" .
mv "$archive.part" "$archive"
rm -rf --one-file-system "$root"
