#!/usr/bin/env python3
"""What winnow-classify is measured beside: a folder of JPEG files through ONNX Runtime and Pillow, as people write it.

The network takes uint8 RGB pixels [n, size, size, 3]; one picture at a time, or with --batch many.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image


def load(path, size, crop):
    """The centre of the picture, as the model's preprocessing has it."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    side = max(1, int(crop * min(width, height)))
    left, top = (width - side + 1) // 2, (height - side + 1) // 2
    return np.asarray(picture.resize((size, size), Image.LANCZOS, box=(left, top, left + side, top + side)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--batch", type=int, default=1)
    options = arguments.parse_args()

    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map["winnow"])
    size, crop = about["preprocessing"]["size"], about["preprocessing"]["crop_fraction"]
    paths = sorted(path for path in options.folder.rglob("*.jp*g") if path.is_file())
    for begin in range(0, len(paths), options.batch):
        batch = paths[begin:begin + options.batch]
        pixels = np.stack([load(path, size, crop) for path in batch])
        for path, scores in zip(batch, session.run(["probabilities"], {"images": pixels})[0]):
            best = int(scores.argmax())
            json.dump({"path": str(path), "label": about["classes"][best], "confidence": float(scores[best])}, sys.stdout)
            print()


if __name__ == "__main__":
    main()
