"""Speaker diarization: who speaks when, from the voices alone. Embeddings of voices are dropped with the analysis."""
