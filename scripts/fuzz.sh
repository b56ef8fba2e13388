#!/usr/bin/env bash
# Has libFuzzer make up inputs for the targets of tests/fuzz; stops at the first that breaks one. What it has learned
# stays in build/fuzz/corpus/TARGET for the next time, what breaks a target in build/fuzz/findings/.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]   of each target (60; all)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}; [ $# -gt 0 ] && shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls tests/fuzz/corpus)
mkdir -p build/fuzz/findings
for target in "${targets[@]}"; do
  learned=build/fuzz/corpus/$target
  mkdir -p "$learned"
  echo "fuzz: $target for $seconds seconds" >&2
  build/fuzz/tests/"${target}_fuzz" "$learned" "tests/fuzz/corpus/$target" -max_total_time="$seconds" -max_len=4096 \
    -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 -print_funcs=0 -artifact_prefix="build/fuzz/findings/$target-"
done
