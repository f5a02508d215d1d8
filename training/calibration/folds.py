"""Predictions for the items a modality learns from, each by a network that never saw its group, or its whole corpus.

Four actors kept apart say little about how sure a voice may be: a perfectly calibrated model would show an error of six
points on their 237 clips, by chance. The training's own actors are four times as many. Networks that each learn
without some of them predict those, as in cross-validation (Stone 1974), and the constants are fitted on that:
then the held-out actors have no part in them, and score what ships.

How a voice does where it never learned is another question: networks that each learn without one of several corpora
answer it for that corpus.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.network import N_LOGITS, Calibration
from training.calibration.out_of_fold import of_logits
from training.calibration.scaling import folds_of
from training.data.stage import StageContext, StageData
from training.engine.loss import effective_priors
from training.engine.stage_store import build_network
from training.engine.stage_trainer import StageTrainer
from training.evaluation.scoring import Encoded


def predict_out_of_fold(context: StageContext, data: StageData) -> Encoded:
    """Predict the n training examples of a stage of one modality, each by a network that learned from other groups.

    The data's `variants` [v, n, ...] are learned from; the first, which is not augmented, is predicted from. Of several
    corpora, the n examples of the first are predicted, and all others learned from.
    """
    first, *others_sizes = data.source_sizes
    folds = folds_of([example.group for example in data.train[:first]], context.corpus.folds)
    joined = list(range(first, len(data.train)))
    logits = torch.zeros(first, N_LOGITS)
    for fold in np.unique(folds).tolist():
        inside, left = (np.flatnonzero(chosen).tolist() for chosen in (folds == fold, folds != fold))
        others = data.rows([*left, *joined], (len(left), *others_sizes), data.priors)
        logits[inside] = _predict(context.within(f"fold-{fold}"), others, data, inside)[0]
    return _encoded(context, data, list(range(first)), logits)


@dataclass(frozen=True)
class Abroad:
    """Predictions for a corpus's examples by a network that learned without it: as they are, and augmented."""

    clean: Encoded
    augmented: Encoded


def predict_left_out(context: StageContext, data: StageData) -> dict[str, Abroad]:
    """Predict each corpus's training examples by a network that learned from the stage's other corpora alone.

    By the corpora's names. The logits are as if under the priors of the whole stage: what the other corpora lack of
    a corpus's frequencies is no error of the network's.
    """
    found = {}
    for number, source in enumerate(context.stage.sources):
        others = [i for i in range(len(data.source_sizes)) if i != number]
        without, sizes = context.without(source.name), [data.source_sizes[i] for i in others]
        chosen, inside = data.of_sources(others), data.of_sources([number])
        learned = [data.train[row] for row in chosen]
        votes = None if data.votes is None else data.votes[torch.tensor(chosen)]
        weights = without.mixture(sizes).weights
        priors = effective_priors(learned, context.corpus.class_balance, weights, votes)
        logits = _predict(without, data.rows(chosen, sizes, priors), data, inside)
        clean, augmented = (
            _encoded(context, data, inside, each - _log_prior(priors) + _log_prior(data.priors)) for each in logits
        )
        found[source.name] = Abroad(clean, augmented)
    return found


def _predict(context: StageContext, learned: StageData, data: StageData, rows: list[int]) -> list[Tensor]:
    """Train a network of the stage on `learned`; return its logits [k, 10] for rows of the `data`, as they are and in
    their last variant.
    """
    if data.variants is None:
        raise ValueError("networks that learn from a part are for kept variants")
    (modality,) = context.modalities
    torch.manual_seed(context.recipe.seed)
    network = build_network(context.recipe, [modality])
    context.work.mkdir(parents=True, exist_ok=True)
    trainer = StageTrainer(network, context, learned, quiet=True)
    trainer.run()
    trainer.checkpoints.discard()
    found = []
    with torch.inference_mode():
        for variant in (data.variants[0], data.variants[-1]):
            embedding = network.embed(modality, [variant[torch.tensor(rows)]], len(rows), encoded=True)
            found.append(network.heads[modality](embedding).float().cpu())
    return found


def _encoded(context: StageContext, data: StageData, rows: list[int], logits: Tensor) -> Encoded:
    """Return rows of the training examples as items with these logits [k, 10]."""
    (modality,) = context.modalities
    own = [data.train[row] for row in rows]
    emotions, sentiments = (np.asarray([getattr(e, kind) for e in own]) for kind in ("emotion", "sentiment"))
    return of_logits(modality, logits, emotions, sentiments, [e.group for e in own], [e.content for e in own])


def _log_prior(priors: Calibration) -> Tensor:
    """[10], emotions then sentiments."""
    return torch.tensor([*priors.prior_emotion, *priors.prior_sentiment]).log()
