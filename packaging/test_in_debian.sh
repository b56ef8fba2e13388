#!/usr/bin/env bash
# Installs build/packages/*.deb into a minimal Debian 12 and uses them there, as `make package-test` does. The Debian is
# made by debootstrap, from where this machine has its own packages, and kept in build/package-test for the next time.
#
#   packaging/test_in_debian.sh            winnow-runtime: versions, manual pages, a picture, a server; in 1 GB of memory
#   packaging/test_in_debian.sh training   and winnow-training: learns, exports
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/build/package-test
root=$folder/root
port=18080
say() { echo "package-test: $*"; }
die() { echo "package-test: $*" >&2; exit 1; }
skip() { say "skipped: $*"; exit 0; }

[ "$(id -u)" = 0 ] || skip "needs root to change the root folder"
compgen -G 'build/packages/winnow-runtime_*.deb' >/dev/null || die "no packages in build/packages; run make package"
mkdir -p "$folder"
exec 9>"$folder/lock"
flock -n 9 || die "another run is at work in $folder"
chroot / true 2>/dev/null || skip "this user may not change the root folder"

packaging/minimal_debian.sh "$folder/base.tar" || skip "there is no Debian 12 to install into"

server=
group=
tidy() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  umount "$root/proc" "$root/sys" 2>/dev/null || true
  [ -z "$group" ] || rmdir "$group" 2>/dev/null || true
}
trap tidy EXIT

umount "$root/proc" "$root/sys" 2>/dev/null || true  # of a run that was killed
rm -rf --one-file-system "$root"
mkdir -p "$root"
tar -C "$root" -xf "$folder/base.tar"
mount -t proc proc "$root/proc" && mount -t sysfs -o ro sysfs "$root/sys" || skip "this user may not mount"
cp /etc/resolv.conf "$root/etc/resolv.conf"

say "installing"
cp build/packages/*.deb "$root/root/"
packages=(/root/winnow-runtime_*.deb)
[ "${1:-}" != training ] || packages+=(/root/winnow-training_*.deb)
chroot "$root" sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${packages[*]}" \
  >"$folder/install.log" 2>&1 || { tail -5 "$folder/install.log"; die "the packages cannot be installed; see $folder/install.log"; }
rm -f "$root"/root/*.deb
! chroot "$root" sh -c 'command -v gcc c++ cc ld python3' || die "this Debian is not minimal: the packages brought a compiler or Python"

# All that follows has 1 GB of memory, where this user may say so: control groups, version 2 or 1.
for parent in /sys/fs/cgroup /sys/fs/cgroup/memory; do
  group=$parent/winnow-package-test-$$
  mkdir "$group" 2>/dev/null || { group=; continue; }
  for limit in memory.max memory.limit_in_bytes; do
    if [ -e "$group/$limit" ] && echo 1000000000 >"$group/$limit" 2>/dev/null; then break 2; fi
  done
  rmdir "$group"; group=
done
[ -n "$group" ] || say "without a memory limit: control groups are not for this user"
become() { [ -z "$group" ] || echo "$BASHPID" >"$group/cgroup.procs"; exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/tmp "$@"; }
inside() { (become "$@"); }

for program in "$root"/usr/bin/winnow*; do
  program=$(basename "$program")
  version=$(inside "$program" --version) || die "$program does not start"
  [[ $version == winnow\ * ]] || die "$program --version says $version"
done
say "every program starts: $version"
id=$(inside id -u winnow) || die "there is no user winnow"
[ "$id" -lt 1000 ] || die "winnow is user $id and no system user"

# Reddish and bluish noise, told apart by what is installed or, for the runtime alone, by what is built.
packaging/noise_pictures.py "$root/tmp/set"
chmod 1777 "$root/tmp"
if [ "${1:-}" = training ]; then
  say "learning there"
  inside winnow-curate /tmp/set -o /tmp/set.jsonl -q
  inside winnow-train /tmp/set.jsonl -o /tmp/run --recipe probe -q
  inside winnow-export /tmp/run -o /tmp/model.onnx -q
else
  inside winnow-curate /tmp/set -o /tmp/set.jsonl --quick -q
  build/bin/winnow-train "$root/tmp/set" -o "$root/tmp/run" --recipe probe -q >"$folder/train.log"
  build/bin/winnow-export "$root/tmp/run" -o "$root/tmp/model.onnx" -q >>"$folder/train.log"
fi
answer=$(inside winnow classify /tmp/model.onnx /tmp/set/reddish/0.png --format jsonl --no-cache) || die "winnow-classify does not answer"
[[ $answer == *'"label":"reddish"'* ]] || die "winnow-classify says $answer"
say "winnow-classify knows a picture"
inside winnow doctor /tmp/model.onnx >"$folder/doctor.txt" 2>&1 || { cat "$folder/doctor.txt"; die "winnow doctor finds something in the way"; }
grep -q 'self-test       holds' "$folder/doctor.txt" || { cat "$folder/doctor.txt"; die "winnow doctor did not test the model"; }
say "winnow doctor finds nothing in the way"

become winnow-serve /tmp/model.onnx --listen "127.0.0.1:$port" --no-cache 2>"$folder/serve.log" &
server=$!
for _ in $(seq 100); do
  exec 3<>"/dev/tcp/127.0.0.1/$port" && break || sleep 0.2
done 2>/dev/null
answer=
for _ in $(seq 100); do
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3
  answer=$(head -1 <&3 | tr -d '\r')
  [ "$answer" = "HTTP/1.1 200 OK" ] && break
  sleep 0.2
done
[ "$answer" = "HTTP/1.1 200 OK" ] || die "/readyz says '$answer'; see $folder/serve.log"
say "winnow-serve is ready"
if [ -n "$group" ]; then
  for file in memory.peak memory.max_usage_in_bytes; do
    [ ! -e "$group/$file" ] || say "at most $(($(cat "$group/$file") / 1000000)) MB of 1,000 used"
  done
fi
kill -TERM "$server"; wait "$server" && code=0 || code=$?
server=
[ "$code" = 143 ] || [ "$code" = 0 ] || die "winnow-serve ended with $code"

chroot "$root" dpkg --purge winnow-training winnow-runtime >"$folder/purge.log" 2>&1 || die "the packages cannot be removed; see $folder/purge.log"
! compgen -G "$root/usr/bin/winnow*" >/dev/null || die "programs are left behind"
say "installed, used and removed"
