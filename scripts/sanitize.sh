#!/usr/bin/env bash
# Builds the server's tests with sanitizers and runs them.
#
#   scripts/sanitize.sh [asan|tsan...]     both, if none is named
set -euo pipefail
cd "$(dirname "$0")/.."
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(asan tsan)
tests=(httpd_test net_test storage_test jobs_test portal_test serving_test serve_tool_test)

# Debian's TBB, which comes with OpenCV, loads libraries in a way (RTLD_DEEPBIND) that no sanitizer can live with.
# OpenVINO's own has a switch for it.
export LD_LIBRARY_PATH=$PWD/.deps/openvino/libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} TBB_ENABLE_SANITIZERS=1
export TSAN_OPTIONS="suppressions=$PWD/tests/scripts/tsan.supp halt_on_error=1"

for preset in "${presets[@]}"; do
  cmake --preset "$preset" >/dev/null
  LD_LIBRARY_PATH='' cmake --build --preset "$preset" -j "$(nproc)" --target "${tests[@]}" fuzzers
  for test in "${tests[@]}"; do
    echo "sanitize: $test with $preset" >&2
    build/"$preset"/tests/"$test" --gtest_brief=1
  done
  ctest --preset "$preset" -R '^Fuzz\.'
done
