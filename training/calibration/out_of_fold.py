"""Items of one modality with the logits that a network gave them: saved, and loaded without the network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.contract import Modality
from training.evaluation.confidence import Targets
from training.evaluation.scoring import Encoded
from training.files import whole


def of_logits(
    modality: Modality,
    logits: Tensor,
    emotions: Targets,
    sentiments: Targets,
    groups: Sequence[str],
    contents: Sequence[str],
) -> Encoded:
    """Wrap logits [n, 10] of one modality as Encoded. Its embeddings are empty: no constant is fitted on them."""
    n = len(logits)
    return Encoded(
        modalities=(modality,),
        embeddings=(torch.zeros(n, 0),),
        logits=logits.unsqueeze(1),
        present=torch.ones(n, 1, dtype=torch.bool),
        emotions=emotions,
        sentiments=sentiments,
        groups=tuple(groups),
        contents=tuple(contents),
        words=("",) * n,
    )


def save_out_of_fold(work: Path, predicted: Encoded) -> None:
    """Save predictions beside the modality's trained weights."""
    save_items(predicted, _file(work, predicted.modalities[0]))


def load_out_of_fold(work: Path, modality: Modality) -> Encoded:
    """Load what `save_out_of_fold` saved. Raises OSError where there is nothing."""
    return load_items(_file(work, modality), modality)


def save_left_out(work: Path, corpus: str, predicted: Encoded, augmented: bool = False) -> None:
    """Save predictions for a corpus by a network that learned without it; `augmented`: of its examples augmented."""
    save_items(predicted, _left_out_file(work, predicted.modalities[0], corpus, augmented))


def load_left_out(work: Path, modality: Modality, corpus: str, augmented: bool = False) -> Encoded:
    """Load what `save_left_out` saved. Raises FileNotFoundError, which says what to do, where there is nothing."""
    file = _left_out_file(work, modality, corpus, augmented)
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no {file}: training keeps what was predicted for {corpus} by a network without it; name the "
            "folder of that training in --trained"
        )
    return load_items(file, modality)


def save_items(items: Encoded, path: Path) -> None:
    """Save items of one modality, without their embeddings: these take part in no additive fusion."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            logits=items.logits[:, 0].numpy(),
            emotions=items.emotions,
            sentiments=items.sentiments,
            groups=np.asarray(items.groups),
            contents=np.asarray(items.contents),
            votes=np.zeros((0, 0)) if items.votes is None else items.votes,
        )


def load_items(path: Path, modality: Modality) -> Encoded:
    """Load what `save_items` saved. Raises OSError where there is nothing."""
    with np.load(path) as kept:
        groups, contents = kept["groups"].tolist(), kept["contents"].tolist()
        items = of_logits(
            modality, torch.from_numpy(kept["logits"]), kept["emotions"], kept["sentiments"], groups, contents
        )
        votes = kept["votes"] if "votes" in kept.files else np.zeros((0, 0))  # files of before have none
    return replace(items, votes=votes) if votes.size else items


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"


def _left_out_file(work: Path, modality: Modality, corpus: str, augmented: bool) -> Path:
    return work / f"{modality}.without-{corpus}{'.augmented' if augmented else ''}.npz"
