"""FER2013 (Goodfellow et al. 2013): 48x48 grey faces from the web."""

from pathlib import Path

import numpy as np
import torch

from model.features import Sample, TextTokenizer, standardise_faces
from training.contents import content_of
from training.corpora.base import Example, Split, targets

FILES: dict[Split, str] = {"train": "train.npz", "held-out": "validation.npz", "test": "test.npz"}


def read_fer2013(data: Path, split: Split, _: TextTokenizer | None) -> list[Example]:
    """An .npz with `images` uint8 [n, 48, 48], `labels` and `classes`, of whichever split, or the folder of them."""
    if data.is_file():
        return _read(data, "")
    if split != "all":
        return _read(data / FILES[split], f"{split} ")
    return [e for name, file in FILES.items() if (data / file).exists() for e in _read(data / file, f"{name} ")]


def _read(path: Path, prefix: str) -> list[Example]:
    with np.load(path) as archive:
        images, labels, classes = archive["images"], archive["labels"], [str(c) for c in archive["classes"]]
    faces = standardise_faces(torch.from_numpy(images))
    examples = []
    for i, (face, image, label) in enumerate(zip(faces, images, labels, strict=True)):
        emotion, sentiment = targets(classes[label], "", f"{path}, image {i}")
        sample = Sample(face=face.unsqueeze(0))
        examples.append(Example(sample, emotion, sentiment, f"{prefix}image {i}", content_of(image.tobytes())))
    return examples
