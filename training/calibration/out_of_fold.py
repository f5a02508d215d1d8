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
    with whole(_file(work, predicted.modalities[0])) as partial, partial.open("wb") as file:
        np.savez(
            file,
            logits=predicted.logits[:, 0].numpy(),
            emotions=predicted.emotions,
            sentiments=predicted.sentiments,
            groups=np.asarray(predicted.groups),
            contents=np.asarray(predicted.contents),
        )


def load_out_of_fold(work: Path, modality: Modality) -> Encoded:
    """Load what `save_out_of_fold` saved. Raises OSError where there is nothing."""
    with np.load(_file(work, modality)) as kept:
        groups, contents = kept["groups"].tolist(), kept["contents"].tolist()
        return of_logits(
            modality, torch.from_numpy(kept["logits"]), kept["emotions"], kept["sentiments"], groups, contents
        )


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"
