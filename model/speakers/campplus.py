"""CAM++, a network that turns a second or two of speech into an embedding of the speaker's voice.

Wang et al. 2023, "CAM++: a fast and efficient network for speaker verification using context-aware masking"
(arXiv:2303.00332). Inference only; the names of the parameters are those of the checkpoint that 3D-Speaker published
(200,000 speakers of Mandarin and English).
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.speakers.filterbank import N_MELS

EMBEDDING_SIZE = 192
HEAD_CHANNELS = 32
FIRST_CHANNELS = 128
GROWTH = 32  # channels that each layer of a dense block adds
BOTTLENECK = 128
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each dense block
MASK_FRAMES = 100  # the mask's local context, 2 s at the network's frame rate


class SpeakerNetwork(nn.Module):
    """Filter bank energies [batch, frames, N_MELS], their mean over time removed -> [batch, EMBEDDING_SIZE]."""

    def __init__(self) -> None:
        super().__init__()
        self.head = _Head()
        self.xvector = nn.Sequential()
        self.xvector.add_module("tdnn", _Tdnn(HEAD_CHANNELS * N_MELS // 8, FIRST_CHANNELS))
        channels = FIRST_CHANNELS
        for number, (layers, dilation) in enumerate(BLOCKS, 1):
            self.xvector.add_module(f"block{number}", _DenseBlock(layers, channels, dilation))
            channels += layers * GROWTH
            self.xvector.add_module(f"transit{number}", _Transition(channels, channels // 2))
            channels //= 2
        self.xvector.add_module("out_nonlinear", _Activation(channels))
        self.xvector.add_module("stats", _Statistics())
        self.xvector.add_module("dense", _Projection(2 * channels, EMBEDDING_SIZE))

    def forward(self, energies: Tensor) -> Tensor:
        embedding: Tensor = self.xvector(self.head(energies.transpose(1, 2)))
        return embedding


def load_speaker_network(path: Path, device: str = "cpu") -> SpeakerNetwork:
    """Load the published checkpoint."""
    network = SpeakerNetwork()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.head.to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]  # a tenth faster
    return network.eval().to(device)


class _ResidualBlock(nn.Module):
    """Two convolutions over frequency and time beside a shortcut; the stride is over frequency alone."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        channels = HEAD_CHANNELS
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            reduction = nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False)
            self.shortcut = nn.Sequential(reduction, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(inner + self.shortcut(x))


class _Head(nn.Module):
    """Convolutions over frequency and time: [batch, N_MELS, frames] -> [batch, channels, frames]."""

    def __init__(self) -> None:
        super().__init__()
        channels = HEAD_CHANNELS
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_ResidualBlock(2), _ResidualBlock(1))
        self.layer2 = nn.Sequential(_ResidualBlock(2), _ResidualBlock(1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x.unsqueeze(1))))
        x = F.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class _Activation(nn.Module):
    """Batch normalization and rectification."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.batchnorm(x))


class _Tdnn(nn.Module):
    """Convolution over time that halves the frame rate."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _Activation(outputs)

    def forward(self, x: Tensor) -> Tensor:
        rectified: Tensor = self.nonlinear(self.linear(x))
        return rectified


class _MaskedConvolution(nn.Module):
    """Convolution whose outputs are weighted by their context, of the whole and of MASK_FRAMES (paper, section 2.2)."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(BOTTLENECK, GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(BOTTLENECK, BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(BOTTLENECK // 2, GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[-1]
        local = F.avg_pool1d(x, MASK_FRAMES, MASK_FRAMES, ceil_mode=True)
        mask = torch.sigmoid(self.linear2(F.relu(self.linear1(x.mean(-1, keepdim=True) + local))))
        masked: Tensor = self.linear_local(x) * mask.repeat_interleave(MASK_FRAMES, -1)[..., :frames]
        return masked


class _DenseLayer(nn.Module):
    def __init__(self, inputs: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _Activation(inputs)
        self.linear1 = nn.Conv1d(inputs, BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _Activation(BOTTLENECK)
        self.cam_layer = _MaskedConvolution(dilation)

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return added


class _DenseBlock(nn.Module):
    """Layers that each read everything before them."""

    def __init__(self, layers: int, inputs: int, dilation: int) -> None:
        super().__init__()
        for i in range(layers):
            self.add_module(f"tdnnd{i + 1}", _DenseLayer(inputs + i * GROWTH, dilation))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transition(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.nonlinear = _Activation(inputs)
        self.linear = nn.Conv1d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.linear(self.nonlinear(x))
        return halved


class _Statistics(nn.Module):
    """Mean and standard deviation over time: [batch, channels, frames] -> [batch, 2 * channels]."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(-1), x.std(-1)], dim=-1)


class _Projection(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, 1, bias=False)
        self.nonlinear = nn.Sequential()
        self.nonlinear.add_module("batchnorm", nn.BatchNorm1d(outputs, affine=False))

    def forward(self, x: Tensor) -> Tensor:
        embedding: Tensor = self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))
        return embedding
