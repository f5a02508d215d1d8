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
from training.data.content_hash import content_of

FILES: dict[Split, str] = {"train": "train.npz", "held-out": "validation.npz", "test": "test.npz"}


def read_fer2013(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """An .npz with `images` uint8 [n, 48, 48], `labels` and `classes`, of whichever split, or the folder of them.

    The training split gives what stands in it several times with one label once: 3.7 % of it, and of the work.
    """
    if data.is_file():
        return _read(data, "")
    if split == "all":
        return [e for name, file in FILES.items() if (data / file).exists() for e in _read(data / file, f"{name} ")]
    examples = _read(data / FILES[split], f"{split} ")
    return _once(examples) if split == "train" else examples


def _read(path: Path, prefix: str) -> list[Example]:
    images, labels, classes = _arrays(path)
    faces = standardize_faces(torch.from_numpy(images))
    examples = []
    for i, (face, image, label) in enumerate(zip(faces, images, labels, strict=True)):
        emotion, sentiment = targets(classes[int(label)], "", f"{path}, image {i}")
        sample = Sample(face=face.unsqueeze(0))
        examples.append(Example(sample, emotion, sentiment, f"{prefix}image {i}", content_of(image.tobytes())))
    return examples


def _once(examples: list[Example]) -> list[Example]:
    """Return the first of each set of images that are equal, label included."""
    first: dict[tuple[str, int], Example] = {}
    for example in examples:
        first.setdefault((example.content, example.emotion), example)
    return list(first.values())


def _arrays(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.integer[Any]], list[str]]:
    """Images, labels and the labels' names. Raises KeyError for what is not there, ValueError for what is not meant."""
    with open_archive(path, "images, labels and classes") as archive:
        images, labels, classes = archive["images"], archive["labels"], [str(c) for c in archive["classes"]]
    whole_numbers(path, "images", images, (len(labels), FACE_SIZE, FACE_SIZE), 255)
    whole_numbers(path, "labels", labels, (len(labels),), len(classes) - 1)
    return images.astype(np.uint8), labels, classes


def open_archive(path: Path, wanted: str) -> np.lib.npyio.NpzFile:
    """An .npz, to be closed by the caller; `wanted` names its arrays. Raises ValueError for what is none."""
    try:
        archive = np.load(path)
    except BadZipFile as error:
        raise ValueError(f"{path} is no whole .npz: copy it again ({error})") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} is one array: an .npz with {wanted} is wanted")
    return archive


def whole_numbers(path: Path, name: str, numbers: npt.NDArray[Any], shape: tuple[int, ...], most: int) -> None:
    """Raise ValueError unless the array holds whole numbers of 0 to `most` in this shape."""
    whole = np.issubdtype(numbers.dtype, np.integer)
    if numbers.shape != shape or not whole or numbers.size and (numbers.min() < 0 or numbers.max() > most):
        found = f"{numbers.dtype} {list(numbers.shape)}"
        raise ValueError(f"{path}: {name} should be whole numbers of 0 to {most} {list(shape)}, and are {found}")
