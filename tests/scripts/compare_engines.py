"""Runs a model file of winnow-export in ONNX Runtime and OpenCV, and prints as JSON what they say of some
pictures. Fails if the onnx checker does not take the file.

usage: compare_engines.py MODEL PIXELS    PIXELS: uint8 [n, size, size, 3], raw
"""
import json
import sys

import cv2
import numpy
import onnx
import onnxruntime

model_file, pixel_file = sys.argv[1:]
model = onnx.load(model_file)
onnx.checker.check_model(model, full_check=True)
about = json.loads(next(entry.value for entry in model.metadata_props if entry.key == "winnow"))
size = about["preprocessing"]["size"]
pixels = numpy.fromfile(pixel_file, numpy.uint8).reshape(-1, size, size, 3)

options = onnxruntime.SessionOptions()
options.log_severity_level = 3
session = onnxruntime.InferenceSession(model_file, options, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
by_runtime = dict(zip(names, session.run(names, {"images": pixels})))


net = cv2.dnn.readNetFromONNX(model_file)
opencv = []
for picture in pixels:
    net.setInput(picture[None], "images")
    outputs = dict(zip(names, net.forward(names)))  # it wants to be asked for all of them
    opencv.append(outputs["logits"].reshape(-1).tolist())

print(json.dumps({"outputs": names, "onnxruntime": by_runtime["logits"].tolist(), "opencv": opencv,
                  "probability_sums": by_runtime["probabilities"].sum(axis=1).tolist()}))
