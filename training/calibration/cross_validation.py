"""Out-of-fold and leave-one-corpus-out predictions for the training items of a modality.

A few held-out speakers are too few to calibrate on: a perfectly calibrated model would show an error of six points on
the 237 clips of four held-out actors, by chance. There are four times as many training actors. As in cross-validation
(Stone 1974), networks that are each trained without some of them predict those, and the constants are fitted on these
predictions. The held-out actors take no part and score the shipped constants.

Networks that are each trained without one of several corpora show how the modality does out of corpus.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.network import N_LOGITS, Calibration
from training.calibration.prediction_store import of_logits
from training.calibration.scaling import folds_of
from training.data.stage_data import StageContext, StageData
from training.engine.loss import effective_priors
from training.engine.stage_store import build_network
from training.engine.stage_trainer import StageTrainer
from training.evaluation.scoring import Encoded


def predict_out_of_fold(context: StageContext, data: StageData) -> Encoded:
    """Predict the n training examples of a stage of one modality, each by a network trained without its group.

    Networks are trained on the data's `variants` [v, n, ...] and predict from the first, which is not augmented. With
    several corpora, the n examples of the first are predicted, and every network is trained on all of the others.
    """
    first, *others_sizes = data.source_sizes
    folds = folds_of([example.group for example in data.train[:first]], context.corpus.folds)
    joined = list(range(first, len(data.train)))
    logits = torch.zeros(first, N_LOGITS)
    for fold in np.unique(folds).tolist():
        inside, outside = (np.flatnonzero(chosen).tolist() for chosen in (folds == fold, folds != fold))
        others = data.rows([*outside, *joined], (len(outside), *others_sizes), data.priors)
        logits[inside] = _predict(context.within(f"fold-{fold}"), others, data, inside)[0]
    return _encoded(context, data, list(range(first)), logits)


@dataclass(frozen=True)
class LeftOutPredictions:
    """Predictions for a corpus's examples, clean and augmented, by a network trained without that corpus."""

    clean: Encoded
    augmented: Encoded


def predict_left_out(context: StageContext, data: StageData) -> dict[str, LeftOutPredictions]:
    """Predict each corpus's training examples by a network trained on the stage's other corpora (leave-one-corpus-out).

    Results are keyed by corpus. The logits are adjusted to the priors of the whole stage, so that class frequencies
    that the other corpora lack do not count as errors of the network.
    """
    found = {}
    for number, source in enumerate(context.stage.sources):
        others = [i for i in range(len(data.source_sizes)) if i != number]
        without, sizes = context.without(source.name), [data.source_sizes[i] for i in others]
        chosen, inside = data.of_sources(others), data.of_sources([number])
        train = [data.train[row] for row in chosen]
        votes = None if data.votes is None else data.votes[torch.tensor(chosen)]
        weights = without.mixture(sizes).weights
        priors = effective_priors(train, context.corpus.class_balance, weights, votes)
        logits = _predict(without, data.rows(chosen, sizes, priors), data, inside)
        clean, augmented = (
            _encoded(context, data, inside, each - _log_prior(priors) + _log_prior(data.priors)) for each in logits
        )
        found[source.name] = LeftOutPredictions(clean, augmented)
    return found


def _predict(context: StageContext, train: StageData, data: StageData, rows: list[int]) -> list[Tensor]:
    """Train a network on `train`; return its logits [k, 10] for rows of `data`, in their first and last variant."""
    if data.variants is None:
        raise ValueError("out-of-fold and leave-one-corpus-out predictions need cached variants")
    (modality,) = context.modalities
    torch.manual_seed(context.recipe.seed)
    network = build_network(context.recipe, [modality])
    context.work.mkdir(parents=True, exist_ok=True)
    trainer = StageTrainer(network, context, train, quiet=True)
    trainer.run()
    trainer.checkpoints.discard()
    found = []
    with torch.inference_mode():
        for variant in (data.variants[0], data.variants[-1]):
            embedding = network.embed(modality, [variant[torch.tensor(rows)]], len(rows), encoded=True)
            found.append(network.heads[modality](embedding).float().cpu())
    return found


def _encoded(context: StageContext, data: StageData, rows: list[int], logits: Tensor) -> Encoded:
    """Wrap logits [k, 10] and the training examples at `rows` as Encoded."""
    (modality,) = context.modalities
    own = [data.train[row] for row in rows]
    emotions, sentiments = (np.asarray([getattr(e, kind) for e in own]) for kind in ("emotion", "sentiment"))
    return of_logits(modality, logits, emotions, sentiments, [e.group for e in own], [e.content for e in own])


def _log_prior(priors: Calibration) -> Tensor:
    """Return log-priors [10], emotions then sentiments."""
    return torch.tensor([*priors.prior_emotion, *priors.prior_sentiment]).log()
