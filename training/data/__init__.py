"""Data loading: from corpora to batches, with cached features, batch order and augmentation."""
