"""Whisper on CTranslate2."""

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from model import weights
from model.asr.base import SpeechError
from model.asr.whisper import CLIP_SECONDS, is_trusted
from model.features import SAMPLE_RATE, FloatArray
from model.utterances import Word

BATCH_CLIPS = 2  # one thread gains nothing from more, and each costs about 40 MB
BEAM_SIZE = 1  # greedy: with base int8, beam search costs half as much again and changes few words
LANGUAGE_SECONDS = 10.0  # tells a language as surely as 30 s do, in a sixth of the time: no padding to encode


class FasterWhisper:
    """Whisper on CTranslate2: int8 on a CPU, half precision on a GPU."""

    clip_seconds = CLIP_SECONDS

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

    def transcribe(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
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
            if is_trusted(segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio):
                # A segment's `seek` is its clip's start, in hundredths of a second.
                clip = min(range(len(clips)), key=lambda i: abs(bounds[i] - segment.seek / 100))
                for word in segment.words or ():
                    words[clip].append(
                        Word(float(word.start) - bounds[clip], float(word.end) - bounds[clip], word.word)
                    )
        return words


def needed_weights(model: str) -> list[str]:
    """The entries of the catalogue that a model takes."""
    name = f"whisper-{model}"
    return [name] if name in weights.CATALOGUE else []


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
