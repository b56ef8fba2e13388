#!/usr/bin/env python3
"""Prints the expected values of network_test.cpp: PyTorch's own networks with weights that a formula gives.

Needs Python's torch, torchvision and timm. Weights follow tests/support/formula_weights.hpp.
"""
import numpy
import timm
import torch
import torchvision
from torch import nn


def mixed(index, count):
    """A number in [-1, 1) for each of the first `count` places of the tensor of that index."""
    x = (numpy.arange(count, dtype=numpy.uint64) * 0x9E3779B9 + index * 0x85EBCA6B + 1) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = ((x ^ (x >> numpy.uint64(shift))) * numpy.uint64(factor)) & 0xFFFFFFFF
    return x.astype(numpy.float64) / 2**31 - 1


def fill(network):
    tensors = [(n, t) for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")]
    for index, (name, tensor) in enumerate(tensors):
        values = mixed(index, tensor.numel())
        if name.endswith("running_var"):
            values = 1 + 0.5 * values
        elif tensor.dim() == 1 and name.endswith("weight"):
            values = 0.75 + 0.25 * values
        elif tensor.dim() == 1:
            values = 0.1 * values
        else:
            values = values * numpy.sqrt(6 / (tensor.numel() / tensor.shape[0]))
        tensor.copy_(torch.tensor(values, dtype=torch.float32).view(tensor.shape))
    return network.eval()


def ramp(size):
    y, x, c = numpy.mgrid[0:size, 0:size, 0:3]
    return ((7 * y + 3 * x + 11 * c) % 256).astype(numpy.float32)


class Small(nn.Module):
    def __init__(self, first_stride):
        super().__init__()
        self.stages = nn.ModuleList()
        width = 3
        for out, stride in ((32, first_stride), (64, 2), (128, 2), (192, 2)):
            self.stages.append(nn.ModuleList([
                nn.Conv2d(width, out, 3, stride, bias=False), nn.BatchNorm2d(out),
                nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out),
                nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)]))
            width = out
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        for down, down_norm, conv1, norm1, conv2, norm2 in self.stages:
            stride, side = down.stride[0], x.shape[-1]
            pad = max((-(-side // stride) - 1) * stride + 3 - side, 0)
            x = nn.functional.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2))
            x = torch.relu(down_norm(down(x)))
            x = torch.relu(x + norm2(conv2(torch.relu(norm1(conv1(x))))))
        return self.head(x.mean((2, 3)))


class ShiftOnly(nn.BatchNorm2d):
    """Batch normalisation whose scale is 1 and no parameter."""

    def __init__(self, width):
        super().__init__(width)
        bias = self.bias
        del self.weight, self.bias
        self.register_parameter("weight", None)
        self.bias = bias


def airbench():
    layers, width = [nn.Conv2d(3, 24, 2), nn.GELU()], 24
    for out in (24, 64, 128):
        layers += [nn.Conv2d(width, out, 3, 1, 1, bias=False), nn.MaxPool2d(2), ShiftOnly(out), nn.GELU(),
                   nn.Conv2d(out, out, 3, 1, 1, bias=False), ShiftOnly(out), nn.GELU()]
        width = out
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def doom68():
    layers, width = [], 3
    for out in (32, 32, 64):
        layers += [nn.Conv2d(width, out, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
        width = out
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 8 * 8, 128), nn.ReLU(), nn.Linear(128, 10))


IMAGENET = (255 * numpy.array([0.485, 0.456, 0.406]), 255 * numpy.array([0.229, 0.224, 0.225]))
LITE = (127, 128)

with torch.no_grad():
    for name, make, size, (mean, scale) in (
            ("efficientnet_lite0", lambda: timm.create_model("tf_efficientnet_lite0"), 224, LITE),
            ("efficientnet_lite1", lambda: timm.create_model("tf_efficientnet_lite1"), 240, LITE),
            ("efficientnet_lite2", lambda: timm.create_model("tf_efficientnet_lite2"), 260, LITE),
            ("resnet18", torchvision.models.resnet18, 224, IMAGENET),
            ("resnet50", torchvision.models.resnet50, 225, IMAGENET),
            ("small_resnet", lambda: Small(2), 96, LITE),
            ("small_resnet", lambda: Small(1), 28, LITE),
            ("airbench", airbench, 32, IMAGENET),
            ("doom68", doom68, 68, (0, 255))):
        pixels = torch.tensor((ramp(size) - mean) / scale, dtype=torch.float32).permute(2, 0, 1)[None]
        logits = fill(make())(pixels)[0]
        print(f'{{"{name}", {size}, {len(logits)}, {{' + ", ".join(f"{v:.5f}F" for v in logits[:5]) + "}},")
