"""A small picture for each utterance, from one pass over the video."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from model.contract import Utterance
from model.features import ByteArray
from model.media import FrameDecoder, Reader

SIDE = 192  # pixels, the longer side: twice what a page shows, for dense screens
QUALITY = 70  # of the JPEG, of 100
RATE = 4.0  # pictures a second to choose from: two for the shortest utterance


def thumbnails(utterances: Sequence[Utterance], path: Path) -> list[bytes | None]:
    """A JPEG from the middle of each utterance; None for all where the file holds no picture.

    Raises MediaError where the file cannot be read.
    """
    found: list[bytes | None] = [None] * len(utterances)
    waiting = deque(sorted(((u.start_time + u.end_time) / 2, i) for i, u in enumerate(utterances)))
    image = None
    for time, image in _pictures(path):
        while waiting and waiting[0][0] <= time:
            found[waiting.popleft()[1]] = _jpeg(image)
        if not waiting:
            break
    if image is not None:  # the picture ended before the sound: a player goes on showing its last
        for _, i in waiting:
            found[i] = _jpeg(image)
    return found


def _pictures(path: Path) -> Iterator[tuple[float, ByteArray]]:
    """Times in seconds and RGB pictures, in order."""
    with Reader(path) as reader:
        frames = FrameDecoder(path, RATE)
        for chunk in reader if reader.info.has_video else ():
            for frame in frames.decode(chunk.packets):
                yield frame.time, frame.image


def _jpeg(image: ByteArray) -> bytes:
    """RGB uint8 [h, w, 3], made small."""
    scale = min(1.0, SIDE / max(image.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()
