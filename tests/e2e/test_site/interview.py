"""A video of two people who take turns: real voices and faces, cut from the recordings that other tests use."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from model.features import SAMPLE_RATE, ByteArray
from tests.e2e.product import ROOT
from tests.model.media_files import Sound, frames_of, speech_of, write

READER = ROOT / "tests/media/face_and_speech.mp4"  # a woman reads
ACTOR = ROOT / "examples/six_emotions.mp4"  # another acts six emotions
RATE = 10.0  # frames per second
SIZE = (480, 360)
LOUDNESS = 0.05  # root mean square of each turn, so that loudness tells nobody apart
# Recording, with start and end in seconds; cut where nobody speaks.
TURNS = (
    (READER, 0.4, 8.1),
    (ACTOR, 0.0, 3.9),
    (READER, 8.4, 11.9),
    (ACTOR, 3.9, 8.1),
    (READER, 12.1, 17.6),
    (ACTOR, 8.2, 12.6),
)


class Turn(NamedTuple):
    """One person's turn in the interview, in seconds."""

    start: float
    end: float
    speaker: Path


def write_interview(path: Path) -> list[Turn]:
    """Write the video and return its turns."""
    frames, sound, turns = list[tuple[float, ByteArray]](), [], list[Turn]()
    pictures = {source: frames_of(source, RATE) for source in (READER, ACTOR)}
    voices = {source: speech_of(source) for source in (READER, ACTOR)}
    position = 0.0
    for source, start, end in TURNS:
        samples = voices[source][round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        sound.append(samples * (LOUDNESS / np.sqrt(np.mean(np.square(samples)))))
        frames += [(position + t - start, _fit(image)) for t, image in pictures[source] if start <= t < end]
        turns.append(Turn(position, position + end - start, source))
        position += end - start
    write(path, frames, [Sound(np.concatenate(sound).astype(np.float32))])
    return turns


def _fit(image: ByteArray) -> ByteArray:
    """Return the picture at the size of the interview, in front of black."""
    picture = Image.fromarray(image)
    picture.thumbnail(SIZE)
    canvas = Image.new("RGB", SIZE)
    canvas.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
    return np.asarray(canvas)
