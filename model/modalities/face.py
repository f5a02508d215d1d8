"""Face: the facial expression, read by a residual CNN from gray crops as FER+ has them."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from model.features import ByteArray, spread
from model.modalities.base import Encoder, EncoderConfig, ModalitySpec

FACE_SIZE = 48
MAX_FACES = 16  # crops an utterance: beyond, neighbors repeat each other
CLOSE_UP = 11 / 12  # of a face crop's side: what the second look at it sees, enlarged

VERSION = 2  # raise it with any change that the constants in the id do not show
PREPROCESS_ID = f"face{FACE_SIZE}x{MAX_FACES}/v{VERSION}"


class FaceConfig(EncoderConfig):
    """The shape of a `FaceEncoder`."""

    kind: Literal["residual"] = "residual"
    width: int = Field(gt=0, description="channels of the first stage")


def face_tensor(crops: Sequence[ByteArray]) -> Tensor | None:
    """Gray face crops, uint8 [h, w] each -> float32 [crops, 1, FACE_SIZE, FACE_SIZE]; None for none.

    At most MAX_FACES, evenly spread. Each crop is standardized by itself, which takes the lighting out.
    """
    if not crops:
        return None
    chosen = [crops[i] for i in spread(len(crops), min(len(crops), MAX_FACES))]
    resized = [cv2.resize(c, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA) for c in chosen]
    return standardize_faces(torch.from_numpy(np.stack(resized)))


def standardize_faces(crops: Tensor) -> Tensor:
    """uint8 [n, FACE_SIZE, FACE_SIZE] -> float32 [n, 1, FACE_SIZE, FACE_SIZE], zero mean, unit variance each."""
    return standardized(crops.unsqueeze(1).float(), 1.0)


def standardized(faces: Tensor, least: float) -> Tensor:
    """Bring faces float [n, 1, h, w] to zero mean and unit variance each.

    One whose deviation is below `least` stays below unit variance: an even gray crop at zero.
    """
    mean = faces.mean(dim=(2, 3), keepdim=True)
    deviation = faces.std(dim=(2, 3), keepdim=True)
    return (faces - mean) / deviation.clamp_min(least)


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


class FaceEncoder(Encoder):
    """Residual CNN per crop, averaged over the crops of an utterance, and in evaluation over four looks at them.

    A face means the same in a mirror, and detectors do not agree on its size: it is looked at as it is and closer up,
    each also mirrored. Where an utterance has one crop it gets all four; of several each gets two in turn.
    """

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        width = config.width
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
        """Crops float [k, 1, s, s], owner int64 [k] (the utterance each belongs to, rising) -> [count, width]."""
        sizes = torch.bincount(owner, minlength=count)
        each = self._embed(crops) if self.training else self._look_at(crops, owner, sizes)
        summed = each.new_zeros(count, self.width).index_add_(0, owner, self.drop(each))
        return summed / sizes.clamp_min(1).unsqueeze(1)

    def encode(self, inputs: Sequence[Tensor], count: int) -> Tensor:
        """Crops and owners as `collate` returns them -> [count, width]."""
        embedding: Tensor = self(*inputs, count=count)
        return embedding


def close_up(crops: Tensor) -> Tensor:
    """The middle of each crop [k, 1, s, s], CLOSE_UP of its side, enlarged to the whole."""
    side = crops.shape[-1]
    margin = round(side * (1.0 - CLOSE_UP) / 2.0)
    middle = crops[..., margin : side - margin, margin : side - margin]
    return F.interpolate(middle, size=(side, side), mode="bilinear", align_corners=False)


def collate(crops: Sequence[Tensor]) -> list[Tensor]:
    """-> all crops [k, 1, s, s], and int64 [k] which utterance each belongs to."""
    owner = torch.repeat_interleave(torch.arange(len(crops)), torch.tensor([len(c) for c in crops]))
    return [torch.cat(list(crops)), owner]


SPEC = ModalitySpec(
    modality="face",
    config=FaceConfig,
    encoder=FaceEncoder,
    preprocess_id=PREPROCESS_ID,
    reads="crops",
    prepare=lambda evidence: face_tensor(evidence.crops),
    collate=collate,
    # A face's 16 crops take a megabyte each between the layers: a window's faces at once were the most that an
    # analysis held, and the more the longer the window happened to be.
    batch=2,
    layout=torch.channels_last,
)
