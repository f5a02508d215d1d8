"""FER2013 (Goodfellow et al. 2013): 48x48 gray faces from the web."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import torch

from model.features import Sample
from model.modalities.base import Tokenizer
from model.modalities.face import FACE_SIZE, standardize_faces
from training.corpora.base import Example, Split, targets
from training.data.content_hash import hash_bytes

FILES: dict[Split, str] = {"train": "train.npz", "held-out": "validation.npz", "test": "test.npz"}


def read_fer2013(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """Read an .npz with `images` uint8 [n, 48, 48], `labels` and `classes`, or a folder of one per split.

    Duplicates of the training split with the same label are read once; they are 3.7 % of it.
    """
    if data.is_file():
        return _read(data, "")
    if split == "all":
        return [e for name, file in FILES.items() if (data / file).exists() for e in _read(data / file, f"{name} ")]
    examples = _read(data / FILES[split], f"{split} ")
    return _deduplicated(examples) if split == "train" else examples


def _read(path: Path, prefix: str) -> list[Example]:
    images, labels, classes = _arrays(path)
    faces = standardize_faces(torch.from_numpy(images))
    examples = []
    for i, (face, image, label) in enumerate(zip(faces, images, labels, strict=True)):
        emotion, sentiment = targets(classes[int(label)], "", f"{path}, image {i}")
        sample = Sample(face=face.unsqueeze(0))
        examples.append(Example(sample, emotion, sentiment, f"{prefix}image {i}", hash_bytes(image.tobytes())))
    return examples


def _deduplicated(examples: list[Example]) -> list[Example]:
    """Return the first of each set of equal images with equal labels."""
    first: dict[tuple[str, int], Example] = {}
    for example in examples:
        first.setdefault((example.content, example.emotion), example)
    return list(first.values())


def _arrays(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.integer[Any]], list[str]]:
    """Read images, labels and label names. Raises KeyError for missing arrays, ValueError for invalid ones."""
    with open_archive(path, "images, labels and classes") as archive:
        images, labels, classes = archive["images"], archive["labels"], [str(c) for c in archive["classes"]]
    check_integers(path, "images", images, (len(labels), FACE_SIZE, FACE_SIZE), 255)
    check_integers(path, "labels", labels, (len(labels),), len(classes) - 1)
    return images.astype(np.uint8), labels, classes


def open_archive(path: Path, wanted: str) -> np.lib.npyio.NpzFile:
    """Open an .npz, to be closed by the caller; `wanted` names its arrays. Raises ValueError for other files."""
    try:
        archive = np.load(path)
    except BadZipFile as error:
        raise ValueError(f"{path} is not a complete .npz; copy it again ({error})") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} is a single array; expected an .npz with {wanted}")
    return archive


def check_integers(path: Path, name: str, numbers: npt.NDArray[Any], shape: tuple[int, ...], maximum: int) -> None:
    """Raise ValueError unless the array has this shape and integers from 0 to `maximum`."""
    is_integer = np.issubdtype(numbers.dtype, np.integer)
    if numbers.shape != shape or not is_integer or numbers.size and (numbers.min() < 0 or numbers.max() > maximum):
        found = f"{numbers.dtype} {list(numbers.shape)}"
        raise ValueError(f"{path}: {name} must be integers from 0 to {maximum} {list(shape)}, got {found}")
