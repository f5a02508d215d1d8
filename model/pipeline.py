"""Analysis of a video, from the file to a prediction for every utterance. Start reading here.

Reader          demuxes the file once, in order, decoding the audio as it comes     (media)
VideoWorker     decodes frames and tracks faces, on a second thread                 (video_worker, faces)
AudioSegmenter  turns the audio into windows of segments with their words           (segmenter, asr)
Predictor       turns each segment into tensors and runs the network                (features, network)
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from common.progress import Stage
from model.analysis_warnings import Limits, warnings_of
from model.asr import registry
from model.asr.base import Transcriber, check_language
from model.asr.interruptible import Interruptible
from model.asr.segmenter import WINDOW_SECONDS, AudioSegmenter, Window
from model.bundle import DEFAULT_BUNDLE, Bundle, Manifest, load_bundle
from model.compat import release_memory
from model.contract import (
    Analysis,
    ModalityShare,
    ModelInfo,
    Overall,
    Person,
    Prior,
    Utterance,
    VideoInfo,
    rank_emotions,
    rank_sentiments,
)
from model.curves import CurveBuilder, Timing
from model.explanation import Explanation, summarize_explained
from model.features import Sample
from model.fusion import Fusion, conflict
from model.media import Gap, KeepGoing, MediaError, MediaInfo, Reader, check_demands, keep_going_always
from model.modalities.face import chosen_crops
from model.modalities.registry import prepare
from model.network import Prediction
from model.reports.sentences import sentence_of
from model.speakers import embedding
from model.speakers.diarization import Diarizer
from model.speakers.embedding import SpeakerEncoder, load_speaker_encoder
from model.speakers.people import with_people
from model.utterances import Segment, subtract_gaps
from model.vision.faces import FaceDetector
from model.vision.speaking import VoiceSegment
from model.vision.video_worker import FaceView, VideoWorker, loudness_of
from model.weights import catalog

DECIMALS = 6  # of confidences; further digits are rounding noise

Progress = Callable[[str, float], None]
"""Called with the stage and the completed fraction of the analysis, 0 to 1, which never decreases."""


class DeviceError(ValueError):
    """The requested device is not available. The message names a remedy."""


class TooLongError(MediaError):
    """The video exceeds the configured duration limit."""


class TooSlowError(MediaError):
    """The analysis exceeded its time budget."""


@dataclass(frozen=True)
class Budget:
    """Time budget of an analysis: `seconds` plus `factor` times the duration of its video."""

    seconds: float
    factor: float

    def of(self, duration: float) -> float:
        """Return the budget, in seconds, for a video of this duration."""
        return self.seconds + self.factor * duration


@dataclass(frozen=True)
class Options:
    """Options of one analysis."""

    language: str | None = None  # ISO 639-1; None to detect it
    translate: bool = False  # transcribe into English, whatever the spoken language
    max_duration: float | None = None  # seconds; longer videos are rejected
    budget: Budget | None = None  # analyses that take longer are aborted
    people: bool = True  # tell people apart by their voices, where a speaker encoder is loaded
    speakers: int | None = None  # number of speakers, where people are told apart; None to estimate it


@dataclass(frozen=True)
class Models:
    """Models that are loaded once and shared by all analyses."""

    bundle: Bundle
    transcriber: Transcriber
    detector: FaceDetector | None
    speaker_encoder: SpeakerEncoder | None = None  # None: people are not told apart


def load_models(
    bundle: str | Path = DEFAULT_BUNDLE,
    transcriber: str = registry.DEFAULT_TRANSCRIBER,
    device: str = "auto",
    prior: Prior = "declared",
    concurrency: int = 1,
    people: bool = False,
) -> Models:
    """Load a bundle, a transcriber and a face detector for `concurrency` analyses at a time. Fetches missing weights.

    The uniform prior assumes that all emotions are equally frequent. With `people`, analyses name who speaks; the voice
    embeddings that this takes, biometric data, stay in memory until an analysis ends.
    Raises BundleError, SpeechError, DeviceError or WeightsError.
    """
    device = resolve_device(device)
    models = models_of(load_bundle(bundle, device, prior), transcriber, device, concurrency)
    return replace(models, speaker_encoder=load_speaker_encoder(device)) if people else models


def models_of(
    loaded: Bundle, transcriber: str = registry.DEFAULT_TRANSCRIBER, device: str = "cpu", concurrency: int = 1
) -> Models:
    """Load the transcriber and face detector for a loaded bundle. Raises SpeechError or WeightsError."""
    detector = None
    if _reads(loaded.manifest, "crops"):
        detector = FaceDetector(catalog.fetch("centerface") / "centerface.onnx", concurrency)
    return Models(loaded, registry.load_transcriber(transcriber, device, concurrency), detector)


def needed_weights(manifest: Manifest, transcriber: str, people: bool = False) -> list[str]:
    """Return the catalog entries that this bundle and transcriber load, and those that tell people apart."""
    names = [*manifest.public_encoders.values(), *([manifest.tokenizer] if manifest.tokenizer else [])]
    if _reads(manifest, "crops"):
        names.append("centerface")
    names += registry.needed_weights(transcriber)
    if people:
        names.append(embedding.ENTRY)
    return list(dict.fromkeys(names))


def _reads(manifest: Manifest, evidence: str) -> bool:
    """Return True when any modality of a bundle needs this field of Evidence."""
    return any(spec.reads == evidence for spec in manifest.network.specs.values())


def resolve_device(device: str) -> str:
    """Return "cuda" or "cpu"; "auto" prefers a GPU. Raises DeviceError for "cuda" without a GPU."""
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise DeviceError(
            "torch found no CUDA GPU: omit --device, or install a CUDA build of torch (TORCH=cuda make setup)"
        )
    return ("cuda" if has_gpu else "cpu") if device == "auto" else device


def analyze(
    path: str | Path,
    models: Models,
    options: Options | None = None,
    progress: Progress | None = None,
    keep_going: KeepGoing = keep_going_always,
) -> Analysis:
    """Analyze a video: predict emotion and sentiment of every utterance.

    A file that is damaged or lacks sound, speech or faces is analyzed from the rest; the result's `warnings` list the
    missing inputs. `keep_going` is called by two threads, about once a second at every stage, and aborts the analysis
    by raising. Raises MediaError for a file that cannot be read or takes too much memory or time, and SpeechError for
    options that the transcriber does not support.
    """
    options, progress = options or Options(), progress or (lambda *_: None)
    deadline = _Deadline(Path(path), options, keep_going)
    check_language(models.transcriber, options.language, options.translate)
    clips = _reads(models.bundle.manifest, "frames")
    progress(Stage.TRANSCRIBING, 0.0)
    check_demands(Path(path), deadline.check)
    with Reader(Path(path), keep_going=deadline.check) as reader:
        if options.max_duration is not None:
            _check_duration(reader.duration_over(options.max_duration) or 0.0, options, reader.path)
        deadline.duration = reader.info.duration
        report = _ProgressReporter(progress, reader.info.duration)
        video = VideoWorker(reader.path, models.detector, clips, deadline.check)
        transcriber = Interruptible(models.transcriber, deadline.check) if reader.info.has_audio else None
        encoder = models.speaker_encoder if options.people else None
        diarizer = None if encoder is None else Diarizer(encoder, options.speakers, deadline.check)
        segmenter = AudioSegmenter(transcriber, options.language, options.translate, diarizer)
        predictor = Predictor(models.bundle, video, options.translate, deadline.check)

        def predict_window(window: Window) -> None:
            length = window.end - window.start

            def report_video_progress() -> None:
                """Report how much of the window's video is decoded; without audio, that takes all of the time."""
                deadline.check()
                decoded = min(max(0.0, video.frames.position - window.start), length)
                share = 0.6 * length + 0.3 * decoded if len(window.audio) else 0.9 * decoded
                report(Stage.DETECTING, window.start + share)

            report_video_progress()
            video.wait(report_video_progress)
            report(Stage.PREDICTING, window.start + 0.9 * length)
            predictor.predict(window, reader.missing(video.frames))
            release_memory()

        def report_silent_progress() -> None:
            """Report how much of a video without audio is decoded."""
            deadline.check()
            if not reader.info.has_audio:
                report(Stage.DETECTING, 0.9 * video.frames.position)

        try:
            for chunk in reader:
                _check_duration(chunk.end, options, reader.path)
                deadline.duration = max(deadline.duration, chunk.end)
                video.submit(chunk.packets, report_silent_progress)
                segmenter.add(chunk.audio)
                if segmenter.ready:
                    report(Stage.TRANSCRIBING, segmenter.start)
                    predict_window(segmenter.next_window())
                if not reader.info.has_audio and reader.end - segmenter.start >= WINDOW_SECONDS:
                    video.wait(report_silent_progress)
                    for window in segmenter.silence_up_to(video.frames.position):
                        predict_window(window)
            for window in segmenter.finish(reader.end):
                predict_window(window)
            video.wait(report_silent_progress)
        finally:
            video.close()
        summary = reader.summary(video.frames)
        utterances, people = predictor.utterances, list[Person]()
        if diarizer is not None:
            utterances, people = with_people(utterances, predictor.views, diarizer, predictor.overall)
        progress(Stage.DONE, 1.0)
        return Analysis(
            video=_video_info(summary.info),
            language=segmenter.speech.language if segmenter.found_words else None,
            language_probability=_rounded(segmenter.speech.probability) if segmenter.found_words else None,
            model=_model_info(models, segmenter.speech.seconds > 0),
            utterances=utterances,
            overall=predictor.overall(),
            people=people,
            curves=predictor.curves.curves(summary.info.duration),
            warnings=[*summary.warnings, *warnings_of(summary, segmenter, predictor.limits())],
        )


class _Deadline:
    """Time budget of an analysis, combined with the caller's `keep_going`."""

    def __init__(self, path: Path, options: Options, keep_going: KeepGoing) -> None:
        self._path, self._budget, self._limit = path, options.budget, options.max_duration
        self._keep_going = keep_going
        self._start = time.monotonic()
        self.duration = 0.0  # seconds of the video known so far

    def check(self) -> None:
        """Raise TooSlowError when the budget is exceeded, or what `keep_going` raises."""
        self._keep_going()
        if self._budget is None:
            return
        duration = self.duration if self._limit is None else min(self.duration, self._limit)
        if time.monotonic() - self._start > self._budget.of(duration):
            raise TooSlowError(
                f"{self._path} took longer than {self._budget.of(duration):.0f} s to analyze. Scale it down, cut it "
                "into parts, or retry later."
            )


class _ProgressReporter:
    """Progress reporter that maps positions in the video to a fraction that never decreases."""

    def __init__(self, progress: Progress, duration: float) -> None:
        self._progress, self._duration = progress, duration
        self._fraction = 0.0

    def __call__(self, stage: Stage, position: float) -> None:
        if self._duration > 0:
            self._fraction = max(self._fraction, min(0.99, position / self._duration))
        self._progress(stage, self._fraction)


class Predictor:
    """Predictor of a video's windows in order; each utterance's text is read in the context of earlier ones."""

    def __init__(
        self, bundle: Bundle, video: VideoWorker, translated: bool, keep_going: KeepGoing = keep_going_always
    ) -> None:
        self._keep_going = keep_going
        self._bundle = bundle
        self._video = video
        self._translated = translated
        self._context: list[str] = []
        self._seconds_without_evidence = 0.0
        self.utterances: list[Utterance] = []
        self.views: list[FaceView | None] = []  # of who speaks in each utterance
        self._explanations: list[Explanation] = []
        self._fusion = bundle.network.config.fusion or Fusion(weights={})  # without thresholds
        self.curves = CurveBuilder()

    def predict(self, window: Window, missing: Sequence[Gap] = ()) -> None:
        """Predict the window's utterances; `missing` gaps get none. Call it once the window's video is processed."""
        segments, samples, timings = [], list[Sample](), list[Timing]()
        voices = [(segment, segment.voice) for segment in window.segments if segment.voice is not None]
        self._video.match_voices(
            [VoiceSegment(v, s.start, s.end, loudness_of(window.audio_between(*s.times))) for s, v in voices]
        )
        for segment in subtract_gaps(window.segments, missing):
            self._keep_going()
            sample, timing, view = self._sample(segment, window)
            if sample.present:
                self.views.append(view)
                segments.append(segment)
                samples.append(sample)
                timings.append(timing)
            else:
                self._seconds_without_evidence += segment.end - segment.start
        self._video.forget_before(window.end)
        if samples:
            with torch.inference_mode():
                slices = self.curves.request(timings, self._bundle.network.timed)
                prediction = self._bundle.network(samples, self._keep_going, slices)
            self.curves.add(prediction.slices)
            explanations = [explanation_of(prediction, row) for row in range(len(segments))]
            self.utterances += [
                _utterance(s, prediction, row, explanations[row], self._fusion) for row, s in enumerate(segments)
            ]
            self._explanations += explanations

    def overall(self, indices: Sequence[int] | None = None) -> Overall:
        """Summarize the utterances predicted so far, or those with these indices."""
        chosen = range(len(self.utterances)) if indices is None else indices
        utterances, explanations = [self.utterances[i] for i in chosen], [self._explanations[i] for i in chosen]
        return summarize_explained(utterances, explanations, self._fusion.unclear_below)

    def limits(self) -> Limits:
        """Return the inputs that could be used, for the warnings."""
        return Limits(
            modalities=self._bundle.network.modalities,
            found_face=self._video.found_face,
            languages=self._bundle.manifest.languages,
            translated=self._translated,
            seconds_without_evidence=self._seconds_without_evidence,
        )

    def _sample(self, segment: Segment, window: Window) -> tuple[Sample, Timing, FaceView | None]:
        """Return what the network reads of a segment, when that is in the video, and the speaker's face in it."""
        tokens = None
        if segment.text and self._bundle.tokenizer is not None and self._reads(segment):
            tokens = self._bundle.tokenizer(segment.text, self._context)
            self._context = [*self._context[-8:], segment.text]
        sound = window.audio_between(*segment.times)
        face = self._video.face_between(segment.start, segment.end, loudness_of(sound), segment.voice)
        evidence = self._video.evidence(segment.start, segment.end, sound, face)
        voice = window.voice_between(segment.start, segment.end)
        sample = prepare(replace(evidence, sound=voice, tokens=tokens), self._bundle.network.specs.values())
        timing = Timing(
            start=segment.start,
            end=segment.end,
            crops=[evidence.crop_times[i] for i in chosen_crops(len(evidence.crop_times))],
            voice=window.voice_spans(segment.start, segment.end) if sample.audio is not None else (),
            voice_frames=0 if sample.audio is None else sample.audio.shape[1],
        )
        return sample, timing, self._video.view_of(face)

    def _reads(self, segment: Segment) -> bool:
        return self._translated or segment.language in self._bundle.manifest.languages


def explanation_of(prediction: Prediction, row: int) -> Explanation:
    """Return the additive terms of one utterance of a batch."""
    terms = prediction.terms[row].double().cpu().numpy()
    present = [(c, m) for c, m in enumerate(prediction.modalities) if prediction.weights[row, c] > 0]
    return Explanation({m: terms[c] for c, m in present}, prediction.base[row].double().cpu().numpy())


def _utterance(
    segment: Segment, prediction: Prediction, row: int, explanation: Explanation, fusion: Fusion
) -> Utterance:
    emotions = rank_emotions(_probabilities(prediction.emotions[row]))
    per_modality = {m: _probabilities(prediction.per_modality[m][row]) for m in explanation.terms}
    lead = explanation.lead(emotions[0].label, emotions[1].label)
    weights, decided_by = lead.weights
    rounded = lead.rounded()
    utterance = Utterance(
        start_time=round(segment.start, 3),
        end_time=round(segment.end, 3),
        text=segment.text,
        language=segment.language,
        emotions=emotions,
        sentiments=rank_sentiments(_probabilities(prediction.sentiments[row])),
        modalities={
            m: ModalityShare(
                weight=round(weights[m], DECIMALS), contribution=rounded.contributions[m], emotions=rank_emotions(own)
            )
            for m, own in per_modality.items()
        },
        bias=rounded.bias,
        decided_by=decided_by,
        contradictory=fusion.conflict_from is not None and conflict(per_modality) >= fusion.conflict_from,
        unclear=emotions[0].confidence < fusion.unclear_below,
    )
    return utterance.model_copy(update={"explanation": sentence_of(utterance)})


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, DECIMALS)


def _probabilities(log_probabilities: torch.Tensor) -> list[float]:
    return [round(float(p), DECIMALS) for p in np.minimum(log_probabilities.exp().cpu().numpy(), 1.0)]


def _check_duration(seconds: float, options: Options, path: Path) -> None:
    if options.max_duration is not None and seconds > options.max_duration:
        raise TooLongError(
            f"{path} is {seconds:.0f} s long; the limit is {options.max_duration:.0f} s. Cut it into parts."
        )


def _video_info(info: MediaInfo) -> VideoInfo:
    return VideoInfo(
        duration_s=round(info.duration, 3),
        width=info.width,
        height=info.height,
        fps=round(info.fps, 3),
        has_audio=info.has_audio,
    )


def _model_info(models: Models, has_speech: bool) -> ModelInfo:
    manifest = models.bundle.manifest
    return ModelInfo(
        bundle=manifest.name,
        version=manifest.version,
        speech=models.transcriber.name if has_speech else "",
        prior=models.bundle.prior,
    )
