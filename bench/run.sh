#!/usr/bin/env bash
# Builds and runs the benchmarks; their results belong into docs/benchmarks.md. Nothing else should run on the
# machine meanwhile.
#
#   bench/run.sh                       all of them
#   bench/run.sh steps [arguments]     what one photo costs, step by step; Google Benchmark's arguments
#   bench/run.sh scrape [arguments]    winnow-scrape beside img2dataset; see bench/scrape_bench.py --help
#   bench/run.sh curate flips|copies FOLDER    what winnow-curate finds in photographs with planted mistakes
#   bench/run.sh curate speed FOLDER           its time beside that of the embeddings alone
#   bench/run.sh curate scale FOLDER [PICTURES]  the whole of it on many mosaics of them: time and memory
#   bench/run.sh curate search [PICTURES]      its search for duplicates, on synthetic embeddings
#   bench/run.sh curate cleanvision FOLDER     beside cleanvision; see bench/cleanvision_bench.py --help
#   bench/run.sh train FOLDER [arguments]      winnow-train beside PyTorch in Python; see bench/train_bench.py --help
#   bench/run.sh pretrained --photos FOLDER --model FILE   how many photographs of ImageNet's classes a model knows
#   bench/run.sh classify --photos FOLDER --model FILE     winnow-classify, its parts, and ONNX Runtime with Pillow beside it
#   bench/run.sh serve --photo FILE --model FILE           winnow-serve under load, and FastAPI beside it
#   bench/run.sh capacity [what] --photo FILE --model FILE  what one core of winnow-serve carries, and what that costs; see bench/capacity.py --help
#   bench/run.sh jobs [postgresql://...]       what the queue of jobs carries, on SQLite in a folder of its own unless told otherwise
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all}; [ $# -gt 0 ] && shift
scripts/setup.sh --demo --bench
cmake --preset release -DWINNOW_BENCH=ON >/dev/null
cmake --build --preset release --target pipeline_bench curate_bench classify_bench jobs_bench winnow-scrape winnow-curate winnow-train winnow-classify winnow-serve
case $which in
  steps) exec build/bin/pipeline_bench "$@" ;;
  scrape) exec bench/scrape_bench.py "$@" ;;
  curate)
    if [ "${1:-}" = cleanvision ]; then shift; exec .deps/bench/bin/python bench/cleanvision_bench.py "$@"; fi
    exec build/bin/curate_bench "$@" ;;
  train) exec bench/train_bench.py "$@" ;;
  classify) exec bench/classify_bench.py "$@" ;;
  serve) exec bench/serve_bench.py "$@" ;;
  capacity) exec .deps/bench/bin/python bench/capacity.py "$@" ;;
  jobs)
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    build/bin/jobs_bench "${1:-$folder}" ;;
  pretrained) exec bench/pretrained_bench.py "$@" ;;
  all) build/bin/pipeline_bench; build/bin/curate_bench search; exec bench/scrape_bench.py ;;
  *) echo "bench/run.sh: unknown benchmark $which; see its head" >&2; exit 2 ;;
esac
