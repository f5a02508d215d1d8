"""Fitting of a bundle's additive fusion (model.fusion): temperatures, weights, biases, prior and thresholds.

Run by `python -m training.fuse`. If a corpus has real multimodal items, the fusion is fitted to them (`real`);
otherwise to items composed from single-modality corpora according to people's judgments (`judgments`, `composing`).
"""
