"""Compare ways to fuse on composed items: `python -m training.fusion.compare BUNDLE --data CORPORA --work WORK`.

What docs/experiments.md reports of fusion. Every figure is with a corpus of voices that had no part in the fit, on the
choose half of people's judgments and on their validation split, under the class frequencies of the fit half.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from model.bundle import find_bundle, load_bundle
from model.network import NetworkConfig
from training.cli.options import TrainedOption
from training.cli.recipe_loading import read_recipe
from training.data.content_hash import file_digest
from training.evaluation.confidence import Probabilities
from training.evaluation.scoring import judge_by, set_constants, under_prior
from training.files import work_folder
from training.fusion.choosing import Score, Study, frequencies, score_of
from training.fusion.composing import Pool, Soft
from training.fusion.encoding import encode_slot
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict
from training.fusion.interaction import fit_interaction, predict_with
from training.fusion.judgments import perceived_given_intended, read_judgments
from training.fusion.study import simple_ways, study_of, with_constants
from training.recipe import STARTER, FusionRecipe
from training.terminal import table_console


def main(
    bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle whose encoders are to be used.")],
    data: Annotated[Path, typer.Option(help="The folder that the recipe's folders are in.")],
    recipe: Annotated[Path, typer.Option(help="The recipe.")] = STARTER,
    work: Annotated[Path, typer.Option(help="What is kept between runs.")] = Path("out/fusion"),
    trained: TrainedOption = None,
) -> None:
    """Print the figures of each way to fuse."""
    plan = read_recipe(recipe)
    if plan.fusion is None:
        raise typer.BadParameter(f"{recipe} has no [fusion]", param_hint="--recipe")
    folder = find_bundle(bundle)
    loaded, weights = load_bundle(folder), file_digest(folder / "weights.safetensors")
    before = loaded.network.config
    training = trained or work_folder(plan.name)
    pools = tuple(
        encode_slot(loaded, weights, slot, data, work, training, with_degraded=True) for slot in plan.fusion.slots
    )
    config, _ = with_constants(loaded, plan.fusion, pools)
    set_constants(loaded.network, config)
    study = study_of(loaded, plan.fusion, pools, read_judgments(data / plan.fusion.judgments))
    soft = Soft(perceived_given_intended(data / plan.fusion.votes)) if plan.fusion.votes else None
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("rows", "fusion", "wF1", "mF1", "loss", "ECE", "signed", "neutral predicted", "mean", "true"):
        table.add_column(column, no_wrap=True)
    found: dict[tuple[str, str], list[Score]] = {}
    for rows, way, score in _scores(study, plan.fusion, soft, before):
        found.setdefault((rows, way), []).append(score)
    for (rows, way), scores in sorted(found.items(), key=lambda item: item[0][0]):
        table.add_row(rows, way, *_mean(scores))
    table_console().print(table)


Way = Callable[[Items], Probabilities]


def _scores(
    study: Study, recipe: FusionRecipe, soft: Soft | None, before: NetworkConfig
) -> Iterator[tuple[str, str, Score]]:
    """Each way's figures on each part of the judgments, with each corpus of voices left out."""
    prior = frequencies(study.fit)
    for _, fit_pools, choose_pools in study.left_out():
        ways = _ways(study, recipe, fit_pools, soft)
        for rows, judgments in (("choose", study.choose), ("validation", study.kept)):
            composed = study.composed(judgments, choose_pools)
            unseen = Items.of(study.network, composed)
            old = judge_by(study.network, composed, before.model_copy(update={"fusion": None})).emotions
            found = {
                "averaged, its own prior": old,
                "averaged, prior of the fit": under_prior(old, before.prior_emotion, prior),
                **simple_ways(unseen, prior),
                **{name: way(unseen) for name, way in ways.items()},
            }
            for name, probabilities in found.items():
                yield rows, name, score_of(probabilities, unseen.emotions)


def _ways(study: Study, recipe: FusionRecipe, fit_pools: tuple[Pool, ...], soft: Soft | None) -> dict[str, Way]:
    """What is fitted without the corpus of voices that is left out, by name."""
    prior = frequencies(study.fit)
    items = study.items(study.fit, fit_pools)
    tried = (None, *recipe.shrink_weights)
    fusions = {w: fit_fusion(items, Shrinkage(weights=w, bias=recipe.shrink_bias)) for w in tried}
    ways: dict[str, Way] = {
        "one weight a modality" if w is None else f"by class, shrunk by {w:g}": partial(predict, fusion=f, prior=prior)
        for w, f in fusions.items()
    }
    middle = recipe.shrink_weights[len(recipe.shrink_weights) // 3]
    added = fit_interaction(items, fusions[middle], prior)
    ways[f"interaction beside {middle:g}"] = partial(predict_with, added, fusion=fusions[middle], prior=prior)
    if soft is not None:
        softly = fit_fusion(study.items(study.fit, fit_pools, soft), Shrinkage(weights=middle, bias=recipe.shrink_bias))
        ways[f"soft slots, {middle:g}"] = partial(predict, fusion=softly, prior=prior)
    return ways


def _mean(scores: list[Score]) -> list[str]:
    """Over the corpora of voices."""
    rows = [
        (s.weighted_f1, s.macro_f1, s.log_loss, s.ece, s.ece_signed)
        + (s.neutral.predicted, s.neutral.probability, s.neutral.true)
        for s in scores
    ]
    return [f"{mean:.3f}" for mean in np.mean(rows, axis=0)]


if __name__ == "__main__":
    typer.run(main)
