"""Learned interaction on top of the additive fusion, for comparison: a small network on the evidence of all modalities.

Its output, initially zero, is added to that of a fitted fusion, so it learns what a sum cannot express. Bundles do not
use it: it did not predict better with left-out voices (docs/experiments.md), and cannot be attributed to modalities.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.fusion import Fusion, subsets
from model.network import N_EMOTIONS
from training.evaluation.confidence import Probabilities
from training.fusion.fitting import EMOTION_COLUMNS, Items, predict_emotions

HIDDEN, EPOCHS, BATCH, RATE, DECAY = 24, 15, 4096, 1e-3, 3e-3
MIN_EVIDENCE = -6.0  # nats; lower evidence practically excludes a class


class Interaction(nn.Module):
    """One hidden layer on the evidence of all modalities and their presence."""

    def __init__(self, modalities: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(modalities * (N_EMOTIONS + 1), HIDDEN)
        self.out = nn.Linear(HIDDEN, N_EMOTIONS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, evidence: Tensor, present: Tensor) -> Tensor:
        """Compute a term [n, 7] of the logits from evidence [n, modalities, 7] and present [n, modalities]."""
        inputs = torch.cat([evidence.clamp_min(MIN_EVIDENCE).flatten(1), present], dim=1)
        logits: Tensor = self.out(torch.tanh(self.hidden(inputs)))
        return logits


def fit_interaction(items: Items, fusion: Fusion, prior: Sequence[float], seed: int = 0) -> Interaction:
    """Train on every subset of the items' modalities, on top of the fusion's prediction."""
    torch.manual_seed(seed)
    parts = [_only(items, subset) for subset in subsets(items.modalities)]
    evidence = torch.cat([torch.from_numpy(p.evidence[:, :, EMOTION_COLUMNS]).float() for p in parts])
    present = torch.cat([torch.from_numpy(p.present).float() for p in parts])
    base = torch.cat([torch.from_numpy(np.log(predict_emotions(p, fusion, prior))).float() for p in parts])
    targets = torch.cat([torch.from_numpy(p.emotions) for p in parts])
    interaction = Interaction(len(items.modalities))
    optimizer = torch.optim.AdamW(interaction.parameters(), RATE, weight_decay=DECAY)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(targets)), BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(base[rows] + interaction(evidence[rows], present[rows]), targets[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return interaction.eval()


@torch.inference_mode()
def predict_with_interaction(
    interaction: Interaction, items: Items, fusion: Fusion, prior: Sequence[float]
) -> Probabilities:
    """Compute emotion probabilities [n, 7]; items with one modality are unchanged."""
    plain = predict_emotions(items, fusion, prior)
    evidence = torch.from_numpy(items.evidence[:, :, EMOTION_COLUMNS]).float()
    several = torch.from_numpy(items.present.sum(axis=1) > 1).float().unsqueeze(1)
    logits = torch.from_numpy(np.log(plain)) + several * interaction(evidence, torch.from_numpy(items.present).float())
    return np.asarray(logits.double().softmax(dim=1).numpy())


def _only(items: Items, subset: Sequence[str]) -> Items:
    mask = np.asarray([m in subset for m in items.modalities])
    rows = np.flatnonzero(items.present[:, mask].all(axis=1))
    chosen = items.rows(rows)
    return Items(chosen.modalities, chosen.evidence * mask[None, :, None], chosen.present & mask, chosen.emotions,
                 chosen.sentiments)  # fmt: skip
