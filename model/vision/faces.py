"""Faces: detected by CenterFace, tracked over time, cropped for the network.

Detector: Xu et al. 2019, "CenterFace: joint face detection and alignment using face as point". Only
small gray crops are kept, so an hour of video costs a few megabytes.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from model.features import ByteArray, FloatArray
from model.modalities.face import FACE_SIZE
from model.sampling import Sampling

DETECTOR_SIDE = 320  # pixels of the longer side: enough for faces from an eighth of the frame's height on
CLOSER_SIDE = 640  # where that finds none: down to a thirteenth, for more than three times the work
DETECTOR_STEP = 32  # both sides must be multiples of it
STRIDE = 4  # input pixels a cell of the detector's maps stands for
MIN_SCORE = 0.5
MAX_OVERLAP = 0.3  # intersection over union above which two boxes are one face
MIN_FACE = 24  # pixels of the frame: smaller ones say nothing at FACE_SIZE

# FER+'s crops, which the face encoder learned from, relative to CenterFace's box on the same images
# (the median over them: `python -m training.face_crops`).
CROP_SCALE = 1.11  # side of the square over the height of the box; the centers are the same

DETECTION_RATE = 2.0  # a second; the pictures between need none
HELD_SIGHTING = 1.0 / DETECTION_RATE  # seconds that a sighting may be older than the frame that is held
SAME_FACE = 0.25  # intersection over union that carries a track to the next picture
LOST_AFTER = 1.0  # seconds
SPEAKING_RATIO = 1.5  # how much more a mouth must move than any other to be taken for the speaker's
SPEAKING_FLOOR = 2.0  # gray levels: below, movement is noise
MOUTH = (slice(round(0.62 * FACE_SIZE), FACE_SIZE), slice(round(0.2 * FACE_SIZE), round(0.8 * FACE_SIZE)))
BROW = (slice(0, round(0.45 * FACE_SIZE)), slice(round(0.2 * FACE_SIZE), round(0.8 * FACE_SIZE)))

Box = tuple[float, float, float, float]
"""left, top, right, bottom in pixels of the frame."""


@dataclass(frozen=True)
class Sighting:
    """Detection of one face in one frame: `crop` is gray, uint8 [FACE_SIZE, FACE_SIZE]."""

    time: float
    box: Box
    crop: ByteArray

    @property
    def area(self) -> float:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass
class Track:
    """Detections of one face over time."""

    sightings: list[Sighting] = field(default_factory=list)

    def between(self, start: float, end: float, held: float | None = None) -> list[Sighting]:
        """Return the detections between two times, after the last one before, if the frame shown at `held` has it."""
        earlier = [] if held is None else [s for s in self.sightings if held - HELD_SIGHTING <= s.time < start]
        return [*earlier[-1:], *(s for s in self.sightings if start <= s.time <= end)]


class FaceDetector:
    """CenterFace behind OpenCV. May be shared by threads; they take turns."""

    def __init__(self, path: Path) -> None:
        self._network = cv2.dnn.readNetFromONNX(str(path))
        self._outputs = self._network.getUnconnectedOutLayersNames()
        self._lock = threading.Lock()

    def detect(self, image: ByteArray) -> list[Box]:
        """Faces of an RGB picture uint8 [h, w, 3], in its own pixels, most certain first.

        A picture in which none is found is searched again in more detail, for faces far away or half covered.
        """
        found = self._search(image, DETECTOR_SIDE)
        return found if found or max(image.shape[:2]) <= DETECTOR_SIDE else self._search(image, CLOSER_SIDE)

    def _search(self, image: ByteArray, side: int) -> list[Box]:
        """Return the faces that are found in the picture at this size of its longer side."""
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = tuple(max(1, round(side * scale / DETECTOR_STEP)) * DETECTOR_STEP for side in (width, height))
        blob = cv2.dnn.blobFromImage(image, size=size)
        with self._lock:
            self._network.setInput(blob)
            heat, extent, offset, _ = self._network.forward(self._outputs)
        boxes, scores = _decode(heat[0, 0], extent[0], offset[0])
        boxes *= np.array([width / size[0], height / size[1]] * 2, np.float32)
        corners_and_sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(corners_and_sizes.tolist(), scores.tolist(), MIN_SCORE, MAX_OVERLAP)
        limit = np.array([width, height, width, height], np.float32)
        return [_as_box(np.clip(boxes[i], 0.0, limit)) for i in np.asarray(kept, dtype=int).reshape(-1)]


class FaceTracker:
    """Follows faces from picture to picture; feed them in order of time.

    Faces are looked for DETECTION_RATE times a second. In the pictures between, a face that is there
    before and after is cropped where it must have been: on the straight line between both places.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._detections = Sampling(DETECTION_RATE)
        self._between: list[tuple[float, ByteArray]] = []  # times and gray pictures since the last detection
        self._last = 0.0  # time of the last detection
        self.tracks: list[Track] = []

    def update(self, time: float, image: ByteArray) -> None:
        """Take an RGB picture; each face in it continues the track it belongs to, or starts one."""
        if not self._detections.wants(time):
            if self._live(time):
                self._between.append((time, _gray(image)))
            return
        boxes = [b for b in self._detector.detect(image) if min(b[2] - b[0], b[3] - b[1]) >= MIN_FACE]
        gray = _gray(image) if boxes else None
        for box, track in zip(boxes, self._assign(time, boxes), strict=True):
            if track.sightings:
                track.sightings += self._sightings_between(track.sightings[-1], time, box)
            else:
                self.tracks.append(track)
            if gray is not None:
                track.sightings.append(Sighting(time, box, crop_face(gray, box)))
        self._between, self._last = [], time

    def _live(self, time: float) -> list[Track]:
        """Tracks that a face may continue: seen not long ago, or in the last picture that was looked at."""
        return [t for t in self.tracks if t.sightings[-1].time >= min(time - LOST_AFTER, self._last)]

    def _assign(self, time: float, boxes: Sequence[Box]) -> list[Track]:
        """The track that each box continues: the one it overlaps most; a new one where there is none."""
        live = self._live(time)
        pairs = sorted(
            ((overlap(t.sightings[-1].box, box), i, j) for i, t in enumerate(live) for j, box in enumerate(boxes)),
            reverse=True,
        )
        owner: dict[int, Track] = {}
        taken: set[int] = set()
        for share, i, j in pairs:
            if share >= SAME_FACE and i not in taken and j not in owner:
                taken.add(i)
                owner[j] = live[i]
        return [owner.get(j) or Track() for j in range(len(boxes))]

    def _sightings_between(self, before: Sighting, time: float, box: Box) -> Iterator[Sighting]:
        """The face in the pictures since the last detection, if it was seen then."""
        for middle, gray in self._between:
            if before.time < middle:
                share = (middle - before.time) / (time - before.time)
                left, top, right, bottom = (a + share * (b - a) for a, b in zip(before.box, box, strict=True))
                place = left, top, right, bottom
                yield Sighting(middle, place, crop_face(gray, place))

    def forget_before(self, time: float) -> None:
        """Let go of what lies before `time`: keeps memory constant however long the video."""
        for track in self.tracks:
            track.sightings = [s for s in track.sightings if s.time >= time]
        self.tracks = [track for track in self.tracks if track.sightings]


def _gray(image: ByteArray) -> ByteArray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def crop_side(box: Box) -> float:
    """Side of the square that is cropped around a face, in pixels of the frame."""
    return CROP_SCALE * (box[3] - box[1])


def crop_face(gray: ByteArray, box: Box) -> ByteArray:
    """The square around a face as the encoder knows it, uint8 [FACE_SIZE, FACE_SIZE]; edges are repeated."""
    left, top, right, bottom = box
    side = crop_side(box)
    center_x, center_y = (left + right) / 2, (top + bottom) / 2
    x, y, size = round(center_x - side / 2), round(center_y - side / 2), max(1, round(side))
    height, width = gray.shape
    rows, columns = np.clip(np.arange(y, y + size), 0, height - 1), np.clip(np.arange(x, x + size), 0, width - 1)
    square = gray[rows[:, None], columns[None, :]]
    shrinking = size > FACE_SIZE
    resized = cv2.resize(
        square, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    )
    return np.asarray(resized, dtype=np.uint8)


def choose_face(
    tracks: Sequence[Track], start: float, end: float, loudness: Sequence[float], held: float | None = None
) -> list[Sighting]:
    """The sightings of the face that counts between two times: the speaker's if that is clear, else the largest.

    `loudness` is the sound's level in equal steps from `start` to `end`; a mouth's movement counts
    for as much as there is to hear. A frame from before, at the time `held`, may still be shown. Empty when there is
    no face.
    """
    seen = [sightings for track in tracks if (sightings := track.between(start, end, held))]
    if len(seen) > 1:
        movement = [mouth_movement(s, start, end, loudness) for s in seen]
        first, second = sorted(range(len(seen)), key=lambda i: -movement[i])[:2]
        if movement[first] >= SPEAKING_FLOOR and movement[first] >= SPEAKING_RATIO * movement[second]:
            return seen[first]
    return max(seen, key=lambda s: sum(sighting.area for sighting in s), default=[])


def mouth_movement(sightings: Sequence[Sighting], start: float, end: float, loudness: Sequence[float]) -> float:
    """Measure how much a mouth moves beyond the rest of its face, in gray levels, weighted by the loudness."""
    if len(sightings) < 3 or end <= start or not len(loudness):
        return 0.0
    crops = np.stack([s.crop for s in sightings]).astype(np.float32)
    change = np.abs(np.diff(crops, axis=0))
    moved = change[:, *MOUTH].mean(axis=(1, 2)) - change[:, *BROW].mean(axis=(1, 2))
    places = [(s.time - start) / (end - start) * (len(loudness) - 1) for s in sightings[1:]]
    level = np.asarray(loudness, np.float32)[np.clip(np.round(places).astype(int), 0, len(loudness) - 1)]
    return float((moved * level).sum() / level.sum()) if level.sum() > 0 else float(moved.mean())


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union


def _decode(heat: FloatArray, extent: FloatArray, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The detector's maps [h, w], [2, h, w], [2, h, w] -> boxes [n, 4] in its input's pixels, scores [n].

    A face's center lies in a cell plus its offset; its size is the exponential of its extent (paper,
    section 3.1). Rows come before columns in both maps.
    """
    rows, columns = np.nonzero(heat > MIN_SCORE)
    height, width = (np.exp(extent[i, rows, columns]) * STRIDE for i in (0, 1))
    y = (rows + offset[0, rows, columns] + 0.5) * STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * STRIDE
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
    return boxes.astype(np.float32), np.asarray(heat[rows, columns], dtype=np.float32)


def _as_box(corners: npt.NDArray[np.float32]) -> Box:
    left, top, right, bottom = (float(value) for value in corners)
    return left, top, right, bottom
