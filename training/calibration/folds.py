"""Predictions for the items a modality learns from, each by a network that never saw its group.

Four actors kept apart say little about how sure a voice may be: a perfectly calibrated model would show an error of six
points on their 237 clips, by chance. The training's own actors are four times as many. Networks that each learn
without some of them predict those, as in cross-validation (Stone 1974), and the constants are fitted on that:
then the held-out actors have no part in them, and score what ships.
"""

import numpy as np
import torch

from model.network import N_LOGITS
from training.calibration.out_of_fold import of_logits
from training.calibration.scaling import folds_of
from training.data.stage import StageContext, StageData
from training.engine.stage_store import build_network
from training.engine.stage_trainer import StageTrainer
from training.evaluation.scoring import Encoded


def predict_out_of_fold(context: StageContext, data: StageData) -> Encoded:
    """Predict the n training examples of a stage of one modality, each by a network that learned from other groups.

    The data's `variants` [v, n, ...] are learned from; the first, which is not augmented, is predicted from. Of several
    corpora, the n examples of the first are predicted, and all others learned from.
    """
    if data.variants is None:
        raise ValueError("folds are of kept variants")
    (modality,) = context.modalities
    first, *others_sizes = data.source_sizes
    own = [data.train[i] for i in range(first)]
    folds = folds_of([e.group for e in own], context.corpus.folds)
    joined = torch.arange(first, len(data.train))
    logits = torch.zeros(first, N_LOGITS)
    for fold in np.unique(folds).tolist():
        inside, left = (torch.from_numpy(np.flatnonzero(chosen)) for chosen in (folds == fold, folds != fold))
        outside, sizes = torch.cat([left, joined]), (len(left), *others_sizes)
        torch.manual_seed(context.recipe.seed)
        network = build_network(context.recipe, [modality])
        examples, variants = [data.train[i] for i in outside.tolist()], data.variants[:, outside]
        votes = None if data.votes is None else data.votes[outside]
        others = StageData(examples, data.priors, votes=votes, variants=variants, sizes=sizes)
        trainer = StageTrainer(network, context.within(f"fold-{fold}"), others, quiet=True)
        trainer.run()
        trainer.checkpoints.discard()
        with torch.inference_mode():
            embedding = network.embed(modality, [data.variants[0, inside]], len(inside), encoded=True)
            logits[inside] = network.heads[modality](embedding).float().cpu()
    emotions, sentiments = (np.asarray([getattr(e, kind) for e in own]) for kind in ("emotion", "sentiment"))
    groups, contents = [e.group for e in own], [e.content for e in own]
    return of_logits(modality, logits, emotions, sentiments, groups, contents)
