"""Fits a bundle's additive fusion (model.fusion): temperatures, weights, biases, prior and thresholds.

`python -m training.fuse` runs it. Where a corpus holds real multimodal items they are fitted directly (`fitting`);
otherwise items are composed from single-modality corpora by people's judgments (`judgments`, `composing`).
"""
