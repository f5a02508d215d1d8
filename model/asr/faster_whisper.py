"""Transcriber based on faster-whisper (CTranslate2)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.asr import WEIGHTS
from model.asr.base import Clip, Encoded, Engine, SpeechError, Transcript
from model.asr.whisper import CLIP_SECONDS, FRAMES_PER_SECOND, is_silence
from model.features import FloatArray
from model.spectrogram import HOP_LENGTH, log_mel_spectrogram
from model.utterances import Word
from model.weights import catalog

# Catalog entry of each model, by the model's name.
MODELS = {entry.name.removeprefix("whisper-"): entry.name for entry in WEIGHTS["faster-whisper"]}
BATCH_CLIPS = 2  # larger batches are not faster on one thread, and each clip takes about 40 MB
BEAM_SIZE = 1  # greedy: with base int8, beam search takes 50% longer and changes few words
PREPENDED_MARKS = "\"'“¿([{-"  # attached to the following word
APPENDED_MARKS = "\"'.。,，!！?？:：”)]}、"  # attached to the preceding word

# Frames of padding at the end of Whisper's window, behind the longest clip. To detect the language of a part of a clip,
# they are appended to its frames: without them the decoder treats the part as unfinished and is less certain (on 5 s of
# English, Polish, Korean and German in clips of 12 to 29 s, the least probability rises from .01 to .86).
PADDING_FRAMES = slice(int((CLIP_SECONDS + 0.2) * FRAMES_PER_SECOND), None)


class FasterWhisper:
    """Whisper on CTranslate2: int8 on CPUs, half precision on GPUs."""

    clip_seconds = CLIP_SECONDS

    def __init__(self, model: str, device: str, concurrency: int) -> None:
        from faster_whisper import WhisperModel

        compute = "float16" if device == "cuda" else "int8"
        threads = torch.get_num_threads()
        try:
            self._model = WhisperModel(
                str(_model_folder(model)),
                device=device,
                compute_type=compute,
                cpu_threads=_threads(),
                num_workers=concurrency,  # with fewer, a short video waits for each batch of a long one
            )
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"faster-whisper cannot load the model {model!r}: {error}") from error
        torch.set_num_threads(threads)  # CTranslate2 changes OpenMP's setting, which torch shares
        self.name = f"faster-whisper {Path(model).name}"
        self.multilingual = bool(self._model.model.is_multilingual)
        self._mels = int(self._model.model.n_mels)
        self.languages = frozenset(self._model.supported_languages)

    def encode(self, clip: Clip) -> Encoded:
        """Encode a clip; the state is the encoder's output [1, 1500, width], on the CPU."""
        from faster_whisper.transcribe import pad_or_trim

        mels = pad_or_trim(self._features(clip.audio))
        return Encoded(clip, np.array(self._model.model.encode(_storage(mels[None]), to_cpu=True)))

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        if not self.multilingual:
            return {"en": 1.0}
        frames = encoded.state
        if start > 0.0 or end < encoded.clip.seconds:
            first, last = (round(time * FRAMES_PER_SECOND) for time in (start, end))
            frames = np.concatenate([frames[:, first:last], frames[:, PADDING_FRAMES]], axis=1)
        [ranked] = self._model.model.detect_language(_storage(frames))  # [("<|en|>", 0.99), ...]
        return {token.strip("<|>"): float(probability) for token, probability in ranked}

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        return [
            transcript
            for first in range(0, len(clips), BATCH_CLIPS)
            for transcript in self._transcribe_batch(clips[first : first + BATCH_CLIPS], language, translate)
        ]

    def _transcribe_batch(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        task = "translate" if translate else "transcribe"
        tokenizer = Tokenizer(self._model.hf_tokenizer, self.multilingual, task=task, language=language)
        frames = _storage(np.concatenate([encoded.state for encoded in clips]))
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True)
        results = self._model.model.generate(
            frames,
            [prompt] * len(clips),
            beam_size=BEAM_SIZE,
            max_length=self._model.max_length,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
            return_scores=True,
            return_no_speech_prob=True,
        )
        segments = [
            # One segment for the whole clip, in the form that faster_whisper.BatchedInferencePipeline uses.
            [{"seek": 0, "start": 0.0, "end": encoded.clip.seconds, "tokens": result.sequences_ids[0]}]
            for encoded, result in zip(clips, results, strict=True)
        ]
        lengths = [int(np.ceil(encoded.clip.seconds)) * self._model.frames_per_second for encoded in clips]
        self._model.add_word_timestamps(segments, tokenizer, frames, lengths, PREPENDED_MARKS, APPENDED_MARKS, 0.0)
        return [
            _transcript(segment, result.scores[0], result.no_speech_prob, language)
            for [segment], result in zip(segments, results, strict=True)
        ]

    def _features(self, audio: FloatArray) -> FloatArray:
        """Compute Whisper's log-mel spectrogram [mels, frames]."""
        # The library's feature extractor uses a matrix product, whose rounding depends on BLAS.
        return log_mel_spectrogram(np.pad(audio, (0, HOP_LENGTH)), self._mels)[:, :-1]


def _transcript(segment: dict[str, Any], score: float, no_speech_probability: float, language: str) -> Transcript:
    tokens = len(segment["tokens"])
    log_probability = score * tokens / (tokens + 1)  # mean including the end-of-text token
    if is_silence(no_speech_probability, log_probability):
        return Transcript([], log_probability)
    words = [Word(float(w["start"]), float(w["end"]), w["word"], language) for w in segment.get("words", ())]
    return Transcript(words, log_probability)


def _storage(array: FloatArray) -> Any:
    from ctranslate2 import StorageView

    return StorageView.from_array(np.ascontiguousarray(array))


def needed_weights(model: str) -> list[str]:
    """Return the catalog entries that a model loads."""
    return [MODELS[model]] if model in MODELS else []


def _model_folder(model: str) -> Path:
    """Return the folder of a model, given by its Whisper name or as a folder with a CTranslate2 model."""
    if (Path(model) / "model.bin").is_file():
        return Path(model)
    if model not in MODELS:
        raise SpeechError(
            f"no Whisper model {model!r}: pass one of {', '.join(MODELS)}, "
            "or a folder with a CTranslate2 model (model.bin, config.json, tokenizer.json, vocabulary.*)"
        )
    return catalog.fetch(MODELS[model])


def _threads() -> int:
    """Return half the number of cores; the video worker uses the others, and the decoder scales poorly."""
    return max(1, (os.cpu_count() or 2) // 2)


ENGINE = Engine(load=FasterWhisper, needed_weights=needed_weights)
