"""Who speaks when, measured: conversations composed of recordings whose speakers are known, and their error rates."""
