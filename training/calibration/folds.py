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

from model.network import N_LOGITS, Calibration
from training.calibration.out_of_fold import of_logits
from training.calibration.scaling import folds_of
from training.corpora import Example
from training.engine.stage_store import build_network
from training.engine.trainer import Training
from training.evaluation.scoring import Encoded
from training.recipe import Recipe, Stage


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
    return of_logits(modality, logits, emotions, sentiments, [e.group for e in train], [e.content for e in train])
