#!/usr/bin/env bash
# write_manuals.sh PROGRAM FOLDER: has the program write its manual page and completions.
set -euo pipefail
program=$1 folder=$2 name=$(basename "$1")
mkdir -p "$folder"
for shell in bash zsh fish; do "$program" --generate "$shell" >"$folder/$name.$shell"; done
"$program" --generate man | gzip -9n >"$folder/$name.1.gz.part"
mv "$folder/$name.1.gz.part" "$folder/$name.1.gz"
