"""Transcriber based on OpenAI's reference implementation of Whisper."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model.asr.base import Clip, Encoded, Engine, SpeechError, Transcript
from model.asr.whisper import CLIP_SECONDS, is_silence
from model.features import SAMPLE_RATE, FloatArray
from model.utterances import Word
from model.weights import catalog


class OpenAIWhisper:
    """OpenAI's reference implementation, for users of its checkpoints. Concurrent callers take turns."""

    clip_seconds = CLIP_SECONDS

    def __init__(self, model: str, device: str, _concurrency: int) -> None:
        import whisper

        try:
            self._model: Any = whisper.load_model(
                model, device=device, download_root=str(catalog.cache_folder() / "openai-whisper")
            )
        except Exception as error:  # of its download, its checkpoint or torch
            raise SpeechError(
                f"openai-whisper cannot load {model!r}: {error}. Pass one of its models "
                f"({', '.join(whisper.available_models())}) or the path of a checkpoint (.pt); "
                "the default engine, faster-whisper, needs neither."
            ) from error
        self._whisper = whisper
        self._lock = threading.Lock()  # decoding stores its state in the model: calls would read each other's
        self._half = device == "cuda"
        self.name = f"openai-whisper {Path(model).stem if Path(model).exists() else model}"
        self.multilingual = bool(self._model.is_multilingual)
        self.languages = frozenset(whisper.tokenizer.LANGUAGES if self.multilingual else ["en"])

    def encode(self, clip: Clip) -> Encoded:
        """Return the clip without a state: this implementation encodes the audio again on each call."""
        return Encoded(clip, None)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        if not self.multilingual:
            return {"en": 1.0}
        part = encoded.clip.audio[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        padded = self._whisper.pad_or_trim(part)
        mels = self._whisper.log_mel_spectrogram(padded, n_mels=self._model.dims.n_mels).to(self._model.device)
        with self._lock:
            _, probabilities = self._model.detect_language(mels.half() if self._half else mels)
        return dict(probabilities)

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        return [self._transcribe_one(encoded.clip.audio, language, translate) for encoded in clips]

    def _transcribe_one(self, audio: FloatArray, language: str, translate: bool) -> Transcript:
        with self._lock:
            result = self._model.transcribe(
                audio,
                language=language,
                task="translate" if translate else "transcribe",
                word_timestamps=True,
                condition_on_previous_text=False,
                temperature=0.0,  # deterministic; `transcription` retries short clips instead of sampling
                fp16=self._half,
                verbose=None,
            )
        segments = [s for s in result["segments"] if not is_silence(s["no_speech_prob"], s["avg_logprob"])]
        words = [
            Word(float(word["start"]), float(word["end"]), str(word["word"]), language)
            for segment in segments
            for word in segment.get("words", ())
        ]
        tokens = sum(len(segment["tokens"]) for segment in segments)
        total = sum(len(segment["tokens"]) * segment["avg_logprob"] for segment in segments)
        return Transcript(words, total / tokens if tokens else 0.0)


def needed_weights(_model: str) -> list[str]:
    """Return no catalog entries: this implementation downloads its own checkpoints."""
    return []


ENGINE = Engine(load=OpenAIWhisper, needed_weights=needed_weights)
