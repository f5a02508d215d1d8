"""Voice activity detection by Silero VAD."""

from model.asr.base import Span
from model.features import FloatArray

JOIN_SECONDS = 0.16  # shorter silences do not part two spans
PAD_SECONDS = 0.2  # kept around speech: voices fade in and out
MIN_SPAN_SECONDS = 0.2
MAX_SPAN_SECONDS = 29.0  # within the 30 s window of Whisper


def find_speech(audio: FloatArray) -> list[Span]:
    """Where somebody speaks in float32 [n] at SAMPLE_RATE, by Silero VAD, in order."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # loads CTranslate2

    options = VadOptions(
        min_silence_duration_ms=round(JOIN_SECONDS * 1000),
        speech_pad_ms=round(PAD_SECONDS * 1000),
        min_speech_duration_ms=round(MIN_SPAN_SECONDS * 1000),
        max_speech_duration_s=MAX_SPAN_SECONDS,
    )
    return [Span(int(s["start"]), int(s["end"])) for s in get_speech_timestamps(audio, options)]
