"""Additive fusion: the modalities' evidence adds up, so a prediction decomposes into their contributions.

The evidence of a modality is `log p(class | modality) + log k` under a uniform prior over the k classes: 0 for every
class if the modality is uninformative, and a log-likelihood ratio against the average class otherwise. With two or more
modalities S present,

    log p(class) = log prior(class) + b_S(class) + sum over m in S of W_m(class) * evidence_m(class) - log Z

For W = 1 and b = 0 this is Bayes' rule for modalities that are independent given the class. Fitted weights below 1
account for dependence between modalities and for overconfidence (log-linear pooling without weights that sum to 1:
Genest & Zidek 1986, "Combining probability distributions", section 3). b_S is relative to the declared prior, so
another prior can be substituted. A single modality has W = 1 and b = 0, so the fusion leaves its own prediction
unchanged.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from model.contract import EMOTIONS, MODALITIES, SENTIMENT_OF_EMOTION, SENTIMENTS, Modality

_EMOTIONS, _SENTIMENTS = len(EMOTIONS), len(SENTIMENTS)  # columns: emotions first, then sentiments
SEPARATOR = "+"


class PerClass(BaseModel):
    """One number for each class of the two heads."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    emotion: Annotated[tuple[float, ...], Field(min_length=_EMOTIONS, max_length=_EMOTIONS)]
    sentiment: Annotated[tuple[float, ...], Field(min_length=_SENTIMENTS, max_length=_SENTIMENTS)]


class Fusion(BaseModel):
    """Fitted parameters of the additive fusion, and the thresholds that were fitted with them.

    `weights` are W_m, 1 for a modality without an entry. `bias` is b_S in nats, keyed by `subset_name`, 0 for a subset
    without an entry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    weights: dict[Modality, PerClass]
    bias: dict[str, PerClass] = {}
    unclear_below: float = Field(default=0.0, ge=0.0, le=1.0, description="confidence below which a result is unclear")
    conflict_from: float | None = Field(
        default=None, gt=0.0, description="least `conflict` of contradictory modalities"
    )

    @model_validator(mode="after")
    def _subsets_are_named_in_order(self) -> "Fusion":
        known = {subset_name(s) for s in subsets(tuple(m for m in MODALITIES if m in self.weights))}
        for name in self.bias:
            if name not in known:
                raise ValueError(f"bias: {name!r} is not one of {', '.join(sorted(known))}")
        return self


def subset_name(modalities: Sequence[Modality]) -> str:
    """Return the key of a subset, in the contract's order: "text+face"."""
    return SEPARATOR.join(m for m in MODALITIES if m in modalities)


def subsets(modalities: Sequence[Modality], least: int = 2) -> list[tuple[Modality, ...]]:
    """Return all subsets of at least `least` modalities, smallest first."""
    return [s for size in range(least, len(modalities) + 1) for s in combinations(modalities, size)]


def normalized(evidence: Tensor) -> Tensor:
    """Normalize log-probabilities known up to a constant, [..., 10], to evidence as this module defines it.

    The two heads' columns are normalized separately.
    """
    heads = evidence[..., :_EMOTIONS], evidence[..., _EMOTIONS:]
    return torch.cat([h.log_softmax(dim=-1) + torch.log(torch.tensor(float(h.shape[-1]))) for h in heads], dim=-1)


def weight_table(fusion: Fusion, modalities: Sequence[Modality]) -> Tensor:
    """Return W [modalities, 10], 1 for a modality that was not fitted."""
    one = PerClass(emotion=(1.0,) * _EMOTIONS, sentiment=(1.0,) * _SENTIMENTS)
    rows = [fusion.weights.get(m, one) for m in modalities]
    return torch.tensor([[*row.emotion, *row.sentiment] for row in rows])


def bias_table(fusion: Fusion, modalities: Sequence[Modality]) -> Tensor:
    """Return b_S [2 ** modalities, 10]; a subset's row is `subset_index` of its presence mask."""
    table = torch.zeros(2 ** len(modalities), _EMOTIONS + _SENTIMENTS)
    for name, bias in fusion.bias.items():
        named = name.split(SEPARATOR)
        if set(named) <= set(modalities):
            present = torch.tensor([[m in named for m in modalities]])
            table[subset_index(present)[0]] = torch.tensor([*bias.emotion, *bias.sentiment])
    return table


def subset_index(present: Tensor) -> Tensor:
    """Return each sample's row in `bias_table`, int64 [n], for a presence mask bool [n, modalities]."""
    powers = 2 ** torch.arange(present.shape[1], device=present.device)
    return (present.long() * powers).sum(dim=1)


def add_up(evidence: Tensor, present: Tensor, weights: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return the modalities' terms [n, modalities, k] and the bias [n, k].

    The fused log-probability is log prior + bias + sum of terms, up to a constant. `evidence` [n, modalities, k] is
    known up to a constant per head; `present` bool [n, modalities]; tables as `weight_table` and `bias_table` return.
    """
    there = present.unsqueeze(-1).to(evidence.dtype)
    several = (present.sum(dim=1) > 1).view(-1, 1, 1)
    ones = torch.ones_like(weights)
    terms = torch.where(several, weights, ones) * normalized(evidence) * there
    return terms, bias[subset_index(present)]


def conflict(probabilities: Mapping[Modality, Sequence[float]]) -> float:
    """Return the largest probability, over pairs of modalities, that one is pleasant and the other unpleasant.

    `probabilities` are each modality's own over EMOTIONS, treated as independent. 0 for fewer than two modalities.
    Neutral and surprise are neither pleasant nor unpleasant.
    """
    valences = [
        tuple(
            sum(p for e, p in zip(EMOTIONS, emotions, strict=True) if SENTIMENT_OF_EMOTION.get(e) == sentiment)
            for sentiment in ("positive", "negative")
        )
        for emotions in probabilities.values()
    ]
    return max((a[0] * b[1] + a[1] * b[0] for a, b in combinations(valences, 2)), default=0.0)
