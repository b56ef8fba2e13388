#!/usr/bin/env bash
# Puts together a folder that any web server can serve as it is: the page, the model and ONNX Runtime Web.
#
#   scripts/setup.sh --web                            fetches ONNX Runtime Web, once
#   docs/guide/browser/assemble.sh MODEL.onnx SITE
#
# With WEBGPU=1 it takes the runtime that can also use a graphics card: twice as large, and winnow.js has to be asked
# for it (providers).
set -euo pipefail
[ $# = 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
model=$1 site=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
runtime=$root/.deps/onnxruntime-web
[ -e "$runtime" ] || { echo "assemble: ONNX Runtime Web is not here; run scripts/setup.sh --web" >&2; exit 1; }
[ -f "$model" ] || { echo "assemble: $model: no such file" >&2; exit 1; }

script=ort.wasm engine=ort-wasm-simd-threaded
[ -z "${WEBGPU:-}" ] || { script=ort.webgpu engine=ort-wasm-simd-threaded.asyncify; }
mkdir -p "$site/onnxruntime"
cp "$here"/{index.html,page.css,page.js,winnow.js} "$root"/lib/serving/assets/{base.css,app.css,favicon.svg} "$site"
cp "$model" "$site/model.onnx"
# Under names that every server knows the type of.
cp "$runtime/$script.min.mjs" "$site/onnxruntime/ort.js"
cp "$runtime/$engine.mjs" "$site/onnxruntime/ort-wasm.js"
cp "$runtime/$engine.wasm" "$site/onnxruntime/ort-wasm.wasm"
