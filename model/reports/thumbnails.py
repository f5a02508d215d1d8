"""Thumbnails of utterances, from one pass over the video."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from model.contract import Utterance
from model.features import ByteArray
from model.media import FrameDecoder, Reader

SIDE = 192  # pixels of the longer side: twice the displayed size, for high-density screens
QUALITY = 70  # of the JPEG, of 100
RATE = 4.0  # sampled frames per second: two for the shortest utterance


def thumbnails(utterances: Sequence[Utterance], path: Path) -> list[bytes | None]:
    """Return a JPEG from the middle of each utterance; None for all if the file has no video. Raises MediaError."""
    found: list[bytes | None] = [None] * len(utterances)
    pending = deque(sorted(((u.start_time + u.end_time) / 2, i) for i, u in enumerate(utterances)))
    image = None
    for time, image in _frames(path):
        while pending and pending[0][0] <= time:
            found[pending.popleft()[1]] = _jpeg(image)
        if not pending:
            break
    if image is not None:  # the video ends before the audio: players keep showing its last frame
        for _, i in pending:
            found[i] = _jpeg(image)
    return found


def _frames(path: Path) -> Iterator[tuple[float, ByteArray]]:
    """Yield times in seconds and RGB frames, in order."""
    with Reader(path) as reader:
        frames = FrameDecoder(path, RATE)
        for chunk in reader if reader.info.has_video else ():
            for frame in frames.decode(chunk.packets):
                yield frame.time, frame.image


def _jpeg(image: ByteArray) -> bytes:
    """Shrink an RGB image uint8 [h, w, 3] and encode it."""
    scale = min(1.0, SIDE / max(image.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()
