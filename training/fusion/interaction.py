"""A learned interaction beside the additive fusion, for comparison: a small network on all evidence at once.

It is added to a fitted fusion and starts at zero, so what it learns is what adding up cannot express. A bundle has
none: it did not predict better with voices that it never saw (docs/experiments.md), and nothing it says can be taken
apart.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.fusion import Fusion, subsets
from model.network import N_EMOTIONS
from training.evaluation.confidence import Probabilities
from training.fusion.fitting import EMOTION_COLUMNS, Items, predict

HIDDEN, EPOCHS, BATCH, RATE, DECAY = 24, 15, 4096, 1e-3, 3e-3
LEAST_EVIDENCE = -6.0  # nats: below, a class is as good as excluded


class Interaction(nn.Module):
    """One hidden layer on the evidence of all modalities and which of them are present."""

    def __init__(self, modalities: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(modalities * (N_EMOTIONS + 1), HIDDEN)
        self.out = nn.Linear(HIDDEN, N_EMOTIONS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, evidence: Tensor, present: Tensor) -> Tensor:
        """Evidence [n, modalities, 7], present [n, modalities] of zeros and ones -> what is added to the logits [n,
        7].
        """
        inputs = torch.cat([evidence.clamp_min(LEAST_EVIDENCE).flatten(1), present], dim=1)
        added: Tensor = self.out(torch.tanh(self.hidden(inputs)))
        return added


def fit_interaction(items: Items, fusion: Fusion, prior: Sequence[float], seed: int = 0) -> Interaction:
    """Train on every subset of the items' modalities, on top of the fusion's own prediction."""
    torch.manual_seed(seed)
    parts = [_only(items, subset) for subset in subsets(items.modalities)]
    evidence = torch.cat([torch.from_numpy(p.evidence[:, :, EMOTION_COLUMNS]).float() for p in parts])
    present = torch.cat([torch.from_numpy(p.present).float() for p in parts])
    base = torch.cat([torch.from_numpy(np.log(predict(p, fusion, prior))).float() for p in parts])
    targets = torch.cat([torch.from_numpy(p.emotions) for p in parts])
    added = Interaction(len(items.modalities))
    optimiser = torch.optim.AdamW(added.parameters(), RATE, weight_decay=DECAY)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(targets)), BATCH):
            optimiser.zero_grad()
            loss = F.cross_entropy(base[rows] + added(evidence[rows], present[rows]), targets[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return added.eval()


@torch.inference_mode()
def predict_with(added: Interaction, items: Items, fusion: Fusion, prior: Sequence[float]) -> Probabilities:
    """Emotion probabilities [n, 7]; one modality alone stays as it is."""
    plain = predict(items, fusion, prior)
    evidence = torch.from_numpy(items.evidence[:, :, EMOTION_COLUMNS]).float()
    several = torch.from_numpy(items.present.sum(axis=1) > 1).float().unsqueeze(1)
    logits = torch.from_numpy(np.log(plain)) + several * added(evidence, torch.from_numpy(items.present).float())
    return np.asarray(logits.double().softmax(dim=1).numpy())


def _only(items: Items, subset: Sequence[str]) -> Items:
    kept = np.asarray([m in subset for m in items.modalities])
    rows = np.flatnonzero(items.present[:, kept].all(axis=1))
    chosen = items.rows(rows)
    return Items(chosen.modalities, chosen.evidence * kept[None, :, None], chosen.present & kept, chosen.emotions,
                 chosen.sentiments)  # fmt: skip
