"""FER+: Kaggle's images of FER2013 and the votes of microsoft/FERPlus -> the arrays that training reads."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.corpora.fer2013 import FILES
from training.corpora.tables import read_table
from training.data.converters.fer2013 import USAGES, Face, Image, read_faces, separated

VOTES = "fer2013new.csv"
VOTE_NAMES = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
COLUMNS = ("Usage", "Image name", *VOTE_NAMES)
MOST = 255  # of votes, as they are written in one byte


@dataclass(frozen=True)
class Votes:
    """People's votes on an image, and the number that FER+ gives it in its name: not its row in FER2013."""

    number: int
    counts: tuple[int, ...]  # in the order of VOTE_NAMES


def convert_ferplus(images: Path, votes: Path, out: Path) -> dict[str, int]:
    """Write an .npz for each split of `fer2013.csv` or `icml_face_data.csv`; file name -> images in it.

    Images without a name are left out: they show no face. So are those that are also, mirrored or not, in a split
    that scores, out of the splits before it. Raises OSError, and ValueError for files that do not belong together.
    """
    faces = read_faces(images)
    votes_of = _read_votes(votes, images, faces)
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for split, kept in separated([face for face in faces if face.row in votes_of], _both_ways).items():
        if kept:
            its_votes = [votes_of[face.row] for face in kept]
            np.savez_compressed(
                out / FILES[split],
                images=np.stack([face.image for face in kept]),
                votes=np.array([of_one.counts for of_one in its_votes], dtype=np.uint8),
                vote_names=np.array(VOTE_NAMES),
                number=np.array([of_one.number for of_one in its_votes], dtype=np.int32),
            )
            counts[FILES[split]] = len(kept)
    return counts


def _both_ways(image: Image) -> list[Image]:
    return [image, image[:, ::-1]]


def _read_votes(path: Path, images: Path, faces: list[Face]) -> dict[int, Votes]:
    """The votes on each image that has a name, by its row in FER2013, whose rows stand in the same order."""
    columns, rows = read_table(path)
    if tuple(columns) != COLUMNS:
        raise ValueError(f"{path} has not the columns {', '.join(COLUMNS)}; is it FER+'s {VOTES}?")
    if len(rows) != len(faces):
        raise ValueError(f"{path} has {len(rows)} rows and {images} {len(faces)}: FER+ has one for each image")
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
    if name is None or not all(count.isdecimal() and int(count) <= MOST for count in counts):
        raise ValueError(f"{where}: not a name like fer0000001.png and ten numbers of votes")
    return Votes(int(name[1]), tuple(map(int, counts)))
