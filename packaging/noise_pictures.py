#!/usr/bin/env python3
"""noise_pictures.py FOLDER: writes 40 pictures of reddish and 40 of bluish noise, each into a subfolder, as PNG files."""
import pathlib
import random
import struct
import sys
import zlib

SIDE, COUNT = 96, 40


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(dice, channel):
    rows = b""
    for _ in range(SIDE):
        rows += b"\0"
        for _ in range(SIDE):
            pixel = [dice.randrange(90) for _ in range(3)]
            pixel[channel] += 150
            rows += bytes(pixel)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)) + chunk(
        b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


dice = random.Random(1)
for name, channel in (("reddish", 0), ("bluish", 2)):
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True)
    for index in range(COUNT):
        (folder / f"{index}.png").write_bytes(picture(dice, channel))
