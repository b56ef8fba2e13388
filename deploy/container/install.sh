#!/bin/sh
# Installs packages out of /winnow/build/packages into an image: install.sh winnow-runtime ...
set -eu
files=
for package in "$@"; do files="$files $(ls /winnow/build/packages/"$package"_*.deb)"; done
apt-get update
# Slim images leave documents out; the licences and the list of parts of what is in here have to stay.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  -o 'Dpkg::Options::=--path-include=/usr/share/doc/winnow-*' ca-certificates $files
# OpenCV names libGL, and that brings drivers for graphics cards with a compiler of their own, a third of the image. Nothing here
# draws: they would be loaded by the first window.
dpkg --purge --force-depends libgl1-mesa-dri libllvm15 libz3-4
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/aux-cache /var/log/*
