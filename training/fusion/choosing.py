"""Chooses how a fusion is shrunk, and sets its thresholds, on items that had no part in fitting it.

Rows of judgments, samples, and voices are each cut into a fit half and a choose half, by dialogue, comment, image and
speaker; and each corpus of voices in turn is left out of the fit, of the voice's constants too, and fills the
choose half's slot alone. What is chosen is what predicts best, on average, with a corpus of voices that neither weights
nor constants ever met. Those of words and faces come before all this, from all samples.
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
from training.data.content_hash import drawn
from training.evaluation.confidence import Floats, Probabilities, Targets, top
from training.evaluation.metrics import PointFigures, point_figures
from training.evaluation.neutral import Neutral, neutral_of
from training.evaluation.scoring import Encoded, Rows, joined, using
from training.fusion.composing import Pool, Soft, as_in_video, compose, draw
from training.fusion.fitting import Items, Shrinkage, fit_fusion, only, predict
from training.fusion.judgments import Judgments, ValenceThresholds

MORE_RIGHT_THAN_WRONG = 0.5


class Score(PointFigures):
    """Figures of emotion predictions on composed items."""

    neutral: Neutral


class Candidate(BaseModel):
    """One way to shrink, and its mean log-loss over the corpora of voices that were left out."""

    shrinkage: Shrinkage
    log_loss: float
    weighted_f1: float


class LeftOut(BaseModel):
    """Figures with one corpus of voices that the fit never saw, on one part of the judgments."""

    voices: str
    rows: str
    scores: dict[str, Score]  # by the name of the fusion


class Thresholds(BaseModel):
    """Where a result is unclear and modalities contradict each other, and what these marks are worth."""

    unclear_below: float
    clear_share: float  # of the items
    clear_accuracy: float
    clear_confidence: float  # their mean
    unclear_accuracy: float
    conflict_from: float
    conflict_share: float  # of the items, which is people's own by construction
    conflict_auc: float  # of the measure, for whether people saw one modality pleasant and another unpleasant


@dataclass(frozen=True)
class Study:
    """What a fusion is fitted to and chosen on."""

    network: EmotionNetwork  # with constants of all pools
    without: Mapping[str, NetworkConfig]  # its constants as fitted without each corpus of voices
    pools: tuple[Pool, ...]
    fit: Judgments
    choose: Judgments
    kept: Judgments  # people's judgments that neither fitted nor chose
    thresholds: ValenceThresholds
    draws: int

    def composed(self, judgments: Judgments, pools: Sequence[Pool], soft: Soft | None = None) -> Encoded:
        """Composed items, each row once for each draw; those of a draw follow each other."""
        sentiments = self.thresholds.sentiments(judgments.valence)
        draws = [draw(judgments, pools, seed, soft) for seed in range(self.draws)]
        return joined([compose(judgments, sentiments, pools, drawn) for drawn in draws])

    def items(self, judgments: Judgments, pools: Sequence[Pool], soft: Soft | None = None) -> Items:
        """The same as evidence."""
        return Items.of(self.network, self.composed(judgments, pools, soft))

    def halves(self, first: bool) -> tuple[Pool, ...]:
        """Half of each corpus's samples, by group."""
        return tuple(pool.rows(half(pool.samples.groups, first)) for pool in self.pools)

    def left_out(self) -> Iterator[tuple[str, tuple[Pool, ...], tuple[Pool, ...]]]:
        """Yield each corpus of voices: its name, the pools to fit to without it, and those to choose on with it alone.

        Those to fit to hold their samples twice, clean and degraded. Meanwhile the network has the constants fitted
        without it. With less than two corpora of voices, the two halves of everything.
        """
        voices = voices_of(self.pools)
        if len(voices) < 2:
            name = next(iter(voices.values())).corpus if voices else "none"
            yield name, as_in_video(self.halves(True)), self.halves(False)
            return
        for name, voice in voices.items():
            fit = as_in_video(p for p in self.halves(True) if p.voices != name)
            others = (p for p in self.halves(False) if p.modality != "audio")
            with using(self.network, self.without[name]):
                yield voice.corpus, fit, (*others, voice)


def voices_of(pools: Sequence[Pool]) -> dict[str, Pool]:
    """Return a pool for each name of voices that are left out together.

    It stands for them while they are: predictions by a network that learned without them, where there are any.
    """
    found: dict[str, Pool] = {}
    for pool in pools:
        if pool.modality == "audio" and (pool.voices not in found or pool.left_out):
            found[pool.voices] = pool
    return found


def half(groups: Sequence[str], first: bool) -> Rows:
    """The rows of every second group, in an order that follows from the groups' names alone."""
    ordered = sorted(set(groups), key=lambda group: (drawn(f"half {group}"), group))
    chosen = set(ordered[0 if first else 1 :: 2])
    return np.asarray([i for i, group in enumerate(groups) if group in chosen], dtype=np.int64)


def choose_shrinkage(study: Study, candidates: Sequence[Shrinkage]) -> tuple[Shrinkage, list[Candidate]]:
    """The candidate of least mean log-loss with unseen voices, and all of them with theirs."""
    losses: list[list[float]] = [[] for _ in candidates]
    f1: list[list[float]] = [[] for _ in candidates]
    prior = frequencies(study.fit)
    for _, fit_pools, choose_pools in study.left_out():
        items = study.items(study.fit, fit_pools)
        unseen = study.items(study.choose, as_in_video(choose_pools))
        for i, shrinkage in enumerate(candidates):
            score = score_of(predict(unseen, fit_fusion(items, shrinkage), prior), unseen.emotions)
            losses[i].append(score.log_loss)
            f1[i].append(score.weighted_f1)
    tried = [
        Candidate(shrinkage=s, log_loss=float(np.mean(loss)), weighted_f1=float(np.mean(f)))
        for s, loss, f in zip(candidates, losses, f1, strict=True)
    ]
    return min(tried, key=lambda c: c.log_loss).shrinkage, tried


def frequencies(judgments: Judgments) -> tuple[float, ...]:
    """How often people called the utterances each emotion."""
    return class_frequencies(judgments.emotions.tolist(), len(EMOTIONS))


def score_of(probabilities: Probabilities, targets: Targets) -> Score:
    """The figures of predictions [n, 7]."""
    return Score(**point_figures(probabilities, targets).model_dump(), neutral=neutral_of(probabilities, targets))


def set_thresholds(study: Study, shrinkage: Shrinkage, prior: Sequence[float]) -> Thresholds:
    """Thresholds under the declared prior, on the choose half with unseen voices.

    A result is clear where results of its confidence are right more often than wrong (isotonic regression). As many
    items are marked as contradictory as people labeled one modality pleasant and another unpleasant.
    """
    probabilities, targets, measured, contradictory = [], [], [], []
    for _, fit_pools, choose_pools in study.left_out():
        fusion = fit_fusion(study.items(study.fit, fit_pools), shrinkage)
        unseen = study.items(study.choose, as_in_video(choose_pools))
        probabilities.append(predict(unseen, fusion, prior))
        targets.append(unseen.emotions)
        measured.append(conflicts(unseen, prior))
        contradictory.append(np.tile(study.choose.opposed(), study.draws))
    confidence, right = top(np.concatenate(probabilities), np.concatenate(targets))
    unclear_below = _half_right_from(confidence, right)
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
    """`model.fusion.conflict` of each item [n]."""
    alone = {m: predict(only(items, [m]), Fusion(weights={}), prior) for m in items.modalities}
    return np.asarray(
        [
            conflict({m: alone[m][row].tolist() for i, m in enumerate(items.modalities) if items.present[row, i]})
            for row in range(len(items))
        ]
    )


def _mean_or_zero(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _half_right_from(confidence: Floats, right: npt.NDArray[np.float64]) -> float:
    """The least confidence from which on results are right more often than wrong; 1 where they never are."""
    curve = IsotonicRegression(out_of_bounds="clip").fit(confidence, right)
    grid = np.arange(0.0, 1.0, 0.01)
    enough = np.flatnonzero(curve.predict(grid) >= MORE_RIGHT_THAN_WRONG)
    return float(round(grid[enough[0]], 2)) if len(enough) else 1.0
