"""Face modality: facial expression, encoded by a residual CNN from gray crops like those of FER+."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from model.features import ByteArray, spread
from model.modalities.base import EncoderConfig, ModalitySpec, Slice, TimedEncoder

FACE_SIZE = 48
MAX_FACES = 16  # crops per utterance; more would be nearly identical
ZOOM = 11 / 12  # share of a crop's side that the zoomed view shows

VERSION = 2  # increment it with any change that the constants in the id do not reflect
PREPROCESS_ID = f"face{FACE_SIZE}x{MAX_FACES}/v{VERSION}"


class FaceConfig(EncoderConfig):
    """Shape of a `FaceEncoder`."""

    kind: Literal["residual"] = "residual"
    width: int = Field(gt=0, description="channels of the first stage")


def chosen_crops(count: int) -> list[int]:
    """Return the indices of the crops that are used, of `count`: at most MAX_FACES, evenly spread."""
    return spread(count, min(count, MAX_FACES))


def face_tensor(crops: Sequence[ByteArray]) -> Tensor | None:
    """Convert gray face crops, uint8 [h, w] each, to float32 [crops, 1, FACE_SIZE, FACE_SIZE]; None without crops.

    Each of the `chosen_crops` is standardized separately, which removes lighting.
    """
    if not crops:
        return None
    chosen = [crops[i] for i in chosen_crops(len(crops))]
    resized = [cv2.resize(c, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA) for c in chosen]
    return standardize_faces(torch.from_numpy(np.stack(resized)))


def standardize_faces(crops: Tensor) -> Tensor:
    """Standardize crops uint8 [n, FACE_SIZE, FACE_SIZE] to float32 [n, 1, FACE_SIZE, FACE_SIZE]."""
    return standardized(crops.unsqueeze(1).float(), 1.0)


def standardized(faces: Tensor, least: float) -> Tensor:
    """Normalize faces float [n, 1, h, w] to zero mean and unit variance each; deviations are at least `least`."""
    mean = faces.mean(dim=(2, 3), keepdim=True)
    deviation = faces.std(dim=(2, 3), keepdim=True)
    return (faces - mean) / deviation.clamp_min(least)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut; `stride` 2 halves both axes."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inputs, h, w] to [n, outputs, h / stride, w / stride]."""
        inner = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


class FaceEncoder(TimedEncoder):
    """Residual CNN whose embeddings are averaged over an utterance's crops and, in evaluation, over four views.

    The views (test-time augmentation) are the crop, a zoomed one, and the mirror images of both: expressions are
    symmetric, and detectors differ in the size of their boxes. A single crop gets all four views; of several crops each
    gets two, alternating.
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

    def _embed_two_views(self, crops: Tensor) -> Tensor:
        """Embed crops [k, 1, s, s] as [k, width], averaged over the crop and its zoomed mirror image."""
        return (self._embed(crops) + self._embed(zoomed(crops.flip(-1)))) / 2

    def _embed_views(self, crops: Tensor, owner: Tensor, sizes: Tensor) -> Tensor:
        """Embed crops [k, 1, s, s] as [k, width]; an utterance's `sizes` [count] crops are consecutive."""
        index = torch.arange(len(crops), device=owner.device) - (sizes.cumsum(0) - sizes)[owner]
        alternating = torch.where((index % 2 == 0).view(-1, 1, 1, 1), crops, crops.flip(-1))
        embedded = self._embed_two_views(alternating)
        single = (sizes[owner] == 1).nonzero().flatten()
        if len(single):
            four = (embedded[single] + self._embed_two_views(alternating[single].flip(-1))) / 2
            embedded = embedded.index_copy(0, single, four)
        return embedded

    def forward(self, crops: Tensor, owner: Tensor, count: int) -> Tensor:
        """Map crops float [k, 1, s, s] of utterances owner int64 [k], ascending, to [count, width]."""
        sizes = torch.bincount(owner, minlength=count)
        embedded = self._embed(crops) if self.training else self._embed_views(crops, owner, sizes)
        return self._averaged(embedded, owner, sizes)

    def _averaged(self, embedded: Tensor, owner: Tensor, sizes: Tensor) -> Tensor:
        """Average the embeddings of crops [k, width] over each utterance."""
        count = len(sizes)
        summed = embedded.new_zeros(count, self.width).index_add_(0, owner, self.drop(embedded))
        return summed / sizes.clamp_min(1).unsqueeze(1)

    def encode(self, inputs: Sequence[Tensor], count: int) -> Tensor:
        """Map crops and owners, as `collate` returns them, to [count, width]."""
        embedding: Tensor = self(*inputs, count=count)
        return embedding

    def encode_slices(self, inputs: Sequence[Tensor], count: int, slices: Sequence[Slice]) -> tuple[Tensor, Tensor]:
        """Embed as TimedEncoder does; the time steps are crops."""
        crops, owner = inputs
        sizes = torch.bincount(owner, minlength=count)
        embedded = self._embed_views(crops, owner, sizes)
        first = (sizes.cumsum(0) - sizes).tolist()
        parts = [embedded[first[s.row] + s.start : first[s.row] + s.end].mean(dim=0) for s in slices]
        return self._averaged(embedded, owner, sizes), torch.stack(parts) if parts else embedded[:0]


def zoomed(crops: Tensor) -> Tensor:
    """Enlarge the center of each crop [k, 1, s, s], ZOOM of its side, to the full size."""
    side = crops.shape[-1]
    margin = round(side * (1.0 - ZOOM) / 2.0)
    middle = crops[..., margin : side - margin, margin : side - margin]
    return F.interpolate(middle, size=(side, side), mode="bilinear", align_corners=False)


def collate(crops: Sequence[Tensor]) -> list[Tensor]:
    """Return all crops [k, 1, s, s], and the index of each one's utterance, int64 [k]."""
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
    # The activations of an utterance's 16 crops take a megabyte each; larger batches would dominate peak memory.
    batch=2,
    layout=torch.channels_last,
)
