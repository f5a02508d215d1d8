"""Light augmentation of collated batches, one function per modality. Inputs as `network.collate` gives them."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.contract import Modality
from training.recipe import ModalityRecipe

MASK_TOKEN = 103  # [MASK] in the vocabulary of every uncased English BERT


def augment(modality: Modality, inputs: Sequence[Tensor], recipe: ModalityRecipe) -> list[Tensor]:
    """The same batch, varied as the recipe asks; lengths and owners stay."""
    first, *rest = inputs
    if modality == "text":
        return [drop_tokens(first, rest[0], recipe.token_dropout), *rest]
    if modality == "audio":
        return [mask_spectrogram(shift_mels(first, recipe.pitch_shift_mels), recipe), *rest]
    if modality == "face":
        return [move_faces(first, recipe), *rest]
    return [first, *rest]


def drop_tokens(ids: Tensor, types: Tensor, share: float) -> Tensor:
    """Replace a share of the words (not [CLS] or [SEP]) by [MASK]. ids, types int64 [n, tokens]."""
    words = ids > MASK_TOKEN  # special tokens and unused slots lie below
    dropped = (torch.rand_like(types, dtype=torch.float32) < share) & words
    return ids.masked_fill(dropped, MASK_TOKEN)


def shift_mels(mels: Tensor, most: int) -> Tensor:
    """Move each spectrogram [n, mels, frames] up or down by up to `most` mels, as another voice would be."""
    if most == 0:
        return mels
    shifts = torch.randint(-most, most + 1, (len(mels),))
    return torch.stack([torch.roll(m, int(s), dims=0) for m, s in zip(mels, shifts, strict=True)])


def mask_spectrogram(mels: Tensor, recipe: ModalityRecipe) -> Tensor:
    """SpecAugment: two masked stretches of time and two of frequency in each of [n, mels, frames]."""
    masked = mels.clone()
    for spectrogram in masked:
        for axis, widest in ((1, recipe.mask_frames), (0, recipe.mask_mels)):
            for _ in range(2):
                size = int(torch.randint(0, widest + 1, ()))
                start = int(torch.randint(0, max(1, spectrogram.shape[axis] - size), ()))
                spectrogram.narrow(axis, start, min(size, spectrogram.shape[axis] - start)).zero_()
    return masked


def move_faces(crops: Tensor, recipe: ModalityRecipe) -> Tensor:
    """Mirror, turn, scale and shift each crop [n, 1, s, s] at random."""
    n = len(crops)
    angle = (torch.rand(n) * 2 - 1) * math.radians(recipe.rotate_degrees)
    scale = 1 + (torch.rand(n) * 2 - 1) * recipe.scale
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    shift = (torch.rand(n, 2) * 2 - 1) * 2 * recipe.shift  # grid coordinates span 2
    cos, sin = angle.cos() * scale, angle.sin() * scale
    matrix = torch.stack([cos * mirror, -sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], dim=1).view(n, 2, 3)
    grid = F.affine_grid(matrix, list(crops.shape), align_corners=False)
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)
