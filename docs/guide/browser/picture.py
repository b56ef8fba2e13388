#!/usr/bin/env python3
"""Takes the pictures of the guide's chapter on browsers: the page with answers, light on a desk and dark on a phone.

    docs/guide/browser/picture.py MODEL.onnx FOLDER PICTURE...

Writes browser-page.png and browser-phone.png into FOLDER; the phone gets the last PICTURE alone. Needs what
`scripts/setup.sh --guide` fetches.
"""
import pathlib
import subprocess
import sys
import tempfile

from chromium import ISOLATED, STRICT, Chromium, serve

HERE = pathlib.Path(__file__).resolve().parent


def take(browser, address, pictures, file, **look):
    with browser.open(address, **look) as page:
        page.wait_for("document.getElementById('loading')?.hidden")
        page.choose("#file", pictures)
        page.wait_for(f"document.querySelectorAll('.card:not(.working)').length === {len(pictures)}")
        page.wait_for("[...document.querySelectorAll('.preview')].every((picture) => picture.complete)")
        page.screenshot(file)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    model, folder, *pictures = sys.argv[1:]
    folder = pathlib.Path(folder)
    with tempfile.TemporaryDirectory() as site:
        subprocess.run([HERE / "assemble.sh", model, site], check=True)
        with serve(site, STRICT | ISOLATED) as address, Chromium() as browser:
            take(browser, address, pictures, folder / "browser-page.png", width=1000)
            take(browser, address, pictures[-1:], folder / "browser-phone.png", width=390, height=760, dark=True)


if __name__ == "__main__":
    main()
