"""Video worker: decodes frames and detects faces on its own thread, in parallel with transcription.

Decoding and face detection take about as long as speech recognition, so together they use both cores. Only gray face
crops are kept and, for bundles with R3D-18, downscaled frames.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from model.features import SAMPLE_RATE, ByteArray, Evidence, FloatArray, rms
from model.media import PACKET_BYTES, AnyPacket, FrameDecoder, KeepGoing, keep_going_always
from model.modalities.video import shrink_for_clip
from model.sampling import Sampling
from model.vision.faces import MAX_HELD_AGE, Box, FaceDetector, FaceObservation, FaceTracker, choose_face
from model.vision.speaking import SpeakerFaces, VoiceSegment

FACE_RATE = 4.0  # frames per second: expressions last half a second to four seconds (Ekman 2003)
CLIP_RATE = 12.0  # frames per second: 16 distinct frames in utterances of 1.3 s and more
BACKLOG_BYTES = 64 << 20  # of queued video packets, beyond which reading pauses
POLL = 0.25  # seconds between two calls of the `meanwhile` callback
LOUDNESS_STEP = 0.1  # seconds
HOLD_AFTER = 0.5  # seconds without a frame at a segment's start, after which the previous frame is used


def loudness_of(sound: FloatArray) -> list[float]:
    """Return the level of audio in steps of LOUDNESS_STEP."""
    step = round(LOUDNESS_STEP * SAMPLE_RATE)
    return [rms(sound[i : i + step]) for i in range(0, len(sound), step)]


class FaceView(NamedTuple):
    """A face at a time of the video, in seconds; its box as shares of the picture's width and height."""

    time: float
    box: Box


class VideoWorker:
    """Background decoder of a file's video, which returns the frames and faces between two times.

    Only its thread writes to its state; other threads read it after `wait`. That thread calls `keep_going` for every
    packet.
    """

    def __init__(
        self, path: Path, detector: FaceDetector | None, clips: bool, keep_going: KeepGoing = keep_going_always
    ) -> None:
        self._keep_going = keep_going
        self._closed = threading.Event()
        self.frames = FrameDecoder(path, self.frame_rate(clips), self._check_open)
        self._tracker = FaceTracker(detector) if detector else None
        self._clips = clips
        self._frames: deque[tuple[float, ByteArray]] = deque()
        self._times: deque[float] = deque()  # of the frames passed to the tracker
        self._faces = Sampling(FACE_RATE)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="video-worker")
        self._queue: deque[tuple[int, Future[None]]] = deque()  # (bytes, result)
        self.found_face = False
        self._speaker_faces: SpeakerFaces | None = None
        self._size = (1, 1)  # width and height of the frames that faces are detected in

    @staticmethod
    def frame_rate(clips: bool) -> float:
        """Return the number of frames sampled per second."""
        return CLIP_RATE if clips else FACE_RATE

    def submit(self, packets: Sequence[AnyPacket], meanwhile: Callable[[], None] = keep_going_always) -> None:
        """Queue packets to be decoded; blocks only while more than BACKLOG_BYTES are queued.

        Raises the errors of decoding earlier packets. `meanwhile` is called periodically while it blocks.
        """
        if not packets:
            return
        size = sum(packet.size + PACKET_BYTES for packet in packets)
        self._queue.append((size, self._thread.submit(self._process, packets)))
        while self._queue and (self._queue[0][1].done() or sum(size for size, _ in self._queue) > BACKLOG_BYTES):
            self._await_first(meanwhile)

    def wait(self, meanwhile: Callable[[], None] = keep_going_always) -> None:
        """Wait until all submitted packets are processed; `meanwhile` is called periodically."""
        while self._queue:
            self._await_first(meanwhile)

    def _await_first(self, meanwhile: Callable[[], None]) -> None:
        future = self._queue[0][1]
        while not wait([future], POLL).done:
            meanwhile()
        self._queue.popleft()
        future.result()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise CancelledError
        self._keep_going()

    def close(self) -> None:
        """Drop queued packets and stop the thread after its current packet. The file may be closed afterwards."""
        self._closed.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def evidence(self, start: float, end: float, sound: FloatArray, face: Sequence[FaceObservation]) -> Evidence:
        """Return the evidence of a segment, given in seconds; `sound` is its audio, `face` that of who speaks."""
        crops, times = [observation.crop for observation in face], [observation.time for observation in face]
        return Evidence(sound, self.frames_between(start, end), crops, crop_times=times)

    def match_voices(self, segments: Sequence[VoiceSegment]) -> None:
        """Match the faces of the window with the voices of its segments, for `face_between` to choose by.

        Without segments of known voices, as when people are not told apart, there is nothing to match.
        """
        tracks = self._tracker.tracks if self._tracker is not None else ()
        self._speaker_faces = SpeakerFaces(tracks, segments) if tracks and segments else None

    def view_of(self, face: Sequence[FaceObservation]) -> FaceView | None:
        """Return where a face is in the middle of its observations; None without any."""
        if not face:
            return None
        middle = face[len(face) // 2]
        left, top, right, bottom = (
            min(1.0, max(0.0, edge / side)) for edge, side in zip(middle.box, 2 * self._size, strict=True)
        )
        return FaceView(middle.time, (left, top, right, bottom))

    def face_between(
        self, start: float, end: float, loudness: Sequence[float], voice: int | None = None
    ) -> list[FaceObservation]:
        """Return the speaker's face in a segment (see faces.choose_face and speaking.SpeakerFaces)."""
        if self._tracker is None:
            return []
        held = self._held_at(start, end)
        if voice is not None and self._speaker_faces is not None:
            return self._speaker_faces.choose(VoiceSegment(voice, start, end, loudness), held)
        return choose_face(self._tracker.tracks, start, end, loudness, held)

    def _held_at(self, start: float, end: float) -> float | None:
        """Return the time of the last frame before `start` if it is still shown, as in a still image; else None."""
        earlier = [time for time in self._times if time <= start]
        follows = any(start <= time <= min(end, start + HOLD_AFTER) for time in self._times)
        return None if follows or not earlier else earlier[-1]

    def frames_between(self, start: float, end: float) -> list[ByteArray]:
        """Return the frames of a segment, or the last one before it if it has none."""
        inside = [image for time, image in self._frames if start <= time <= end]
        if inside:
            return inside
        earlier = [image for time, image in self._frames if time < start]
        return earlier[-1:]

    def forget_before(self, time: float) -> None:
        """Drop frames and faces before `time`, except for the frame that is still shown."""
        self._queue.append((0, self._thread.submit(self._forget_before, time)))

    def _forget_before(self, time: float) -> None:
        while len(self._times) > 1 and self._times[1] <= time:
            self._times.popleft()
        if self._tracker is not None:
            self._tracker.forget_before(min(time, self._times[0] if self._times else time) - MAX_HELD_AGE)
        while len(self._frames) > 1 and self._frames[1][0] < time:
            self._frames.popleft()

    def _process(self, packets: Sequence[AnyPacket]) -> None:
        for frame in self.frames.decode(packets):
            if self._clips:
                self._frames.append((frame.time, shrink_for_clip(frame.image)))
            if self._tracker is not None and self._faces.accepts(frame.time):
                self._times.append(frame.time)
                self._size = (frame.image.shape[1], frame.image.shape[0])
                self._tracker.update(frame.time, frame.image)
                self.found_face = self.found_face or bool(self._tracker.tracks)
