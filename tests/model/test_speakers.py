"""Tests of speaker diarization on real voices that take turns."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from model.asr.base import Span
from model.asr.voices import with_voices
from model.contract import Analysis
from model.features import SAMPLE_RATE, FloatArray, rms
from model.pipeline import Models, Options, analyze
from model.speakers.clustering import cluster, unit
from model.speakers.diarization import Diarizer, SpeechSpan
from model.speakers.embedding import SpeakerEncoder, load_speaker_encoder
from model.utterances import Word
from model.vision.faces import FaceDetector
from model.weights import catalog
from tests.model.conversation import ACTRESS, READER, ROOT, parts, two_people
from tests.model.media_files import frames_of
from training.diarization.composing import Kind, Turn, compose
from training.diarization.scoring import count_errors

GERMAN = ROOT / "tests/media/german.flac"  # a synthesizer


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return load_speaker_encoder()


@pytest.fixture(scope="module")
def with_people(models: Models, encoder: SpeakerEncoder) -> Models:
    return replace(models, speaker_encoder=encoder)


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Turn]]:
    """The reader and the actress in turns, as a file, and the turns."""
    path = tmp_path_factory.mktemp("conversation") / "two.flac"
    audio, turns = two_people()
    write(path, audio)
    return path, turns


def write(path: Path, audio: FloatArray) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.round(audio * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        file.mux([*stream.encode(frame), *stream.encode()])


def spoken_by(analysis: Analysis, turns: Sequence[Turn]) -> dict[str, set[str | None]]:
    """The speakers that the result names for each true one, by the middles of the utterances."""
    found: dict[str, set[str | None]] = {}
    for utterance in analysis.utterances:
        middle = (utterance.start_time + utterance.end_time) / 2
        for turn in turns:
            if turn.start <= middle <= turn.end and utterance.text:
                found.setdefault(turn.speaker, set()).add(utterance.speaker)
    return found


def test_two_people_who_take_turns_are_told_apart(conversation: tuple[Path, list[Turn]], with_people: Models) -> None:
    path, turns = conversation
    analysis = analyze(path, with_people)
    assert [person.label for person in analysis.people] == ["Speaker 1", "Speaker 2"]
    assert spoken_by(analysis, turns) == {"reader": {"S1"}, "actress": {"S2"}}
    for person in analysis.people:
        theirs = [u for u in analysis.utterances if u.speaker == person.id]
        assert person.seconds == pytest.approx(sum(u.duration for u in theirs), abs=1e-3)
        assert sum(score.confidence for score in person.summary.emotions) == pytest.approx(1.0, abs=1e-4)
        assert person.thumbnail_time is None  # there is no picture


def test_the_number_of_people_can_be_given(conversation: tuple[Path, list[Turn]], with_people: Models) -> None:
    assert len(analyze(conversation[0], with_people, Options(speakers=1)).people) == 1


def test_one_person_is_one_person(sample: Path, with_people: Models, analysis: Analysis) -> None:
    found = analyze(sample, with_people)
    assert [person.id for person in found.people] == ["S1"] and found.speaker_labels == {}
    assert {u.speaker for u in found.utterances if u.text} == {"S1"}
    assert [u.text for u in found.utterances] == [u.text for u in analysis.utterances]
    shown = found.people[0].thumbnail_time
    assert shown is not None and 0.0 < shown < found.video.duration_s
    frame = min(frames_of(sample, rate=4.0), key=lambda pair: abs(pair[0] - shown))[1]
    detector = FaceDetector(catalog.fetch("centerface") / "centerface.onnx")
    sides = np.array([frame.shape[1], frame.shape[0]] * 2)
    assert found.people[0].thumbnail_box == pytest.approx(detector.detect(frame)[0] / sides, abs=0.05)


def test_nobody_is_told_apart_unless_asked(analysis: Analysis) -> None:
    assert analysis.people == [] and {u.speaker for u in analysis.utterances} == {None}


def test_windows_of_one_voice_are_alike_and_those_of_two_are_not(encoder: SpeakerEncoder) -> None:
    voices = [np.stack([v.embedding for v in encoder.voiceprints(a, [Span(0, len(a))])]) for a in map(whole, PATHS)]
    assert np.allclose([np.linalg.norm(v, axis=1).max() for v in voices], 1.0, atol=1e-5)
    within = min(float((v @ v.T).mean()) for v in voices)
    between = max(float((a @ b.T).mean()) for i, a in enumerate(voices) for b in voices[i + 1 :])
    assert within > 0.4 > 0.3 > between


PATHS = (READER, ACTRESS, GERMAN)


def whole(path: Path) -> FloatArray:
    return np.concatenate(parts(path, 3.0))[: 12 * SAMPLE_RATE]


def test_embedding_ends_where_the_analysis_does(encoder: SpeakerEncoder) -> None:
    def ended() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        encoder.voiceprints(whole(READER), [Span(0, SAMPLE_RATE)], keep_going=ended)


def test_silence_has_no_speaker(encoder: SpeakerEncoder) -> None:
    diarizer = Diarizer(encoder)
    assert diarizer.add(np.zeros(SAMPLE_RATE, np.float32), [], 0.0).at([0.5]) == [None]
    assert diarizer.speakers_of([SpeechSpan(0.0, 1.0)]) == [None]


def test_voices_of_windows_far_apart_are_joined(encoder: SpeakerEncoder) -> None:
    diarizer = Diarizer(encoder)
    spans = []
    for start, path in ((0.0, READER), (3600.0, ACTRESS), (7200.0, READER)):
        audio = whole(path)[: 8 * SAMPLE_RATE]
        diarizer.add(audio, [Span(0, len(audio))], start)
        spans.append(SpeechSpan(start, start + 8.0))
    assert diarizer.speakers_of(spans) == [0, 1, 0]


def test_words_without_a_voice_are_those_of_the_nearest_speaker(encoder: SpeakerEncoder) -> None:
    diarizer = Diarizer(encoder)
    for start, path in ((0.0, READER), (10.0, ACTRESS)):
        audio = whole(path)[: 4 * SAMPLE_RATE]
        diarizer.add(audio, [Span(0, len(audio))], start)
    spans = [SpeechSpan(0.0, 4.0), SpeechSpan(5.0, 5.2), SpeechSpan(10.0, 14.0), SpeechSpan(20.0, 20.2)]
    assert diarizer.speakers_of(spans) == [0, 0, 1, 1]


class Halves:
    """Voice 0 before a time, voice 1 from it on."""

    def __init__(self, change: float) -> None:
        self._change = change

    def at(self, times: Sequence[float]) -> list[int | None]:
        return [int(time >= self._change) for time in times]


def test_words_change_their_voice_where_the_speaker_does() -> None:
    words = [Word(0.5 * i, 0.5 * i + 0.45, f" {i}") for i in range(6)]
    assert [word.voice for word in with_voices(words, Halves(101.5), 100.0)] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(("pause", "voice"), [(0.05, 0), (0.6, 1)])
def test_a_short_change_needs_a_pause(pause: float, voice: int) -> None:
    words = [Word(0.0, 1.0, " So"), Word(1.0 + pause, 1.3 + pause, " yes")]
    assert with_voices(words, Halves(1.0), 0.0)[1].voice == voice


def test_clusters_are_found_whatever_their_number() -> None:
    random = np.random.default_rng(5)
    for count in (1, 2, 5):
        centers = unit(random.standard_normal((count, 192)))
        truth = np.arange(40) % count
        items = unit(centers[truth] + 0.05 * random.standard_normal((40, 192)))
        labels = cluster(items, [2.0] * 40)
        assert (labels == truth).all()
        assert len(np.unique(cluster(items, [2.0] * 40, speakers=3))) == 3


def test_error_rate_counts_what_is_missed_wrong_and_invented() -> None:
    truth = [Turn(0.0, 10.0, "a"), Turn(10.0, 20.0, "b")]
    perfect = [Turn(0.0, 10.0, "2"), Turn(10.0, 20.0, "1")]
    assert count_errors(truth, perfect).rate == 0.0
    errors = count_errors(truth, [Turn(0.0, 15.0, "1"), Turn(15.0, 18.0, "2"), Turn(25.0, 26.0, "2")], collar=0.0)
    assert errors.total == pytest.approx(20.0)
    assert (errors.missed, errors.false_alarm, errors.confused) == pytest.approx((2.0, 1.0, 5.0))
    overlapping = [*truth, Turn(4.0, 6.0, "b")]
    assert count_errors(overlapping, perfect, collar=0.0).missed == pytest.approx(2.0)


def test_composed_conversations_are_as_their_turns_say(tmp_path: Path) -> None:
    recordings: dict[str, list[Path]] = {"reader": [], "actress": []}
    for name, path in (("reader", READER), ("actress", ACTRESS)):
        for i, piece in enumerate(parts(path, 2.0)[:3]):
            write(tmp_path / f"{name}{i}.flac", piece)
            recordings[name].append(tmp_path / f"{name}{i}.flac")
    composed = compose(recordings, Kind(2, 20.0), np.random.default_rng(1))
    again = compose(recordings, Kind(2, 20.0), np.random.default_rng(1))
    assert composed.turns == again.turns and (composed.audio == again.audio).all()
    assert composed.speakers == {"reader", "actress"}
    silent = np.ones(len(composed.audio), bool)
    for turn in composed.turns:
        silent[round(turn.start * SAMPLE_RATE) : round(turn.end * SAMPLE_RATE)] = False
    assert rms(composed.audio[silent]) < 0.1 * rms(composed.audio[~silent])
    with pytest.raises(ValueError, match="too few"):
        compose(recordings, Kind(3), np.random.default_rng(1))
