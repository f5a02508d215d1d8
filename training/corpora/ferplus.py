"""FER+ (Barsoum et al. 2016): the faces of FER2013, each with the votes of ten people."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console

from model.contract import EMOTIONS, Emotion
from model.features import Sample
from model.modalities.base import Tokenizer
from model.modalities.face import standardize_faces
from training.corpora.base import Example, Split, targets
from training.corpora.fer2013 import FILES, check_integers, open_archive
from training.data.content_hash import hash_bytes

EMOTIONS_OF_VOTES: dict[str, Emotion] = {
    "anger": "anger", "disgust": "disgust", "fear": "fear", "happiness": "joy", "neutral": "neutral",
    "sadness": "sadness", "surprise": "surprise",
}  # fmt: skip
NO_EMOTION = ("unknown", "NF")  # votes without an emotion; contempt is an emotion that we do not have
MIN_VOTES = 5  # of ten people


def read_ferplus(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """Read an .npz with `images` uint8 [n, 48, 48], `votes` [n, v] and `vote_names`, or a folder of one per split.

    Items are the faces with at least MIN_VOTES votes for their most frequent label, if that is one of our emotions;
    ties are resolved by the order of `vote_names`. Skipped faces and ties are counted.
    """
    if data.is_file():
        return _read(data, "")
    existing = [(s, data / f) for s, f in FILES.items() if split in ("all", s) and (data / f).exists()]
    if not existing:
        raise FileNotFoundError(f"{data} has none of {', '.join(FILES.values())}")
    return [example for name, path in existing for example in _read(path, f"{name} ")]


def _read(path: Path, prefix: str) -> list[Example]:
    images, votes, names, numbers = _arrays(path)
    named = [i for i, name in enumerate(names) if name not in NO_EMOTION]
    faces = standardize_faces(torch.from_numpy(images))
    examples, ties = [], 0
    for i, (image, row) in enumerate(zip(images, votes, strict=True)):
        most = max(row[named])
        first, *others = [j for j in named if row[j] == most]
        emotion = EMOTIONS_OF_VOTES.get(names[first])
        if most < MIN_VOTES or emotion is None:
            continue
        ties += bool(others)
        index, sentiment = targets(emotion, "", f"{path}, image {i}")
        content, group = hash_bytes(image.tobytes()), f"{prefix}image {numbers[i]}"
        examples.append(
            Example(Sample(face=faces[i : i + 1]), index, sentiment, group, content, votes=_emotion_shares(row, names))
        )
    Console(stderr=True).print(
        f"skipped {len(images) - len(examples)} of {len(images)} faces: fewer than {MIN_VOTES} votes agree, "
        f"or on an unsupported emotion; {ties} of the others are ties"
    )
    return examples


def _emotion_shares(row: npt.NDArray[np.int64], names: list[str]) -> tuple[float, ...]:
    """Return the share of each of our emotions among the votes for them."""
    counts = {EMOTIONS_OF_VOTES[name]: int(n) for name, n in zip(names, row, strict=True) if name in EMOTIONS_OF_VOTES}
    total = sum(counts.values())
    return tuple(counts[emotion] / total for emotion in EMOTIONS)


def _arrays(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str], list[int]]:
    """Read images, votes, vote names and image numbers. Raises KeyError or ValueError."""
    with open_archive(path, "images, votes and vote_names") as archive:
        images, votes = archive["images"], archive["votes"]
        names = [str(name) for name in archive["vote_names"]]
        numbers = archive["number"].tolist() if "number" in archive else list(range(len(images)))
    check_integers(path, "images", images, (len(images), 48, 48), 255)
    check_integers(path, "votes", votes, (len(images), len(names)), 255)
    missing = [name for name in EMOTIONS_OF_VOTES if name not in names]
    if missing:
        raise ValueError(f"{path}: vote_names lacks {', '.join(missing)}")
    return images.astype(np.uint8), votes.astype(np.int64), names, numbers
