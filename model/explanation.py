"""Each modality's contribution to the winning emotion's lead over the runner-up.

The fused log-probabilities are a sum over modalities and a base (prior and bias), so the lead
log p(winner) - log p(runner-up) is the sum of the same parts' differences. The decomposition is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.contract import (
    EMOTIONS,
    Contribution,
    DecidedBy,
    Emotion,
    Modality,
    Overall,
    Utterance,
    summarize,
    weights_of,
)

DECIMALS = 6  # of nats; further digits are rounding noise

Row = npt.NDArray[np.float64]  # [7], in the order of EMOTIONS


@dataclass(frozen=True)
class Lead:
    """Parts of log p(winner) - log p(runner-up), in nats; they add up to it."""

    contributions: Mapping[Modality, float]
    bias: float

    @property
    def total(self) -> float:
        return sum(self.contributions.values()) + self.bias

    @property
    def weights(self) -> tuple[dict[Modality, float], DecidedBy]:
        """Return each modality's share, and whether the modalities or the prior decided."""
        return weights_of(self.contributions)

    def rounded(self) -> "Lead":
        """Round to DECIMALS digits; the bias absorbs the rounding errors of the others."""
        contributions = {m: round(nats, DECIMALS) for m, nats in self.contributions.items()}
        return Lead(contributions, round(self.total - sum(contributions.values()), DECIMALS))


@dataclass(frozen=True)
class Explanation:
    """Additive terms of one utterance's emotions: log p = base + sum of terms - log Z, in nats."""

    terms: Mapping[Modality, Row]
    base: Row

    def lead(self, winner: Emotion, runner_up: Emotion) -> Lead:
        """Return the parts of the first emotion's lead over the second."""
        first, second = EMOTIONS.index(winner), EMOTIONS.index(runner_up)
        contributions = {m: float(term[first] - term[second]) for m, term in self.terms.items()}
        return Lead(contributions, float(self.base[first] - self.base[second]))


def summarize_explained(
    utterances: Sequence[Utterance], explanations: Sequence[Explanation], unclear_below: float = 0.0
) -> Overall:
    """Summarize as `contract.summarize` does, and add each modality's mean contribution, weighted by duration.

    A modality that an utterance lacks contributes 0 to it.
    """
    overall = summarize(utterances)
    if not overall.emotions:
        return overall
    winner, runner_up = overall.emotions[0].label, overall.emotions[1].label
    leads = [explanation.lead(winner, runner_up) for explanation in explanations]
    total = sum(utterance.duration for utterance in utterances)
    shares = [utterance.duration / total for utterance in utterances]
    present = dict.fromkeys(m for utterance in utterances for m in utterance.modalities)
    mean = Lead(
        {m: sum(s * lead.contributions.get(m, 0.0) for s, lead in zip(shares, leads, strict=True)) for m in present},
        sum(s * lead.bias for s, lead in zip(shares, leads, strict=True)),
    )
    weights, decided_by = mean.weights
    rounded = mean.rounded()
    modalities = {
        m: Contribution(weight=round(weights[m], DECIMALS), contribution=nats)
        for m, nats in rounded.contributions.items()
    }
    return overall.model_copy(
        update={
            "modalities": modalities,
            "bias": rounded.bias,
            "decided_by": decided_by,
            "unclear": overall.emotions[0].confidence < unclear_below,
        }
    )
