"""Evaluation of a bundle on a folder of composed items, every row drawn with several seeds.

    FOLDER/judgments.csv        people's labels, in EmotionTalk's format
    FOLDER/meld/*.csv           text, drawn by people's label of all modalities together
    FOLDER/goemotions/*.csv     text, drawn by their label of the text; each fills half of the rows if both exist
    FOLDER/ferplus/*.npz        faces, drawn by the label of the face
    FOLDER/voices/*/manifest.csv  voices, drawn by the label of the voice; each folder is a corpus

All labeled samples are used; none is selected by the bundle's predictions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluation.metrics import point_figures
from training.evaluation.protocol import Draws, Evaluation, Mean, Prior, Subject, evaluate, scored_predictions
from training.evaluation.scoring import Encoded, concatenate
from training.fusion.composed_items import Pool, compose, draw, rows_without_sample, sample_counts
from training.fusion.encoding import pool_of
from training.fusion.judgments import Judgments, ValenceThresholds, read_judgments, valence_thresholds

JUDGMENTS = "judgments.csv"
SEEDS = range(5)
FIGURES = ("accuracy", "weighted_f1", "macro_f1", "balanced_accuracy", "log_loss", "ece", "ece_signed")
SOURCES = (("meld", "meld-text", "*.csv"), ("goemotions", "goemotions", "*.csv"), ("ferplus", "ferplus", "*.npz"))


@dataclass(frozen=True)
class Composed:
    """Judgments, the pools for their slots, and the sentiment thresholds of their valence."""

    judgments: Judgments
    pools: tuple[Pool, ...]
    thresholds: ValenceThresholds

    def items(self, seed: int) -> Encoded:
        """Compose every row once, its slots drawn with the seed."""
        sentiments = self.thresholds.sentiments(self.judgments.valence)
        return compose(self.judgments, sentiments, self.pools, draw(self.judgments, self.pools, seed))


def read_composed(subject: Subject, folder: Path) -> Composed:
    """Read and encode a folder. Raises FileNotFoundError without judgments or samples, and the readers' errors."""
    judgments = read_judgments(folder / JUDGMENTS)
    bundle = subject.bundle
    sources = [
        *((name, corpus, sorted((folder / name).glob(pattern))) for name, corpus, pattern in SOURCES),
        *((path.parent.name, "voices", [path]) for path in sorted(folder.glob("voices/*/manifest.csv"))),
    ]
    pools = tuple(pool_of(bundle, name, corpus, paths) for name, corpus, paths in sources if paths)
    if not pools:
        raise FileNotFoundError(f"{folder} has judgments but no samples in meld/, goemotions/, ferplus/ or voices/")
    return Composed(judgments, pools, valence_thresholds(judgments))


def evaluate_composed(subject: Subject, composed: Composed, prior: Prior) -> list[Evaluation]:
    """Evaluate over all draws; intervals resample dialogues, comments, speakers and images together."""
    draws = [composed.items(seed) for seed in SEEDS]
    scored = evaluate(subject, "composed", "all", concatenate(draws), prior=prior)
    return [e.model_copy(update={"draws": _draws(subject, composed, draws, e.prior)}) for e in scored]


def _draws(subject: Subject, composed: Composed, draws: Sequence[Encoded], prior: Prior) -> Draws:
    each = [
        point_figures(scored_predictions(subject, "composed", items, prior).emotions, items.emotions).model_dump()
        for items in draws
    ]
    return Draws(
        rows=len(composed.judgments),
        seeds=list(SEEDS),
        figures={
            name: Mean(
                mean=float(np.mean([f[name] for f in each])), deviation=float(np.std([f[name] for f in each], ddof=1))
            )
            for name in FIGURES
        },
        samples=dict(sample_counts(composed.pools)),
        without_slot=rows_without_sample(composed.judgments, composed.pools),
        sentiment_thresholds=(composed.thresholds.negative, composed.thresholds.positive),
    )
