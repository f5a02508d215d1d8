"""Selection of a fusion's shrinkage and thresholds on items that took no part in the fit.

Rows of judgments, samples and voices are each cut into a fit half and a choose half, by dialogue, comment, image and
speaker. Each voice corpus in turn is left out of the fit, including the constants of audio, and is then the only one in
the audio slot of the choose half. The selected candidate has the lowest mean log-loss over these voice corpora, which
neither weights nor constants were fitted on. The constants of text and face are fitted beforehand, on all samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from model.contract import EMOTIONS
from model.fusion import Fusion, conflict
from model.network import EmotionNetwork, NetworkConfig
from training.corpora.base import class_frequencies
from training.data.content_hash import hash_fraction
from training.evaluation.confidence import Floats, Probabilities, Targets, confidence_and_correctness
from training.evaluation.metrics import PointFigures, point_figures
from training.evaluation.neutral import Neutral, neutral_of
from training.evaluation.scoring import Encoded, Rows, concatenate, temporary_constants
from training.fusion.composed_items import Pool, SoftSlots, clean_and_degraded, compose, draw
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict_emotions, restrict
from training.fusion.judgments import Judgments, ValenceThresholds

CLEAR_ACCURACY = 0.5  # minimum accuracy at the confidence from which a result is clear


class Score(PointFigures):
    """Figures of emotion predictions on composed items."""

    neutral: Neutral


class Candidate(BaseModel):
    """One shrinkage, and its mean figures over the voice corpora left out."""

    shrinkage: Shrinkage
    log_loss: float
    weighted_f1: float


class LeftOut(BaseModel):
    """Figures on one part of the judgments with one voice corpus left out of the fit."""

    voices: str
    rows: str
    scores: dict[str, Score]  # by fusion


class Thresholds(BaseModel):
    """Thresholds of unclear and contradictory results, and their quality."""

    unclear_below: float
    clear_share: float  # of the items
    clear_accuracy: float
    clear_confidence: float  # their mean
    unclear_accuracy: float
    conflict_from: float
    conflict_share: float  # of the items, equal to that of people's labels by construction
    conflict_auc: float  # of the measure, against people's labels of one modality as pleasant and another as unpleasant


@dataclass(frozen=True)
class Study:
    """Data that a fusion is fitted to and chosen on."""

    network: EmotionNetwork  # with constants fitted on all pools
    without: Mapping[str, NetworkConfig]  # its constants, fitted without each voice corpus
    pools: tuple[Pool, ...]
    fit: Judgments
    choose: Judgments
    validation: Judgments  # judgments used neither to fit nor to choose
    thresholds: ValenceThresholds
    draws: int

    def composed(self, judgments: Judgments, pools: Sequence[Pool], soft: SoftSlots | None = None) -> Encoded:
        """Compose items, each row once per draw; items of a draw are contiguous."""
        sentiments = self.thresholds.sentiments(judgments.valence)
        draws = [draw(judgments, pools, seed, soft) for seed in range(self.draws)]
        return concatenate([compose(judgments, sentiments, pools, drawn) for drawn in draws])

    def items(self, judgments: Judgments, pools: Sequence[Pool], soft: SoftSlots | None = None) -> Items:
        """Compose items and convert them to evidence."""
        return Items.of(self.network, self.composed(judgments, pools, soft))

    def halves(self, first: bool) -> tuple[Pool, ...]:
        """Return half of each pool's samples, split by group."""
        return tuple(pool.rows(half(pool.samples.groups, first)) for pool in self.pools)

    def leave_one_out(self) -> Iterator[tuple[str, tuple[Pool, ...], tuple[Pool, ...]]]:
        """Yield each voice corpus's name, the pools to fit to without it, and those to choose on with it alone.

        Pools to fit to contain clean and degraded samples. While a corpus is yielded, the network has the constants
        fitted without it. With fewer than two voice corpora, yields the two halves of all pools.
        """
        voices = voices_of(self.pools)
        if len(voices) < 2:
            name = next(iter(voices.values())).corpus if voices else "none"
            yield name, clean_and_degraded(self.halves(True)), self.halves(False)
            return
        for name, voice in voices.items():
            fit = clean_and_degraded(p for p in self.halves(True) if p.voices != name)
            others = (p for p in self.halves(False) if p.modality != "audio")
            with temporary_constants(self.network, self.without[name]):
                yield voice.corpus, fit, (*others, voice)


def voices_of(pools: Sequence[Pool]) -> dict[str, Pool]:
    """Return one pool per voice corpus; pools of the same recordings are left out together.

    Leave-one-corpus-out predictions are preferred where available.
    """
    found: dict[str, Pool] = {}
    for pool in pools:
        if pool.modality == "audio" and (pool.voices not in found or pool.left_out):
            found[pool.voices] = pool
    return found


def half(groups: Sequence[str], first: bool) -> Rows:
    """Return the rows of every second group, in an order given by a hash of the group's name."""
    ordered = sorted(set(groups), key=lambda group: (hash_fraction(f"half {group}"), group))
    chosen = set(ordered[0 if first else 1 :: 2])
    return np.asarray([i for i, group in enumerate(groups) if group in chosen], dtype=np.int64)


def choose_shrinkage(study: Study, candidates: Sequence[Shrinkage]) -> tuple[Shrinkage, list[Candidate]]:
    """Return the candidate with the lowest mean log-loss over left-out voice corpora, and all candidates."""
    losses: list[list[float]] = [[] for _ in candidates]
    f1: list[list[float]] = [[] for _ in candidates]
    prior = frequencies(study.fit)
    for _, fit_pools, choose_pools in study.leave_one_out():
        items = study.items(study.fit, fit_pools)
        unseen = study.items(study.choose, clean_and_degraded(choose_pools))
        for i, shrinkage in enumerate(candidates):
            score = score_of(predict_emotions(unseen, fit_fusion(items, shrinkage), prior), unseen.emotions)
            losses[i].append(score.log_loss)
            f1[i].append(score.weighted_f1)
    tried = [
        Candidate(shrinkage=s, log_loss=float(np.mean(loss)), weighted_f1=float(np.mean(f)))
        for s, loss, f in zip(candidates, losses, f1, strict=True)
    ]
    return min(tried, key=lambda c: c.log_loss).shrinkage, tried


def frequencies(judgments: Judgments) -> tuple[float, ...]:
    """Return the class frequencies of people's emotion labels."""
    return class_frequencies(judgments.emotions.tolist(), len(EMOTIONS))


def score_of(probabilities: Probabilities, targets: Targets) -> Score:
    """Compute the figures of predictions [n, 7]."""
    return Score(**point_figures(probabilities, targets).model_dump(), neutral=neutral_of(probabilities, targets))


def set_thresholds(study: Study, shrinkage: Shrinkage, prior: Sequence[float]) -> Thresholds:
    """Fit thresholds under the declared prior, on the choose half with left-out voices.

    A result is clear if results of its confidence are right more often than wrong (isotonic regression). As many items
    are marked as contradictory as people labeled pleasant in one modality and unpleasant in another.
    """
    probabilities, targets, measured, contradictory = [], [], [], []
    for _, fit_pools, choose_pools in study.leave_one_out():
        fusion = fit_fusion(study.items(study.fit, fit_pools), shrinkage)
        unseen = study.items(study.choose, clean_and_degraded(choose_pools))
        probabilities.append(predict_emotions(unseen, fusion, prior))
        targets.append(unseen.emotions)
        measured.append(conflicts(unseen, prior))
        contradictory.append(np.tile(study.choose.opposed(), study.draws))
    confidence, right = confidence_and_correctness(np.concatenate(probabilities), np.concatenate(targets))
    unclear_below = _unclear_threshold(confidence, right)
    clear = confidence >= unclear_below
    opposed, measure = np.concatenate(contradictory), np.concatenate(measured)
    return Thresholds(
        unclear_below=unclear_below,
        clear_share=float(clear.mean()),
        clear_accuracy=_mean_or_zero(right[clear]),
        clear_confidence=_mean_or_zero(confidence[clear]),
        unclear_accuracy=_mean_or_zero(right[~clear]),
        conflict_from=float(np.quantile(measure, 1.0 - opposed.mean())),
        conflict_share=float(opposed.mean()),
        conflict_auc=float(roc_auc_score(opposed, measure)),
    )


def conflicts(items: Items, prior: Sequence[float]) -> Floats:
    """Compute `model.fusion.conflict` of each item [n]."""
    per_modality = {m: predict_emotions(restrict(items, [m]), Fusion(weights={}), prior) for m in items.modalities}
    return np.asarray(
        [
            conflict(
                {m: per_modality[m][row].tolist() for i, m in enumerate(items.modalities) if items.present[row, i]}
            )
            for row in range(len(items))
        ]
    )


def _mean_or_zero(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _unclear_threshold(confidence: Floats, right: npt.NDArray[np.float64]) -> float:
    """Return the lowest confidence from which results are right more often than wrong; 1 if there is none."""
    curve = IsotonicRegression(out_of_bounds="clip").fit(confidence, right)
    grid = np.arange(0.0, 1.0, 0.01)
    enough = np.flatnonzero(curve.predict(grid) >= CLEAR_ACCURACY)
    return float(round(grid[enough[0]], 2)) if len(enough) else 1.0
