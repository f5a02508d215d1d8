"""Frames and face crops of utterances in the form that the feature cache stores."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.features import ByteArray, Evidence, spread

NOTHING: npt.NDArray[np.generic] = np.zeros(0, np.uint8)


def subsample(images: Sequence[ByteArray], most: int) -> ByteArray | None:
    """Return at most `most` images, evenly spaced, uint8 [n, ...]; None without images."""
    if not images:
        return None
    return np.stack([images[i] for i in spread(len(images), min(len(images), most))])


def evidence_of_images(frames: npt.NDArray[np.generic] = NOTHING, crops: npt.NDArray[np.generic] = NOTHING) -> Evidence:
    """Build evidence without audio from the output of `subsample`."""
    shown, faces = ([np.array(image, np.uint8) for image in images] for images in (frames, crops))
    return Evidence(np.zeros(0, np.float32), shown, faces)
