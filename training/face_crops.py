"""Comparison of a corpus's face images with the crops that the pipeline extracts when they appear in a video.

    python -m training.face_crops --data DIR/ferplus --bundle starter

Pastes each 48x48 image into a video frame at a random position and size, encodes the video, and detects and crops the
face as `analyze` does. Prints the position of the crop relative to the image, the difference of their gray levels, and
the bundle's accuracy on both. The first two figures are the source of CROP_SCALE in model.vision.faces.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import av
import cv2
import numpy as np
import torch
import typer

from model.bundle import load_bundle
from model.features import ByteArray, Sample
from model.modalities.face import FACE_SIZE, standardize_faces
from model.network import EmotionNetwork
from model.vision.faces import Box, FaceDetector, crop_face, crop_side, overlap
from model.weights import catalog
from training.corpora import CORPORA, Example
from training.evaluation.scoring import UNIFORM_EMOTIONS, encode, predict_under_prior

FRAME = (360, 640)  # height and width
SIZES = (72, 200)  # range of an image's side in the frame, in pixels: from barely visible to half of the frame's height
BINS = 32  # of gray levels


@dataclass(frozen=True)
class CropComparison:
    """An image whose face was detected in its frame, and the crop uint8 [FACE_SIZE, FACE_SIZE]."""

    number: int  # of the image
    crop: ByteArray
    place: Box  # of the image in the frame
    box: Box  # of the detector
    framing: float  # intersection over union of the crop and the image
    mean: float  # difference of the mean gray levels, crop minus image
    deviation: float  # ratio of the gray levels' standard deviations, crop over image
    histogram: float  # distance of the gray-level histograms, 0 to 1


def main(
    data: Annotated[Path, typer.Option(help="A .npz of FER+ or FER2013, or the folder of them.")],
    bundle: Annotated[str | None, typer.Option(help="Bundle to evaluate on images and crops.")] = None,
    corpus: Annotated[str, typer.Option(help="ferplus or fer2013.")] = "ferplus",
    count: Annotated[int, typer.Option(help="Number of images.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the positions and sizes.")] = 0,
) -> None:
    """Compare images of faces with their crops from video frames."""
    examples = list(CORPORA[corpus].read(data, "held-out", None))
    examples = examples[:: max(1, len(examples) // count)][:count]
    images = [gray_levels(example) for example in examples]
    found = compare(images, FaceDetector(catalog.fetch("centerface") / "centerface.onnx"), seed)
    print(f"detected in {len(found)} of {len(images)} frames; 10th, 50th and 90th percentile:")
    for name, values in (
        ("side of the image over the height of the box (CROP_SCALE)", [_scale(c) for c in found]),
        ("center of the image below that of the box, over its height", [_vertical_offset(c) for c in found]),
        ("intersection over union of crop and image", [c.framing for c in found]),
        ("mean gray level, crop minus image", [c.mean for c in found]),
        ("standard deviation of gray levels, crop over image", [c.deviation for c in found]),
        ("share of pixels in another bin of the histogram", [c.histogram for c in found]),
    ):
        print(f"{name}: " + ", ".join(f"{v:.3f}" for v in np.percentile(values, [10, 50, 90])))
    if bundle is not None:
        network = load_bundle(bundle).network
        shown = [examples[c.number] for c in found]
        cropped = [_with_crop(examples[c.number], c.crop) for c in found]
        print(f"accuracy: {accuracy(network, shown):.3f} on images, {accuracy(network, cropped):.3f} on crops")


def gray_levels(example: Example) -> ByteArray:
    """Return the image uint8 [48, 48] of an example of one face.

    Only its standardized form is stored, so the result is stretched to all gray levels.
    """
    face = example.sample.face
    assert face is not None
    low, high = float(face.min()), float(face.max())
    return np.asarray(((face[0, 0] - low) / max(high - low, 1e-6) * 255).round().byte().numpy())


def compare(images: Sequence[ByteArray], detector: FaceDetector, seed: int) -> list[CropComparison]:
    """Paste each image [48, 48] into a video frame, and detect and crop it there; undetected images are skipped."""
    rng = np.random.default_rng(seed)
    places = [_random_box(rng) for _ in images]
    frames = encode_as_video([_paste(image, place) for image, place in zip(images, places, strict=True)])
    found = []
    for number, (image, place, frame) in enumerate(zip(images, places, frames, strict=True)):
        boxes = detector.detect(frame)
        if boxes:
            crop = crop_face(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8), boxes[0])
            found.append(_compare_crop(number, image, crop, place, boxes[0]))
    return found


def encode_as_video(frames: Sequence[ByteArray]) -> Iterator[ByteArray]:
    """Encode RGB frames uint8 [h, w, 3] with H.264, and yield the decoded frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "23", "threads": "1"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as video:
        for shown in video.decode(video=0):
            yield np.asarray(shown.to_ndarray(format="rgb24"), np.uint8)


def accuracy(network: EmotionNetwork, examples: Sequence[Example]) -> float:
    """Return the accuracy under a uniform prior."""
    probabilities = predict_under_prior(network, encode(network, examples), UNIFORM_EMOTIONS)
    return float((probabilities.argmax(axis=1) == np.asarray([e.emotion for e in examples])).mean())


def _random_box(rng: np.random.Generator) -> Box:
    side = int(rng.integers(*SIZES, endpoint=True))
    top, left = (int(rng.integers(0, space - side, endpoint=True)) for space in FRAME)
    return left, top, left + side, top + side


def _paste(image: ByteArray, place: Box) -> ByteArray:
    """Paste an image into a gray RGB frame."""
    left, top, right, bottom = (int(v) for v in place)
    frame = np.full(FRAME, 128, np.uint8)
    frame[top:bottom, left:right] = cv2.resize(image, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB), np.uint8)


def _compare_crop(number: int, image: ByteArray, crop: ByteArray, place: Box, box: Box) -> CropComparison:
    left, top, right, bottom = box
    half = crop_side(box) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    before, after = (np.histogram(each, BINS, (0, 256))[0] / each.size for each in (image, crop))
    return CropComparison(
        number=number,
        crop=crop,
        place=place,
        box=box,
        framing=overlap((x - half, y - half, x + half, y + half), place),
        mean=float(crop.mean()) - float(image.mean()),
        deviation=float(crop.std()) / max(float(image.std()), 1e-6),
        histogram=float(np.abs(before - after).sum()) / 2,
    )


def _with_crop(example: Example, crop: ByteArray) -> Example:
    assert crop.shape == (FACE_SIZE, FACE_SIZE)
    face = standardize_faces(torch.from_numpy(crop).unsqueeze(0))
    return Example(Sample(face=face), example.emotion, example.sentiment, example.group)


def _scale(c: CropComparison) -> float:
    return (c.place[3] - c.place[1]) / (c.box[3] - c.box[1])


def _vertical_offset(c: CropComparison) -> float:
    return ((c.place[1] + c.place[3]) - (c.box[1] + c.box[3])) / 2 / (c.box[3] - c.box[1])


if __name__ == "__main__":
    typer.run(main)
