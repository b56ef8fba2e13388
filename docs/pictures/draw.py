#!/usr/bin/env python3
"""Draws apples, leaves and mushrooms: a small image set of one's own making, for the pictures in these docs.

    docs/pictures/draw.py FOLDER [--mistakes]      (needs Pillow)

--mistakes adds what is found in sets that were gathered: broken files, copies, a picture under two labels, wrong labels.
"""
import math
import pathlib
import random
import shutil
import sys

from PIL import Image, ImageDraw, ImageFilter

SIDE = 360
COUNT = 60
WRONG = 6  # of each label


def background(rng):
    """A table in uneven light."""
    base = [rng.randint(150, 235) for _ in range(3)]
    picture = Image.new("RGB", (SIDE, SIDE))
    pixels = picture.load()
    tilt_x, tilt_y, grain = rng.uniform(-.3, .3), rng.uniform(-.3, .3), rng.uniform(.01, .05)
    for y in range(SIDE):
        for x in range(SIDE):
            light = 1 + tilt_x * (x / SIDE - .5) + tilt_y * (y / SIDE - .5) + grain * math.sin(x / 7 + y / 31)
            pixels[x, y] = tuple(max(0, min(255, int(c * light))) for c in base)
    return picture


def shade(colour, factor):
    return tuple(max(0, min(255, int(c * factor))) for c in colour)


def apple(pen, rng, s):
    skin = rng.choice([(196, 38, 42), (214, 64, 48), (148, 178, 60), (222, 176, 62)])
    for i in range(24):  # from the shaded rim to the lit middle
        t = i / 24
        r = s * (1 - .8 * t)
        pen.ellipse([-r - .22 * s * t - .18 * s * (1 - t), -r * .95 - .25 * s * t, r * .92 - .22 * s * t + .18 * s * (1 - t),
                     r * .95 - .25 * s * t], fill=shade(skin, .72 + .5 * t))
    pen.line([(0, -.75 * s), (.12 * s, -1.25 * s)], fill=(92, 64, 38), width=max(3, int(s * .09)))
    pen.polygon([(.1 * s, -1.1 * s), (.5 * s, -1.4 * s), (.75 * s, -1.2 * s), (.4 * s, -1.02 * s)], fill=(84, 132, 56))


def leaf(pen, rng, s):
    green = rng.choice([(74, 128, 52), (112, 150, 58), (188, 120, 40), (160, 70, 36)])
    outline = [(.62 * s * math.sin(math.pi * t) * side * (1 + .06 * math.sin(40 * t)), (2.6 * t - 1.3) * s)
               for side, ts in ((1, range(0, 61)), (-1, range(60, -1, -1))) for t in (k / 60 for k in ts)]
    pen.polygon(outline, fill=green)
    pen.line([(0, -1.3 * s), (0, 1.7 * s)], fill=shade(green, .6), width=max(2, int(s * .06)))
    for k in range(1, 7):
        y = (-1.1 + .33 * k) * s
        reach = .5 * s * math.sin(math.pi * (y / s + 1.3) / 2.6)
        for side in (-1, 1):
            pen.line([(0, y), (side * reach, y - .3 * s)], fill=shade(green, .72), width=max(1, int(s * .03)))


def mushroom(pen, rng, s):
    cap = rng.choice([(182, 40, 36), (150, 104, 66), (206, 168, 112)])
    stalk = (232, 222, 200)
    pen.polygon([(-.24 * s, 0), (.24 * s, 0), (.34 * s, 1.2 * s), (-.34 * s, 1.2 * s)], fill=stalk)
    pen.ellipse([-.34 * s, 1.08 * s, .34 * s, 1.32 * s], fill=shade(stalk, .9))
    pen.ellipse([-1.0 * s, -.12 * s, 1.0 * s, .24 * s], fill=shade(stalk, .8))
    for i in range(16):
        t = i / 16
        pen.pieslice([-s * (1 - .5 * t) - .15 * s * t, -.95 * s * (1 - .35 * t), s * (1 - .5 * t) - .15 * s * t,
                      .95 * s * (1 - .35 * t)], 180, 360, fill=shade(cap, .8 + .4 * t))
    for _ in range(rng.randint(0, 9)):
        angle, far = rng.uniform(-2.8, -.3), rng.uniform(.3, .8)
        x, y, r = far * s * math.cos(angle), far * .8 * s * math.sin(angle), rng.uniform(.05, .12) * s
        pen.ellipse([x - r, y - r, x + r, y + r], fill=(240, 234, 220))


class Pen:
    """ImageDraw with a place, a turn and a size of its own."""

    def __init__(self, picture, x, y, angle):
        self.draw, self.x, self.y = ImageDraw.Draw(picture), x, y
        self.cos, self.sin = math.cos(angle), math.sin(angle)

    def at(self, x, y):
        return self.x + x * self.cos - y * self.sin, self.y + x * self.sin + y * self.cos

    def polygon(self, points, fill):
        self.draw.polygon([self.at(*p) for p in points], fill=fill)

    def line(self, points, fill, width):
        self.draw.line([self.at(*p) for p in points], fill=fill, width=width)

    def pieslice(self, box, start, end, fill):
        (left, top, right, bottom) = box
        arc = [math.radians(start + (end - start) * k / 60) for k in range(61)]
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        self.polygon([(middle_x + (right - left) / 2 * math.cos(a), middle_y + (bottom - top) / 2 * math.sin(a)) for a in arc],
                     fill)

    def ellipse(self, box, fill):
        self.pieslice(box, 0, 360, fill)


def draw(subject, seed):
    rng = random.Random(f"{subject.__name__} {seed}")
    picture = background(rng)
    s = rng.uniform(55, 95)
    x, y, angle = SIDE / 2 + rng.uniform(-50, 50), SIDE / 2 + rng.uniform(-40, 40), rng.uniform(-.7, .7)
    shadow = Image.new("L", picture.size, 0)
    Pen(shadow, x, y, 0).ellipse([-1.0 * s, .7 * s, 1.2 * s, 1.25 * s], fill=110)
    picture.paste((30, 26, 20), mask=shadow.filter(ImageFilter.GaussianBlur(16)))
    subject(Pen(picture, x, y, angle), rng, s)
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(.4, 1.4)))


def add_mistakes(folder):
    jpeg = (folder / "apple/040.jpg").read_bytes()
    (folder / "apple/cut.jpg").write_bytes(jpeg[:len(jpeg) // 2])
    (folder / "leaf/page.jpg").write_text("<!doctype html><title>Not found</title><p>This picture has moved.")
    (folder / "mushroom/empty.jpg").write_bytes(b"")
    shutil.copy(folder / "apple/001.jpg", folder / "apple/copy.jpg")
    Image.open(folder / "leaf/002.jpg").resize((180, 180)).save(folder / "leaf/small.jpg", quality=70)
    shutil.copy(folder / "mushroom/007.jpg", folder / "leaf/also.jpg")
    for k in range(WRONG):  # under the next one's label
        for subject, following in zip(SUBJECTS, SUBJECTS[1:] + SUBJECTS[:1]):
            draw(subject, 100 + k).save(folder / following.__name__ / f"{COUNT + k:03}.jpg", quality=90)


def main():
    arguments = [word for word in sys.argv[1:] if word != "--mistakes"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    root = pathlib.Path(arguments[0])
    for subject in SUBJECTS:
        folder = root / subject.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for seed in range(COUNT):
            draw(subject, seed).save(folder / f"{seed:03}.jpg", quality=90)
    if "--mistakes" in sys.argv:
        add_mistakes(root)


SUBJECTS = (apple, leaf, mushroom)

if __name__ == "__main__":
    main()
