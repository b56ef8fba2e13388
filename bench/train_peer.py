#!/usr/bin/env python3
"""The training loop that a competent person writes with PyTorch in Python, to run beside winnow-train.

bench/train_bench.py does.

    train_peer.py rate                                            bf16 matrix products of this machine
    train_peer.py train MANIFEST --network N --size PX [...]      images a second, one JSON object a line

The networks are winnow's own, with the names of its checkpoints: small_resnet (from scratch) and efficientnet_lite0
(fine-tuned from --weights, with the statistics of batch normalisation frozen). Pictures are decoded by Pillow in the
workers of a DataLoader, reduced in the JPEG library where that can be, cropped and flipped at random.
"""
import argparse
import json
import os
import pathlib
import random
import struct
import time

import numpy
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader, Dataset


def same_pad(x, kernel, stride):
    """TensorFlow's padding: as many outputs as ceil(size / stride), the odd pixel at the end."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


class SameConv(nn.Conv2d):
    def forward(self, x):
        if self.stride[0] == 1:
            return F.conv2d(x, self.weight, self.bias, 1, self.kernel_size[0] // 2, 1, self.groups)
        return F.conv2d(same_pad(x, self.kernel_size[0], self.stride[0]), self.weight, self.bias, self.stride, 0, 1,
                        self.groups)


def conv(inputs, outputs, kernel, stride=1, groups=1):
    return SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False)


class ResidualStage(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.down, self.down_bn = conv(inputs, width, 3, 2), nn.BatchNorm2d(width)
        self.conv1, self.bn1 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)

    def forward(self, x):
        x = F.relu(self.down_bn(self.down(x)), inplace=True)
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + x, inplace=True)


class SmallResnet(nn.Module):
    mean, scale = 127.0, 128.0
    frozen_statistics = False

    def __init__(self, classes):
        super().__init__()
        widths = (3, 32, 64, 128, 192)
        for i in range(4):
            setattr(self, f"stage{i}", ResidualStage(widths[i], widths[i + 1]))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        for i in range(4):
            x = getattr(self, f"stage{i}")(x)
        return self.head(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        width = inputs * expansion
        self.shortcut = stride == 1 and inputs == outputs
        self._expand_conv = conv(inputs, width, 1) if expansion != 1 else None
        if expansion != 1:
            self._bn0 = nn.BatchNorm2d(width, eps=1e-3)
        self._depthwise_conv = conv(width, width, kernel, stride, groups=width)
        self._bn1 = nn.BatchNorm2d(width, eps=1e-3)
        self._project_conv = conv(width, outputs, 1)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x):
        y = x
        if self._expand_conv is not None:
            y = F.relu6(self._bn0(self._expand_conv(y)), inplace=True)
        y = F.relu6(self._bn1(self._depthwise_conv(y)), inplace=True)
        y = self._bn2(self._project_conv(y))
        return y + x if self.shortcut else y


class EfficientNetLite0(nn.Module):
    mean, scale = 127.0, 128.0
    frozen_statistics = True

    def __init__(self, classes):
        super().__init__()
        self._conv_stem, self._bn0 = conv(3, 32, 3, 2), nn.BatchNorm2d(32, eps=1e-3)
        blocks, inputs = [], 32
        for repeats, kernel, stride, expansion, width in ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40),
                                                          (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
                                                          (1, 3, 1, 6, 320)):
            for repeat in range(repeats):
                blocks.append(Block(inputs, width, kernel, stride if repeat == 0 else 1, expansion))
                inputs = width
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = conv(320, 1280, 1), nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)), inplace=True)
        for block in self._blocks:
            x = block(x)
        return self._fc(F.relu6(self._bn1(self._conv_head(x)), inplace=True).mean((2, 3)))


NETWORKS = {"small_resnet": SmallResnet, "efficientnet_lite0": EfficientNetLite0}


def read_safetensors(file):
    content = pathlib.Path(file).read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    tensors = {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            values = torch.frombuffer(bytearray(content[8 + length + begin:8 + length + end]), dtype=torch.float32)
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def load_backbone(network, file):
    wanted = {name for name in network.state_dict() if "num_batches" not in name and not name.startswith("_fc.")}
    tensors = {name: tensor for name, tensor in read_safetensors(file).items() if name in wanted}
    if wanted != tensors.keys():
        raise SystemExit(f"{file} lacks {sorted(wanted - tensors.keys())[:3]}: another network")
    network.load_state_dict(tensors, strict=False)


def flip_sometimes(picture):
    return picture.transpose(Image.FLIP_LEFT_RIGHT) if random.random() < 0.5 else picture


class Photos(Dataset):
    def __init__(self, manifest, network, size, in_memory):
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        root = manifest.parent / lines[0]["root"]
        rows = [row for row in lines[1:-1] if row["keep"] and row["split"] == "train"]
        self.classes = sorted({row["label"] for row in rows})
        self.items = [(root / row["path"], self.classes.index(row["label"])) for row in rows]
        self.size, self.mean, self.scale = size, network.mean, network.scale
        self.decoded = [self.shrink(path) for path, _ in self.items] if in_memory else None

    def shrink(self, path):
        """The middle square with a margin to crop from."""
        picture = Image.open(path)
        side = self.size * 8 // 7
        picture.draft("RGB", (side, side))
        return ImageOps.fit(picture.convert("RGB"), (side, side), Image.BILINEAR)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        path, label = self.items[index]
        if self.decoded:
            picture = self.decoded[index]
            left, top = (random.randint(0, length - self.size) for length in picture.size)
            picture = picture.crop((left, top, left + self.size, top + self.size))
        else:
            picture = Image.open(path)
            picture.draft("RGB", (self.size * 3 // 2, self.size * 3 // 2))  # a smaller JPEG, if still large enough
            picture = picture.convert("RGB")
            side = min(picture.size) * random.uniform(0.75, 1)
            left, top = (random.uniform(0, length - side) for length in picture.size)
            picture = picture.resize((self.size, self.size), Image.BILINEAR, (left, top, left + side, top + side))
        pixels = torch.from_numpy(numpy.array(flip_sometimes(picture))).permute(2, 0, 1).float()
        return (pixels - self.mean) / self.scale, label


def count_operations(network, size):
    """Multiplications and additions of convolutions and matrix products for one picture, forward."""
    total = 0

    def count(module, _, output):
        nonlocal total
        weights = module.weight[0].numel()
        total += 2 * weights * output[0].numel()

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    return total


def train(arguments):
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    kind = NETWORKS[arguments.network]
    photos = Photos(arguments.manifest, kind, arguments.size, arguments.in_memory)
    network = kind(len(photos.classes))
    if arguments.weights:
        load_backbone(network, arguments.weights)
    operations = count_operations(network.eval(), arguments.size)
    if arguments.channels_last:
        network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4 if arguments.weights else 2e-3, weight_decay=0.05)
    loader = DataLoader(photos, arguments.batch, shuffle=True, num_workers=arguments.workers,
                        persistent_workers=arguments.workers > 0, drop_last=True)
    for epoch in range(1 + arguments.epochs):
        network.train()
        if kind.frozen_statistics:
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        start, seen, total = time.monotonic(), 0, 0.0
        for pixels, labels in loader:
            if arguments.channels_last:
                pixels = pixels.contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
                logits = network(pixels)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            seen += len(labels)
            total += loss.item() * len(labels)
        seconds = time.monotonic() - start
        print(json.dumps({"epoch": epoch, "images_per_second": seen / seconds, "loss": total / seen,
                          "operations": operations}), flush=True)


def measure_rate(threads):
    """Operations a second in a large product of bf16 matrices: the best of five."""
    torch.set_num_threads(threads)
    side = 3072
    a, b = (torch.randn(side, side).to(torch.bfloat16) for _ in range(2))
    best = 0.0
    for _ in range(6):  # the first one prepares
        start = time.monotonic()
        torch.mm(a, b)
        best = max(best, 2 * side**3 / (time.monotonic() - start))
    print(json.dumps({"bf16_operations_per_second": best, "torch": torch.__version__}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("rate", "train"))
    parser.add_argument("manifest", type=pathlib.Path, nargs="?")
    parser.add_argument("--network", choices=NETWORKS)
    parser.add_argument("--weights")
    parser.add_argument("--size", type=int)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2, help="after one that warms up")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--in-memory", action="store_true", help="decode all pictures before the first epoch")
    arguments = parser.parse_args()
    if arguments.what == "rate":
        measure_rate(arguments.threads)
    else:
        train(arguments)


if __name__ == "__main__":
    main()
