#!/usr/bin/env python3
"""Measures the page in Chromium: sizes, the time until it is ready over a line of 20 Mbit/s, and time per picture.

    docs/guide/browser/measure.py [--webgpu] PHOTO MODEL.onnx...

PHOTO is answered again and again; the time for decoding and resizing it stands apart from the network's, and the first
pictures, while the browser still compiles the runtime, from later ones. With --webgpu the graphics card is tried, too;
without one that is software. Needs what `scripts/setup.sh --guide` fetches.
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
  const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  for (let i = 0; i < %d; ++i) {
    const start = performance.now();
    const pixels = await seenPixels(photo, model.about.preprocessing);
    seeing.push(performance.now() - start);
    const seen = performance.now();
    await model.run(pixels);
    computing.push(performance.now() - seen);
  }
  return { threads: model.threads, opening, holds: check.holds, seeing: middle(seeing),
           first: middle(computing.slice(0, 5)), later: middle(computing.slice(-30)) };
})()"""


def megabytes(file):
    content = file.read_bytes()
    return f"{len(content) / 1e6:.1f} MB, {len(gzip.compress(content, 6)) / 1e6:.1f} MB in gzip"


def time_ready(browser, address):
    begin = time.monotonic()
    with browser.open(address) as page:
        page.wait_for("document.getElementById('loading')?.hidden")
        return time.monotonic() - begin


def time_pictures(site, headers, browser, threads, provider, times=60):
    (site / "empty.html").write_text("<!doctype html><title>empty</title>")  # the page would open a model of its own
    with serve(site, headers) as address, browser.open(address + "empty.html") as page:
        page.wait_for("document.readyState === 'complete' && document.title === 'empty'")
        found = page.run(TIME_PICTURES % (threads, provider, times))
    print(f"  {provider}, {found['threads']} threads: opening {found['opening']:.0f} ms; a picture: decoding and resizing "
          f"{found['seeing']:.0f} ms, network {found['first']:.0f} ms for the first five, {found['later']:.0f} later; "
          f"check {'holds' if found['holds'] else 'fails'}")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--webgpu"]
    if len(arguments) < 2:
        sys.exit(__doc__)
    photo, *models = map(pathlib.Path, arguments)
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
            if "--webgpu" not in sys.argv:
                continue
            with Chromium(*WEBGPU) as browser:
                try:
                    time_pictures(sites["webgpu"], STRICT | ISOLATED, browser, 2, "webgpu", times=3)
                except RuntimeError as error:
                    print(f"  webgpu: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
