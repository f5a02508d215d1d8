"""Light augmentation, mostly of collated batches (`model.modalities`), controlled by the recipe's modality sections."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from model.features import Tokens
from model.modalities.face import standardized

T = TypeVar("T")

MIN_DEVIATION = 1e-3  # standard deviation below which an augmented face counts as uniform
FRAME_SECONDS = 0.01
MIN_ECHO = 0.1  # minimum decay time (60 dB) in seconds, of a furnished room
TELEPHONE_MELS = (7, 58)  # of 80 bands up to 8 kHz, those between 300 Hz and 3.4 kHz

MASK_TOKEN = 103  # [MASK] in the vocabulary of every uncased English BERT
EQUALISER_BANDS = 6
MEL_DECADE = 0.25  # log-mels are in decades / 4 (features.log_mel)


def some_of(plain: tuple[Tensor, Tensor], varied: tuple[Tensor, Tensor], share: float) -> tuple[Tensor, Tensor]:
    """Replace a share of a batch (mels [n, mels, frames], lengths [n]) with its augmented version."""
    chosen = torch.rand(len(plain[1])) < share
    frames = max(plain[0].shape[-1], varied[0].shape[-1])
    first, second = (F.pad(mels, (0, frames - mels.shape[-1])) for mels, _ in (plain, varied))
    return torch.where(chosen[:, None, None], second, first), torch.where(chosen, varied[1], plain[1])


def with_chance(chance: float, value: T, changed: Callable[[], T]) -> T:
    """Return `changed()` with this probability, else `value`; no random number is drawn if it is 0."""
    return value if chance == 0.0 or float(torch.rand(())) >= chance else changed()


def as_transcribed(tokens: Tokens, marks: Mapping[int, int | None]) -> Tokens:
    """Convert punctuation to the `marks` that a transcriber writes (see base.Tokenizer), also in the context.

    Of consecutive marks only the first is kept. Text that is only punctuation is unchanged.
    """
    ids: list[int] = []
    types: list[int] = []
    for token, its_type in zip(tokens.ids.tolist(), tokens.types.tolist(), strict=True):
        written = marks.get(token, token)
        if written is None or (token in marks and (not ids or ids[-1] in marks)):
            continue
        ids.append(written)
        types.append(its_type)
    changed = Tokens(torch.tensor(ids), torch.tensor(types))
    return changed if int(changed.types.sum()) > 1 else tokens  # [SEP] counts as one


def without_marks(tokens: Tokens, marks: Collection[int]) -> Tokens:
    """Remove punctuation; text that is only punctuation is unchanged."""
    kept = torch.tensor([token not in marks for token in tokens.ids.tolist()])
    plain = Tokens(tokens.ids[kept], tokens.types[kept])
    return plain if int(plain.types.sum()) > 1 else tokens  # [SEP] counts as one


def flip_clips(clips: Tensor) -> Tensor:
    """Mirror half of the clips [n, 3, frames, h, w]."""
    return torch.where(torch.rand(len(clips), 1, 1, 1, 1) < 0.5, clips.flip(-1), clips)


def drop_tokens(ids: Tensor, types: Tensor, share: float) -> Tensor:
    """Replace a share of the words (not [CLS] or [SEP]) by [MASK]. ids, types int64 [n, tokens]."""
    words = ids > MASK_TOKEN  # special and unused tokens are below
    dropped = (torch.rand_like(types, dtype=torch.float32) < share) & words
    return ids.masked_fill(dropped, MASK_TOKEN)


def stretch_time(mels: Tensor, lengths: Tensor, most: float) -> tuple[Tensor, Tensor]:
    """Change the speed of a batch [n, mels, frames] by up to a share, with one factor per batch."""
    if most == 0:
        return mels, lengths
    factor = 1 + (2 * float(torch.rand(())) - 1) * most
    frames = max(1, round(mels.shape[-1] * factor))
    stretched = F.interpolate(mels, size=frames, mode="linear", align_corners=False)
    return stretched, (lengths.float() * frames / mels.shape[-1]).round().long().clamp(1, frames)


def shift_mels(mels: Tensor, most: int) -> Tensor:
    """Shift each spectrogram [n, mels, frames] by up to `most` mels, as in another voice."""
    if most == 0:
        return mels
    shifts = torch.randint(-most, most + 1, (len(mels),))
    return torch.stack([torch.roll(m, int(s), dims=0) for m, s in zip(mels, shifts, strict=True)])


def equalise(mels: Tensor, decades: float) -> Tensor:
    """Apply a smooth random curve over the mels, of this deviation in decades, as of another microphone and room."""
    if decades == 0:
        return mels
    knots = torch.randn(len(mels), 1, EQUALISER_BANDS) * decades * MEL_DECADE
    return mels + F.interpolate(knots, size=mels.shape[1], mode="linear", align_corners=True).transpose(1, 2)


def reverberate(mels: Tensor, chance: float, seconds: float) -> Tensor:
    """Add reverberation with a decay time (60 dB) of up to `seconds` to some spectrograms [n, mels, frames].

    Reflected sound is added in power, as the phases of a diffuse field are random (Polack 1988).
    """
    if chance == 0:
        return mels
    fading = torch.rand(len(mels), 1) * (seconds - MIN_ECHO) + MIN_ECHO
    steps = torch.arange(1, round(seconds / FRAME_SECONDS) + 1) * FRAME_SECONDS
    tail = 10.0 ** (-6.0 * steps / fading)
    level = torch.rand(len(mels), 1) * tail / tail.sum(dim=1, keepdim=True)  # at most as loud as the direct sound
    kernel = torch.cat([level.flip(1), torch.ones(len(mels), 1)], dim=1)
    n, bands, frames = mels.shape
    power = (10.0 ** (mels / MEL_DECADE)).transpose(0, 1)  # [mels, n, frames]
    padded = F.pad(power, (kernel.shape[1] - 1, 0))
    echoed = F.conv1d(padded, kernel.unsqueeze(1), groups=n).transpose(0, 1)
    echoed = MEL_DECADE * echoed.clamp_min(1e-30).log10()
    return torch.where(torch.rand(n, 1, 1) < chance, echoed, mels)


def telephone(mels: Tensor, chance: float) -> Tensor:
    """Limit some spectrograms [n, mels, frames] to the band from 300 Hz to 3.4 kHz."""
    if chance == 0:
        return mels
    floor = mels.amin(dim=(1, 2), keepdim=True)
    outside = torch.ones(mels.shape[1], dtype=torch.bool)
    outside[slice(*TELEPHONE_MELS)] = False
    narrow = torch.where(outside[:, None], floor, mels)
    return torch.where(torch.rand(len(mels), 1, 1) < chance, narrow, mels)


def add_noise(mels: Tensor, decades: float) -> Tensor:
    """Raise the noise floor of each spectrogram by up to `decades`."""
    if decades == 0:
        return mels
    floor = mels.amin(dim=(1, 2), keepdim=True) + torch.rand(len(mels), 1, 1) * decades * MEL_DECADE
    return torch.maximum(mels, floor + 0.02 * torch.randn_like(mels))


def cut_short(mels: Tensor, lengths: Tensor, chance: float, least: int) -> tuple[Tensor, Tensor]:
    """Cut some spectrograms [n, mels, frames] to a random part of `least` frames or more.

    Lengths and positions are uniformly distributed; spectrograms of up to `least` frames are unchanged.
    """
    if chance == 0:
        return mels, lengths
    parts, ends = mels.clone(), lengths.clone()
    for i in torch.nonzero((torch.rand(len(mels)) < chance) & (lengths > least)).flatten().tolist():
        whole = int(lengths[i])
        size = int(torch.randint(least, whole + 1, ()))
        start = int(torch.randint(0, whole - size + 1, ()))
        parts[i, :, :size] = mels[i, :, start : start + size]
        ends[i] = size
    return parts, ends


def mask_spectrogram(mels: Tensor, most_frames: int, most_mels: int) -> Tensor:
    """Mask two ranges of time and two of mels, up to these sizes, in each of [n, mels, frames] (SpecAugment)."""
    masked = mels.clone()
    for spectrogram in masked:
        floor = float(spectrogram.min())
        for axis, widest in ((1, most_frames), (0, most_mels)):
            for _ in range(2):
                size = int(torch.randint(0, widest + 1, ()))
                start = int(torch.randint(0, max(1, spectrogram.shape[axis] - size), ()))
                spectrogram.narrow(axis, start, min(size, spectrogram.shape[axis] - start)).fill_(floor)
    return masked


def silence_padding(mels: Tensor, lengths: Tensor) -> Tensor:
    """Zero the frames after each spectrogram's length, as after collation."""
    return mels * (torch.arange(mels.shape[-1]) < lengths.unsqueeze(1)).unsqueeze(1)


def relight_faces(crops: Tensor, gamma: float, shade: float) -> Tensor:
    """Vary the lighting of standardized crops [n, 1, s, s]: gamma, and light from one side.

    `gamma` is the maximum relative change; the far side loses up to the share `shade`.
    """
    if gamma == 0 and shade == 0:
        return crops
    n, side = len(crops), crops.shape[-1]
    low, high = crops.amin(dim=(2, 3), keepdim=True), crops.amax(dim=(2, 3), keepdim=True)
    gray = (crops - low) / (high - low).clamp_min(1e-6)
    exponent = ((torch.rand(n, 1, 1, 1) * 2 - 1) * math.log1p(gamma)).exp()
    angle = torch.rand(n, 1, 1) * 2 * math.pi
    steps = torch.linspace(-0.5, 0.5, side)
    ramp = angle.cos() * steps[None, None, :] + angle.sin() * steps[None, :, None]  # at most 0.71 either way
    loss = torch.rand(n, 1, 1) * shade * (ramp / math.sqrt(2.0) + 0.5)
    return standardized(gray.clamp_min(1e-6).pow(exponent) * (1.0 - loss).unsqueeze(1), MIN_DEVIATION)


def blur_faces(crops: Tensor, chance: float, least: float, grain: float) -> Tensor:
    """Shrink some standardized crops [n, 1, s, s] to a random size and back, with noise.

    `least` is the minimum size as a share of the side, `grain` the maximum noise relative to the standard deviation.
    """
    if chance == 0:
        return crops
    side = crops.shape[-1]
    size = max(1, round(side * (least + (1.0 - least) * float(torch.rand(())))))
    small = F.interpolate(crops, size=(size, size), mode="area")
    small = small + torch.rand(len(crops), 1, 1, 1) * grain * torch.randn_like(small)
    blurred = standardized(F.interpolate(small, size=(side, side), mode="bilinear", align_corners=False), MIN_DEVIATION)
    return torch.where(torch.rand(len(crops), 1, 1, 1) < chance, blurred, crops)


def move_faces(crops: Tensor, degrees: float, scale: float, shift: float, part: float, squeeze: float = 0.0) -> Tensor:
    """Mirror, rotate, scale and shift each crop [n, 1, s, s] at random, and cut out a part of this share of its side.

    `squeeze` makes it narrower or wider by up to this share, as for turned heads.

    Convolutions followed by global pooling accept any size. Smaller parts cost less and vary more, and improve
    predictions for whole faces (Touvron et al. 2019, "Fixing the train-test resolution discrepancy").
    """
    n = len(crops)
    side = round(crops.shape[-1] * part)
    part = side / crops.shape[-1]
    angle = (torch.rand(n) * 2 - 1) * math.radians(degrees)
    size = part * (1 + (torch.rand(n) * 2 - 1) * scale)
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    place = (torch.rand(n, 2) * 2 - 1) * (2 * shift + 1 - part)  # grid coordinates span 2
    cos, sin = angle.cos() * size, angle.sin() * size
    if squeeze:
        mirror = mirror * (1 + (torch.rand(n) * 2 - 1) * squeeze)
    matrix = torch.stack([cos * mirror, -sin, place[:, 0], sin * mirror, cos, place[:, 1]], dim=1).view(n, 2, 3)
    grid = F.affine_grid(matrix, [n, 1, side, side], align_corners=False)
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)


def erase_patches(crops: Tensor, chance: float) -> Tensor:
    """Cover a random patch of some crops [n, 1, s, s] with gray (random erasing, Zhong et al. 2017)."""
    if chance == 0:
        return crops
    erased = crops.clone()
    side = crops.shape[-1]
    for i in torch.nonzero(torch.rand(len(crops)) < chance).flatten().tolist():
        height, width = (int(v) for v in torch.randint(side // 8, side // 2, (2,)))
        top, left = int(torch.randint(0, side - height, ())), int(torch.randint(0, side - width, ()))
        erased[i, :, top : top + height, left : left + width] = 0.0  # the mean of a standardized crop
    return erased
