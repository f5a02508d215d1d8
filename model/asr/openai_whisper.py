"""OpenAI's reference implementation of Whisper."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model import weights
from model.asr.base import SpeechError
from model.asr.whisper import CLIP_SECONDS, is_trusted
from model.features import FloatArray
from model.utterances import Word


class OpenAIWhisper:
    """OpenAI's reference implementation, for those who have its checkpoints."""

    clip_seconds = CLIP_SECONDS

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

    def transcribe(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
        return [self._transcribe_one(clip, language, translate) for clip in clips]

    def _transcribe_one(self, clip: FloatArray, language: str, translate: bool) -> list[Word]:
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
            if is_trusted(segment["no_speech_prob"], segment["avg_logprob"], segment["compression_ratio"])
            for word in segment.get("words", ())
        ]
