"""Degradation of samples as in video: small, grainy and covered faces, noisy and short voices, misrecognized words.

Training corpora are studio recordings, portraits and written lines. On poor inputs a network is biased towards some
emotions (a blurred face looks neutral, half a second of a voice sounds sad), which clean samples do not show. Constants
fitted to clean and degraded samples correct that. `python -m training.robustness` measures it with other degradations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from model.contract import Modality
from model.features import Tokens
from model.modalities.face import standardized
from training.corpora import Example
from training.data import augmentation as vary
from training.data.batches import seed_of
from training.data.stage_data import NO_MARKS

SMALLEST_FACE = 0.15  # of the crop's side: 7 pixels
GRAIN = 1.5  # of a face's deviation, at most
COVERED = (0.25, 0.5)  # of the face, from one side
NOISE_DECADES = 6.5  # maximum rise of the noise floor
SHORTEST_VOICE = 30  # frames: 0.3 s
MISHEARD = 0.3  # of the words, at most


def degraded(
    examples: Sequence[Example], modality: Modality, marks: Mapping[int, int | None] = NO_MARKS
) -> list[Example]:
    """Degrade the input of one modality of each example, each in one way; deterministic.

    `marks` are those of the tokenizer. Inputs of a modality without degradations are unchanged.
    """
    if modality not in DEGRADATIONS:
        return list(examples)
    vocabulary = _vocabulary(examples, marks) if modality == "text" else torch.zeros(0, dtype=torch.long)
    result = []
    with torch.random.fork_rng(devices=[]):
        for number, example in enumerate(examples):
            torch.manual_seed(seed_of(0, f"degraded {modality}", number))
            value = DEGRADATIONS[modality](example.sample.get(modality), marks, vocabulary)
            result.append(replace(example, sample=example.sample.replaced(**{modality: value})))
    return result


def _face(crops: Tensor, *_: Any) -> Tensor:
    """Shrink, grain or cover standardized crops [k, 1, s, s]."""
    kind = int(torch.randint(3, ()))
    if kind == 0:
        return vary.blur_faces(crops, 1.0, SMALLEST_FACE, 0.0)
    return vary.blur_faces(crops, 1.0, 1.0, GRAIN) if kind == 1 else cover_faces(crops)


def cover_faces(crops: Tensor) -> Tensor:
    """Cover a quarter to a half of standardized crops [k, 1, s, s] with uniform gray, from one of the four sides."""
    low, high = COVERED
    side = crops.shape[-1]
    size = max(1, round(side * (low + (high - low) * float(torch.rand(())))))
    axis, first = 2 + int(torch.randint(2, ())), int(torch.randint(2, ())) * (side - size)
    covered = crops.clone()
    covered.narrow(axis, first, size).fill_(2.0 * float(torch.randn(())))
    return standardized(covered, vary.MIN_DEVIATION)


def _voice(mels: Tensor, *_: Any) -> Tensor:
    """Add noise to a spectrogram [mels, frames], cut it short, or both."""
    kind, frames = int(torch.randint(3, ())), torch.tensor([mels.shape[1]])
    noisy = vary.add_noise(mels.unsqueeze(0), NOISE_DECADES if kind != 1 else 0.0)
    short, length = vary.cut_short(noisy, frames, 1.0 if kind != 0 else 0.0, SHORTEST_VOICE)
    return short[0, :, : int(length)]


def _words(tokens: Tokens, marks: Mapping[int, int | None], vocabulary: Tensor) -> Tokens:
    """Apply a transcriber's punctuation to an utterance, and replace some of its words."""
    plain = vary.as_transcribed(tokens, marks)
    own = (plain.types == 1) & _are_words(plain.ids, marks)
    wrong = own & (torch.rand(len(own)) < MISHEARD * torch.rand(()))
    others = vocabulary[torch.randint(len(vocabulary), (len(own),))]
    return Tokens(torch.where(wrong, others, plain.ids), plain.types)


def _are_words(ids: Tensor, marks: Mapping[int, int | None]) -> Tensor:
    """Select tokens that are neither punctuation nor special tokens (below MASK_TOKEN); bool [n]."""
    return (ids > vary.MASK_TOKEN) & ~torch.isin(ids, torch.tensor(sorted(marks)))


def _vocabulary(examples: Sequence[Example], marks: Mapping[int, int | None]) -> Tensor:
    """Return the word tokens of all examples, with repetitions."""
    ids = torch.cat([e.sample.text.ids for e in examples])
    return ids[_are_words(ids, marks)]


DEGRADATIONS: dict[Modality, Callable[..., Any]] = {"text": _words, "audio": _voice, "face": _face}
