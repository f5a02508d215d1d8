"""Speaker diarization, measured: conversations composed of recordings of known speakers, and their error rates."""
