"""The analysis pipeline on real speech and a real face: results, streaming and progress."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from common.progress import Stage
from model.asr import segmenter
from model.asr.base import Span, pack
from model.asr.segmenter import AudioSegmenter, cut_point
from model.asr.transcription import Request, transcribe_spans
from model.asr.vad import find_speech
from model.asr.whisper import CLIP_SECONDS
from model.contract import EMOTIONS, Analysis
from model.features import SAMPLE_RATE
from model.media import FrameDecoder, Reader
from model.pipeline import Models, Options, analyze
from tests.agreement import assert_same_answer
from tests.model.media_files import Sound, silence, speech_of, write


def test_every_utterance_of_the_sample(analysis: Analysis) -> None:
    words = " ".join(u.text for u in analysis.utterances).lower()
    for phrase in ("john dashwood had then leisure to consider", "young man", "rather selfish"):
        assert phrase in words
    assert analysis.language == "en" and analysis.model.bundle == "starter"
    assert analysis.video.duration_s == pytest.approx(19.7, abs=0.1)
    spoken = [u for u in analysis.utterances if u.text]
    assert len(spoken) == 3 and all(set(u.modalities) == {"text", "audio", "face"} for u in spoken)
    assert len(analysis.warnings) == 1 and "assumed to be English" in analysis.warnings[0]  # by tiny.en


def test_specified_english_needs_no_warning(models: Models, sample: Path) -> None:
    assert analyze(sample, models, Options(language="en")).warnings == []


def test_times_are_where_the_words_are(analysis: Analysis, sample: Path) -> None:
    """The audio between the utterances is quiet."""
    sound = speech_of(sample)
    inside = np.zeros(len(sound), bool)
    for u in analysis.utterances:
        if u.text:
            inside[round(u.start_time * SAMPLE_RATE) : round(u.end_time * SAMPLE_RATE)] = True
    assert np.square(sound[inside]).mean() > 10 * np.square(sound[~inside]).mean()


def test_the_face_is_read(analysis: Analysis) -> None:
    """The speaker cries at the start and smiles at the end, and the face's own prediction follows."""

    def joy(index: int) -> float:
        face = analysis.utterances[index].modalities["face"]
        return next(e.confidence for e in face.emotions if e.label == "joy")

    assert analysis.utterances[-1].modalities["face"].emotions[0].label == "joy"
    assert joy(-1) > 2 * joy(0)


def test_the_same_video_gives_the_same_result(models: Models, analysis: Analysis, sample: Path) -> None:
    assert_same_answer(analyze(sample, models), analysis)


def test_progress_never_goes_back(models: Models, sample: Path) -> None:
    reports: list[tuple[str, float]] = []
    analyze(sample, models, progress=lambda stage, share: reports.append((stage, share)))
    shares = [share for _, share in reports]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert {stage for stage, _ in reports} >= set(Stage)


def test_windows_do_not_lose_or_double_words(
    models: Models, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Analyzed in windows of a few seconds, a video has the same words as in one window."""
    sound = speech_of(sample)
    path = write(tmp_path / "a.wav", [], [Sound(np.concatenate([sound, silence(2.0), sound, silence(1.0), sound]))])
    whole = analyze(path, models)
    monkeypatch.setattr(segmenter, "WINDOW_SECONDS", 14.0)
    monkeypatch.setattr(segmenter, "MIN_WINDOW_SECONDS", 6.0)
    parts = analyze(path, models)

    def words(analysis: Analysis) -> list[str]:
        text = " ".join(u.text for u in analysis.utterances).lower()
        return "".join(c for c in text if c.isalnum() or c == " ").split()

    expected = words(whole)
    assert len(expected) > 100
    same = sum(a == b for a, b in zip(words(parts), expected, strict=False))
    assert same >= 0.9 * len(expected) and abs(len(words(parts)) - len(expected)) <= 4
    for a, b in itertools.pairwise(parts.utterances):
        assert a.end_time <= b.start_time + 1e-6


def test_only_a_window_of_audio_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "WINDOW_SECONDS", 20.0)
    monkeypatch.setattr(segmenter, "MIN_WINDOW_SECONDS", 10.0)
    collector = AudioSegmenter(None, None, False)
    total = 0
    for _ in range(100):
        collector.add(silence(5.0))
        if collector.ready:
            window = collector.next_window()
            total += len(window.audio)
            assert len(window.audio) <= 25 * SAMPLE_RATE
    assert total == 500 * SAMPLE_RATE


def test_a_cut_lies_in_silence() -> None:
    second = SAMPLE_RATE
    spans = [Span(0, 50 * second), Span(52 * second, 70 * second), Span(71 * second, 119 * second)]
    assert 70 * second < cut_point(spans, 120 * second) < 71 * second or cut_point(spans, 120 * second) > 119 * second
    assert cut_point([Span(0, 120 * second)], 120 * second) == 120 * second
    assert cut_point([], 120 * second) == 120 * second


def test_packing_keeps_all_speech_and_fits_the_window() -> None:
    spans = [Span(i * 200_000, i * 200_000 + length) for i, length in enumerate([160_000, 30_000, 900_000, 5_000])]
    packed = pack(np.zeros(2_000_000, np.float32), spans, CLIP_SECONDS)
    assert sum(s.end - s.start for clip in packed for s in clip.spans) == 160_000 + 30_000 + 900_000 + 5_000
    assert all(clip.seconds <= CLIP_SECONDS for clip in packed)


def test_packed_words_return_to_their_place(models: Models, sample: Path) -> None:
    """Long silences are removed before transcription, which must not affect the times."""
    sound = speech_of(sample)
    apart = np.concatenate([silence(30.0), sound, silence(45.0), sound])
    found = transcribe_spans(apart, find_speech(apart), models.transcriber, Request())
    starts = [w.start for w in found.words if w.text.strip(" .,").lower() == "dashwood"]
    assert [run.language for run in found.runs] == ["en"] and len(starts) == 2
    assert starts[1] - starts[0] == pytest.approx(len(sound) / SAMPLE_RATE + 45.0, abs=0.3)


def test_demuxing_gives_the_sound_before_the_picture_is_decoded(sample: Path) -> None:
    """Audio is complete before any frame is decoded; frames are decoded later from the same packets."""
    with Reader(sample) as reader:
        chunks = list(reader)
        samples = sum(len(chunk.audio) for chunk in chunks)
        decoder = FrameDecoder(sample, 4.0)
        times = [frame.time for chunk in chunks for frame in decoder.decode(chunk.packets)]
    assert samples == pytest.approx(17.6 * SAMPLE_RATE, rel=0.01)  # the audio is shorter than the video
    assert len(times) == 79 and times == sorted(times)
    assert [int(time * 4.0) for time in times] == list(range(79))  # one in every quarter of a second
    assert np.diff(times) == pytest.approx(0.25, abs=0.13)  # the sampled frame, or up to three frames later


def test_distributions_name_every_label(analysis: Analysis) -> None:
    for u in analysis.utterances:
        assert {e.label for e in u.emotions} == set(EMOTIONS)
