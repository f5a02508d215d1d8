"""Curves of voice and face over time, on real speech and faces."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.asr.base import Span
from model.asr.segmenter import Window
from model.asr.vad import Voice
from model.contract import EMOTIONS, MAX_CURVE_STEPS, Analysis, Curves, Modality
from model.curves import DECIMALS, STEP, WINDOWS, CurveBuilder, Timing
from model.features import SAMPLE_RATE, Evidence, Sample
from model.media import FrameDecoder, Reader, read_audio
from model.modalities import audio
from model.modalities.audio import VoiceEncoder
from model.modalities.base import Slice, TimedEncoder
from model.modalities.registry import prepare, specs_of
from model.pipeline import Models, analyze
from model.vision.faces import FaceTracker

ROUNDING = 10**-DECIMALS


def curves_of(analysis: Analysis) -> Curves:
    assert analysis.curves is not None
    return analysis.curves


def values(curves: Curves, modality: Modality, emotion: str, start: float, end: float) -> list[float]:
    """Return the values of an emotion in the steps with evidence between two times."""
    column = [str(label) for label in curves.emotions].index(emotion)
    steps = curves.modalities[modality][round(start / curves.step_s) : round(end / curves.step_s)]
    return [step[column] for step in steps if step is not None]


def test_the_face_turns_from_tears_to_laughter(analysis: Analysis) -> None:
    curves = curves_of(analysis)
    assert min(values(curves, "face", "sadness", 2.0, 5.0)) > 0.5
    assert min(values(curves, "face", "joy", 13.0, 17.0)) > 0.8
    assert max(values(curves, "face", "joy", 2.0, 5.0)) < 0.2


def test_steps_cover_the_video_and_are_distributions(analysis: Analysis) -> None:
    curves = curves_of(analysis)
    assert curves.step_s == STEP and tuple(curves.emotions) == EMOTIONS
    for steps in curves.modalities.values():
        assert 0 <= len(steps) * STEP - analysis.video.duration_s < STEP
        for step in filter(None, steps):
            assert sum(step) == pytest.approx(1.0, abs=7 * ROUNDING)


def test_evidence_is_where_the_utterances_have_it(analysis: Analysis) -> None:
    """Every utterance with a modality has steps of it; no step outside has any."""
    for modality, steps in curves_of(analysis).modalities.items():
        spans = [(u.start_time, u.end_time) for u in analysis.utterances if modality in u.modalities]
        found = [(i + 0.5) * STEP for i, step in enumerate(steps) if step is not None]
        assert all(any(start <= time < end for start, end in spans) for time in found)
        assert all(any(start <= time < end for time in found) for start, end in spans)


def test_the_steps_of_an_utterance_agree_with_it(analysis: Analysis) -> None:
    """The mean over an utterance's steps has the emotion that its modality predicts, where that is clear."""
    curves = curves_of(analysis)
    for utterance in analysis.utterances:
        for modality in curves.modalities.keys() & utterance.modalities.keys():
            top = utterance.modalities[modality].emotions[0]
            if top.confidence > 0.6:
                inside = values(curves, modality, top.label, utterance.start_time, utterance.end_time)
                assert np.mean(inside) == pytest.approx(top.confidence, abs=0.15)


def test_predictions_do_not_depend_on_the_curves(models: Models, sample: Path) -> None:
    """The same encoders' run gives both: an utterance's prediction is the same with and without slices."""
    network = models.bundle.network
    samples = real_samples(models, sample)
    slices = {m: [Slice(0, 0, 3), Slice(2, 1, 9)] for m in network.timed}
    with torch.inference_mode():
        torch.testing.assert_close(network(samples, slices=slices).emotions, network(samples).emotions)


def test_a_slice_of_everything_is_its_utterance(models: Models, sample: Path) -> None:
    """Calibrated by the same constants: a step as long as the utterance has the utterance's probabilities."""
    network = models.bundle.network
    samples = real_samples(models, sample)
    assert set(network.timed) == {"audio", "face"}
    for modality in network.timed:
        sizes = [one.audio.shape[1] if modality == "audio" else len(one.face) for one in samples]
        whole = [Slice(row, 0, size) for row, size in enumerate(sizes)]
        with torch.inference_mode():
            prediction = network(samples, slices={modality: whole})
        torch.testing.assert_close(prediction.slices[modality], prediction.per_modality[modality])


def test_slices_keep_their_order_in_any_batch(models: Models, sample: Path) -> None:
    """A slice has its own prediction, whatever the batch; log-probabilities deviate as those of utterances do."""
    network = models.bundle.network
    samples = real_samples(models, sample)
    size: dict[Modality, int] = {"audio": 150, "face": 3}
    slices = {m: [Slice(row, row, row + size[m]) for row in (3, 0, 2, 1)] for m in network.timed}
    with torch.inference_mode():
        together = network(samples, slices=slices).slices
        for modality, chosen in slices.items():
            for i, one in enumerate(chosen):
                alone = network([samples[one.row]], slices={modality: [Slice(0, one.start, one.end)]}).slices
                torch.testing.assert_close(alone[modality][0], together[modality][i], atol=0.05, rtol=0.0)


@given(length=st.integers(1, 1500), data=st.data())
def test_ranges_of_the_voice_cover_their_frames(length: int, data: st.DataObject) -> None:
    """Adjoining slices have adjoining ranges, in any division of an utterance into windows."""
    _, sizes, _ = audio._windows(torch.zeros(1, 80, length), torch.tensor([length]))
    total = int(((sizes + 1) // 2).sum())
    cut = data.draw(st.integers(0, length - 1))
    [(first, end)] = audio._encoded_ranges([length], [Slice(0, 0, length)])
    assert (first, end) == (0, total)
    [(first, end)] = audio._encoded_ranges([length], [Slice(0, cut, length)])
    assert 0 <= first < end == total


class TestSteps:
    @given(
        start=st.floats(0, 100),
        length=st.floats(0.5, 15),
        crops=st.lists(st.floats(0, 1), max_size=16),
        pauses=st.lists(st.floats(0, 1), max_size=4),
    )
    def test_slices_lie_within_the_inputs(
        self, start: float, length: float, crops: list[float], pauses: list[float]
    ) -> None:
        times = sorted(start + share * length for share in crops)
        edges = sorted(start + share * length for share in pauses)
        spans = list(zip(edges[::2], edges[1::2], strict=False))
        frames = round(sum(b - a for a, b in spans) * 100)
        timing = Timing(start, start + length, times, spans, frames)
        for modality, step, first, end in timing.slices():
            middle = (step + 0.5) * STEP
            assert start - 1e-5 <= middle < start + length + 1e-5
            assert 0 <= first < end <= (len(times) if modality == "face" else frames)
            if modality == "face":
                assert all(abs(time - middle) <= WINDOWS["face"] / 2 for time in times[first:end])
            else:
                assert any(a <= middle < b for a, b in spans)

    def test_every_step_belongs_to_one_of_two_adjoining_segments(self) -> None:
        crops = [i / 4 for i in range(40)]
        parts = [Timing(0.0, 3.3, crops), Timing(3.3, 9.0, crops)]
        assert [step for part in parts for _, step, *_ in part.slices()] == list(range(18))

    def test_a_pause_has_no_voice(self) -> None:
        timing = Timing(0.0, 10.0, voice=[(0.0, 3.0), (8.0, 10.0)], voice_frames=500)
        found = {step: (first, end) for _, step, first, end in timing.slices()}
        assert sorted(found) == [*range(6), *range(16, 20)]
        assert found[0] == (0, 200) and found[19] == (300, 500)


class TestLength:
    @pytest.mark.parametrize("minutes, step", [(1, 0.5), (20, 0.5), (21, 1.0), (60, 1.5), (240, 6.0)])
    def test_is_bounded(self, minutes: int, step: float) -> None:
        curves = built(round(minutes * 60 / STEP), minutes * 60.0)
        assert curves.step_s == step
        assert len(curves.modalities["face"]) <= MAX_CURVE_STEPS
        assert len(curves.modalities["face"]) * step >= minutes * 60
        assert len(curves.model_dump_json()) < 60 * MAX_CURVE_STEPS

    def test_longer_steps_average_shorter_ones(self) -> None:
        curves = built(MAX_CURVE_STEPS * 2, MAX_CURVE_STEPS * 2 * STEP)
        first = curves.modalities["face"][0]
        assert first is not None and first[0] == pytest.approx((0.1 + 0.9) / 2, abs=ROUNDING)

    def test_evidence_beyond_the_reported_duration_is_kept(self) -> None:
        assert len(built(10, 1.0).modalities["face"]) == 10

    def test_nothing_without_evidence(self) -> None:
        assert CurveBuilder().curves(60.0) is None


def built(steps: int, duration: float) -> Curves:
    """Build the curve of a face that is seen in every step; anger alternates between 0.1 and 0.9."""
    builder = CurveBuilder()
    for start in range(0, steps, 120):  # window by window
        end = min(start + 120, steps)
        times = [(i + 0.5) * STEP for i in range(start, end)]
        builder.request([Timing(start * STEP, end * STEP, times)], ("face",))
        anger = torch.tensor([[0.1 if i % 2 == 0 else 0.9] for i in range(start, end)])
        builder.add({"face": torch.cat([anger, ((1 - anger) / 6).expand(-1, 6)], dim=1).log()})
    curves = builder.curves(duration)
    assert curves is not None
    return curves


def test_a_video_without_a_voice_has_the_face_alone(models: Models) -> None:
    path = Path(__file__).parents[2] / "examples" / "without_words.mp4"
    assert curves_of(analyze(path, models)).modalities.keys() == {"face"}


def test_voice_spans_are_the_audio_that_is_read(sample: Path) -> None:
    """The voice of a span that is mostly silent is its parts' audio, one after the other."""
    sound = read_audio(sample)
    voiced = [Span(SAMPLE_RATE, 2 * SAMPLE_RATE), Span(8 * SAMPLE_RATE, 9 * SAMPLE_RATE)]
    window = Window(100.0, 110.0, sound[: 10 * SAMPLE_RATE], Voice([], voiced), [])
    spans = window.voice_spans(100.0, 110.0)
    assert len(spans) == 2 and all(100.0 <= start < end <= 110.0 for start, end in spans)
    length = sum(end - start for start, end in spans)
    assert len(window.voice_between(100.0, 110.0)) == round(length * SAMPLE_RATE)


def real_samples(models: Models, path: Path) -> Sequence[Sample]:
    """Return four samples with the voice and the face of consecutive spans of different lengths."""
    assert models.detector is not None
    tracker, sound = FaceTracker(models.detector), read_audio(path)
    with Reader(path) as reader:
        frames = FrameDecoder(path, 4.0)
        for chunk in reader:
            for frame in frames.decode(chunk.packets):
                tracker.update(frame.time, frame.image)
    face = max(tracker.tracks, key=lambda track: len(track.observations))
    samples: list[Sample] = []
    for start, end in itertools.pairwise((1.0, 3.1, 6.0, 10.7, 17.0)):
        crops = [observation.crop for observation in face.between(start, end)]
        voice = sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        samples.append(prepare(Evidence(voice, crops=crops), specs_of("audio", "face").values()))
    return samples


def test_encoders_of_voice_and_face_are_timed(models: Models) -> None:
    for modality in ("audio", "face"):
        encoder = models.bundle.network.encoder(modality)
        assert isinstance(encoder, TimedEncoder)
    assert isinstance(models.bundle.network.encoder("audio"), VoiceEncoder)
