"""Fitting of a bundle's fusion from raw data: constants of each modality, then weights and biases, then thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from model.bundle import Bundle
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.fusion import Fusion
from model.network import Calibration, NetworkConfig
from training.corpora.base import class_frequencies
from training.data.training_items import data_hash
from training.evaluation.confidence import Probabilities
from training.evaluation.provenance import TrainingPriors, item_summary
from training.evaluation.scoring import predict_with_constants, set_constants
from training.fusion.composed_items import Pool, clean_and_degraded, sample_counts
from training.fusion.encoding import encode_slot
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict_emotions, restrict
from training.fusion.judgments import Judgments, ValenceThresholds, read_judgments, valence_thresholds
from training.fusion.modality_calibration import Transfer, fit_constants
from training.fusion.selection import (
    Candidate,
    LeftOut,
    Study,
    Thresholds,
    choose_shrinkage,
    half,
    score_of,
    set_thresholds,
    voices_of,
)
from training.recipe import FusionRecipe, Recipe

TRAIN_SPLIT, VALIDATION_SPLIT = "train", "val"  # EmotionTalk's splits; the second is used neither to fit nor to choose
JUDGMENTS = "judgments"


class FusionReport(BaseModel):
    """Result of fitting a fusion, with leave-one-corpus-out figures of it and of other methods."""

    rows: int  # of judgments
    draws: int
    samples: dict[str, int]  # by modality and corpus
    data: str  # hash of the samples
    shrinkage: Shrinkage
    candidates: list[Candidate]
    left_out: list[LeftOut]
    transfers: list[Transfer]
    thresholds: Thresholds
    valence: tuple[float, float, float]  # negative and positive threshold, and their agreement with the emotions
    prior_of: list[str]


@dataclass(frozen=True)
class Fused:
    """A network's constants with a fitted fusion, the pools it was fitted on, and its report."""

    config: NetworkConfig
    pools: tuple[Pool, ...]
    report: FusionReport


def fuse(
    bundle: Bundle,
    weights: str,
    training_priors: Mapping[Modality, TrainingPriors],
    recipe: Recipe,
    data: Path,
    work: Path,
    trained: Path,
) -> Fused:
    """Fit constants, prior, fusion and thresholds for a bundle; deterministic, and resumable through `work`.

    `trained` is the work folder of the training, with the leave-one-corpus-out predictions. Raises the readers' errors.
    """
    options = recipe.fusion
    if options is None:
        raise ValueError("the recipe has no [fusion]")
    before = bundle.network.config
    pools = tuple(encode_slot(bundle, weights, slot, data, work, trained, with_degraded=True) for slot in options.slots)
    judgments = read_judgments(data / options.judgments)
    config, transfers = with_constants(bundle, options, pools)
    set_constants(bundle.network, config)
    study = study_of(bundle, options, pools, judgments)
    candidates = [Shrinkage(weights=w, bias=options.shrink_bias) for w in (None, *options.shrink_weights)]
    shrinkage, tried = choose_shrinkage(study, candidates)
    priors = declared_prior(options, recipe, training_priors, judgments.of_split(TRAIN_SPLIT), study.thresholds)
    thresholds = set_thresholds(study, shrinkage, priors[0])
    items = study.items(judgments.of_split(TRAIN_SPLIT), clean_and_degraded(pools))
    fitted = fit_fusion(items, shrinkage).model_copy(
        update={"unclear_below": thresholds.unclear_below, "conflict_from": thresholds.conflict_from}
    )
    final = config.with_fused_temperatures().model_copy(
        update={"fusion": fitted, "prior_emotion": priors[0], "prior_sentiment": priors[1]}
    )
    report = FusionReport(
        rows=len(judgments.of_split(TRAIN_SPLIT)),
        draws=options.draws,
        samples=dict(sample_counts(pools)),
        data=data_hash([content for pool in pools for content in pool.samples.contents]),
        shrinkage=shrinkage,
        candidates=tried,
        left_out=left_out_scores(bundle, study, shrinkage, before, final),
        transfers=transfers,
        thresholds=thresholds,
        valence=(study.thresholds.negative, study.thresholds.positive, study.thresholds.agreement),
        prior_of=list(options.prior_of),
    )
    set_constants(bundle.network, final)
    return Fused(final, pools, report)


def study_of(bundle: Bundle, recipe: FusionRecipe, pools: tuple[Pool, ...], judgments: Judgments) -> Study:
    """Split judgments into the halves to fit to and to choose on; the validation split is in neither."""
    fit = judgments.of_split(TRAIN_SPLIT)
    return Study(
        network=bundle.network,
        without={
            voices: with_constants(bundle, recipe, [p for p in pools if p.voices != voices])[0]
            for voices in voices_of(pools)
        },
        pools=pools,
        fit=fit.rows(half(fit.dialogues, True)),
        choose=fit.rows(half(fit.dialogues, False)),
        validation=judgments.of_split(VALIDATION_SPLIT),
        thresholds=valence_thresholds(fit),
        draws=recipe.draws,
    )


def declared_prior(
    options: FusionRecipe,
    recipe: Recipe,
    training_priors: Mapping[Modality, TrainingPriors],
    judgments: Judgments,
    thresholds: ValenceThresholds,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean class frequencies of the recipe's prior sources, weighted equally."""
    emotion, sentiment = [], []
    for name in options.prior_of:
        if name == JUDGMENTS:
            emotion.append(class_frequencies(judgments.emotions.tolist(), len(EMOTIONS)))
            of_valence = thresholds.sentiments(judgments.valence).tolist()
            sentiment.append(class_frequencies(of_valence, len(SENTIMENTS)))
            continue
        modalities = [
            m for stage in recipe.stages() if name in [s.name for s in stage.sources] for m in stage.modalities
        ]
        if not modalities:
            raise ValueError(f"prior_of: {name!r} is neither {JUDGMENTS} nor a training corpus of a modality")
        frequencies = training_priors[modalities[0]].of(name)
        emotion.append(frequencies.prior_emotion)
        sentiment.append(frequencies.prior_sentiment)
    return _mean(emotion), _mean(sentiment)


def left_out_scores(
    bundle: Bundle, study: Study, shrinkage: Shrinkage, before: NetworkConfig, final: NetworkConfig
) -> list[LeftOut]:
    """Score the fusion, the previous constants and each modality alone, with each voice corpus left out."""
    found = []
    for name, fit_pools, choose_pools in study.leave_one_out():
        fusion = fit_fusion(study.items(study.fit, fit_pools), shrinkage)
        degraded = [pool.degraded_only() for pool in choose_pools]
        for part, judgments, samples in (
            ("choose half", study.choose, choose_pools),
            ("validation split", study.validation, choose_pools),
            ("validation split, degraded", study.validation, degraded),
        ):
            if not len(judgments):
                continue
            composed = study.composed(judgments, samples)
            unseen = Items.of(bundle.network, composed)
            ways = {
                "before": predict_with_constants(bundle.network, composed, before).emotions,
                "fitted": predict_emotions(unseen, fusion, final.prior_emotion),
                **simple_ways(unseen, final.prior_emotion),
            }
            scores = {way: score_of(p, unseen.emotions) for way, p in ways.items()}
            found.append(LeftOut(voices=name, rows=part, scores=scores))
    return found


def simple_ways(items: Items, prior: Sequence[float]) -> dict[str, Probabilities]:
    """Predict with all weights 1, and with each modality alone."""
    unweighted = Fusion(weights={})
    alone = {f"{m} alone": predict_emotions(restrict(items, [m]), unweighted, prior) for m in items.modalities}
    return {"weights of 1": predict_emotions(items, unweighted, prior), **alone}


def with_constants(bundle: Bundle, recipe: FusionRecipe, pools: Sequence[Pool]) -> tuple[NetworkConfig, list[Transfer]]:
    """Fit each modality's constants on the pools; return a configuration without a fusion, and a report."""
    config, transfers = bundle.network.config, []
    calibration = dict(config.calibration)
    home = [slot.name for slot in recipe.slots if slot.home]
    for modality in dict.fromkeys(pool.modality for pool in pools):
        own = [pool for pool in pools if pool.modality == modality]
        emotion, sentiment, report = fit_constants(bundle.network, modality, own, home)
        fitted = calibration.get(modality, Calibration.uninformed())
        calibration[modality] = fitted.model_copy(
            update={
                "prior_emotion": emotion.prior,
                "prior_sentiment": sentiment.prior,
                "temperature_emotion": emotion.temperature,
                "temperature_sentiment": sentiment.temperature,
            }
        )
        transfers += report
    return config.model_copy(update={"calibration": calibration, "fusion": None}), transfers


def _mean(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(float(p) for p in np.mean(rows, axis=0))


def pool_summaries(pools: Sequence[Pool]) -> dict[str, object]:
    """Summarize the samples that fitted the fusion by corpus, for a manifest."""
    return {pool.corpus: item_summary(pool.samples.contents) for pool in pools}
