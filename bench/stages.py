"""The engine's stages, each compared with naive implementations.

Stages are timed separately. In an analysis they overlap, because frames are decoded during transcription, so their
times do not add up to that of an analysis.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from bench.clip import Progress
from bench.measure import Stopwatch, Timing, timed
from bench.naive import (
    FullSizeDetector,
    cut_each,
    decode_each,
    first_images,
    long_clips,
    one_by_one,
    padded_text,
    plain,
)
from bench.reference import FasterSegments, OpenAISegments, Segment
from bench.results import Form, Stage
from model.asr.transcription import Request, transcribe_spans
from model.asr.vad import find_speech
from model.contract import Modality, Utterance
from model.features import Sample
from model.media import FrameDecoder, Reader, read_audio
from model.modalities.base import Slice
from model.modalities.registry import AnySpec
from model.network import EmotionNetwork
from model.pipeline import Models, analyze, load_models
from model.vision.faces import FaceTracker
from model.vision.video_worker import FACE_RATE

Call = tuple[list[Sample], Mapping[Modality, Sequence[Slice]]]
"""The network's input for one window: its samples, and the slices of the curves."""

FULL_SIZE_PICTURES = 12  # frames to time full-size detection on; all of them would take minutes
LONG_CLIPS = 2  # clips of the reference's size to time


def measure(
    clip: Path, bundle: str, whisper_model: str, repeats: int, encoders_only: bool, progress: Progress
) -> list[Stage]:
    """Measure all stages of a bundle, or only its encoders, on one clip."""
    models = load_models(bundle, whisper_model, device="cpu")
    calls, utterances = predicted(clip, models)
    bench = _Bench(clip, models, whisper_model, calls, utterances, repeats)
    steps: list[Callable[[], Stage]] = [] if encoders_only else [bench.decode, bench.speech, bench.faces]
    for modality in models.bundle.network.modalities:
        steps.append(lambda modality=modality: bench.encoder(modality))  # type: ignore[misc]
    if not encoders_only:
        steps.append(bench.curves)
    stages: list[Stage] = []
    for step in steps:
        progress(len(stages) / len(steps))
        stages.append(step())
    return stages


def predicted(clip: Path, models: Models) -> tuple[list[Call], list[Utterance]]:
    """Run one analysis, which also warms up all stages; return the network's inputs and the utterances."""
    calls: list[Call] = []
    hook = models.bundle.network.register_forward_pre_hook(lambda _, inputs: calls.append((inputs[0], inputs[2])))
    analysis = analyze(clip, models)
    hook.remove()
    return calls, analysis.utterances


class _Bench:
    """Inputs and models of the measurements."""

    def __init__(
        self,
        clip: Path,
        models: Models,
        whisper_model: str,
        calls: Sequence[Call],
        utterances: Sequence[Utterance],
        repeats: int,
    ) -> None:
        self._clip = clip
        self._models = models
        self._whisper_model = whisper_model
        self._calls = calls
        self._samples = [sample for samples, _ in calls for sample in samples]
        self._spoken = [Segment(u.start_time, u.end_time, u.text) for u in utterances if u.text]
        self._repeats = repeats

    def decode(self) -> Stage:
        """Measure decoding of a file to audio and RGB frames at the rate of face detection."""

        def once() -> None:
            with Reader(self._clip) as reader:
                frames = FrameDecoder(self._clip, FACE_RATE)
                for chunk in reader:
                    for _ in frames.decode(chunk.packets):
                        pass

        spans = [(segment.start, segment.end) for segment in self._spoken]
        return self._stage(
            "decode",
            self._form("one pass, frames sampled on the fly", once),
            self._form("file opened again for each utterance", lambda: decode_each(self._clip, spans)),
            self._form("re-encoded cut for each utterance", lambda: cut_each(self._clip, self._spoken)),
        )

    def speech(self) -> Stage:
        """Measure transcription to words with times."""
        sound = read_audio(self._clip)

        def ours() -> None:
            transcribe_spans(sound, find_speech(sound), self._models.transcriber, Request())

        openai, faster = OpenAISegments(self._whisper_model), FasterSegments(self._whisper_model)
        return self._stage(
            "speech",
            self._form(f"{self._models.transcriber.name}, batched", ours, note="with word times"),
            self._form("openai-whisper, fp32", lambda: openai(self._clip), note="no word times"),
            self._form("faster-whisper int8, window by window", lambda: faster(self._clip), note="no word times"),
        )

    def faces(self) -> Stage:
        """Measure face detection and tracking."""
        if self._models.detector is None:
            raise ValueError("the bundle has no face modality")
        ours = Stopwatch()
        tracker = FaceTracker(self._models.detector)
        with Reader(self._clip) as reader:
            frames = FrameDecoder(self._clip, FACE_RATE)
            for chunk in reader:
                for frame in frames.decode(chunk.packets):
                    with ours:
                        tracker.update(frame.time, frame.image)
            pictures = round(reader.info.fps * reader.end)
        detector, images = FullSizeDetector(), first_images(self._clip, FULL_SIZE_PICTURES)
        each = timed(lambda: detector(images), self._repeats)
        return self._stage(
            "faces",
            Form(what=f"{FACE_RATE:g} frames per second, downscaled", timing=ours.timing),
            Form(
                what=f"every frame in full size ({pictures})",
                timing=each.scaled(pictures / len(images)),
                note=f"extrapolated from {len(images)}",
            ),
        )

    def encoder(self, modality: Modality) -> Stage:
        """Measure one encoder on all utterances."""
        network = self._models.bundle.network
        samples = [sample.only(modality) for sample in self._samples if sample.get(modality) is not None]
        name = f"encoder: {modality}"
        if not samples:
            return self._stage(name, Form(what="nothing to encode", timing=Timing(wall=0.0, cpu=0.0)))
        with torch.inference_mode():
            ours = self._form(_manner(network.specs[modality]), lambda: network.encode(samples))
            return self._stage(name, ours, *self._naive(network, modality, samples))

    def curves(self) -> Stage:
        """Measure the predictions with the curves of voice and face, and without."""
        network = self._models.bundle.network

        def predict(with_curves: bool) -> None:
            for samples, slices in self._calls:
                network(samples, slices=slices if with_curves else None)

        with torch.inference_mode():
            ours = self._form("predictions and curves", lambda: predict(with_curves=True))
            return self._stage("curves", ours, self._form("predictions alone", lambda: predict(with_curves=False)))

    def _naive(self, network: EmotionNetwork, modality: Modality, samples: Sequence[Sample]) -> list[Form]:
        encoder = plain(network.encoders[modality])
        if modality == "text":
            tokens = [sample.text for sample in samples if sample.text is not None]
            return [self._form("padded to 128 tokens, batch 1", lambda: padded_text(encoder, tokens))]
        if modality == "video":
            clips = [sample.video for sample in samples if sample.video is not None]
            longer = timed(lambda: one_by_one(encoder, long_clips(LONG_CLIPS)))
            return [
                self._form("default layout, batch 1", lambda: one_by_one(encoder, clips)),
                Form(
                    what="30 frames of 224x224, default layout, batch 1",
                    timing=longer.scaled(len(clips) / LONG_CLIPS),
                    note=f"extrapolated from {LONG_CLIPS}",
                ),
            ]
        collate = network.specs[modality].collate

        def each() -> list[Tensor]:
            return [network.embed(modality, collate([sample.get(modality)]), 1) for sample in samples]

        return [self._form("batch 1", each)]

    def _form(self, what: str, work: Callable[[], object], note: str = "") -> Form:
        return Form(what=what, timing=timed(work, self._repeats), note=note)

    def _stage(self, name: str, ours: Form, *naive: Form) -> Stage:
        return Stage(name=name, bundle=self._models.bundle.manifest.name, ours=ours, naive=naive)


def _manner(spec: AnySpec) -> str:
    """Describe how the engine runs an encoder."""
    detail = {"text": ", padded to the longest", "video": ", channels last"}.get(spec.modality, "")
    return f"batches of up to {spec.batch}{detail}"
