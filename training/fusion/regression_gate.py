"""Guard against replacing a bundle by one that does worse on out-of-corpus data.

In-corpus figures are not compared, as they depend on how much of a corpus a bundle was trained on. Compared are the
fusion's out-of-corpus slots, on items that were not in the old bundle's training either. Without such slots, the
leave-one-corpus-out slots are used, which underestimate the new bundle: their network was trained on less data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.bundle import BundleError
from training.corpora import IGNORED
from training.data.training_items import in_training
from training.evaluation.metrics import log_loss
from training.evaluation.protocol import Subject
from training.evaluation.scoring import UNIFORM_EMOTIONS, Encoded, Rows, predict_under_prior
from training.fusion.composed_items import Pool
from training.fusion.encoding import encode_slot
from training.recipe import SlotRecipe


@dataclass(frozen=True)
class Comparison:
    """Log-loss of both bundles on one corpus that neither was trained on, under a uniform prior."""

    corpus: str
    items: int
    old: float
    new: float


class WorseBundleError(ValueError):
    """The new bundle does worse out of corpus; the message has the figures and how to override."""


def check_not_worse(
    out: Path, new: Subject, slots: Sequence[SlotRecipe], pools: Sequence[Pool], data: Path, work: Path
) -> list[Comparison]:
    """Compare a new bundle with the one in `out`; without a readable one, nothing is compared.

    Corpora are weighted equally. Raises WorseBundleError.
    """
    try:
        old = Subject.load(out)
    except (BundleError, OSError, ValueError):
        return []
    out_of_corpus = [slot for slot in slots if not slot.home and slot.left_out is None]
    found = _compare_all(old, new, out_of_corpus, pools, data, work)
    found = found or _compare_all(old, new, [slot for slot in slots if slot.left_out is not None], pools, data, work)
    if found and not np.mean([c.new for c in found]) <= np.mean([c.old for c in found]):  # also True for NaN
        each = "; ".join(f"{s.corpus}: {s.old:.3f} before, {s.new:.3f} now" for s in found)
        raise WorseBundleError(
            f"the new bundle does worse than the one in {out} on out-of-corpus data (log-loss under a uniform prior, "
            f"{each}); nothing was replaced. Write to another folder with --out, or replace it with --even-if-worse"
        )
    return found


def _compare_all(
    old: Subject, new: Subject, slots: Sequence[SlotRecipe], pools: Sequence[Pool], data: Path, work: Path
) -> list[Comparison]:
    """Compare both bundles on each slot; slots without comparable items are skipped."""
    return [comparison for slot in slots if (comparison := _compare(old, new, slot, pools, data, work)) is not None]


def _compare(
    old: Subject, new: Subject, slot: SlotRecipe, pools: Sequence[Pool], data: Path, work: Path
) -> Comparison | None:
    """Compare on one slot; None if the old bundle lacks the modality or was trained on all of its items."""
    ours = next(pool for pool in pools if pool.corpus == slot.name)
    if ours.modality not in old.bundle.network.modalities:
        return None
    plain = slot.model_copy(update={"left_out": None, "split": "train" if slot.left_out else slot.split})
    theirs = encode_slot(old.bundle, old.weights, plain, data, work, work).samples
    rows = _rows_unseen_by_both(ours.samples, theirs, old)
    if not len(rows[0]):
        return None
    return Comparison(slot.name, len(rows[0]), _loss(old, theirs.rows(rows[1])), _loss(new, ours.samples.rows(rows[0])))


def _rows_unseen_by_both(ours: Encoded, theirs: Encoded, old: Subject) -> tuple[Rows, Rows]:
    """Return the rows of the same labeled items in both, excluding those in the old bundle's training."""
    trained = (
        in_training(theirs.contents, old.training_items)
        if old.training_items is not None
        else np.zeros(len(theirs), dtype=np.bool_)
    )
    known = (theirs.emotions != IGNORED) & ~trained
    place = {content: row for row, content in enumerate(theirs.contents) if known[row]}
    pairs = [(row, place[content]) for row, content in enumerate(ours.contents) if content in place]
    first, second = (np.asarray(column, dtype=np.int64) for column in zip(*pairs, strict=True)) if pairs else ([], [])
    return np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)


def _loss(subject: Subject, items: Encoded) -> float:
    return log_loss(predict_under_prior(subject.bundle.network, items, UNIFORM_EMOTIONS), items.emotions)
