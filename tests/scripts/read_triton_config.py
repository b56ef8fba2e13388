"""Prints as JSON what the configuration of a model in a Triton repository says, as tritonclient's protocol reads it."""
import importlib.util
import json
import pathlib
import sys

from google.protobuf import text_format


def load_protocol():
    # tritonclient.grpc itself wants gRPC, which reading a message needs as little as we do.
    found = importlib.util.find_spec("tritonclient")
    path = pathlib.Path(found.submodule_search_locations[0]) / "grpc/model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


folder = pathlib.Path(sys.argv[1])
protocol = load_protocol()
config = text_format.Parse((folder / "config.pbtxt").read_text(), protocol.ModelConfig())


def describe(value):
    shape = value.reshape.shape if value.HasField("reshape") else value.dims
    file = getattr(value, "label_filename", "")
    return {"name": value.name, "type": protocol.DataType.Name(value.data_type), "shape": [str(size) for size in shape],
            "labels": (folder / file).read_text().splitlines() if file else []}


print(json.dumps({
    "name": config.name, "backend": config.backend, "max_batch_size": config.max_batch_size,
    "dynamic_batching": config.HasField("dynamic_batching"),
    "inputs": [describe(value) for value in config.input], "outputs": [describe(value) for value in config.output]}))
