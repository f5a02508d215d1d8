"""Figures of neutral, the commonest emotion, in which an unsure bundle takes refuge."""

import numpy as np
from pydantic import BaseModel

from model.contract import EMOTIONS
from training.evaluation.confidence import Probabilities, Targets

NEUTRAL = EMOTIONS.index("neutral")


class Neutral(BaseModel):
    """Shares of items predicted as neutral and labeled neutral, and the mean probability of neutral."""

    predicted: float
    probability: float
    true: float


def neutral_of(probabilities: Probabilities, targets: Targets) -> Neutral:
    """Return the figures of neutral for predictions [n, 7]; at least one item."""
    return Neutral(
        predicted=float((probabilities.argmax(axis=1) == NEUTRAL).mean()),
        probability=float(probabilities[:, NEUTRAL].mean()),
        true=float(np.mean(targets == NEUTRAL)),
    )
