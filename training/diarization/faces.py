"""Choice of the speaker's face, measured: `python -m training.diarization.faces SPEAKING --silent FILE ...`.

Puts a video of somebody who speaks and one of a face that only moves into one picture, side by side and equally large,
with the first one's sound, and counts the utterances for which the speaker's face is chosen: by each utterance alone,
and by all of the voice's utterances together.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from model.asr.vad import detect_voice
from model.features import SAMPLE_RATE, ByteArray
from model.media import FrameDecoder, Reader, read_audio
from model.vision.faces import FaceDetector, FaceObservation, FaceTracker, choose_face
from model.vision.speaking import SpeakerFaces, VoiceSegment
from model.vision.video_worker import FACE_RATE, loudness_of
from model.weights import catalog
from training.terminal import table_console

SIDE = 360  # pixels of each half of the picture
LEAST_SECONDS = 0.5  # of an utterance
OFFSETS = (0.0, 1.0, 2.0, 3.0)  # seconds into the silent video


def main(
    speaking: Annotated[Path, typer.Argument(help="A video of one person who speaks.")],
    silent: Annotated[list[Path], typer.Option(help="A video of a face that does not; may be repeated.")],
) -> None:
    """Print the share of utterances whose face is the speaker's."""
    detector = FaceDetector(catalog.fetch("centerface") / "centerface.onnx")
    speech = segments_of(speaking)
    speaker = [image for _, image in square_frames(speaking)]
    alone, together = list[bool](), list[bool]()
    for path in silent:
        other = [image for _, image in square_frames(path)]
        for offset in OFFSETS:
            for swapped in (False, True):
                shown = list(zip(speaker, other[round(offset * FACE_RATE) :], strict=False))
                tracker = FaceTracker(detector)
                for i, (theirs, others) in enumerate(shown):
                    halves = (others, theirs) if swapped else (theirs, others)
                    tracker.update(i / FACE_RATE, np.concatenate(halves, axis=1))
                segments = [one for one in speech if one.end <= len(shown) / FACE_RATE]
                faces = SpeakerFaces(tracker.tracks, segments)
                for one in segments:
                    chosen = choose_face(tracker.tracks, one.start, one.end, one.loudness)
                    alone.append(_is_on_the_right(chosen) == swapped)
                    together.append(_is_on_the_right(faces.choose(one)) == swapped)
    table_console().print(
        f"{len(alone)} utterances: the speaker's face in {np.mean(alone):.1%} by each utterance alone, in "
        f"{np.mean(together):.1%} by all of the voice's utterances"
    )


def segments_of(path: Path) -> list[VoiceSegment]:
    """Return the spans of speech of a video, as one voice's."""
    audio = read_audio(path)
    return [
        VoiceSegment(0, span.start / SAMPLE_RATE, span.end / SAMPLE_RATE, loudness_of(audio[span.start : span.end]))
        for span in detect_voice(audio).voiced
        if span.seconds >= LEAST_SECONDS
    ]


def square_frames(path: Path) -> Iterator[tuple[float, ByteArray]]:
    """Yield times and the squares in the middle of a video's frames: RGB uint8 [SIDE, SIDE, 3], FACE_RATE a second."""
    with Reader(path) as reader:
        decoder = FrameDecoder(path, FACE_RATE)
        for chunk in reader:
            for frame in decoder.decode(chunk.packets):
                height, width = frame.image.shape[:2]
                side = min(height, width)
                left, top = (width - side) // 2, (height - side) // 2
                square = frame.image[top : top + side, left : left + side]
                yield frame.time, np.asarray(cv2.resize(square, (SIDE, SIDE)), np.uint8)


def _is_on_the_right(observations: list[FaceObservation]) -> bool | None:
    """Return the half that a face is in; None where none was chosen."""
    if not observations:
        return None
    return bool(np.mean([(s.box[0] + s.box[2]) / 2 for s in observations]) >= SIDE)


if __name__ == "__main__":
    typer.run(main)
