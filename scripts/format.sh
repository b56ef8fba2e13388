#!/usr/bin/env bash
# Formats every C++ file that git knows or would add; with --check only says which are out of style.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i); [ "${1:-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs -0 clang-format "${mode[@]}"
