"""Converter of Kaggle's FER2013 to the arrays that training reads."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.contract import EMOTIONS, Emotion
from model.modalities.face import FACE_SIZE
from training.corpora.base import Split
from training.corpora.fer2013 import FILES

# Class numbers of the challenge.
CODES: tuple[Emotion, ...] = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
USAGES: dict[str, Split] = {"Training": "train", "PublicTest": "held-out", "PrivateTest": "test"}

Image = npt.NDArray[np.uint8]  # [FACE_SIZE, FACE_SIZE]


@dataclass(frozen=True)
class Face:
    """A row of the challenge's file: row number (from 0), image, index into EMOTIONS and split."""

    row: int
    image: Image
    label: int
    split: Split


def convert_fer2013(path: Path, out: Path) -> dict[str, int]:
    """Write an .npz per split of `fer2013.csv` or `icml_face_data.csv`; return the number of images by file name.

    Images that are also in a later split are removed from the earlier ones; the challenge has hundreds of them. Raises
    OSError, or ValueError for another file.
    """
    splits = split_without_overlap(read_faces(path), lambda image: [image])
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for split, faces in splits.items():
        if faces:
            images, labels = np.stack([face.image for face in faces]), np.array([face.label for face in faces])
            np.savez_compressed(out / FILES[split], images=images, labels=labels, classes=np.array(EMOTIONS))
            counts[FILES[split]] = len(faces)
    return counts


def split_without_overlap(faces: Sequence[Face], same: Callable[[Image], Iterable[Image]]) -> dict[Split, list[Face]]:
    """Return the faces of each split, without those that are also in a later split.

    `same` returns the images that count as duplicates of an image.
    """
    known: set[bytes] = set()
    splits: dict[Split, list[Face]] = {}
    for split in reversed(USAGES.values()):
        splits[split] = [face for face in faces if face.split == split and face.image.tobytes() not in known]
        known |= {image.tobytes() for face in splits[split] for image in same(face.image)}
    return splits


def read_faces(path: Path) -> list[Face]:
    """Read all rows of `fer2013.csv` or `icml_face_data.csv`. Raises OSError, or ValueError for another file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        columns = [name.strip().lower() for name in next(rows, [])]  # one of the two files has leading spaces
        if sorted(columns) != ["emotion", "pixels", "usage"]:
            raise ValueError(f"{path} does not have the columns emotion, pixels and Usage; is it fer2013.csv?")
        return [_face(i, dict(zip(columns, row, strict=True)), path) for i, row in enumerate(rows)]


def _face(row: int, fields: dict[str, str], path: Path) -> Face:
    pixels, usage, code = (
        np.array(fields["pixels"].split(), np.int64),
        fields["usage"].strip(),
        fields["emotion"].strip(),
    )
    if pixels.size != FACE_SIZE**2 or pixels.min() < 0 or pixels.max() > 255 or usage not in USAGES:
        raise ValueError(f"{path}, row {row + 2}: not {FACE_SIZE}x{FACE_SIZE} pixels of a known usage")
    if not (code.isdecimal() and int(code) < len(CODES)):
        raise ValueError(f"{path}, row {row + 2}: emotion {code!r} is not one of 0 to {len(CODES) - 1}")
    image = pixels.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE)
    return Face(row, image, EMOTIONS.index(CODES[int(code)]), USAGES[usage])
