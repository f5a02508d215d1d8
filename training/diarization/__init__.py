"""Speaker diarization, measured: conversations composed of recordings of known speakers, and the error rates on them."""
