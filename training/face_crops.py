"""Position of FER2013's crops relative to a detected face: the source of CROP_SCALE in model.faces.

    python -m training.face_crops --data DIR/fer2013

Lays each 48x48 crop into the middle of a larger picture, runs the detector on it, and prints the
median of the crop's side and of its centre's place, both over the height of the detector's box.
"""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from model import weights
from model.faces import FaceDetector
from model.features import ByteArray

SIDE = 160  # the crop's side in the picture: a face of about half the picture's height
PICTURE = (320, 320)


def main(
    data: Annotated[Path, typer.Option(help="Folder of train.npz.")],
    count: Annotated[int, typer.Option(help="Number of crops to look at.")] = 2000,
) -> None:
    """Print the crop's scale and shift relative to the detector's boxes."""
    detector = FaceDetector(weights.fetch("centerface") / "centerface.onnx")
    with np.load(data / "train.npz") as archive:
        images = archive["images"][:: max(1, len(archive["images"]) // count)]
    scales, shifts = [], []
    for image in images:
        picture, left, top = embed(image)
        boxes = detector.detect(picture)
        if boxes:
            height = boxes[0][3] - boxes[0][1]
            scales.append(SIDE / height)
            shifts.append((top + SIDE / 2 - (boxes[0][1] + boxes[0][3]) / 2) / height)
    print(f"found in {len(scales)} of {len(images)}")
    for name, values in (("CROP_SCALE", scales), ("CROP_DOWN", shifts)):
        low, middle, high = np.percentile(values, [25, 50, 75])
        print(f"{name}: {middle:.3f} (quartiles {low:.3f} to {high:.3f})")


def embed(image: ByteArray) -> tuple[ByteArray, int, int]:
    """A grey crop in the middle of an RGB picture, its edges repeated; its left and top there."""
    height, width = PICTURE
    face = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    top, left = (height - SIDE) // 2, (width - SIDE) // 2
    picture = cv2.copyMakeBorder(
        face, top, height - SIDE - top, left, width - SIDE - left, cv2.BORDER_CONSTANT, value=128
    )
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), dtype=np.uint8), left, top


if __name__ == "__main__":
    typer.run(main)
