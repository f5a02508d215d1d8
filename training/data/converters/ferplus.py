"""Converter of Kaggle's FER2013 images and the votes of microsoft/FERPlus to the arrays that training reads."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.corpora.fer2013 import FILES
from training.corpora.tables import read_table
from training.data.converters.fer2013 import USAGES, Face, Image, read_faces, split_without_overlap

VOTES = "fer2013new.csv"
VOTE_NAMES = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
COLUMNS = ("Usage", "Image name", *VOTE_NAMES)
MAX_VOTES = 255  # stored in one byte


@dataclass(frozen=True)
class Votes:
    """Votes on an image, and the number in its FER+ file name, which is not its row in FER2013."""

    number: int
    counts: tuple[int, ...]  # in the order of VOTE_NAMES


def convert_ferplus(images: Path, votes: Path, out: Path) -> dict[str, int]:
    """Write an .npz per split of `fer2013.csv` or `icml_face_data.csv`; return the number of images by file name.

    Images without a name, which show no face, are removed. So are images that are also in a later split, mirrored or
    not. Raises OSError, or ValueError if the files do not match.
    """
    faces = read_faces(images)
    votes_of = _read_votes(votes, images, faces)
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for split, kept in split_without_overlap([face for face in faces if face.row in votes_of], _both_ways).items():
        if kept:
            votes_of_split = [votes_of[face.row] for face in kept]
            np.savez_compressed(
                out / FILES[split],
                images=np.stack([face.image for face in kept]),
                votes=np.array([each.counts for each in votes_of_split], dtype=np.uint8),
                vote_names=np.array(VOTE_NAMES),
                number=np.array([each.number for each in votes_of_split], dtype=np.int32),
            )
            counts[FILES[split]] = len(kept)
    return counts


def _both_ways(image: Image) -> list[Image]:
    return [image, image[:, ::-1]]


def _read_votes(path: Path, images: Path, faces: list[Face]) -> dict[int, Votes]:
    """Read the votes of each named image, by its row in FER2013; both files have the same row order."""
    columns, rows = read_table(path)
    if tuple(columns) != COLUMNS:
        raise ValueError(f"{path} does not have the columns {', '.join(COLUMNS)}; is it FER+'s {VOTES}?")
    if len(rows) != len(faces):
        raise ValueError(f"{path} has {len(rows)} rows and {images} {len(faces)}: FER+ has one per image")
    found = {}
    for face, row in zip(faces, rows, strict=True):
        where = f"{path}, row {face.row + 2}"
        if USAGES.get(row["Usage"] or "") != face.split:
            raise ValueError(f"{where}: its image in {images} has another usage than {row['Usage']}")
        if row["Image name"]:
            found[face.row] = _votes(row, where)
    return found


def _votes(row: dict[str, str | None], where: str) -> Votes:
    name = re.fullmatch(r"fer(\d+)\.png", row["Image name"] or "")
    counts = [row[vote] or "" for vote in VOTE_NAMES]
    if name is None or not all(count.isdecimal() and int(count) <= MAX_VOTES for count in counts):
        raise ValueError(f"{where}: expected a name like fer0000001.png and ten numbers of votes")
    return Votes(int(name[1]), tuple(map(int, counts)))
