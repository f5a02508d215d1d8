"""Constants and rules shared by all implementations of Whisper."""

CLIP_SECONDS = 29.0  # Whisper's window is 30 s
FRAMES_PER_SECOND = 50  # of the encoder's output

# Thresholds of silent clips (Radford et al. 2022, section 4.5).
NO_SPEECH_PROBABILITY = 0.6
MIN_LOG_PROBABILITY = -1.0


def is_silence(no_speech_probability: float, log_probability: float) -> bool:
    """Return True when Whisper's own probabilities indicate a clip without speech, whose text is hallucinated."""
    return no_speech_probability > NO_SPEECH_PROBABILITY and log_probability < MIN_LOG_PROBABILITY
