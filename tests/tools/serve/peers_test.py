#!/usr/bin/env python3
"""What other software makes of winnow-serve: tritonclient, openapi-spec-validator, and Prometheus' own parser.

    peers_test.py ADDR:PORT MODEL PHOTO LABEL     the model answers LABEL for the photo
"""
import json
import sys
import urllib.request

import numpy as np
import tritonclient.http as triton
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families


def check(condition, what):
    if not condition:
        sys.exit(f"peers_test: {what}")


def check_triton(address, model, photo, label):
    client = triton.InferenceServerClient(address)
    check(client.is_server_live() and client.is_server_ready() and client.is_model_ready(model), "not ready")
    check("binary_tensor_data" in client.get_server_metadata()["extensions"], "no binary extension")
    about = client.get_model_metadata(model)
    side = about["inputs"][0]["shape"][1]
    classes = about["outputs"][0]["shape"][1]

    for binary in (True, False):
        file = triton.InferInput("image", [2], "BYTES")
        file.set_data_from_numpy(np.array([photo, photo], dtype=np.object_))
        outputs = [triton.InferRequestedOutput("probabilities", binary_data=binary),
                   triton.InferRequestedOutput("logits", binary_data=binary, class_count=1)]
        result = client.infer(model, [file], outputs=outputs, request_id="seven", model_version="1")
        check(result.get_response()["id"] == "seven", "the id is not echoed")
        probabilities = result.as_numpy("probabilities")
        check(probabilities.shape == (2, classes) and probabilities.dtype == np.float32, "the shape of the output")
        check(np.allclose(probabilities.sum(axis=1), 1, atol=1e-3), "no probabilities")
        best = result.as_numpy("logits")[0][0]
        check((best.decode() if isinstance(best, bytes) else best).split(":")[2] == label, f"not {label} but {best}")

    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    answers = []
    for binary in (True, False):
        images = triton.InferInput("images", list(pixels.shape), "UINT8")
        images.set_data_from_numpy(pixels, binary_data=binary)
        answers.append(client.infer(model, [images]).as_numpy("probabilities"))
    check(np.allclose(answers[0], answers[1], atol=1e-3), "binary and JSON tensors are answered differently")
    try:
        wrong = triton.InferInput("images", [1, 3], "FP32")
        wrong.set_data_from_numpy(np.zeros((1, 3), dtype=np.float32))
        client.infer(model, [wrong])
        check(False, "an input of another type was taken")
    except triton.InferenceServerException as error:
        check("UINT8" in error.message(), f"an unhelpful error: {error}")


def check_metrics(text):
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for name in ("winnow_requests", "winnow_request_duration_seconds", "winnow_batch_pictures", "winnow_rejected"):
        check(name in families and families[name].documentation, f"no metric {name}")
    for family in families.values():
        if family.type != "histogram":
            continue
        for sample in family.samples:
            if sample.name.endswith("_bucket") and sample.labels["le"] == "+Inf":
                rest = {key: value for key, value in sample.labels.items() if key != "le"}
                counts = [other.value for other in family.samples if other.name.endswith("_count") and other.labels == rest]
                check(counts == [sample.value], f"{family.name}: the last bucket is not the count")


def main():
    address, model, photo, label = sys.argv[1:]
    with open(photo, "rb") as file:
        check_triton(address, model, file.read(), label)
    get = lambda path: urllib.request.urlopen(f"http://{address}{path}").read()
    validate(json.loads(get("/api/openapi.json")))
    check_metrics(get("/metrics").decode())


if __name__ == "__main__":
    main()
