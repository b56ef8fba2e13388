#!/usr/bin/env bash
# Holds the tree to the rules that a compiler does not check. Prints each breach and fails if there is one.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

breaches=0
breach() { echo "$*"; breaches=$((breaches + 1)); }

sources() { find lib tools tests -name '*.cpp' -o -name '*.hpp' | sort; }
library() { find lib -name '*.cpp' -o -name '*.hpp' | sort; }

while read -r file; do
  name=$(basename "$file"); stem=${name%.*}; stem=${stem%.*}
  [[ $stem =~ ^[a-z0-9_]+$ ]] || breach "$file: file names are snake_case"
  [[ $stem =~ ^(utils?|helpers?|common|misc|manager)$ ]] && breach "$file: name it after the noun it owns"
  lines=$(wc -l <"$file")
  [ "$lines" -le 400 ] || breach "$file: $lines lines; past 400 a file is rarely one thing"
  if [[ $file == *.hpp ]]; then
    grep -q '^#pragma once$' "$file" || breach "$file: no #pragma once"
    grep -qE '^using namespace' "$file" && breach "$file: using namespace in a header"
  fi
done < <(sources)

while read -r line; do
  breach "$line: libraries take a Context and return values"
done < <(library | xargs grep -nE 'std::(cout|cerr|clog)|\bgetenv\b|\bprintf\(' /dev/null | grep -v '^lib/cli/')

for main in tools/*/main.cpp; do
  [ "$(wc -l <"$main")" -le 20 ] || breach "$main: a main calls run_tool and nothing else (20 lines)"
done

for module in lib/*/; do
  module=$(basename "$module")
  compgen -G "tests/unit/$module/*_test.cpp" >/dev/null || breach "lib/$module: has no tests in tests/unit/$module"
  grep -q "^| $module |" docs/architecture.md || breach "lib/$module: is not in the table of docs/architecture.md"
done

while read -r test; do
  module=$(basename "$(dirname "$test")"); stem=$(basename "$test" _test.cpp)
  compgen -G "lib/$module/src/$stem.cpp" >/dev/null || compgen -G "lib/$module/include/winnow/$module/$stem.hpp" >/dev/null ||
    breach "$test: there is no lib/$module/src/$stem.cpp that it could be the test of"
done < <(find tests/unit -name '*_test.cpp' | sort)

for tool in tools/*/; do
  tool=$(basename "$tool")
  compgen -G "tests/tools/$tool/*.cpp" >/dev/null || breach "tools/$tool: has no tests in tests/tools/$tool"
done

[ "$breaches" = 0 ] || { echo "check_layout: $breaches breaches"; exit 1; }
