"""What winnow-serve is measured beside: FastAPI with ONNX Runtime and Pillow, as people write it.

    MODEL=pets.onnx uvicorn --app-dir bench serve_peer:app

Started with uvloop and httptools (uvicorn takes them where they are installed), one process, ONNX Runtime on all cores.
"""
import io
import json
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request
from PIL import Image
from starlette.concurrency import run_in_threadpool

session = onnxruntime.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["winnow"])
size, crop = about["preprocessing"]["size"], about["preprocessing"]["crop_fraction"]
app = FastAPI()


def classify(body):
    picture = Image.open(io.BytesIO(body)).convert("RGB")
    width, height = picture.size
    side = max(1, int(crop * min(width, height)))
    left, top = (width - side + 1) // 2, (height - side + 1) // 2
    picture = picture.resize((size, size), Image.LANCZOS, box=(left, top, left + side, top + side))
    scores = session.run(["probabilities"], {"images": np.asarray(picture)[None]})[0][0]
    order = scores.argsort()[::-1][:5]
    return {"label": about["classes"][order[0]], "confidence": float(scores[order[0]]),
            "scores": [{"label": about["classes"][i], "score": float(scores[i])} for i in order]}


@app.post("/api/classify")
async def api_classify(request: Request):
    return await run_in_threadpool(classify, await request.body())


@app.get("/healthz")
async def healthz():
    return "ok"
