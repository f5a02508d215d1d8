"""Samples as video spoils them: small, grainy and covered faces, noisy and short voices, words that were misheard.

The corpora are studios, portraits and written lines. A network leans towards some emotions where it sees, hears or
reads badly (a blurred face looks neutral, half a second of a voice sounds sad), and no clean sample shows that. What is
fitted to clean and degraded samples alike takes it back. Kinds that take no part here tell whether it carries over:
`python -m training.robustness`.
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
from training.data.stage import NO_MARKS

SMALLEST_FACE = 0.15  # of the crop's side: 7 pixels
GRAIN = 1.5  # of a face's deviation, at most
COVERED = (0.25, 0.5)  # of the face, from one side
NOISE_DECADES = 6.5  # that the floor of a voice rises by, at most
SHORTEST_VOICE = 30  # frames: 0.3 s
MISHEARD = 0.3  # of the words, at most


def degraded(
    examples: Sequence[Example], modality: Modality, marks: Mapping[int, int | None] = NO_MARKS
) -> list[Example]:
    """The examples with the input of one modality spoiled, each in one way; the same ones whenever it is called.

    `marks` are those of the tokenizer. A modality that no way is known for keeps its inputs.
    """
    if modality not in SPOILED:
        return list(examples)
    vocabulary = _vocabulary(examples, marks) if modality == "text" else torch.zeros(0, dtype=torch.long)
    spoiled = []
    with torch.random.fork_rng(devices=[]):
        for number, example in enumerate(examples):
            torch.manual_seed(seed_of(0, f"degraded {modality}", number))
            value = SPOILED[modality](example.sample.get(modality), marks, vocabulary)
            spoiled.append(replace(example, sample=example.sample.replaced(**{modality: value})))
    return spoiled


def _face(crops: Tensor, *_: Any) -> Tensor:
    """Standardized crops [k, 1, s, s], all of them small, grainy or covered."""
    kind = int(torch.randint(3, ()))
    if kind == 0:
        return vary.blur_faces(crops, 1.0, SMALLEST_FACE, 0.0)
    return vary.blur_faces(crops, 1.0, 1.0, GRAIN) if kind == 1 else cover_faces(crops)


def cover_faces(crops: Tensor) -> Tensor:
    """Standardized crops [k, 1, s, s] with an even gray over a quarter to a half, from one of the four sides."""
    low, high = COVERED
    side = crops.shape[-1]
    size = max(1, round(side * (low + (high - low) * float(torch.rand(())))))
    axis, first = 2 + int(torch.randint(2, ())), int(torch.randint(2, ())) * (side - size)
    covered = crops.clone()
    covered.narrow(axis, first, size).fill_(2.0 * float(torch.randn(())))
    return standardized(covered, vary.EVEN)


def _voice(mels: Tensor, *_: Any) -> Tensor:
    """A spectrogram [mels, frames] that is noisy, short, or both."""
    kind, frames = int(torch.randint(3, ())), torch.tensor([mels.shape[1]])
    noisy = vary.add_noise(mels.unsqueeze(0), NOISE_DECADES if kind != 1 else 0.0)
    short, length = vary.cut_short(noisy, frames, 1.0 if kind != 0 else 0.0, SHORTEST_VOICE)
    return short[0, :, : int(length)]


def _words(tokens: Tokens, marks: Mapping[int, int | None], vocabulary: Tensor) -> Tokens:
    """An utterance as a transcriber writes it, some of whose words are others."""
    plain = vary.as_transcribed(tokens, marks)
    own = (plain.types == 1) & _are_words(plain.ids, marks)
    wrong = own & (torch.rand(len(own)) < MISHEARD * torch.rand(()))
    others = vocabulary[torch.randint(len(vocabulary), (len(own),))]
    return Tokens(torch.where(wrong, others, plain.ids), plain.types)


def _are_words(ids: Tensor, marks: Mapping[int, int | None]) -> Tensor:
    """Neither special tokens, which lie below MASK_TOKEN, nor marks; bool [n]."""
    return (ids > vary.MASK_TOKEN) & ~torch.isin(ids, torch.tensor(sorted(marks)))


def _vocabulary(examples: Sequence[Example], marks: Mapping[int, int | None]) -> Tensor:
    """The words of all examples, as often as they occur."""
    ids = torch.cat([e.sample.text.ids for e in examples])
    return ids[_are_words(ids, marks)]


SPOILED: dict[Modality, Callable[..., Any]] = {"text": _words, "audio": _voice, "face": _face}
