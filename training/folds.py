"""What is said of the items a modality learns from, each by a network that never met its group.

Four actors kept apart say little about how sure a voice may be: a perfectly calibrated model would show an error of six
points on their 237 clips, by chance. The training's own actors are four times as many. Networks that each learn
without some of them judge those, as in cross-validation (Stone 1974), and the constants are fitted on what they said:
then the held-out actors have no part in them, and score what ships.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.contract import Modality
from model.network import N_LOGITS, Calibration
from training.calibrate import folds_of
from training.confidence import Targets
from training.corpora import Example
from training.files import whole
from training.loop import Training
from training.recipe import Recipe, Stage
from training.scoring import Encoded
from training.trained import build_network


def judge_in_folds(
    plan: Recipe,
    stage: Stage,
    train: Sequence[Example],
    variants: Tensor,
    priors: Calibration,
    work: Path,
    device: str = "auto",
) -> Encoded:
    """The n training examples of a stage of one modality, each judged by a network of its recipe that learned from
    other groups alone. `variants` [v, n, ...] are those of `encode_variants`; the first, unvaried, is judged.
    """
    (modality,) = stage.modalities
    folds = folds_of([e.group for e in train], stage.how.folds)
    logits = torch.zeros(len(train), N_LOGITS)
    for fold in np.unique(folds).tolist():
        inside, outside = (torch.from_numpy(np.flatnonzero(chosen)) for chosen in (folds == fold, folds != fold))
        torch.manual_seed(plan.seed)
        network = build_network(plan, [modality])
        others = [train[i] for i in outside.tolist()]
        training = Training(
            network, plan, stage, others, [], work / f"fold-{fold}", priors,
            device=device, variants=variants[:, outside], quiet=True,
        )  # fmt: skip
        training.run()
        training.discard_checkpoint()
        with torch.inference_mode():
            embedding = network.embed(modality, [variants[0, inside]], len(inside), encoded=True)
            logits[inside] = network.heads[modality](embedding).float().cpu()
    emotions, sentiments = (np.asarray([getattr(e, kind) for e in train]) for kind in ("emotion", "sentiment"))
    return _encoded(modality, logits, emotions, sentiments, [e.group for e in train], [e.content for e in train])


def save_judged(work: Path, judged: Encoded) -> None:
    """Keep what `judge_in_folds` gave beside a modality's trained weights."""
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
        return _encoded(
            modality, torch.from_numpy(kept["logits"]), kept["emotions"], kept["sentiments"], groups, contents
        )


def _file(work: Path, modality: Modality) -> Path:
    return work / f"{modality}.folds.npz"


def _encoded(
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
    )
