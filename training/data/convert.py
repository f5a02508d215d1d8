"""FER2013 as Kaggle gives it -> the arrays that training reads."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.contract import EMOTIONS, Emotion
from model.modalities.face import FACE_SIZE
from training.corpora.base import Split
from training.corpora.fer2013 import FILES

# The challenge's numbers.
CODES: tuple[Emotion, ...] = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
USAGES: dict[str, Split] = {"Training": "train", "PublicTest": "held-out", "PrivateTest": "test"}

Image = npt.NDArray[np.uint8]  # [FACE_SIZE, FACE_SIZE]


def convert_fer2013(path: Path, out: Path) -> dict[str, int]:
    """Write an .npz for each split of `fer2013.csv` or `icml_face_data.csv`; file name -> images in it.

    Images that are also in a split that scores are left out of those before it: the challenge has
    hundreds of them. Raises OSError, and ValueError for another file.
    """
    images = _read(path)
    out.mkdir(parents=True, exist_ok=True)
    seen: set[bytes] = set()
    counts = {}
    for split in reversed(USAGES.values()):
        kept = [(image, label) for image, label in images[split] if image.tobytes() not in seen]
        seen |= {image.tobytes() for image, _ in kept}
        if kept:
            faces, labels = np.stack([image for image, _ in kept]), np.array([label for _, label in kept])
            np.savez_compressed(out / FILES[split], images=faces, labels=labels, classes=np.array(EMOTIONS))
            counts[FILES[split]] = len(kept)
    return counts


def _read(path: Path) -> dict[Split, list[tuple[Image, int]]]:
    """Images and their indices into EMOTIONS."""
    images: dict[Split, list[tuple[Image, int]]] = {split: [] for split in USAGES.values()}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        columns = [name.strip().lower() for name in next(rows, [])]  # one of the two files has spaces before them
        if sorted(columns) != ["emotion", "pixels", "usage"]:
            raise ValueError(f"{path} has not the columns emotion, pixels and Usage; is it fer2013.csv?")
        for line, row in enumerate(rows, start=2):
            fields = dict(zip(columns, row, strict=True))
            pixels = np.array(fields["pixels"].split(), dtype=np.uint8)
            if pixels.size != FACE_SIZE**2 or fields["usage"].strip() not in USAGES:
                raise ValueError(f"{path}, row {line}: not {FACE_SIZE}x{FACE_SIZE} pixels of a known usage")
            label = EMOTIONS.index(CODES[int(fields["emotion"])])
            images[USAGES[fields["usage"].strip()]].append((pixels.reshape(FACE_SIZE, FACE_SIZE), label))
    return images
