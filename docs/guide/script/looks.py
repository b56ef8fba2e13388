"""Draws what the chapters show: terminals, and pages with the address they have. Writes small PNG files."""
import base64
import html
import io
import pathlib
import re
import tempfile

from PIL import Image, ImageChops

TILE = 16  # pixels; a word fills some
NOISE = 12  # of 255, the mean over a tile that two runs may differ by

STYLE = """
  * { box-sizing: border-box; margin: 0 }
  body { background: #faf6ec; padding: 14px; width: max-content }
  .window { border-radius: 10px; overflow: hidden; border: 1px solid #ddd2ba; background: #fffdf7; width: max-content;
            box-shadow: 0 2px 10px #6b4f1a22 }
  .bar { display: flex; align-items: center; gap: 7px; padding: 9px 13px; background: #f1e9d6; border-bottom: 1px solid #ddd2ba;
         font: 13px "DejaVu Sans", sans-serif; color: #6d5d3f }
  .dot { width: 11px; height: 11px; border-radius: 50%; background: #d9c9a3 }
  .title { flex: 1; text-align: center; padding-right: 54px }
  .address { flex: 1; background: #fffdf7; border: 1px solid #e2d8c0; border-radius: 13px; padding: 4px 14px; margin-left: 8px }
  .address b { color: #2d2618; font-weight: normal }
  pre { font: 14px/1.5 "DejaVu Sans Mono", monospace; padding: 14px 18px 16px; color: #3d3526; width: 920px;
        white-space: pre-wrap; overflow-wrap: anywhere }
  .prompt { color: #b98214; font-weight: bold }
  .command { color: #2d2618; font-weight: bold }
  .note { color: #8b3a1e }
  img { display: block }
"""
LOCK = ('<svg width="11" height="13" viewBox="0 0 11 13"><path d="M3 6V4a2.5 2.5 0 0 1 5 0v2" fill="none" stroke="#2f7d5a" '
        'stroke-width="1.6"/><rect x="1" y="6" width="9" height="6.5" rx="1.4" fill="#2f7d5a"/></svg>')
MESSAGE = re.compile(r"(winnow-\w+|make|nginx|curl): ")
DOTS = '<span class="dot"></span>' * 3


def _page(browser, bar, inside, scale):
    with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
        file.write(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><div class=window><div class=bar>{DOTS}{bar}</div>"
                   f"{inside}</div>")
        file.flush()
        browser.size(1400, 900, scale)
        browser.open(f"file://{file.name}")
        return browser.picture(browser.box("body"))


def terminal(browser, steps, title="terminal"):
    """steps: [(command, lines)]."""
    text = []
    for command, lines in steps:
        first, *more = command.split("\n")
        text.append(f'<span class=prompt>$</span> <span class=command>{html.escape(first)}</span>')
        text += [f"<span class=command>{html.escape(line)}</span>" for line in more]
        # Messages begin with the name of the program.
        text += [f"<span class=note>{html.escape(line)}</span>" if MESSAGE.match(line) else html.escape(line) for line in lines]
    return _page(browser, f"<span class=title>{html.escape(title)}</span>", "<pre>" + "\n".join(text) + "</pre>", 1.5)


def framed(browser, picture, address):
    """A page in a window that says where it is from."""
    data = io.BytesIO()
    picture.save(data, "PNG")
    scheme, rest = address.split("://", 1)
    bar = (f'<span class=address>{LOCK if scheme == "https" else ""} {scheme}://<b>{html.escape(rest)}</b></span>')
    image = f'<img src="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}" width="{picture.width}">'
    return _page(browser, bar, image, 1)


def save(picture, path, colours=256):
    """Writes it with a palette, unless the file there looks the same: two runs differ in a few pixels, but in no word."""
    path = pathlib.Path(path)
    small = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
    if path.exists():
        there = Image.open(path).convert("RGB")
        if there.size == small.size:
            difference = ImageChops.difference(there, small.convert("RGB"))
            tiles = difference.resize((max(1, small.width // TILE), max(1, small.height // TILE)), Image.Resampling.BOX)
            if max(high for _, high in tiles.getextrema()) < NOISE:
                return False
    small.save(path, optimize=True)
    return True
