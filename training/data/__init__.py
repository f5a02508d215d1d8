"""From corpora to batches: features, their cache, and the order and variation in which they are learned."""
