#!/usr/bin/env python3
"""Measures the page in Chromium: sizes, the time until it is ready over a line of 20 Mbit/s, and time per picture.

    docs/guide/browser/measure.py PHOTO MODEL.onnx...

PHOTO is answered again and again; the time for decoding and resizing it stands apart from the network's. Needs what
`scripts/setup.sh --guide` fetches.
"""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from chromium import ISOLATED, STRICT, Chromium, serve

HERE = pathlib.Path(__file__).resolve().parent
BYTES_PER_SECOND = 20_000_000 // 8
# Without a graphics card the adapter is software, and says only whether the model runs.
WEBGPU = ("--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader")

TIME_PICTURES = """(async () => {
  const { openModel, seenPixels } = await import("./winnow.js");
  const begin = performance.now();
  const model = await openModel("model.onnx", { threads: %d, providers: ["%s"] });
  const opening = performance.now() - begin;
  const photo = await (await fetch("photo")).blob();
  const check = await model.check();
  const seeing = [], computing = [];
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  for (let i = 0; i < 15; ++i) {
    const start = performance.now();
    const pixels = await seenPixels(photo, model.about.preprocessing);
    seeing.push(performance.now() - start);
    const seen = performance.now();
    await model.run(pixels);
    computing.push(performance.now() - seen);
  }
  return { threads: model.threads, opening, holds: check.holds, seeing: middle(seeing), computing: middle(computing) };
})()"""


def megabytes(file):
    content = file.read_bytes()
    return f"{len(content) / 1e6:.1f} MB, {len(gzip.compress(content, 6)) / 1e6:.1f} MB in gzip"


def time_ready(browser, address):
    begin = time.monotonic()
    with browser.open(address) as page:
        page.wait_for("document.getElementById('loading')?.hidden")
        return time.monotonic() - begin


def time_pictures(site, headers, browser, threads, provider):
    with serve(site, headers) as address, browser.open(address) as page:
        page.wait_for("document.getElementById('loading')?.hidden")
        found = page.run(TIME_PICTURES % (threads, provider))
    print(f"  {provider}, {found['threads']} threads: opening {found['opening']:.0f} ms; a picture: decoding and resizing "
          f"{found['seeing']:.0f} ms, network {found['computing']:.0f} ms; check {'holds' if found['holds'] else 'fails'}")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    photo, *models = map(pathlib.Path, sys.argv[1:])
    print(f"{os.cpu_count()} processors")
    for model in models:
        print(f"{model.name}: {megabytes(model)}")
        with tempfile.TemporaryDirectory() as folder:
            sites = {}
            for name, environment in (("wasm", {}), ("webgpu", {"WEBGPU": "1"})):
                sites[name] = pathlib.Path(folder) / name
                subprocess.run([HERE / "assemble.sh", model, sites[name]], check=True, env=os.environ | environment)
                shutil.copy(photo, sites[name] / "photo")
                print(f"  runtime for {name}: {megabytes(sites[name] / 'onnxruntime/ort-wasm.wasm')}")
            with serve(sites["wasm"], STRICT, BYTES_PER_SECOND) as address, Chromium() as browser:
                print(f"  ready at 20 Mbit/s: first {time_ready(browser, address):.1f} s, "
                      f"again {time_ready(browser, address):.1f} s")
            with Chromium() as browser:
                time_pictures(sites["wasm"], STRICT, browser, 1, "wasm")
                time_pictures(sites["wasm"], STRICT | ISOLATED, browser, 2, "wasm")
            with Chromium(*WEBGPU) as browser:
                try:
                    time_pictures(sites["webgpu"], STRICT | ISOLATED, browser, 2, "webgpu")
                except RuntimeError as error:
                    print(f"  webgpu: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
