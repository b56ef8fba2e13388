#!/usr/bin/env bash
# Builds winnow without one of its two big libraries, runs the tests that are left, and asks what was built.
#
#   build_without.sh TORCH|OPENVINO BUILD OWN [-DNAME=VALUE ...]
#
# BUILD: a complete build, which makes the models. OWN: the folder of the build to be made.
set -euo pipefail
library=$1 build=$2 own=$3; shift 3
source=$(cd "$(dirname "$0")/../.." && pwd)
die() { echo "build_without: $*" >&2; exit 1; }

cmake -S "$source" -B "$own" -G Ninja "-DWINNOW_WITH_$library=OFF" "$@" >"$own.log" 2>&1 || { tail -20 "$own.log"; exit 1; }
cmake --build "$own" -j "$(nproc)" >"$own.log" 2>&1 || { grep -E 'error|FAILED' "$own.log" | head -20; exit 1; }
[ ! -e "$own/bin/winnow-train" ] || die "winnow-train is there"

folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
picture=$source/docs/pictures/serve-page.png
for test in inference_test serving_test classify_tool_test; do
  [ ! -x "$own/tests/$test" ] || "$own/tests/$test" --gtest_brief=1 || die "$test fails"
done

answer() { "$1/bin/winnow-classify" "$2" "$picture" --no-cache --format jsonl; }
refuse() {  # MODEL TEXT
  if answer "$own" "$1" 2>"$folder/error"; then die "$1 was taken"; fi
  grep -q "$2" "$folder/error" || die "instead of \"$2\": $(cat "$folder/error")"
}
for kind in onnx pt; do "$build/bin/winnow-export" --pretrained efficientnet_lite0 -o "$folder/model.$kind"; done
case $library in
  TORCH) works=onnx; refuse "$folder/model.pt" "build winnow with LibTorch, or export the model as .onnx" ;;
  OPENVINO) works=pt; refuse "$folder/model.onnx" "built without OpenVINO; take a .pt file of winnow-export" ;;
esac
[ "$(answer "$own" "$folder/model.$works")" = "$(answer "$build" "$folder/model.$works")" ] || die "the answers differ"
