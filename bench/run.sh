#!/usr/bin/env bash
# Builds and runs the benchmarks. Nothing else should run on the machine meanwhile. Arguments go to the program,
# for example --benchmark_filter=embed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --demo --bench
cmake --preset release -DWINNOW_BENCH=ON >/dev/null
cmake --build --preset release --target pipeline_bench
exec build/bin/pipeline_bench "$@"
