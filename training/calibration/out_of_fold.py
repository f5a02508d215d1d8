"""What was said of items by one modality, without the network that said it: kept in a file, and found again."""

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
    """Logits [n, 10] of one modality as scoring knows them; of embeddings, which no constant is fitted on, nothing."""
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


def save_judged(work: Path, judged: Encoded) -> None:
    """Keep what one modality said of items beside its trained weights."""
    with whole(_file(work, judged.modalities[0])) as partial, partial.open("wb") as file:
        np.savez(
            file,
            logits=judged.logits[:, 0].numpy(),
            emotions=judged.emotions,
            sentiments=judged.sentiments,
            groups=np.asarray(judged.groups),
            contents=np.asarray(judged.contents),
        )


def load_judged(work: Path, modality: Modality) -> Encoded:
    """What `save_judged` kept. Raises OSError where there is nothing."""
    with np.load(_file(work, modality)) as kept:
        groups, contents = kept["groups"].tolist(), kept["contents"].tolist()
        return of_logits(
            modality, torch.from_numpy(kept["logits"]), kept["emotions"], kept["sentiments"], groups, contents
        )


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"
