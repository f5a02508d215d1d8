"""Real faces: detection, tracking, cropping as in the encoder's training data, and selection of the speaker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from model.features import ByteArray
from model.modalities.face import FACE_SIZE
from model.pipeline import Models
from model.vision.faces import (
    MIN_FACE,
    Box,
    FaceObservation,
    FaceTracker,
    Track,
    choose_face,
    crop_face,
    mouth_movement,
    overlap,
)
from tests.model.media_files import frames_of, gray_frames
from training.face_crops import compare

Timed = list[tuple[float, ByteArray]]
Change = Callable[[ByteArray, Box, Any], tuple[ByteArray, Box]]


@pytest.fixture(scope="module")
def frames(sample: Path) -> Timed:
    return frames_of(sample, 4.0, 8.0)


def follow(models: Models, frames: Timed) -> FaceTracker:
    assert models.detector is not None
    tracker = FaceTracker(models.detector)
    for time, image in frames:
        tracker.update(time, image)
    return tracker


def test_one_face_is_one_track(models: Models, frames: Timed) -> None:
    tracks = follow(models, frames).tracks
    longest = max(tracks, key=lambda t: len(t.observations))
    assert len(longest.observations) >= 0.9 * len(frames)
    left, top, right, bottom = longest.observations[0].box
    assert 300 < left < right < 640 and 0 <= top < bottom <= 360  # right half of the picture


def test_boxes_are_interpolated_between_detections(models: Models, frames: Timed) -> None:
    """In frames without detection, boxes of an evenly moving face are those that a detection would return."""
    assert models.detector is not None
    still = frames[0][1]
    moving = [(4.0 + i / 4, np.roll(still, -12 * i, axis=1)) for i in range(9)]
    (track,) = (t for t in follow(models, moving).tracks if len(t.observations) > 2)
    assert [s.time for s in track.observations] == [time for time, _ in moving]
    for observation, (_, image) in zip(track.observations, moving, strict=True):
        assert overlap(observation.box, models.detector.detect(image)[0]) > 0.8
        gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        assert (observation.crop == crop_face(gray, observation.box)).all()


def test_a_face_is_not_interpolated_across_a_cut(models: Models, frames: Timed) -> None:
    """After a cut to another scene nothing is interpolated."""
    gray = np.full_like(frames[0][1], 128)
    scenes = [frames[0][1], frames[1][1], frames[2][1], frames[3][1], gray, gray, gray, gray]
    tracks = follow(models, [(4.0 + i / 4, image) for i, image in enumerate(scenes)]).tracks
    assert max(s.time for t in tracks for s in t.observations) <= 4.75


def test_a_face_in_a_video_is_cropped_as_the_encoder_learned_it(models: Models, frames: Timed) -> None:
    """Crops of real faces, pasted into frames at many positions and sizes, encoded, detected and cropped again.

    Framing, brightness and contrast must be preserved (`python -m training.face_crops` does the same for a corpus).
    """
    assert models.detector is not None
    crops = [
        s.crop for track in follow(models, frames).tracks if len(track.observations) > 8 for s in track.observations
    ]
    found = compare(crops * 3, models.detector, seed=0)
    assert len(crops) >= 12 and len(found) >= 0.95 * len(crops) * 3
    assert np.quantile([c.framing for c in found], 0.1) > 0.7 and np.median([c.framing for c in found]) > 0.8
    assert max(abs(c.mean) for c in found) < 10.0
    assert all(0.8 < c.deviation < 1.1 for c in found) and np.median([c.histogram for c in found]) < 0.2


def shrunk(image: ByteArray, box: Box, pixels: int) -> tuple[ByteArray, Box]:
    """Shrink the image until the face has a height of `pixels`, in the middle of a plain frame of the same size."""
    share = pixels / (box[3] - box[1])
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    frame = np.full_like(image, 90)
    top, left = (frame.shape[0] - small.shape[0]) // 2, (frame.shape[1] - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    moved = [share * edge + (left, top)[i % 2] for i, edge in enumerate(box)]
    return frame, (moved[0], moved[1], moved[2], moved[3])


def tilted(image: ByteArray, box: Box, degrees: float) -> tuple[ByteArray, Box]:
    """Rotate the image about the middle of the face; the box remains that of the upright face."""
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    turned = cv2.warpAffine(image, cv2.getRotationMatrix2D(middle, degrees, 1.0), image.shape[1::-1])
    return np.asarray(turned, dtype=np.uint8), box


def turned_aside(image: ByteArray, box: Box, share: float) -> tuple[ByteArray, Box]:
    """Squeeze the image to a share of its width, as a face that turns away, in a plain frame."""
    squeezed = cv2.resize(image, None, fx=share, fy=1.0, interpolation=cv2.INTER_AREA)
    frame = np.full_like(image, 90)
    frame[:, : squeezed.shape[1]] = squeezed
    return frame, (share * box[0], box[1], share * box[2], box[3])


def covered(image: ByteArray, box: Box, part: str) -> tuple[ByteArray, Box]:
    """Cover half of the face with a plain area: the lower half, as by a mask, or one side."""
    left, top, right, bottom = (round(edge) for edge in box)
    frame = image.copy()
    if part == "below":
        frame[(top + bottom) // 2 + (bottom - top) // 8 : bottom, left:right] = (120, 150, 180)
    else:
        frame[top:bottom, (left + right) // 2 : right] = (120, 150, 180)
    return frame, box


@pytest.mark.parametrize(
    ("change", "how", "least"),
    [
        *((shrunk, pixels, 0.9) for pixels in (120, 60, 40, MIN_FACE + 4)),
        *((tilted, degrees, 0.8) for degrees in (-35, -20, 20, 35)),
        *((turned_aside, share, 0.9) for share in (0.8, 0.65)),
        (covered, "below", 0.9),
        (covered, "side", 0.4),  # enough for a track
    ],
)
def test_small_turned_and_half_covered_faces_are_found(
    models: Models, frames: Timed, change: Change, how: Any, least: float
) -> None:
    """In at least this share of the frames, at the position of the face."""
    assert models.detector is not None
    overlaps = []
    for _, image in frames[::2]:
        box = models.detector.detect(image)[0]
        picture, place = change(image, box, how)
        overlaps.append(max((overlap(found, place) for found in models.detector.detect(picture)), default=0.0))
    assert np.mean(np.array(overlaps) > 0.5) >= least, np.round(overlaps, 2)


def test_mirrored_picture_mirrors_the_box(models: Models, frames: Timed) -> None:
    assert models.detector is not None
    image = frames[0][1]
    (left, top, right, bottom) = models.detector.detect(image)[0]
    mirrored = models.detector.detect(np.ascontiguousarray(image[:, ::-1]))[0]
    assert overlap(mirrored, (640 - right, top, 640 - left, bottom)) > 0.8


@pytest.mark.parametrize("size", [(64, 48), (333, 1000)])
def test_no_face_in_plain_pictures(models: Models, size: tuple[int, int]) -> None:
    assert follow(models, gray_frames(0.5, size=size)).tracks == []


def test_crops_reach_over_the_edge() -> None:
    gray = np.arange(100, dtype=np.uint8)[None, :].repeat(80, axis=0)
    crop = crop_face(gray, (-10.0, -10.0, 30.0, 40.0))
    assert crop.shape == (FACE_SIZE, FACE_SIZE)
    assert crop[:, 0].max() == 0 and crop[0, -1] > crop[0, 0]


def test_the_speaker_is_chosen_over_the_larger_still_face(models: Models, frames: Timed) -> None:
    """Both faces are still, except for the smaller one's mouth, which opens and closes."""
    both = _beside_a_speaker(frames)
    tracks = follow(models, both).tracks
    assert len([t for t in tracks if len(t.observations) > 10]) == 2
    end = both[-1][0]
    chosen = choose_face(tracks, 0.0, end, [1.0] * 40)
    assert chosen[0].box[0] > 640


def test_without_movement_the_largest_face_is_chosen() -> None:
    def still(box: Box) -> Track:
        return Track([FaceObservation(t / 4, box, np.full((FACE_SIZE, FACE_SIZE), 90, np.uint8)) for t in range(12)])

    small, large = still((0, 0, 40, 40)), still((100, 0, 200, 100))
    assert choose_face([small, large], 0.0, 3.0, [1.0] * 30)[0].box == (100, 0, 200, 100)


def test_mouth_movement_is_weighted_by_loudness() -> None:
    """A mouth that moves during silence is not speaking."""
    rng = np.random.default_rng(0)
    observations = []
    for i in range(20):
        crop = np.full((FACE_SIZE, FACE_SIZE), 90, np.uint8)
        if i >= 10:
            crop[30:] = rng.integers(0, 255, (FACE_SIZE - 30, FACE_SIZE))
        observations.append(FaceObservation(i / 4, (0, 0, 50, 50), crop))
    quiet_then_loud = [0.01] * 25 + [1.0] * 25
    assert mouth_movement(observations, 0.0, 5.0, quiet_then_loud) > 5 * mouth_movement(
        observations, 0.0, 5.0, quiet_then_loud[::-1]
    )


def test_earlier_observations_are_dropped(models: Models, frames: Timed) -> None:
    tracker = follow(models, frames)
    tracker.forget_before(6.0)
    assert min(s.time for t in tracker.tracks for s in t.observations) >= 6.0
    tracker.forget_before(1e9)
    assert tracker.tracks == []


def test_no_tracks_no_face() -> None:
    assert choose_face([], 0.0, 1.0, [1.0]) == []


def _beside_a_speaker(frames: Timed) -> Timed:
    """Return frames with a still face and, to its right, the same face at 3/4 of the size with a moving mouth."""
    still = frames[0][1]
    smaller = cv2.resize(still, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    joined = []
    for i, (time, _) in enumerate(frames):
        speaking = np.zeros_like(still)
        speaking[: smaller.shape[0], : smaller.shape[1]] = smaller
        if i % 2:
            cv2.ellipse(speaking, (322, 213), (22, 18), 0, 0, 360, (40, 10, 10), -1)
        joined.append((time, np.hstack([still, speaking])))
    return joined
