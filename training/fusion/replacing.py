"""A guard: no bundle is replaced by one that does worse on data that neither learned from.

A bundle is not judged by its home corpora: there it gains from what it knows of them. Compared are the slots of the
fusion that no encoder of the new bundle learned from, and of these the items that the old one did not learn from
either. Where there is none, corpora that were left out stand in: a network without them knows less than the one that
ships.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.bundle import BundleError
from training.corpora import IGNORED
from training.data.training_items import is_seen
from training.evaluation.metrics import log_loss
from training.evaluation.protocol import Subject
from training.evaluation.scoring import EVEN, Encoded, Rows, emotions_under
from training.fusion.composing import Pool
from training.fusion.encoding import encode_slot
from training.recipe import SlotRecipe


@dataclass(frozen=True)
class Side:
    """The log-loss of both bundles on one corpus that neither learned from, under a uniform prior."""

    corpus: str
    items: int
    old: float
    new: float


class WorseError(ValueError):
    """The new bundle does worse out of corpus; the message has the figures, and says how to take it all the same."""


def check_not_worse(
    out: Path, new: Subject, slots: Sequence[SlotRecipe], pools: Sequence[Pool], data: Path, work: Path
) -> list[Side]:
    """Compare a new bundle with the one in `out`; without one there, or where it cannot be read, nothing is compared.

    Each corpus counts alike. Raises WorseError.
    """
    try:
        old = Subject.load(out)
    except (BundleError, OSError, ValueError):
        return []
    foreign = [slot for slot in slots if not slot.home and slot.left_out is None]
    found = _sides(old, new, foreign, pools, data, work)
    found = found or _sides(old, new, [slot for slot in slots if slot.left_out is not None], pools, data, work)
    if found and not np.mean([side.new for side in found]) <= np.mean([side.old for side in found]):  # or is no number
        each = "; ".join(f"{s.corpus}: {s.old:.3f} before, {s.new:.3f} now" for s in found)
        raise WorseError(
            f"the new bundle does worse than that in {out} on data that neither learned from (log-loss under a uniform "
            f"prior, {each}); nothing was replaced. Name another folder with --out, or replace it with --even-if-worse"
        )
    return found


def _sides(
    old: Subject, new: Subject, slots: Sequence[SlotRecipe], pools: Sequence[Pool], data: Path, work: Path
) -> list[Side]:
    """Compare both on each slot; those on which nothing can be compared are left out."""
    return [side for slot in slots if (side := _side(old, new, slot, pools, data, work)) is not None]


def _side(old: Subject, new: Subject, slot: SlotRecipe, pools: Sequence[Pool], data: Path, work: Path) -> Side | None:
    """None where the old bundle lacks the modality, or learned from all of it."""
    ours = next(pool for pool in pools if pool.corpus == slot.name)
    if ours.modality not in old.bundle.network.modalities:
        return None
    plain = slot.model_copy(update={"left_out": None, "split": "train" if slot.left_out else slot.split})
    theirs = encode_slot(old.bundle, old.weights, plain, data, work, work).samples
    rows = _unseen_by_both(ours.samples, theirs, old)
    if not len(rows[0]):
        return None
    return Side(slot.name, len(rows[0]), _loss(old, theirs.rows(rows[1])), _loss(new, ours.samples.rows(rows[0])))


def _unseen_by_both(ours: Encoded, theirs: Encoded, old: Subject) -> tuple[Rows, Rows]:
    """The rows of the same labeled items in both, without those that the old bundle learned from."""
    seen = is_seen(theirs.contents, old.seen) if old.seen is not None else np.zeros(len(theirs), dtype=np.bool_)
    known = (theirs.emotions != IGNORED) & ~seen
    place = {content: row for row, content in enumerate(theirs.contents) if known[row]}
    pairs = [(row, place[content]) for row, content in enumerate(ours.contents) if content in place]
    first, second = (np.asarray(column, dtype=np.int64) for column in zip(*pairs, strict=True)) if pairs else ([], [])
    return np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)


def _loss(subject: Subject, items: Encoded) -> float:
    return log_loss(emotions_under(subject.bundle.network, items, EVEN), items.emotions)
