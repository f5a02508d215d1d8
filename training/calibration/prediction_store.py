"""Storage of single-modality predictions, so that they can be used without the network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.contract import Modality
from training.evaluation.confidence import Targets
from training.evaluation.scoring import Encoded
from training.files import atomic_write


def of_logits(
    modality: Modality,
    logits: Tensor,
    emotions: Targets,
    sentiments: Targets,
    groups: Sequence[str],
    contents: Sequence[str],
) -> Encoded:
    """Wrap logits [n, 10] of one modality as Encoded, with empty embeddings."""
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
    """Save out-of-fold predictions beside the modality's trained weights."""
    save_items(predicted, _file(work, predicted.modalities[0]))


def load_out_of_fold(work: Path, modality: Modality) -> Encoded:
    """Load the predictions of `save_out_of_fold`. Raises OSError if there are none."""
    return load_items(_file(work, modality), modality)


def save_left_out(work: Path, corpus: str, predicted: Encoded, augmented: bool = False) -> None:
    """Save leave-one-corpus-out predictions for a corpus, of its clean or its augmented examples."""
    save_items(predicted, _left_out_file(work, predicted.modalities[0], corpus, augmented))


def load_left_out(work: Path, modality: Modality, corpus: str, augmented: bool = False) -> Encoded:
    """Load the predictions of `save_left_out`. Raises FileNotFoundError if there are none."""
    file = _left_out_file(work, modality, corpus, augmented)
    if not file.is_file():
        raise FileNotFoundError(
            f"{file} does not exist: it holds leave-one-corpus-out predictions for {corpus}; give the work folder of "
            "that training in --trained"
        )
    return load_items(file, modality)


def save_items(items: Encoded, path: Path) -> None:
    """Save items of one modality, without embeddings, which additive fusion does not use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial, partial.open("wb") as file:
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
    """Load the items of `save_items`. Raises OSError if there are none."""
    with np.load(path) as archive:
        groups, contents = archive["groups"].tolist(), archive["contents"].tolist()
        items = of_logits(
            modality, torch.from_numpy(archive["logits"]), archive["emotions"], archive["sentiments"], groups, contents
        )
        votes = archive["votes"] if "votes" in archive.files else np.zeros((0, 0))  # absent in files of older versions
    return replace(items, votes=votes) if votes.size else items


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"


def _left_out_file(work: Path, modality: Modality, corpus: str, augmented: bool) -> Path:
    return work / f"{modality}.without-{corpus}{'.augmented' if augmented else ''}.npz"
