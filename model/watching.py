"""The picture's side of the pipeline, on a thread of its own beside the transcriber.

Decoding and face detection take about as long as speech recognition; side by side they fill both
cores. What is kept of a picture is small: grey face crops, and shrunken frames where a bundle has R3D-18.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from model.faces import FaceDetector, FaceTracker, choose_face
from model.features import (
    SAMPLE_RATE,
    ByteArray,
    FloatArray,
    Sample,
    Tokens,
    clip_tensor,
    face_tensor,
    log_mel,
    rms,
    shrink_for_clip,
)
from model.media import AnyPacket, Reader
from model.sampling import Sampling

FACE_RATE = 4.0  # pictures a second: expressions last from half a second to four (Ekman 2003)
CLIP_RATE = 12.0  # 16 different frames from utterances of 1.3 s on
BACKLOG_BYTES = 64 << 20  # compressed picture that may wait; beyond it reading pauses
LOUDNESS_STEP = 0.1  # seconds


@dataclass(frozen=True)
class Evidence:
    """What was to be heard and seen in a stretch of time, before it becomes tensors. Training keeps it like this.

    `sound` float32 [n] at SAMPLE_RATE; `frames` from `shrink_for_clip`; `crops` grey uint8, of one face.
    """

    sound: FloatArray
    frames: Sequence[ByteArray] = ()
    crops: Sequence[ByteArray] = ()

    def sample(self, text: Tokens | None = None) -> Sample:
        """As the network takes it, together with the words."""
        return Sample(
            text=text, audio=log_mel(self.sound), video=clip_tensor(self.frames), face=face_tensor(self.crops)
        )


class Watcher:
    """Looks at a reader's pictures and answers what was to be seen between two times."""

    def __init__(self, reader: Reader, detector: FaceDetector | None, clips: bool) -> None:
        self._reader = reader
        self._tracker = FaceTracker(detector) if detector else None
        self._clips = clips
        self._frames: deque[tuple[float, ByteArray]] = deque()
        self._faces = Sampling(FACE_RATE)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="watcher")
        self._waiting: deque[tuple[int, Future[None]]] = deque()
        self.saw_face = False

    @staticmethod
    def frame_rate(clips: bool) -> float:
        """How many pictures a second a reader should sample for a watcher."""
        return CLIP_RATE if clips else FACE_RATE

    def watch(self, packets: Sequence[AnyPacket]) -> None:
        """Have these packets looked at, behind those already waiting; returns at once unless there are many."""
        if not packets:
            return
        size = sum(packet.size for packet in packets)
        self._waiting.append((size, self._thread.submit(self._look, packets)))
        while sum(size for size, _ in self._waiting) > BACKLOG_BYTES:
            self._waiting.popleft()[1].result()

    def wait(self) -> None:
        """Until all packets given so far were looked at."""
        while self._waiting:
            self._waiting.popleft()[1].result()

    def close(self) -> None:
        """Drop what waits and end the thread; after it, the reader may be closed."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def evidence(self, start: float, end: float, sound: FloatArray) -> Evidence:
        """All there is of a stretch of time in seconds; `sound` is the stretch's."""
        step = round(LOUDNESS_STEP * SAMPLE_RATE)
        loudness = [rms(sound[i : i + step]) for i in range(0, len(sound), step)]
        return Evidence(sound, self.frames_between(start, end), self.face_between(start, end, loudness))

    def face_between(self, start: float, end: float, loudness: Sequence[float]) -> list[ByteArray]:
        """Grey crops of the face that counts in a stretch of time (see faces.choose_face)."""
        if self._tracker is None:
            return []
        return [sighting.crop for sighting in choose_face(self._tracker.tracks, start, end, loudness)]

    def frames_between(self, start: float, end: float) -> list[ByteArray]:
        """Frames for a clip of a stretch of time; the last one before it where it holds none."""
        inside = [image for time, image in self._frames if start <= time <= end]
        if inside:
            return inside
        earlier = [image for time, image in self._frames if time < start]
        return earlier[-1:]

    def forget_before(self, time: float) -> None:
        """Let go of what was seen before `time`."""
        if self._tracker is not None:
            self._tracker.forget_before(time)
        while len(self._frames) > 1 and self._frames[1][0] < time:
            self._frames.popleft()

    def _look(self, packets: Sequence[AnyPacket]) -> None:
        for frame in self._reader.frames(packets):
            if self._clips:
                self._frames.append((frame.time, shrink_for_clip(frame.image)))
            if self._tracker is not None and self._faces.wants(frame.time):
                self._tracker.see(frame.time, frame.image)
                self.saw_face = self.saw_face or bool(self._tracker.tracks)
