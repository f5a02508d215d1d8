"""Out-of-fold predictions of one modality: saved beside its weights, and loaded without its network."""

from collections.abc import Sequence
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
    _save(predicted, _file(work, predicted.modalities[0]))


def load_out_of_fold(work: Path, modality: Modality) -> Encoded:
    """Load what `save_out_of_fold` saved. Raises OSError where there is nothing."""
    return _load(_file(work, modality), modality)


def save_left_out(work: Path, corpus: str, predicted: Encoded) -> None:
    """Save predictions for a corpus by a network that learned without it."""
    _save(predicted, _left_out_file(work, predicted.modalities[0], corpus))


def load_left_out(work: Path, modality: Modality, corpus: str) -> Encoded:
    """Load what `save_left_out` saved. Raises FileNotFoundError, which says what to do, where there is nothing."""
    file = _left_out_file(work, modality, corpus)
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no {file}: training keeps what was predicted for {corpus} by a network without it; name the "
            "folder of that training in --trained"
        )
    return _load(file, modality)


def _save(predicted: Encoded, path: Path) -> None:
    with whole(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            logits=predicted.logits[:, 0].numpy(),
            emotions=predicted.emotions,
            sentiments=predicted.sentiments,
            groups=np.asarray(predicted.groups),
            contents=np.asarray(predicted.contents),
        )


def _load(path: Path, modality: Modality) -> Encoded:
    with np.load(path) as kept:
        groups, contents = kept["groups"].tolist(), kept["contents"].tolist()
        return of_logits(
            modality, torch.from_numpy(kept["logits"]), kept["emotions"], kept["sentiments"], groups, contents
        )


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"


def _left_out_file(work: Path, modality: Modality, corpus: str) -> Path:
    return work / f"{modality}.without-{corpus}.npz"
