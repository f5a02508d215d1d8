"""Fits a bundle's fusion on composed items from raw data: constants of each modality, then weights and biases, then
thresholds.
"""

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
from training.evaluation.provenance import Taught, facts
from training.evaluation.scoring import judge_by, set_constants
from training.fusion.choosing import (
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
from training.fusion.composing import Pool, as_in_video, shares
from training.fusion.constants import Transfer, fit_constants
from training.fusion.encoding import encode_slot
from training.fusion.fitting import Items, Shrinkage, fit_fusion, only, predict
from training.fusion.judgments import Judgments, ValenceThresholds, read_judgments, valence_thresholds
from training.recipe import FusionRecipe, Recipe

FIT, KEPT = "train", "val"  # EmotionTalk's splits: the second neither fits nor chooses
JUDGMENTS = "judgments"


class FusionReport(BaseModel):
    """How a fusion was fitted, and what it and others score with voices that had no part in the fit."""

    rows: int  # of judgments
    draws: int
    samples: dict[str, int]  # by modality and corpus
    data: str  # hash of the samples
    shrinkage: Shrinkage
    candidates: list[Candidate]
    left_out: list[LeftOut]
    transfers: list[Transfer]
    thresholds: Thresholds
    valence: tuple[float, float, float]  # thresholds of negative and positive, and their agreement with the emotions
    prior_of: list[str]


@dataclass(frozen=True)
class Fused:
    """A network's constants with a fitted fusion, what they were fitted on, and how well they do."""

    config: NetworkConfig
    pools: tuple[Pool, ...]
    report: FusionReport


def fuse(
    bundle: Bundle, weights: str, taught: Mapping[Modality, Taught], plan: Recipe, data: Path, work: Path, trained: Path
) -> Fused:
    """Fit constants, prior, fusion and thresholds for a bundle; deterministic, and resumable by way of `work`.

    `trained` is the folder of the training, which predicted the corpora that the recipe leaves out.

    Raises what reading the data raises.
    """
    recipe = plan.fusion
    if recipe is None:
        raise ValueError("the recipe has no [fusion]")
    before = bundle.network.config
    pools = tuple(encode_slot(bundle, weights, slot, data, work, trained, with_degraded=True) for slot in recipe.slots)
    judgments = read_judgments(data / recipe.judgments)
    config, transfers = with_constants(bundle, recipe, pools)
    set_constants(bundle.network, config)
    study = study_of(bundle, recipe, pools, judgments)
    candidates = [Shrinkage(weights=w, bias=recipe.shrink_bias) for w in (None, *recipe.shrink_weights)]
    shrinkage, tried = choose_shrinkage(study, candidates)
    priors = declared_prior(recipe, plan, taught, judgments.of_split(FIT), study.thresholds)
    thresholds = set_thresholds(study, shrinkage, priors[0])
    everything = study.items(judgments.of_split(FIT), as_in_video(pools))
    fitted = fit_fusion(everything, shrinkage).model_copy(
        update={"unclear_below": thresholds.unclear_below, "conflict_from": thresholds.conflict_from}
    )
    final = config.with_fused_temperatures().model_copy(
        update={"fusion": fitted, "prior_emotion": priors[0], "prior_sentiment": priors[1]}
    )
    report = FusionReport(
        rows=len(judgments.of_split(FIT)),
        draws=recipe.draws,
        samples=dict(shares(pools)),
        data=data_hash([content for pool in pools for content in pool.samples.contents]),
        shrinkage=shrinkage,
        candidates=tried,
        left_out=left_out_scores(bundle, study, shrinkage, before, final),
        transfers=transfers,
        thresholds=thresholds,
        valence=(study.thresholds.negative, study.thresholds.positive, study.thresholds.agreement),
        prior_of=list(recipe.prior_of),
    )
    set_constants(bundle.network, final)
    return Fused(final, pools, report)


def study_of(bundle: Bundle, recipe: FusionRecipe, pools: tuple[Pool, ...], judgments: Judgments) -> Study:
    """The halves to fit to and to choose on; people's validation split is kept from both."""
    fit = judgments.of_split(FIT)
    return Study(
        network=bundle.network,
        without={
            voices: with_constants(bundle, recipe, [p for p in pools if p.voices != voices])[0]
            for voices in voices_of(pools)
        },
        pools=pools,
        fit=fit.rows(half(fit.dialogues, True)),
        choose=fit.rows(half(fit.dialogues, False)),
        kept=judgments.of_split(KEPT),
        thresholds=valence_thresholds(fit),
        draws=recipe.draws,
    )


def declared_prior(
    recipe: FusionRecipe,
    plan: Recipe,
    taught: Mapping[Modality, Taught],
    judgments: Judgments,
    thresholds: ValenceThresholds,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean, each source counted alike, of class frequencies among what people called everything together."""
    emotion, sentiment = [], []
    for name in recipe.prior_of:
        if name == JUDGMENTS:
            emotion.append(class_frequencies(judgments.emotions.tolist(), len(EMOTIONS)))
            of_valence = thresholds.sentiments(judgments.valence).tolist()
            sentiment.append(class_frequencies(of_valence, len(SENTIMENTS)))
            continue
        learned = [m for stage in plan.stages() if name in [s.name for s in stage.sources] for m in stage.modalities]
        if not learned:
            raise ValueError(f"prior_of: {name!r} is neither {JUDGMENTS} nor a corpus that a modality learns from")
        frequencies = taught[learned[0]].of(name)
        emotion.append(frequencies.prior_emotion)
        sentiment.append(frequencies.prior_sentiment)
    return _mean(emotion), _mean(sentiment)


def left_out_scores(
    bundle: Bundle, study: Study, shrinkage: Shrinkage, before: NetworkConfig, final: NetworkConfig
) -> list[LeftOut]:
    """For each corpus of voices left out of the fit: the fusion, what was there before, and each modality alone."""
    found = []
    for name, fit_pools, choose_pools in study.left_out():
        fusion = fit_fusion(study.items(study.fit, fit_pools), shrinkage)
        spoiled = [pool.spoiled() for pool in choose_pools]
        for part, judgments, samples in (
            ("choose half", study.choose, choose_pools),
            ("validation split", study.kept, choose_pools),
            ("validation split, degraded", study.kept, spoiled),
        ):
            if not len(judgments):
                continue
            composed = study.composed(judgments, samples)
            unseen = Items.of(bundle.network, composed)
            ways = {
                "before": judge_by(bundle.network, composed, before).emotions,
                "fitted": predict(unseen, fusion, final.prior_emotion),
                **simple_ways(unseen, final.prior_emotion),
            }
            scores = {way: score_of(p, unseen.emotions) for way, p in ways.items()}
            found.append(LeftOut(voices=name, rows=part, scores=scores))
    return found


def simple_ways(items: Items, prior: Sequence[float]) -> dict[str, Probabilities]:
    """Every weight 1, and each modality alone."""
    unweighted = Fusion(weights={})
    alone = {f"{m} alone": predict(only(items, [m]), unweighted, prior) for m in items.modalities}
    return {"weights of 1": predict(items, unweighted, prior), **alone}


def with_constants(bundle: Bundle, recipe: FusionRecipe, pools: Sequence[Pool]) -> tuple[NetworkConfig, list[Transfer]]:
    """The network's constants without a fusion, fitted on the pools (training.fusion.constants); and how they carry
    over.
    """
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


def facts_of(pools: Sequence[Pool]) -> dict[str, object]:
    """For a manifest: the samples that fitted the fusion, by corpus."""
    return {pool.corpus: facts(pool.samples.contents) for pool in pools}
