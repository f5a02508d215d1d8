"""Speech to words with times, by one of two engines behind the same small interface.

Only stretches where the Silero voice detector hears somebody reach the recogniser: Whisper invents
text for silence and music. They are packed into clips of the 30 s that Whisper's encoder always
computes, however little it is given, and recognised in batches.
"""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch

from model import weights
from model.features import SAMPLE_RATE, FloatArray
from model.spectrogram import log_mel_spectrogram
from model.utterances import Word

Engine = Literal["faster-whisper", "openai-whisper"]
DEFAULT_MODEL = "base"

CLIP_SECONDS = 29.0  # Whisper's window is 30 s
BATCH_CLIPS = 2  # one thread gains nothing from more, and each costs about 40 MB
BEAM_SIZE = 1  # greedy: with base int8, beam search costs half as much again and changes few words
JOIN_SECONDS = 0.16  # shorter silences do not part two spans
PAD_SECONDS = 0.2  # kept around speech: voices fade in and out
MIN_SPAN_SECONDS = 0.2
LANGUAGE_SECONDS = 10.0  # tells a language as surely as 30 s do, in a sixth of the time: no padding to encode

# Whisper's own signs that a text is made up (Radford et al. 2022, section 4.5).
NO_SPEECH_PROBABILITY = 0.6
MIN_LOG_PROBABILITY = -1.0
MAX_COMPRESSION = 2.4  # text that repeats itself


class SpeechError(Exception):
    """The recogniser cannot be loaded. The message says why and what to do."""


@dataclass(frozen=True)
class Span:
    """Where somebody speaks, in samples."""

    start: int
    end: int


class Recogniser(Protocol):
    """Turns clips of speech into words."""

    name: str
    multilingual: bool
    languages: frozenset[str]  # ISO 639-1 codes that it hears

    def detect_language(self, clip: FloatArray) -> str:
        """The ISO 639-1 code of the language spoken in a clip."""

    def recognise(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
        """The words of each clip (float32 [n] at SAMPLE_RATE, 30 s at most), times from its start."""


def check_language(recogniser: Recogniser, language: str | None, translate: bool) -> None:
    """Refuse what a recogniser cannot do. Raises SpeechError."""
    if translate and not recogniser.multilingual:
        raise SpeechError(f"{recogniser.name} hears English alone: it cannot translate. Take base or small.")
    if language is not None and language not in recogniser.languages:
        known = ", ".join(sorted(recogniser.languages))
        raise SpeechError(f"{recogniser.name} does not know the language {language!r}; it knows: {known}")


def find_speech(audio: FloatArray) -> list[Span]:
    """Where somebody speaks in float32 [n] at SAMPLE_RATE, by Silero VAD, in order."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # loads CTranslate2

    options = VadOptions(
        min_silence_duration_ms=round(JOIN_SECONDS * 1000),
        speech_pad_ms=round(PAD_SECONDS * 1000),
        min_speech_duration_ms=round(MIN_SPAN_SECONDS * 1000),
        max_speech_duration_s=CLIP_SECONDS,
    )
    return [Span(int(s["start"]), int(s["end"])) for s in get_speech_timestamps(audio, options)]


def transcribe(
    audio: FloatArray, spans: Sequence[Span], recogniser: Recogniser, language: str | None, translate: bool
) -> tuple[list[Word], str | None]:
    """The words said in `spans` of `audio`, times in seconds of `audio`, and the language.

    The language is detected on the first clip unless given; None without speech.
    """
    packed = pack(spans)
    if not packed:
        return [], language
    clips = [np.concatenate([audio[s.start : s.end] for s in pieces]) for pieces in packed]
    language = language or recogniser.detect_language(clips[0])
    found = recogniser.recognise(clips, language, translate)
    words = [_placed(word, pieces) for pieces, heard in zip(packed, found, strict=True) for word in heard]
    return words, language


def pack(spans: Sequence[Span]) -> list[list[Span]]:
    """Group spans, in order, so that each group's speech fits one clip."""
    limit = round(CLIP_SECONDS * SAMPLE_RATE)
    groups: list[list[Span]] = []
    used = 0
    for span in spans:
        for start in range(span.start, span.end, limit):
            piece = Span(start, min(span.end, start + limit))
            if not groups or used + piece.end - piece.start > limit:
                groups.append([])
                used = 0
            groups[-1].append(piece)
            used += piece.end - piece.start
    return groups


def _placed(word: Word, pieces: Sequence[Span]) -> Word:
    """A word of a clip, moved to where the piece that holds its middle lies in the audio."""
    lengths = [piece.end - piece.start for piece in pieces]
    offsets = [0, *itertools.accumulate(lengths)]
    middle = (word.start + word.end) / 2 * SAMPLE_RATE
    index = max(i for i in range(len(pieces)) if i == 0 or offsets[i] <= middle)
    piece, shift = pieces[index], pieces[index].start - offsets[index]
    start, end = (
        min(max(t * SAMPLE_RATE + shift, piece.start), piece.end) / SAMPLE_RATE for t in (word.start, word.end)
    )
    return Word(start, end, word.text)


class FasterWhisper:
    """Whisper on CTranslate2: int8 on a CPU, half precision on a GPU."""

    def __init__(self, model: str, device: str) -> None:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        compute = "float16" if device == "cuda" else "int8"
        threads = torch.get_num_threads()
        try:
            self._model = WhisperModel(
                str(_model_folder(model)), device=device, compute_type=compute, cpu_threads=_threads()
            )
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"faster-whisper cannot load the model {model!r}: {error}") from error
        torch.set_num_threads(threads)  # CTranslate2 sets OpenMP's number, which is torch's as well
        self._model.feature_extractor = _feature_extractor(self._model.feature_extractor.mel_filters.shape[0])
        self._batched = BatchedInferencePipeline(self._model)
        self.name = f"faster-whisper {Path(model).name}"
        self.multilingual = bool(self._model.model.is_multilingual)
        self.languages = frozenset(self._model.supported_languages)

    def detect_language(self, clip: FloatArray) -> str:
        if not self.multilingual:
            return "en"
        mels = self._model.feature_extractor(clip[: round(LANGUAGE_SECONDS * SAMPLE_RATE)])
        ranked = self._model.model.detect_language(self._model.encode(mels))[0]  # [("<|en|>", 0.99), ...]
        return str(ranked[0][0]).strip("<|>")

    def recognise(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
        bounds = [0.0, *itertools.accumulate(len(clip) / SAMPLE_RATE for clip in clips)]
        segments, _ = self._batched.transcribe(
            np.concatenate(clips),
            language=language,
            task="translate" if translate else "transcribe",
            clip_timestamps=[{"start": a, "end": b} for a, b in itertools.pairwise(bounds)],
            vad_filter=False,
            word_timestamps=True,
            batch_size=BATCH_CLIPS,
            beam_size=BEAM_SIZE,
        )
        words: list[list[Word]] = [[] for _ in clips]
        for segment in segments:
            if _is_trusted(segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio):
                # A segment's `seek` is its clip's start, in hundredths of a second.
                clip = min(range(len(clips)), key=lambda i: abs(bounds[i] - segment.seek / 100))
                for word in segment.words or ():
                    words[clip].append(
                        Word(float(word.start) - bounds[clip], float(word.end) - bounds[clip], word.word)
                    )
        return words


def _feature_extractor(n_mels: int) -> Any:
    """faster-whisper's own, but for what computes: its matrix product rounds as BLAS is set to."""
    from faster_whisper.feature_extractor import FeatureExtractor

    class FixedOrderExtractor(FeatureExtractor):  # type: ignore[misc]
        def __call__(self, waveform: FloatArray, padding: int = 160, chunk_length: int | None = None) -> FloatArray:
            if chunk_length is not None:
                raise ValueError("clips have the model's own length")
            return log_mel_spectrogram(np.pad(waveform, (0, padding)), n_mels)

    return FixedOrderExtractor(feature_size=n_mels)


class OpenAIWhisper:
    """OpenAI's reference implementation, for those who have its checkpoints."""

    def __init__(self, model: str, device: str) -> None:
        import whisper

        try:
            self._model: Any = whisper.load_model(
                model, device=device, download_root=str(weights.cache_folder() / "openai-whisper")
            )
        except Exception as error:  # it raises whatever its download, its file or torch raise
            raise SpeechError(
                f"openai-whisper cannot load {model!r}: {error}. Give a model it knows "
                f"({', '.join(whisper.available_models())}) or the path of a checkpoint (.pt); "
                "the default engine, faster-whisper, needs neither."
            ) from error
        self._whisper = whisper
        self._half = device == "cuda"
        self.name = f"openai-whisper {Path(model).stem if Path(model).exists() else model}"
        self.multilingual = bool(self._model.is_multilingual)
        self.languages = frozenset(whisper.tokenizer.LANGUAGES if self.multilingual else ["en"])

    def detect_language(self, clip: FloatArray) -> str:
        if not self.multilingual:
            return "en"
        padded = self._whisper.pad_or_trim(clip)
        mels = self._whisper.log_mel_spectrogram(padded, n_mels=self._model.dims.n_mels).to(self._model.device)
        _, probabilities = self._model.detect_language(mels.half() if self._half else mels)
        return str(max(probabilities, key=probabilities.__getitem__))

    def recognise(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
        return [self._recognise_one(clip, language, translate) for clip in clips]

    def _recognise_one(self, clip: FloatArray, language: str, translate: bool) -> list[Word]:
        result = self._model.transcribe(
            clip,
            language=language,
            task="translate" if translate else "transcribe",
            word_timestamps=True,
            condition_on_previous_text=False,
            fp16=self._half,
            verbose=None,
        )
        return [
            Word(float(word["start"]), float(word["end"]), str(word["word"]))
            for segment in result["segments"]
            if _is_trusted(segment["no_speech_prob"], segment["avg_logprob"], segment["compression_ratio"])
            for word in segment.get("words", ())
        ]


def load_recogniser(model: str = DEFAULT_MODEL, engine: Engine = "faster-whisper", device: str = "cpu") -> Recogniser:
    """A recogniser, its weights fetched if need be. Raises SpeechError or weights.WeightsError."""
    return FasterWhisper(model, device) if engine == "faster-whisper" else OpenAIWhisper(model, device)


def _model_folder(model: str) -> Path:
    """A model of the catalogue by its Whisper name, or a folder with a CTranslate2 model."""
    if (Path(model) / "model.bin").is_file():
        return Path(model)
    name = f"whisper-{model}"
    if name not in weights.CATALOGUE:
        sizes = ", ".join(n.removeprefix("whisper-") for n in weights.CATALOGUE if n.startswith("whisper-"))
        raise SpeechError(
            f"there is no Whisper model {model!r}: give one of {sizes}, "
            "or a folder with a CTranslate2 model (model.bin, config.json, tokenizer.json, vocabulary.*)"
        )
    return weights.fetch(name)


def _threads() -> int:
    """Half the cores: the picture is watched on the others, and a second thread saves the decoder little."""
    return max(1, (os.cpu_count() or 2) // 2)


def _is_trusted(no_speech: float, log_probability: float, compression: float) -> bool:
    """False where Whisper's own figures say that it made the text up."""
    silent = no_speech > NO_SPEECH_PROBABILITY and log_probability < MIN_LOG_PROBABILITY
    return not silent and compression <= MAX_COMPRESSION
