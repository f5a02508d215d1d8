"""Face detection (CenterFace), tracking over time, and cropping for the network.

Detector: Xu et al. 2019, "CenterFace: joint face detection and alignment using face as point". Only small gray crops
are kept, so an hour of video takes a few megabytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import cv2
import numpy as np
import numpy.typing as npt

from model.features import ByteArray, FloatArray
from model.modalities.face import FACE_SIZE
from model.sampling import Sampling

DETECTOR_SIDE = 320  # pixels of the longer side: enough for faces of at least 1/8 of the frame's height
LARGE_DETECTOR_SIDE = (
    640  # second attempt without detections: faces of at least 1/13, at more than three times the cost
)
DETECTOR_STEP = 32  # both sides must be multiples of it
STRIDE = 4  # input pixels per cell of the detector's output maps
MIN_SCORE = 0.5
MAX_OVERLAP = 0.3  # intersection over union above which two boxes are the same face
MIN_FACE = 24  # pixels of the frame; smaller faces have too little detail for FACE_SIZE

# Geometry of FER+'s crops, on which the face encoder was trained, relative to CenterFace's boxes on the same images
# (medians: `python -m training.face_crops`).
CROP_SCALE = 1.11  # side of the square over the height of the box; both have the same center

DETECTION_RATE = 2.0  # per second; between detections, boxes are interpolated
MAX_HELD_AGE = 1.0 / DETECTION_RATE  # seconds that a face may be older than the frame that is still shown
MIN_TRACK_OVERLAP = 0.25  # intersection over union that continues a track
MAX_TRACK_GAP = 1.0  # seconds without detections after which a track ends
SPEAKING_RATIO = 1.5  # mouth movement of the speaker relative to any other face, at least
SPEAKING_FLOOR = 2.0  # gray levels; smaller movements are noise
MOUTH = (slice(round(0.62 * FACE_SIZE), FACE_SIZE), slice(round(0.2 * FACE_SIZE), round(0.8 * FACE_SIZE)))
BROW = (slice(0, round(0.45 * FACE_SIZE)), slice(round(0.2 * FACE_SIZE), round(0.8 * FACE_SIZE)))

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of the frame."""


@dataclass(frozen=True)
class FaceObservation:
    """A face in one frame, detected or interpolated: `crop` is gray, uint8 [FACE_SIZE, FACE_SIZE]."""

    time: float
    box: Box
    crop: ByteArray

    @property
    def area(self) -> float:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass
class Track:
    """Observations of one face, in order of time."""

    observations: list[FaceObservation] = field(default_factory=list)

    def between(self, start: float, end: float, held: float | None = None) -> list[FaceObservation]:
        """Return the observations between two times, preceded by one of the frame at `held` if that is still shown."""
        earlier = [] if held is None else [s for s in self.observations if held - MAX_HELD_AGE <= s.time < start]
        return [*earlier[-1:], *(s for s in self.observations if start <= s.time <= end)]


class FaceDetector:
    """CenterFace on OpenCV. Thread-safe; as many calls as `concurrency` run at a time, the others wait."""

    def __init__(self, path: Path, concurrency: int = 1) -> None:
        networks = [cv2.dnn.readNetFromONNX(str(path)) for _ in range(concurrency)]  # a network is not thread-safe
        self._outputs = networks[0].getUnconnectedOutLayersNames()
        self._idle: SimpleQueue[cv2.dnn.Net] = SimpleQueue()
        for network in networks:
            self._idle.put(network)

    def detect(self, image: ByteArray) -> list[Box]:
        """Detect faces in an RGB image uint8 [h, w, 3]; return boxes in its pixels, highest score first.

        Without detections, the image is searched again at a higher resolution for small or partly covered faces.
        """
        found = self._detect_at(image, DETECTOR_SIDE)
        return found if found or max(image.shape[:2]) <= DETECTOR_SIDE else self._detect_at(image, LARGE_DETECTOR_SIDE)

    def _detect_at(self, image: ByteArray, side: int) -> list[Box]:
        """Detect faces in the image, resized to `side` pixels on its longer side."""
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = tuple(max(1, round(side * scale / DETECTOR_STEP)) * DETECTOR_STEP for side in (width, height))
        blob = cv2.dnn.blobFromImage(image, size=size)
        network = self._idle.get()
        try:
            network.setInput(blob)
            heat, extent, offset, _ = network.forward(self._outputs)
        finally:
            self._idle.put(network)
        boxes, scores = _decode(heat[0, 0], extent[0], offset[0])
        boxes *= np.array([width / size[0], height / size[1]] * 2, np.float32)
        corners_and_sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(corners_and_sizes.tolist(), scores.tolist(), MIN_SCORE, MAX_OVERLAP)
        limit = np.array([width, height, width, height], np.float32)
        return [_as_box(np.clip(boxes[i], 0.0, limit)) for i in np.asarray(kept, dtype=int).reshape(-1)]


class FaceTracker:
    """Tracker of faces across frames, which must be passed in order of time.

    Faces are detected DETECTION_RATE times a second. In the frames between, boxes of a face that is detected before and
    after are interpolated linearly.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._detections = Sampling(DETECTION_RATE)
        self._between: list[tuple[float, ByteArray]] = []  # times and gray frames since the last detection
        self._last = 0.0  # time of the last detection
        self.tracks: list[Track] = []

    def update(self, time: float, image: ByteArray) -> None:
        """Process an RGB frame: each face continues its track or starts a new one."""
        if not self._detections.accepts(time):
            if self._active_tracks(time):
                self._between.append((time, _gray(image)))
            return
        boxes = [b for b in self._detector.detect(image) if min(b[2] - b[0], b[3] - b[1]) >= MIN_FACE]
        gray = _gray(image) if boxes else None
        for box, track in zip(boxes, self._assign(time, boxes), strict=True):
            if track.observations:
                track.observations += self._interpolated(track.observations[-1], time, box)
            else:
                self.tracks.append(track)
            if gray is not None:
                track.observations.append(FaceObservation(time, box, crop_face(gray, box)))
        self._between, self._last = [], time

    def _active_tracks(self, time: float) -> list[Track]:
        """Return the tracks that may continue: observed recently, or in the last frame with detection."""
        return [t for t in self.tracks if t.observations[-1].time >= min(time - MAX_TRACK_GAP, self._last)]

    def _assign(self, time: float, boxes: Sequence[Box]) -> list[Track]:
        """Return the track that each box continues, by overlap, or a new one."""
        active = self._active_tracks(time)
        pairs = sorted(
            ((overlap(t.observations[-1].box, box), i, j) for i, t in enumerate(active) for j, box in enumerate(boxes)),
            reverse=True,
        )
        assigned: dict[int, Track] = {}
        used: set[int] = set()
        for share, i, j in pairs:
            if share >= MIN_TRACK_OVERLAP and i not in used and j not in assigned:
                used.add(i)
                assigned[j] = active[i]
        return [assigned.get(j) or Track() for j in range(len(boxes))]

    def _interpolated(self, before: FaceObservation, time: float, box: Box) -> Iterator[FaceObservation]:
        """Yield observations in the frames between an earlier observation and a detection at `time`."""
        for middle, gray in self._between:
            if before.time < middle:
                share = (middle - before.time) / (time - before.time)
                left, top, right, bottom = (a + share * (b - a) for a, b in zip(before.box, box, strict=True))
                interpolated = left, top, right, bottom
                yield FaceObservation(middle, interpolated, crop_face(gray, interpolated))

    def forget_before(self, time: float) -> None:
        """Drop observations before `time`, to keep memory constant."""
        for track in self.tracks:
            track.observations = [s for s in track.observations if s.time >= time]
        self.tracks = [track for track in self.tracks if track.observations]


def _gray(image: ByteArray) -> ByteArray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def crop_side(box: Box) -> float:
    """Return the side of the square that is cropped around a face, in pixels of the frame."""
    return CROP_SCALE * (box[3] - box[1])


def crop_face(gray: ByteArray, box: Box) -> ByteArray:
    """Crop the square around a face, uint8 [FACE_SIZE, FACE_SIZE]; beyond the frame its edges are repeated."""
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
) -> list[FaceObservation]:
    """Return the observations of the main face between two times: the speaker's if it is clear, else the largest.

    `loudness` is the audio level in equal steps from `start` to `end`, by which mouth movement is weighted. `held` is
    the time of an earlier frame that is still shown. Empty without a face.
    """
    faces = [observations for track in tracks if (observations := track.between(start, end, held))]
    if len(faces) > 1:
        movement = [mouth_movement(s, start, end, loudness) for s in faces]
        first, second = sorted(range(len(faces)), key=lambda i: -movement[i])[:2]
        if movement[first] >= SPEAKING_FLOOR and movement[first] >= SPEAKING_RATIO * movement[second]:
            return faces[first]
    return max(faces, key=lambda s: sum(observation.area for observation in s), default=[])


def mouth_movement(
    observations: Sequence[FaceObservation], start: float, end: float, loudness: Sequence[float]
) -> float:
    """Measure the movement of a mouth relative to the brow, in gray levels, weighted by loudness."""
    if len(observations) < 3 or end <= start or not len(loudness):
        return 0.0
    crops = np.stack([s.crop for s in observations]).astype(np.float32)
    change = np.abs(np.diff(crops, axis=0))
    moved = change[:, *MOUTH].mean(axis=(1, 2)) - change[:, *BROW].mean(axis=(1, 2))
    steps = [(s.time - start) / (end - start) * (len(loudness) - 1) for s in observations[1:]]
    level = np.asarray(loudness, np.float32)[np.clip(np.round(steps).astype(int), 0, len(loudness) - 1)]
    return float((moved * level).sum() / level.sum()) if level.sum() > 0 else float(moved.mean())


def overlap(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union


def _decode(heat: FloatArray, extent: FloatArray, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Decode the detector's maps [h, w], [2, h, w], [2, h, w] to boxes [n, 4] in pixels of its input, and scores [n].

    A face's center is its cell plus the offset; its size is the exponential of the extent (section 3.1 of the paper).
    In both maps rows come before columns.
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
