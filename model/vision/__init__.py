"""Video analysis on a background thread: frame decoding, face detection and tracking."""
