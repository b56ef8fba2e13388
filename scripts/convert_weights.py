#!/usr/bin/env python3
"""Converts a PyTorch state dict (.pth) to safetensors, with nothing but Python's standard library.

Reads both forms of torch.save: the zip archive (since PyTorch 1.6) and the older plain stream of pickles. Takes
the state dict out of a training checkpoint ("state_dict", "model") and DataParallel's "module." off its names.
Tensors come out contiguous and sorted by name. Only the few globals that a state dict needs are unpickled,
so a hostile file cannot run code; a pickled network (torch.save(model)) is refused for the same reason.
"""
import argparse
import array
import collections
import hashlib
import io
import json
import os
import pickle
import struct
import sys
import tempfile
import zipfile

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# storage class -> (safetensors dtype, bytes per element)
STORAGES = {
    "DoubleStorage": ("F64", 8), "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2), "LongStorage": ("I64", 8), "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1), "BoolStorage": ("BOOL", 1),
}
WORD = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Storage:
    def __init__(self, kind, key, count):
        self.dtype, self.width = STORAGES[kind]
        self.key, self.count, self.data = key, count, None


class View:
    """What _rebuild_tensor_v2 describes: a strided window on a storage."""

    def __init__(self, storage, offset, shape, stride, *_):
        self.storage, self.offset, self.shape, self.stride = storage, offset, tuple(shape), tuple(stride)

    def contiguous(self):
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride))
        if self.storage.data is None or len(self.storage.data) != self.storage.count * self.storage.width:
            raise ValueError("cut short: not all of its numbers are there")
        if min((self.offset, *self.stride, *self.shape)) < 0 or (all(self.shape) and last >= self.storage.count):
            raise ValueError("damaged: a tensor reaches beyond its numbers")
        words = array.array(WORD[self.storage.width])
        words.frombytes(self.storage.data)
        out = array.array(words.typecode)

        def walk(axis, at):
            if axis == len(self.shape):
                out.append(words[at])
            elif axis == len(self.shape) - 1:
                step, count = self.stride[axis], self.shape[axis]
                if count:
                    out.extend(words[at:at + (count - 1) * step + 1:step] if step else [words[at]] * count)
            else:
                for i in range(self.shape[axis]):
                    walk(axis + 1, at + i * self.stride[axis])

        walk(0, self.offset)
        return out.tobytes()


class StateDictUnpickler(pickle.Unpickler):
    def __init__(self, stream, storages):
        super().__init__(stream)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return View
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda view, *_: view
        if module == "torch" and name in STORAGES:
            return name
        raise pickle.UnpicklingError(f"refused: the file wants to load {module}.{name}")

    def persistent_load(self, identity):
        _, kind, key, _, count = identity[:5]
        return self.storages.setdefault(key, Storage(kind, key, count))


def read_legacy(data):
    stream, storages = io.BytesIO(data), {}
    load = lambda: StateDictUnpickler(stream, storages).load()
    if load() != LEGACY_MAGIC:
        raise ValueError("not a torch.save file")
    load(), load()  # protocol version, system info
    tensors, keys = load(), load()
    for key in keys:
        count, = struct.unpack("<q", stream.read(8))
        storage = storages[key]
        storage.data = stream.read(count * storage.width)
    return tensors


def read_zip(path):
    with zipfile.ZipFile(path) as archive:
        pickled, = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        storages = {}
        tensors = StateDictUnpickler(io.BytesIO(archive.read(pickled)), storages).load()
        for key, storage in storages.items():
            storage.data = archive.read(f"{pickled[:-len('data.pkl')]}data/{key}")
    return tensors


def read_state_dict(path):
    if zipfile.is_zipfile(path):
        tensors = read_zip(path)
    else:
        with open(path, "rb") as source:
            tensors = read_legacy(source.read())
    for wrapper in ("state_dict", "model"):
        if isinstance(tensors, dict) and isinstance(tensors.get(wrapper), dict):
            tensors = tensors[wrapper]
    if not isinstance(tensors, dict) or not any(isinstance(value, View) for value in tensors.values()):
        raise ValueError("holds no state dict")
    return {name.removeprefix("module."): value for name, value in tensors.items() if isinstance(value, View)}


def write_safetensors(tensors, metadata, path):
    header, blobs, at = {"__metadata__": metadata}, [], 0
    for name in sorted(tensors):
        blob = tensors[name].contiguous()
        header[name] = {"dtype": tensors[name].storage.dtype, "shape": list(tensors[name].shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(os.path.abspath(path)), delete=False) as out:
        try:
            out.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
            out.flush()
            os.fsync(out.fileno())
            os.chmod(out.name, 0o644)
            os.replace(out.name, path)
        except BaseException:
            os.unlink(out.name)
            raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="the .pth file")
    parser.add_argument("target", help="the .safetensors file to write")
    parser.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE",
                        help="text to carry along: source=..., licence=...")
    arguments = parser.parse_args()
    try:
        metadata = dict(item.split("=", 1) for item in arguments.metadata)
    except ValueError:
        parser.error("--metadata takes KEY=VALUE, for example licence=Apache-2.0")
    try:
        with open(arguments.source, "rb") as source:
            metadata["source_sha256"] = hashlib.sha256(source.read()).hexdigest()
        write_safetensors(read_state_dict(arguments.source), metadata, arguments.target)
    # What a damaged pickle can raise is not written down anywhere.
    except Exception as error:
        sys.exit(f"convert_weights: {arguments.source}: {error or type(error).__name__}".replace("\n", " "))


if __name__ == "__main__":
    main()
