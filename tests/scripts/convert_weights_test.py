#!/usr/bin/env python3
"""Tests scripts/convert_weights.py with files made here, byte for byte as torch.save makes them. Needs no torch."""
import array
import collections
import io
import json
import pathlib
import pickle
import struct
import subprocess
import sys
import tempfile
import types
import unittest
import zipfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/convert_weights.py"


def stand_in(module, name):
    """A function that pickles as module.name."""
    function = lambda *arguments: arguments
    function.__module__, function.__qualname__, function.__name__ = module, name, name
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, function)
    return function


stand_in("torch", "FloatStorage")
stand_in("torch", "LongStorage")
rebuild = stand_in("torch._utils", "_rebuild_tensor_v2")
parameter = stand_in("torch._utils", "_rebuild_parameter")
evil = stand_in("os", "path_of_no_return")


class Storage:
    def __init__(self, key, values, kind="FloatStorage"):
        self.key, self.values, self.kind = key, values, kind
        self.data = array.array("f" if kind == "FloatStorage" else "q", values).tobytes()


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def tensor(storage, shape, stride, offset=0):
    return Call(rebuild, storage, offset, shape, stride, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        return "storage", getattr(sys.modules["torch"], value.kind), value.key, "cpu", len(value.values)


def pickled(value):
    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def zip_file(value, storages):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(value))
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.data)
    return stream.getvalue()


def legacy_file(value, storages):
    parts = [pickled(item) for item in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, value,
                                        [storage.key for storage in storages])]
    return b"".join(parts + [struct.pack("<q", len(s.values)) + s.data for s in storages])


class ConvertWeights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.weights = Storage("0", [1, 2, 3, 4, 5, 6])
        self.counter = Storage("1", [7], "LongStorage")
        self.storages = [self.weights, self.counter]
        # A transposed matrix, as TensorFlow's weights arrive, a part of the same storage, and a batch counter.
        self.state = {"b.weight": tensor(self.weights, (2, 3), (1, 2)),
                      "a.bias": Call(parameter, tensor(self.weights, (2,), (1,), 4), True, {}),
                      "a.num_batches_tracked": tensor(self.counter, (), ())}

    def run_script(self, data, *arguments):
        source = self.folder / "weights.pth"
        source.write_bytes(data)
        return subprocess.run([sys.executable, SCRIPT, source, self.folder / "out.safetensors", *arguments],
                              capture_output=True, text=True)

    def converted(self, data, *arguments):
        result = self.run_script(data, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        content = (self.folder / "out.safetensors").read_bytes()
        length, = struct.unpack("<Q", content[:8])
        header, numbers = json.loads(content[8:8 + length]), content[8 + length:]
        metadata = header.pop("__metadata__")
        tensors = {}
        for name, entry in header.items():
            values = array.array({"F32": "f", "I64": "q"}[entry["dtype"]])
            values.frombytes(numbers[slice(*entry["data_offsets"])])
            tensors[name] = (entry["shape"], list(values))
        return tensors, metadata

    def expect_refusal(self, data, why):
        result = self.run_script(data)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, rf"\Aconvert_weights: \S*weights\.pth: .*{why}.*\n\Z")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["weights.pth"])

    EXPECTED = {"a.bias": ([2], [5, 6]), "a.num_batches_tracked": ([], [7]),
                "b.weight": ([2, 3], [1, 3, 5, 2, 4, 6])}

    def test_reads_both_forms(self):
        for make in (zip_file, legacy_file):
            tensors, metadata = self.converted(make(self.state, self.storages), "--metadata", "licence=MIT")
            self.assertEqual(tensors, self.EXPECTED)
            self.assertEqual(list(tensors), sorted(tensors))
            self.assertEqual(metadata["licence"], "MIT")
            self.assertEqual(len(metadata["source_sha256"]), 64)

    def test_unwraps_training_checkpoints(self):
        wrapped = {f"module.{name}": value for name, value in self.state.items()}
        for checkpoint in ({"state_dict": wrapped, "epoch": 3}, {"model": self.state, "optimizer": {"lr": 0.1}}):
            self.assertEqual(self.converted(zip_file(checkpoint, self.storages))[0], self.EXPECTED)

    def test_loads_no_code(self):
        for make in (zip_file, legacy_file):
            self.expect_refusal(make({"a": Call(evil, "x")}, []), "refused: the file wants to load os.path_of_no")

    def test_refuses_what_is_no_state_dict(self):
        self.expect_refusal(b"", "")
        self.expect_refusal(b"<!doctype html>", "")
        self.expect_refusal(zip_file([1, 2], []), "holds no state dict")
        self.expect_refusal(zip_file({"epoch": 3}, []), "holds no state dict")
        stream = io.BytesIO()
        zipfile.ZipFile(stream, "w").close()
        self.expect_refusal(stream.getvalue(), "")

    def test_refuses_damage(self):
        whole = legacy_file(self.state, self.storages)
        for length in range(0, len(whole), 97):
            self.expect_refusal(whole[:length], "")
        short = Storage("0", [1, 2, 3])
        self.expect_refusal(zip_file({"w": tensor(short, (2, 3), (1, 2))}, [short]), "beyond its numbers")
        self.expect_refusal(zip_file({"w": tensor(short, (3,), (-1,), 2)}, [short]), "beyond its numbers")
        self.expect_refusal(zip_file(self.state, [self.weights]), "archive/data/1")

    def test_wants_metadata_as_pairs(self):
        result = self.run_script(zip_file(self.state, self.storages), "--metadata", "MIT")
        self.assertEqual(result.returncode, 2)
        self.assertIn("KEY=VALUE", result.stderr)


if __name__ == "__main__":
    unittest.main()
