"""A video in, every utterance judged out. This is the main path; read it first.

Reader     demuxes the file once, in order, decoding the sound as it comes      (media)
Watcher    decodes the picture and follows faces, on a second thread            (watching, faces)
Listener   turns the sound into passages of utterances with their words         (passages, speech)
Judge      turns each utterance into tensors and lets the network weigh them    (features, network)
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model import weights
from model.bundle import DEFAULT_BUNDLE, Bundle, Manifest, Prior, load_bundle
from model.compat import give_back_memory
from model.contract import (
    Analysis,
    ModalityShare,
    ModelInfo,
    Overall,
    Utterance,
    VideoInfo,
    rank_emotions,
    rank_sentiments,
)
from model.explanation import Explanation, summarise_explained
from model.faces import FaceDetector
from model.features import Sample
from model.fusion import Fusion, conflict
from model.media import MediaError, MediaInfo, Reader
from model.network import Judgement
from model.passages import Listener, Passage
from model.speech import DEFAULT_MODEL, Engine, Recogniser, check_language, load_recogniser
from model.utterances import Spoken
from model.watching import Watcher

DECIMALS = 6  # of confidences: beyond lies rounding noise

Progress = Callable[[str, float], None]
"""Called with the stage and the fraction of the whole that is done, 0 to 1; never goes back."""


class DeviceError(ValueError):
    """There is no such device here. The message says what to do."""


class TooLongError(MediaError):
    """The video is longer than the limit that was set."""


@dataclass(frozen=True)
class Options:
    """What a caller may decide about one analysis."""

    language: str | None = None  # ISO 639-1; None: detected
    translate: bool = False  # words in English, whatever is spoken
    max_duration: float | None = None  # seconds; a longer video is refused


@dataclass(frozen=True)
class Models:
    """Everything loaded once and used by every analysis."""

    bundle: Bundle
    recogniser: Recogniser
    detector: FaceDetector | None
    prior: Prior = "declared"


def load_models(
    bundle: str | Path = DEFAULT_BUNDLE,
    whisper_model: str = DEFAULT_MODEL,
    engine: Engine = "faster-whisper",
    device: str = "auto",
    prior: Prior = "declared",
) -> Models:
    """Load a bundle and a recogniser; weights that are not there yet are fetched.

    With the uniform prior no emotion is taken to be more frequent than another before anything is seen or heard.
    Raises BundleError, SpeechError, DeviceError or WeightsError.
    """
    device = resolve_device(device)
    return models_of(load_bundle(bundle, device, prior), whisper_model, engine, device, prior)


def models_of(
    loaded: Bundle,
    whisper_model: str,
    engine: Engine = "faster-whisper",
    device: str = "cpu",
    prior: Prior = "declared",
) -> Models:
    """What an analysis takes beside a bundle that is already there. Raises SpeechError or WeightsError."""
    detector = None
    if "face" in loaded.network.modalities:
        detector = FaceDetector(weights.fetch("centerface") / "centerface.onnx")
    return Models(loaded, load_recogniser(whisper_model, engine, device), detector, prior)


def needed_weights(manifest: Manifest, whisper_model: str) -> list[str]:
    """The entries of the catalogue that loading this bundle and recogniser takes."""
    names = [*manifest.public_encoders.values(), *([manifest.tokenizer] if manifest.tokenizer else [])]
    if manifest.network.face_width is not None:
        names.append("centerface")
    if f"whisper-{whisper_model}" in weights.CATALOGUE:
        names.append(f"whisper-{whisper_model}")
    return list(dict.fromkeys(names))


def resolve_device(device: str) -> str:
    """ "auto" -> "cuda" where there is a GPU, else "cpu". Raises DeviceError where a GPU is asked for in vain."""
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise DeviceError(
            "torch finds no CUDA GPU here: leave --device out, or install a CUDA build (TORCH=cuda make setup)"
        )
    return ("cuda" if has_gpu else "cpu") if device == "auto" else device


def analyze(
    path: str | Path, models: Models, options: Options | None = None, progress: Progress | None = None
) -> Analysis:
    """Judge every utterance of a video. Raises MediaError for what cannot be read at all, SpeechError for options
    that the recogniser does not know.

    A file that is damaged, silent, faceless or speechless is analysed from what it has; `warnings` of
    the result says what was missing.
    """
    options, report = options or Options(), progress or (lambda *_: None)
    check_language(models.recogniser, options.language, options.translate)
    clips = "video" in models.bundle.network.modalities
    with Reader(Path(path), Watcher.frame_rate(clips)) as reader:
        _check_duration(reader.info.duration, options, reader.path)
        watcher = Watcher(reader, models.detector, clips)
        listener = Listener(models.recogniser if reader.info.has_audio else None, options.language, options.translate)
        judge = Judge(models.bundle, watcher, listener, options.translate)

        def judge_passage(passage: Passage) -> None:
            length = passage.end - passage.start
            report("watching", _share(passage.start + 0.6 * length, reader.info.duration))
            watcher.wait()
            report("judging", _share(passage.start + 0.9 * length, reader.info.duration))
            judge.judge(passage)
            give_back_memory()

        try:
            report("listening", 0.0)
            for chunk in reader:
                _check_duration(chunk.end, options, reader.path)
                watcher.watch(chunk.packets)
                listener.hear(chunk.audio)
                if listener.ready:
                    report("listening", _share(listener.start, reader.info.duration))
                    judge_passage(listener.next_passage())
            for passage in listener.finish(reader.end):
                judge_passage(passage)
            watcher.wait()
        finally:
            watcher.close()
        report("done", 1.0)
        return Analysis(
            video=_video_info(reader.info, reader.end),
            language=listener.language if listener.heard_speech else None,
            model=_model_info(models, listener.heard_speech),
            utterances=judge.utterances,
            overall=judge.overall(),
            warnings=[*reader.warnings, *judge.warnings(reader.info)],
        )


class Judge:
    """Judges passages, one after the other, and remembers what was said for the context of what follows."""

    def __init__(self, bundle: Bundle, watcher: Watcher, listener: Listener, translated: bool) -> None:
        self._bundle = bundle
        self._watcher = watcher
        self._listener = listener
        self._translated = translated
        self._said: list[str] = []
        self._seconds_without_evidence = 0.0
        self._heard_sound = False
        self.utterances: list[Utterance] = []
        self._explanations: list[Explanation] = []
        self._fusion = bundle.network.config.fusion or Fusion(weights={})  # its thresholds mark nothing

    def judge(self, passage: Passage) -> None:
        """Add the passage's utterances; the watcher must have seen it to its end."""
        spoken, samples = [], []
        for stretch in passage.spoken:
            sample = self._sample(stretch, passage)
            if sample.only(*self._bundle.network.modalities).present:
                spoken.append(stretch)
                samples.append(sample)
            else:
                self._seconds_without_evidence += stretch.end - stretch.start
        self._watcher.forget_before(passage.end)
        if samples:
            with torch.inference_mode():
                judgement = self._bundle.network(samples)
            explanations = [explanation_of(judgement, row) for row in range(len(spoken))]
            self.utterances += [
                _utterance(s, judgement, row, explanations[row], self._fusion) for row, s in enumerate(spoken)
            ]
            self._explanations += explanations

    def overall(self) -> Overall:
        """The whole video."""
        return summarise_explained(self.utterances, self._explanations, self._fusion.unclear_below)

    def warnings(self, info: MediaInfo) -> list[str]:
        """What the analysis had to do without, for people."""
        missing = []
        if not info.has_video:
            missing.append("the file has no picture: judged from sound and words")
        elif not self._watcher.saw_face and "face" in self._bundle.network.modalities:
            missing.append("no face was found: judged without facial expression")
        if not info.has_audio:
            missing.append("the file has no sound: judged from the picture")
        elif not self._heard_sound:
            missing.append("the sound is silent throughout: judged from the picture")
        elif not self._listener.heard_speech:
            missing.append("no speech was found: judged from sound and picture, without words")
        elif not self._reads_language():
            readable = ", ".join(self._bundle.manifest.languages)
            missing.append(
                f"the speech is {self._listener.language!r}, this bundle reads {readable}: judged without the "
                "words; --translate has it read a translation"
            )
        if self._listener.heard_speech and self._listener.took_for_english:
            missing.append(
                "the speech was taken for English, as this recogniser knows no other language and would make up "
                "English words for it; --language en says that it is English"
            )
        if self._seconds_without_evidence >= 0.1:
            missing.append(f"{self._seconds_without_evidence:.1f} s held neither speech nor sound nor a face: left out")
        return missing

    def _sample(self, stretch: Spoken, passage: Passage) -> Sample:
        sound = passage.sound_between(stretch.start, stretch.end)
        text = None
        if stretch.text and self._bundle.tokenizer is not None and self._reads_language():
            text = self._bundle.tokenizer(stretch.text, self._said)
            self._said = [*self._said[-8:], stretch.text]
        sample = self._watcher.evidence(stretch.start, stretch.end, sound).sample(text)
        self._heard_sound = self._heard_sound or sample.audio is not None
        return sample

    def _reads_language(self) -> bool:
        return self._translated or self._listener.language in self._bundle.manifest.languages


def explanation_of(judgement: Judgement, row: int) -> Explanation:
    """What adds up to the emotions of one utterance of a batch."""
    terms = judgement.terms[row].double().cpu().numpy()
    there = [(c, m) for c, m in enumerate(judgement.modalities) if judgement.weights[row, c] > 0]
    return Explanation({m: terms[c] for c, m in there}, judgement.base[row].double().cpu().numpy())


def _utterance(spoken: Spoken, judgement: Judgement, row: int, explanation: Explanation, fusion: Fusion) -> Utterance:
    emotions = rank_emotions(_probabilities(judgement.emotions[row]))
    alone = {m: _probabilities(judgement.alone[m][row]) for m in explanation.terms}
    lead = explanation.lead(emotions[0].label, emotions[1].label)
    weights, decided_by = lead.weights
    rounded = lead.rounded()
    return Utterance(
        start_time=round(spoken.start, 3),
        end_time=round(spoken.end, 3),
        text=spoken.text,
        emotions=emotions,
        sentiments=rank_sentiments(_probabilities(judgement.sentiments[row])),
        modalities={
            m: ModalityShare(
                weight=round(weights[m], DECIMALS), contribution=rounded.contributions[m], emotions=rank_emotions(own)
            )
            for m, own in alone.items()
        },
        bias=rounded.bias,
        decided_by=decided_by,
        contradictory=fusion.conflict_from is not None and conflict(alone) >= fusion.conflict_from,
        unclear=emotions[0].confidence < fusion.unclear_below,
    )


def _probabilities(log_probabilities: torch.Tensor) -> list[float]:
    return [round(float(p), DECIMALS) for p in np.minimum(log_probabilities.exp().cpu().numpy(), 1.0)]


def _check_duration(seconds: float, options: Options, path: Path) -> None:
    if options.max_duration is not None and seconds > options.max_duration:
        raise TooLongError(
            f"{path} is {seconds:.0f} s long; the limit is {options.max_duration:.0f} s. Cut it into parts."
        )


def _share(position: float, duration: float) -> float:
    return min(0.99, position / duration) if duration > 0 else 0.0


def _video_info(info: MediaInfo, end: float) -> VideoInfo:
    """`end` is how far the file could really be read: what a cut-off file's header says is more."""
    return VideoInfo(
        duration_s=round(end, 3), width=info.width, height=info.height, fps=round(info.fps, 3), has_audio=info.has_audio
    )


def _model_info(models: Models, heard_speech: bool) -> ModelInfo:
    manifest = models.bundle.manifest
    return ModelInfo(
        bundle=manifest.name,
        version=manifest.version,
        speech=models.recogniser.name if heard_speech else "",
        prior=models.prior,
    )
