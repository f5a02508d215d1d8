"""Whether a bundle takes refuge in neutral, the commonest emotion and the safest answer."""

import numpy as np
from pydantic import BaseModel

from model.contract import EMOTIONS
from training.evaluation.confidence import Probabilities, Targets

NEUTRAL = EMOTIONS.index("neutral")


class Neutral(BaseModel):
    """How often a bundle predicts neutral, with what mean probability, and how often it is right to."""

    predicted: float
    probability: float
    true: float


def neutral_of(probabilities: Probabilities, targets: Targets) -> Neutral:
    """Of predictions [n, 7]; at least one item."""
    return Neutral(
        predicted=float((probabilities.argmax(axis=1) == NEUTRAL).mean()),
        probability=float(probabilities[:, NEUTRAL].mean()),
        true=float(np.mean(targets == NEUTRAL)),
    )
