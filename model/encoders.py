"""Encoders: each turns the inputs of one modality into an embedding per utterance."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from model.compat import ensure_torchvision
from model.features import N_MELS

VOICE_WINDOW = 200  # frames, 2 s: as long as the clips that voices are learned from
CLOSE_UP = 11 / 12  # of a face crop's side: what the second look at it sees, enlarged


class VoiceConfig(BaseModel):
    """The shape of a `VoiceEncoder`; by default Whisper base's, up to the layers that hear the voice best."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    layers: int = Field(default=3, ge=1)
    width: int = Field(default=512, gt=0)
    heads: int = Field(default=8, gt=0)
    hidden: int = Field(default=256, gt=0, description="width of the embedding")


class TextEncoder(nn.Module):
    """BERT, averaged over the tokens of the utterance itself (not over its context)."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        ensure_torchvision()  # transformers imports it
        from transformers import BertConfig, BertModel  # seconds; only where text is read

        self.bert = BertModel(BertConfig(**config), add_pooling_layer=False)
        self.width = int(self.bert.config.hidden_size)

    def pretrained(self) -> list[nn.Module]:
        """BERT's part, which may run in half precision."""
        return [self.bert]

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """ids, types, mask int64 [n, tokens] -> [n, width]."""
        hidden = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        own = (types * mask).unsqueeze(-1).to(hidden.dtype)
        pooled: Tensor = (hidden * own).sum(dim=1) / own.sum(dim=1).clamp_min(1.0)
        return pooled


class VoiceEncoder(nn.Module):
    """The first layers of Whisper's encoder; mean and deviation over time of a mixture of them.

    What Whisper learned from 680,000 hours carries over to voices that no acted corpus has; its lower and
    middle layers keep the manner of speaking that the upper ones discard for the words.
    """

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        size = config.width
        self.conv1 = nn.Conv1d(N_MELS, size, 3, padding=1)
        self.conv2 = nn.Conv1d(size, size, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(size, config.heads, 4 * size, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(config.layers)
        )
        self.mixture = nn.Parameter(torch.zeros(config.layers + 1))
        self.norm = nn.BatchNorm1d(2 * size * (config.layers + 1), affine=False)
        self.drop = nn.Dropout(0.4)
        self.squeeze = nn.Linear(2 * size, config.hidden)
        self.drop_hidden = nn.Dropout(0.6)
        self.width = config.hidden

    def pretrained(self) -> list[nn.Module]:
        """Whisper's part, which may run in half precision."""
        return [self.conv1, self.conv2, self.blocks]

    def forward(self, mels: Tensor, lengths: Tensor) -> Tensor:
        """mels float [n, N_MELS, frames], zero behind lengths int64 [n] (valid frames) -> [n, width]."""
        return self.embed(self.statistics(mels, lengths))

    def embed(self, statistics: Tensor) -> Tensor:
        """As `statistics` returns them -> [n, width]."""
        flat = statistics.flatten(1)
        one = self.training and len(flat) == 1  # has no deviation to be normalised by
        norm = F.batch_norm(flat, self.norm.running_mean, self.norm.running_var) if one else self.norm(flat)
        mixed = (self.mixture.softmax(0)[:, None] * norm.unflatten(1, (len(self.mixture), -1))).sum(dim=1)
        hidden: Tensor = self.drop_hidden(F.relu(self.squeeze(self.drop(mixed))))
        return hidden

    def statistics(self, mels: Tensor, lengths: Tensor) -> Tensor:
        """Arguments as `forward` -> mean and deviation over time of every layer [n, layers + 1, 2 * width].

        An utterance is heard in equal windows of two seconds at most, each from Whisper's first position on:
        what comes out depends on the position, and nothing must hang on how long somebody speaks. Frames behind
        an utterance's end are masked, so that what it gets does not depend on those it shares a batch with.
        """
        windows, sizes, owner = _windows(mels.to(self.conv1.weight.dtype), lengths)
        x = F.gelu(self.conv1(windows)) * _time_mask(sizes, windows.shape[-1], windows.dtype).unsqueeze(1)
        x = F.gelu(self.conv2(x)).transpose(1, 2)  # [windows, time, width]
        x = x + _sinusoids(x.shape[1], x.shape[2]).to(x)
        valid = _time_mask((sizes + 1) // 2, x.shape[1], x.dtype).unsqueeze(2)
        padding = None if bool(valid.all()) else valid.squeeze(2) == 0
        layers: list[Tensor] = [x]
        for block in self.blocks:
            layers.append(block(layers[-1], src_key_padding_mask=padding))
        return torch.stack([_mean_and_deviation(layer, valid, owner, len(mels)) for layer in layers], dim=1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm beside a shortcut; halves both axes where `stride` is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[n, inputs, h, w] -> [n, outputs, h / stride, w / stride]."""
        inner = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


class FaceEncoder(nn.Module):
    """Residual CNN per crop, averaged over the crops of an utterance, and in evaluation over four looks at them.

    A face means the same in a mirror, and detectors do not agree on its size: it is looked at as it is and closer up,
    each also mirrored. Where an utterance has one crop it gets all four; of several each gets two in turn.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, width // 2, 3, 1, 1, bias=False), nn.BatchNorm2d(width // 2), nn.ReLU())
        self.blocks = nn.Sequential(
            ResidualBlock(width // 2, width, 2),
            ResidualBlock(width, 2 * width, 2),
            ResidualBlock(2 * width, 2 * width),
            ResidualBlock(2 * width, 4 * width, 2),
        )
        self.drop = nn.Dropout(0.25)
        self.width = 4 * width

    def _embed(self, crops: Tensor) -> Tensor:
        embedded: Tensor = self.blocks(self.stem(crops)).mean(dim=(2, 3))
        return embedded

    def _look_twice(self, crops: Tensor) -> Tensor:
        """[k, 1, s, s] -> [k, width], averaged over the crops as they are and closer up in a mirror."""
        return (self._embed(crops) + self._embed(close_up(crops.flip(-1)))) / 2

    def _look_at(self, crops: Tensor, owner: Tensor, sizes: Tensor) -> Tensor:
        """[k, 1, s, s] -> [k, width]; an utterance's crops follow each other, `sizes` [count] says how many."""
        place = torch.arange(len(crops), device=owner.device) - (sizes.cumsum(0) - sizes)[owner]
        turned = torch.where((place % 2 == 0).view(-1, 1, 1, 1), crops, crops.flip(-1))
        each = self._look_twice(turned)
        single = (sizes[owner] == 1).nonzero().flatten()
        if len(single):
            both = (each[single] + self._look_twice(turned[single].flip(-1))) / 2
            each = each.index_copy(0, single, both)
        return each

    def forward(self, crops: Tensor, owner: Tensor, count: int) -> Tensor:
        """crops float [k, 1, s, s], owner int64 [k] (the utterance each belongs to, rising) -> [count, width]."""
        sizes = torch.bincount(owner, minlength=count)
        each = self._embed(crops) if self.training else self._look_at(crops, owner, sizes)
        summed = each.new_zeros(count, self.width).index_add_(0, owner, self.drop(each))
        return summed / sizes.clamp_min(1).unsqueeze(1)


class VideoEncoder(nn.Module):
    """R3D-18 (Tran et al. 2018, "A closer look at spatiotemporal convolutions") without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        ensure_torchvision()
        from torchvision.models.video import r3d_18  # only where a bundle has video

        self.r3d = r3d_18(weights=None)
        self.width = int(self.r3d.fc.in_features)
        self.r3d.fc = nn.Identity()

    def forward(self, clips: Tensor) -> Tensor:
        """clips float [n, 3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE] -> [n, 512]."""
        features: Tensor = self.r3d(clips)
        return features


def close_up(crops: Tensor) -> Tensor:
    """The middle of each crop [k, 1, s, s], CLOSE_UP of its side, enlarged to the whole."""
    side = crops.shape[-1]
    margin = round(side * (1.0 - CLOSE_UP) / 2.0)
    middle = crops[..., margin : side - margin, margin : side - margin]
    return F.interpolate(middle, size=(side, side), mode="bilinear", align_corners=False)


def _time_mask(lengths: Tensor, size: int, dtype: torch.dtype) -> Tensor:
    """lengths [n] -> [n, size], 1 on the first lengths[i] steps, 0 behind."""
    return (torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)).to(dtype)


def _sinusoids(length: int, channels: int) -> Tensor:
    """Whisper's position encodings [length, channels] (Vaswani et al. 2017, sines and cosines in halves)."""
    rates = torch.exp(-math.log(10_000.0) / (channels // 2 - 1) * torch.arange(channels // 2))
    angles = torch.arange(length)[:, None] * rates[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _windows(mels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cut each of [n, N_MELS, frames] into equal windows of VOICE_WINDOW frames at most.

    -> [windows, N_MELS, longest] zero behind each one's end, their lengths, and whose each is (index into n).
    """
    pieces, owner = [], []
    for row, length in enumerate(lengths.tolist()):
        count = max(1, -(-length // VOICE_WINDOW))
        size = -(-length // count)
        for start in range(0, max(1, length), max(1, size)):
            pieces.append(mels[row, :, start : min(start + size, length)])
            owner.append(row)
    sizes = torch.tensor([piece.shape[1] for piece in pieces], device=mels.device)
    longest = int(sizes.max())
    windows = torch.stack([F.pad(piece, (0, longest - piece.shape[1])) for piece in pieces])
    return windows, sizes, torch.tensor(owner, device=mels.device)


def _mean_and_deviation(steps: Tensor, valid: Tensor, owner: Tensor, count: int) -> Tensor:
    """steps [windows, time, width], valid [windows, time, 1] of zeros and ones -> [count, 2 * width] float32."""
    steps, valid = steps.float(), valid.float()

    def total(each: Tensor) -> Tensor:
        """Summed over the steps of an utterance's windows: [windows, time, k] -> [count, k]."""
        return each.new_zeros(count, each.shape[2]).index_add(0, owner, (each * valid).sum(dim=1))

    frames = total(torch.ones_like(valid)).clamp_min(1.0)
    mean = total(steps) / frames
    variance = total((steps - mean[owner].unsqueeze(1)).square()) / frames
    return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)
