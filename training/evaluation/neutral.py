"""Figures of neutral, the most frequent emotion, which uncertain bundles over-predict."""

import numpy as np
from pydantic import BaseModel

from model.contract import EMOTIONS
from training.evaluation.confidence import Probabilities, Targets

NEUTRAL = EMOTIONS.index("neutral")


class Neutral(BaseModel):
    """Shares of items predicted and labeled as neutral, and the mean probability of neutral."""

    predicted: float
    probability: float
    true: float


def neutral_of(probabilities: Probabilities, targets: Targets) -> Neutral:
    """Compute the figures of neutral for predictions [n, 7]; n must be at least 1."""
    return Neutral(
        predicted=float((probabilities.argmax(axis=1) == NEUTRAL).mean()),
        probability=float(probabilities[:, NEUTRAL].mean()),
        true=float(np.mean(targets == NEUTRAL)),
    )
