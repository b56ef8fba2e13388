#!/usr/bin/env python3
"""Takes the pictures of the guide's chapter on browsers: the page with answers, light on a desk and dark on a phone.

    docs/guide/browser/picture.py MODEL.onnx FOLDER PICTURE...

Writes browser-page.png and browser-phone.png into FOLDER; the phone gets the last PICTURE alone, the other also a field
of wheat that is drawn here and unlike all of them. Needs what `scripts/setup.sh --guide` fetches, and Pillow.
"""
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

from chromium import ISOLATED, STRICT, Chromium, serve

HERE = pathlib.Path(__file__).resolve().parent


def take(browser, address, pictures, file, **look):
    with browser.open(address, **look) as page:
        page.wait_for("document.getElementById('loading')?.hidden")
        page.choose("#file", pictures)
        page.wait_for(f"document.querySelectorAll('.card:not(.working)').length === {len(pictures)}")
        page.wait_for("[...document.querySelectorAll('.preview')].every((picture) => picture.complete)")
        page.screenshot(file)


def draw_field(file):
    sky = Image.linear_gradient("L").resize((480, 360))
    field = Image.composite(Image.new("RGB", sky.size, "#f3e3b4"), Image.new("RGB", sky.size, "#9cc4e8"), sky)
    pen = ImageDraw.Draw(field)
    for ear in range(5):
        x, top = 60 + ear * 90, 70 + ear * 37 % 60
        pen.line([(x, 360), (x, top)], fill="#a8741a", width=5)
        for row in range(6):
            for side in (-12, 12):
                pen.ellipse([x + side - 9, top + row * 24, x + side + 9, top + row * 24 + 30], fill="#d8a037")
    field.save(file)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    model, folder, *pictures = sys.argv[1:]
    folder = pathlib.Path(folder)
    with tempfile.TemporaryDirectory() as temporary:
        site, field = pathlib.Path(temporary, "site"), pathlib.Path(temporary, "field.png")
        draw_field(field)
        subprocess.run([HERE / "assemble.sh", model, site], check=True)
        with serve(site, STRICT | ISOLATED) as address, Chromium() as browser:
            take(browser, address, [*pictures[:-1], field, pictures[-1]], folder / "browser-page.png", width=1000)
            take(browser, address, pictures[-1:], folder / "browser-phone.png", width=390, height=760, dark=True)


if __name__ == "__main__":
    main()
