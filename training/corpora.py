"""The training corpora, as examples with whichever modalities they have.

A corpus is split by dialogue or by actor, never by clip: clips of one actor are near copies.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION, SENTIMENTS, Emotion, Modality
from model.features import CONTEXT_UTTERANCES, PLAIN_MARKS, Sample, TextTokenizer, log_mel, standardise_faces
from model.media import read_audio

Split = Literal["train", "held-out", "all"]
IGNORED = -100  # torch's cross_entropy leaves such targets out

# RAVDESS file names are modality-channel-emotion-intensity-statement-repetition-actor (Livingstone &
# Russo 2018). "Calm" (02) was recorded as a second baseline and counts as neutral.
RAVDESS_EMOTIONS: dict[str, Emotion] = {
    "01": "neutral", "02": "neutral", "03": "joy", "04": "sadness",
    "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
RAVDESS_HELD_OUT_ACTORS = frozenset({"17", "18", "19", "20"})


@dataclass(frozen=True)
class Example:
    """One labelled utterance. `group` (dialogue, actor) is never parted by a split or a fold."""

    sample: Sample
    emotion: int  # index into EMOTIONS
    sentiment: int  # index into SENTIMENTS, or IGNORED
    group: str


@dataclass(frozen=True)
class Corpus:
    """Where a modality learns: its name in reports, its licence, and how to read a split of it."""

    name: str
    modality: Modality
    licence: str
    read: Callable[[Path, Split, TextTokenizer | None], list[Example]]


def read_meld_text(data: Path, split: Split, tokenizer: TextTokenizer | None, plain: bool = False) -> list[Example]:
    """MELD's transcripts: `data` is the CSV itself, or the folder of `train_sent_emo.csv` and `dev_...`.

    The context of an utterance is what was said before it in its dialogue; speakers' names are not used.
    `plain` takes case and punctuation away, as some recognisers write.
    """
    if tokenizer is None:
        raise ValueError("MELD is read with a tokenizer")
    path = data if data.is_file() else data / ("train_sent_emo.csv" if split == "train" else "dev_sent_emo.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (int(row["Dialogue_ID"]), int(row["Utterance_ID"])))
    examples: list[Example] = []
    said: list[str] = []
    dialogue = ""
    for row in rows:
        if row["Dialogue_ID"] != dialogue:
            dialogue, said = row["Dialogue_ID"], []
        text = _without_marks(row["Utterance"]) if plain else row["Utterance"]
        tokens = tokenizer(text, said[-CONTEXT_UTTERANCES:])
        said.append(text)
        if tokens is not None:
            emotion, sentiment = EMOTIONS.index(row["Emotion"]), SENTIMENTS.index(row["Sentiment"])
            examples.append(Example(Sample(text=tokens), emotion, sentiment, f"dialogue {dialogue}"))
    return examples


def read_ravdess(data: Path, split: Split, _: TextTokenizer | None) -> list[Example]:
    """RAVDESS speech: a folder of audio files; actors 17-20 are held out."""
    examples = []
    for path in sorted(p for p in data.iterdir() if p.suffix in {".opus", ".wav", ".flac"}):
        fields = path.stem.split("-")
        actor = fields[6]
        if split != "all" and (actor in RAVDESS_HELD_OUT_ACTORS) != (split == "held-out"):
            continue
        mels = log_mel(read_audio(path))
        if mels is not None:
            emotion = RAVDESS_EMOTIONS[fields[2]]
            examples.append(_example(Sample(audio=mels), emotion, f"actor {actor}"))
    return examples


def read_fer2013(data: Path, split: Split, _: TextTokenizer | None) -> list[Example]:
    """FER2013 crops: an .npz with `images` uint8 [n, 48, 48], `labels` and `classes`, or its folder."""
    path = data if data.is_file() else data / ("train.npz" if split == "train" else "validation.npz")
    with np.load(path) as archive:
        images, labels, classes = archive["images"], archive["labels"], [str(c) for c in archive["classes"]]
    faces = standardise_faces(torch.from_numpy(images))
    emotions: list[Emotion] = [EMOTIONS[EMOTIONS.index(classes[label])] for label in labels]
    return [
        _example(Sample(face=face.unsqueeze(0)), emotion, f"image {i}")
        for i, (face, emotion) in enumerate(zip(faces, emotions, strict=True))
    ]


def class_frequencies(targets: Sequence[int], classes: int) -> tuple[float, ...]:
    """Share of each class among `targets` (IGNORED ones left out), with one added to every count."""
    counts = np.bincount([t for t in targets if t != IGNORED], minlength=classes) + 1.0
    return tuple(float(share) for share in counts / counts.sum())


def _without_marks(text: str) -> str:
    return re.sub(r"[^a-z0-9' ]+", " ", text.translate(PLAIN_MARKS).lower()).strip()


def _example(sample: Sample, emotion: Emotion, group: str) -> Example:
    """An example of a corpus that names the emotion only."""
    sentiment = SENTIMENT_OF_EMOTION.get(emotion)
    return Example(
        sample, EMOTIONS.index(emotion), IGNORED if sentiment is None else SENTIMENTS.index(sentiment), group
    )


CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus("meld-text", "text", "GPL-3.0", read_meld_text),
        Corpus("meld-text-plain", "text", "GPL-3.0", partial(read_meld_text, plain=True)),
        Corpus("ravdess", "audio", "CC BY-NC-SA 4.0", read_ravdess),
        Corpus("fer2013", "face", "FER-2013 challenge data, research use", read_fer2013),
    )
}
