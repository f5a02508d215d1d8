"""Tests of active speaker detection on real faces and voices put into one picture."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from model.asr.vad import detect_voice
from model.features import SAMPLE_RATE, ByteArray, FloatArray
from model.media import read_audio
from model.vision.faces import FaceDetector, FaceObservation, FaceTracker
from model.vision.speaking import SpeakerFaces, VoiceSegment
from model.vision.video_worker import FACE_RATE, loudness_of
from model.weights import catalog
from training.diarization.faces import SIDE, square_frames

ROOT = Path(__file__).parents[2]
SILENT_FACE = ROOT / "tests/media/face_and_speech.mp4"  # it weeps and laughs; a voice that is not its own reads
SPEAKING_FACE = ROOT / "examples/six_emotions.mp4"

Frame = tuple[float, ByteArray]


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(catalog.fetch("centerface") / "centerface.onnx")


@pytest.fixture(scope="module")
def speaking() -> list[Frame]:
    return list(square_frames(SPEAKING_FACE))


@pytest.fixture(scope="module")
def silent() -> list[Frame]:
    return list(square_frames(SILENT_FACE))


def words_of(audio: FloatArray, voice: int, start: float = 0.0) -> list[VoiceSegment]:
    """Speech in some audio, span by span; it begins at `start`."""
    return [
        VoiceSegment(
            voice,
            start + span.start / SAMPLE_RATE,
            start + span.end / SAMPLE_RATE,
            loudness_of(audio[span.start : span.end]),
        )
        for span in detect_voice(audio).voiced
        if span.seconds >= 0.5
    ]


def tracked(detector: FaceDetector, frames: Sequence[Frame]) -> FaceTracker:
    tracker = FaceTracker(detector)
    for time, image in frames:
        tracker.update(time, image)
    return tracker


def side_of(observations: Sequence[FaceObservation]) -> str:
    middle = np.mean([(s.box[0] + s.box[2]) / 2 for s in observations])
    return "left" if middle < SIDE else "right"


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("offset", [0, 8, 24])
def test_of_two_equal_faces_it_is_not_the_one_that_only_moves(
    detector: FaceDetector, speaking: list[Frame], silent: list[Frame], side: str, offset: int
) -> None:
    pairs = [(a, b) if side == "left" else (b, a) for (_, a), (_, b) in zip(speaking, silent[offset:], strict=False)]
    frames = [(time, np.concatenate(pair, axis=1)) for (time, _), pair in zip(speaking, pairs, strict=False)]
    words = [w for w in words_of(read_audio(SPEAKING_FACE), voice=0) if w.end <= frames[-1][0]]
    faces = SpeakerFaces(tracked(detector, frames).tracks, words)
    assert len(words) >= 3
    assert [side_of(faces.choose(one)) for one in words] == [side] * len(words)


def test_a_face_is_nobody_elses_while_another_voice_speaks(detector: FaceDetector, speaking: list[Frame]) -> None:
    """The actress speaks, then listens to a voice that is not seen, and speaks again."""
    last = speaking[-1][0]
    reply = read_audio(SILENT_FACE)[: 6 * SAMPLE_RATE]
    away = len(reply) / SAMPLE_RATE
    listening = [(last + t, speaking[-1][1]) for t in np.arange(1 / FACE_RATE, away, 1 / FACE_RATE)]
    again = [(last + away + time, image) for time, image in speaking]
    own = read_audio(SPEAKING_FACE)
    hers = [*words_of(own, 0), *words_of(own, 0, start=last + away)]
    others = words_of(reply, 1, start=last)
    faces = SpeakerFaces(tracked(detector, [*speaking, *listening, *again]).tracks, [*hers, *others])
    assert all(faces.choose(one) for one in hers) and len(others) >= 1
    assert [faces.choose(one) for one in others] == [[]] * len(others)


def test_a_lone_face_stays_with_the_only_voice(detector: FaceDetector, silent: list[Frame]) -> None:
    """It does not speak, yet nothing says that it belongs to somebody else."""
    words = words_of(read_audio(SILENT_FACE), voice=0)
    faces = SpeakerFaces(tracked(detector, silent).tracks, words)
    assert all(faces.choose(one) for one in words)


def test_a_face_is_known_again_after_a_cut(detector: FaceDetector, speaking: list[Frame], silent: list[Frame]) -> None:
    """Shot and reverse shot: two pictures in turns, each of one face in the same place."""
    blocks = [(speaking[:8], 0.0), (silent[:8], 3.0), (speaking[8:16], 6.0), (silent[8:16], 9.0)]
    frames = [(start + i / FACE_RATE, image) for block, start in blocks for i, (_, image) in enumerate(block)]
    tracks = tracked(detector, frames).tracks
    faces = SpeakerFaces(tracks, [])
    assert len(tracks) == 4
    assert [len(face.tracks) for face in faces._faces] == [2, 2]
    assert all(a.observations[0].time < b.observations[0].time for f in faces._faces for a, b in pairwise(f.tracks))
