"""Fitting of the additive fusion of model.fusion to items with several modalities, real or composed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize
from scipy.special import log_softmax

from model.contract import Modality
from model.fusion import Fusion, PerClass, add_up, bias_table, normalized, subset_name, subsets, weight_table
from model.network import N_EMOTIONS, N_SENTIMENTS, EmotionNetwork
from training.corpora.base import IGNORED, class_frequencies
from training.evaluation.confidence import Floats, Probabilities, Targets
from training.evaluation.scoring import Encoded

EMOTION_COLUMNS, SENTIMENT_COLUMNS = slice(0, N_EMOTIONS), slice(N_EMOTIONS, None)


class Shrinkage(BaseModel):
    """Ridge penalties on the mean log-loss: `weights` shrinks W[m, class] to W[m], `bias` shrinks b_S to 0.

    `weights` is None for a single weight per modality.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    weights: float | None
    bias: float


@dataclass(frozen=True)
class Items:
    """n items: evidence [n, modalities, 10] as defined in model.fusion, present bool [n, modalities], targets [n]."""

    modalities: tuple[Modality, ...]
    evidence: Floats
    present: npt.NDArray[np.bool_]
    emotions: Targets
    sentiments: Targets

    def __len__(self) -> int:
        return len(self.emotions)

    def rows(self, chosen: npt.NDArray[np.int64]) -> "Items":
        """Select items."""
        return Items(
            self.modalities,
            self.evidence[chosen],
            self.present[chosen],
            self.emotions[chosen],
            self.sentiments[chosen],
        )

    @classmethod
    def of(cls, network: EmotionNetwork, encoded: Encoded) -> "Items":
        """Convert encoded items to evidence, with the network's training priors and temperatures."""
        device = network.log_train_prior.device
        with torch.inference_mode():
            raw = (encoded.logits.to(device) - network.log_train_prior) / network.temperature
            evidence = normalized(raw).double().cpu().numpy()
        present = encoded.present.numpy()
        return cls(encoded.modalities, evidence * present[:, :, None], present, encoded.emotions, encoded.sentiments)


@dataclass(frozen=True)
class Head:
    """Fitted fusion of one head: weights [modalities, k], and a bias [k] for each subset of modalities."""

    weights: Floats
    bias: Mapping[tuple[Modality, ...], Floats]


def fit_fusion(items: Items, shrinkage: Shrinkage) -> Fusion:
    """Fit both heads by penalized log-loss over every subset of two or more modalities of every item.

    The prior of the fit is the items' class frequencies, so that any prior can be declared afterwards. A head without
    labels gets weights of 1. Raises ValueError if no item with an emotion has two modalities.
    """
    if not (items.present[items.emotions != IGNORED].sum(axis=1) > 1).any():
        raise ValueError("no labeled item has two modalities: there is nothing to fit a fusion to")
    emotion = fit_head(items, items.emotions, EMOTION_COLUMNS, shrinkage)
    sentiment = fit_head(items, items.sentiments, SENTIMENT_COLUMNS, shrinkage)
    none = np.zeros(N_SENTIMENTS)
    return Fusion(
        weights={
            m: PerClass(emotion=tuple(emotion.weights[i].tolist()), sentiment=tuple(sentiment.weights[i].tolist()))
            for i, m in enumerate(items.modalities)
        },
        bias={
            subset_name(s): PerClass(
                emotion=tuple(bias.tolist()), sentiment=tuple(sentiment.bias.get(s, none).tolist())
            )
            for s, bias in emotion.bias.items()
        },
    )


def fit_head(items: Items, targets: Targets, columns: slice, shrinkage: Shrinkage) -> Head:
    """Fit one head. Each subset of modalities has the same weight, regardless of its number of items."""
    design = _Design.of(items, targets, columns)
    if design is None:
        return Head(np.ones((len(items.modalities), items.evidence[:, :, columns].shape[2])), {})
    m, k = design.evidence.shape[1:]
    rows = np.arange(len(design.targets))
    log_prior = np.log(class_frequencies(targets[targets != IGNORED].tolist(), k))

    def unpack(flat: Floats) -> tuple[Floats, Floats, Floats]:
        return flat[:m], flat[m : m + m * k].reshape(m, k), flat[m + m * k :].reshape(-1, k)

    def loss(flat: Floats) -> tuple[float, Floats]:
        """Compute the penalized log-loss and its gradient by (W[m], W[m, class] - W[m], b_S)."""
        common, own, bias = unpack(flat)
        log_p = log_softmax(
            log_prior + bias[design.subset] + (design.evidence * (common[:, None] + own)).sum(axis=1), axis=1
        )
        error = np.exp(log_p)
        error[rows, design.targets] -= 1.0
        error *= design.share[:, None]
        by_weight = np.einsum("nk,nmk->mk", error, design.evidence)
        by_bias = np.zeros_like(bias)
        np.add.at(by_bias, design.subset, error)
        penalty = shrinkage.weights or 0.0
        value = -(log_p[rows, design.targets] * design.share).sum()
        value += penalty * np.square(own).sum() + shrinkage.bias * np.square(bias).sum()
        parts = (
            by_weight.sum(axis=1),
            (by_weight + 2.0 * penalty * own).ravel(),
            (by_bias + 2 * shrinkage.bias * bias).ravel(),
        )
        return float(value), np.concatenate(parts)

    free, fixed = (None, None), (0.0, 0.0)
    bounds = [free] * m + [fixed if shrinkage.weights is None else free] * (m * k) + [free] * (len(design.subsets) * k)
    start = np.concatenate([np.ones(m), np.zeros(len(bounds) - m)])
    common, own, bias = unpack(minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x)
    return Head(common[:, None] + own, dict(zip(design.subsets, bias, strict=True)))


def predict_emotions(items: Items, fusion: Fusion, prior: Sequence[float]) -> Probabilities:
    """Compute emotion probabilities [n, 7] under a prior, as the network does."""
    terms, bias = add_up(
        torch.from_numpy(items.evidence),
        torch.from_numpy(items.present),
        weight_table(fusion, items.modalities).double(),
        bias_table(fusion, items.modalities).double(),
    )
    log_prior = torch.tensor(prior, dtype=torch.float64).log()
    total = log_prior + (bias + terms.sum(dim=1))[:, EMOTION_COLUMNS]
    return np.asarray(total.softmax(dim=1).numpy())


def restrict(items: Items, subset: Sequence[Modality]) -> Items:
    """Return the items with only the modalities of `subset`."""
    mask = np.asarray([m in subset for m in items.modalities])
    return replace(items, evidence=items.evidence * mask[None, :, None], present=items.present & mask)


@dataclass(frozen=True)
class _Design:
    """Data of a head's fit: one row per item and subset of its modalities."""

    subsets: list[tuple[Modality, ...]]
    evidence: Floats  # [rows, modalities, k], zero outside of the row's subset
    subset: Targets  # [rows]
    targets: Targets  # [rows]
    share: Floats  # [rows] of the loss; sums to 1

    @classmethod
    def of(cls, items: Items, targets: Targets, columns: slice) -> "_Design | None":
        known = targets != IGNORED
        found: list[tuple[Modality, ...]] = []
        evidence, index, labels, share = [], [], [], []
        for s in subsets(items.modalities):
            mask = np.asarray([m in s for m in items.modalities])
            rows = np.flatnonzero(known & items.present[:, mask].all(axis=1))
            if len(rows):
                evidence.append(items.evidence[rows][:, :, columns] * mask[None, :, None])
                index.append(np.full(len(rows), len(found)))
                labels.append(targets[rows])
                share.append(np.full(len(rows), 1.0 / len(rows)))
                found.append(s)
        if not found:
            return None
        return cls(
            found,
            np.concatenate(evidence),
            np.concatenate(index),
            np.concatenate(labels),
            np.concatenate(share) / len(found),
        )
