"""What every implementation of Whisper shares: its clip length, and when its text is not to be trusted."""

CLIP_SECONDS = 29.0  # Whisper's window is 30 s

# Whisper's own signs that a text is made up (Radford et al. 2022, section 4.5).
NO_SPEECH_PROBABILITY = 0.6
MIN_LOG_PROBABILITY = -1.0
MAX_COMPRESSION = 2.4  # text that repeats itself


def is_trusted(no_speech: float, log_probability: float, compression: float) -> bool:
    """False where Whisper's own figures say that it made the text up."""
    silent = no_speech > NO_SPEECH_PROBABILITY and log_probability < MIN_LOG_PROBABILITY
    return not silent and compression <= MAX_COMPRESSION
