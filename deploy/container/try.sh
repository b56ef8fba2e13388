#!/usr/bin/env bash
# Builds both images out of build/packages and uses them as they are meant to be used, as `make container` does: no network, no
# rights, a root that cannot be written, 512 MB of memory. With podman or docker; with buildah it only builds.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { echo "container: $*"; }
die() { echo "container: $*" >&2; exit 1; }

engine=
for name in podman docker buildah; do
  if [ -z "$engine" ] && "$name" info >/dev/null 2>&1; then engine=$name; fi
done
[ -n "$engine" ] || { say "skipped: neither podman nor docker nor buildah works here"; exit 0; }
package=$(compgen -G 'build/packages/winnow-runtime_*.deb') || die "no packages in build/packages; run make package"
version=$(cut -d_ -f2 <<<"${package##*/}")
base=debian:12-slim
work=$(mktemp -d)
container=
tidy() {
  [ -z "$container" ] || "$engine" rm -f "$container" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap tidy EXIT

# Debian's image, or where there is none to be had a Debian of our own under its name.
image_exists() { "$engine" inspect --type image "$1" >/dev/null 2>&1; }
if ! image_exists "$base" && ! "$engine" pull "$base" >"$work/pull.log" 2>&1; then
  [ "$engine" != buildah ] || die "$base cannot be had: $(tail -1 "$work/pull.log")"
  say "$base cannot be had; making one"
  mkdir -p build/package-test
  packaging/minimal_debian.sh build/package-test/base.tar
  "$engine" import build/package-test/base.tar "$base" >/dev/null 2>&1 || die "$engine cannot import a Debian"
fi

format=()
[ "$engine" = docker ] || format=(--format docker)  # the other format knows no HEALTHCHECK
build() {  # IMAGE ARGUMENTS...
  local image=$1; shift
  "$engine" build "${format[@]}" --network host -t "$image" "$@" >"$work/build.log" 2>&1 ||
    { tail -20 "$work/build.log" >&2; die "$image cannot be built"; }
}
for target in runtime training; do
  build "winnow-$target:$version" -f deploy/container/Containerfile --target "$target" .
done
[ "$engine" != buildah ] || { say "built; with podman or docker they would be tried, too"; exit 0; }
for target in runtime training; do
  say "winnow-$target:$version has $(($("$engine" inspect --type image -f '{{.Size}}' "winnow-$target:$version") / 1000000)) MB"
done

confined=(--network none --read-only --cap-drop all --security-opt no-new-privileges --memory 512m -v "$work:/try")
in_image() { "$engine" run --rm --no-healthcheck "${confined[@]}" "$@" 2>>"$work/run.log"; }  # IMAGE COMMAND...

mkdir "$work/pictures" "$work/models" "$work/models/noise" "$work/models/noise/1"
packaging/noise_pictures.py "$work/set"
chmod -R a+rwX "$work"
learn() { in_image "winnow-training:$version" "$@" -q >>"$work/run.log" || { cat "$work/run.log" >&2; die "winnow $1 fails"; }; }
learn curate /try/set -o /try/set.jsonl
learn train /try/set.jsonl -o /try/run --recipe probe
learn export /try/run -o /try/models/noise/1/model.onnx
answer=$(in_image "winnow-runtime:$version" classify /try/models/noise/1/model.onnx /try/set/reddish/0.png --format jsonl -q)
[[ $answer == *'"label":"reddish"'* ]] || die "classify says $answer"
say "learned, exported, classified"

# Models in an image of its own, served.
build "winnow-try:$version" -f deploy/container/Containerfile.site --build-arg "RUNTIME=winnow-runtime:$version" "$work/models"
container=$("$engine" run -d --no-healthcheck "${confined[@]}" "winnow-try:$version")
ready=
for _ in $(seq 150); do
  if "$engine" exec "$container" winnow-probe 2>/dev/null; then ready=yes; break; fi
  sleep 0.2
done
[ -n "$ready" ] || { "$engine" logs "$container" >&2; die "the server is not ready after 30 seconds"; }
inside() { "$engine" exec "$container" "$@"; }
[ "$(inside id -u)" = 10001 ] || die "the server is not user 10001"
! inside touch /usr/bin/x 2>/dev/null || die "the root can be written"
! inside sh -c 'command -v gcc || command -v cc || command -v ld || command -v python3 || command -v curl' ||
  die "the image has what it does not need"
inside test -s /usr/share/doc/winnow-runtime/sbom.spdx.json || die "the list of parts is missing"
"$engine" stop -t 30 "$container" >/dev/null
code=$("$engine" inspect --type container -f '{{.State.ExitCode}}' "$container")
[ "$code" = 0 ] || die "the server ended with $code when it was stopped"
"$engine" rm "$container" >/dev/null
container=
"$engine" rmi "winnow-try:$version" >/dev/null
say "served without rights, and stopped when told to"
