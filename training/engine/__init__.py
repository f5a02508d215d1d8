"""Training itself: losses, optimizers, the loop, and what it keeps."""
