"""Compare fusion methods on composed items: `python -m training.fusion.compare BUNDLE --data CORPORA --work WORK`.

Source of the fusion figures in docs/experiments.md. Every figure is for a voice corpus left out of the fit, on the
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
from training.evaluation.scoring import change_prior, predict_with_constants, set_constants
from training.files import work_folder
from training.fusion.composed_items import Pool, SoftSlots
from training.fusion.encoding import encode_slot
from training.fusion.fit_pipeline import simple_ways, study_of, with_constants
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict_emotions
from training.fusion.interaction import fit_interaction, predict_with_interaction
from training.fusion.judgments import perceived_given_intended, read_judgments
from training.fusion.selection import Score, Study, frequencies, score_of
from training.recipe import STARTER, FusionRecipe
from training.terminal import table_console


def main(
    bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle whose encoders are used.")],
    data: Annotated[Path, typer.Option(help="Folder that contains the recipe's folders.")],
    recipe: Annotated[Path, typer.Option(help="Recipe with a [fusion] section.")] = STARTER,
    work: Annotated[Path, typer.Option(help="Cache folder, reused between runs.")] = Path("out/fusion"),
    trained: TrainedOption = None,
) -> None:
    """Print the figures of each fusion method."""
    settings = read_recipe(recipe)
    if settings.fusion is None:
        raise typer.BadParameter(f"{recipe} has no [fusion]", param_hint="--recipe")
    folder = find_bundle(bundle)
    loaded, weights = load_bundle(folder), file_digest(folder / "weights.safetensors")
    before = loaded.network.config
    training = trained or work_folder(settings.name)
    pools = tuple(
        encode_slot(loaded, weights, slot, data, work, training, with_degraded=True) for slot in settings.fusion.slots
    )
    config, _ = with_constants(loaded, settings.fusion, pools)
    set_constants(loaded.network, config)
    study = study_of(loaded, settings.fusion, pools, read_judgments(data / settings.fusion.judgments))
    soft = SoftSlots(perceived_given_intended(data / settings.fusion.votes)) if settings.fusion.votes else None
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("rows", "fusion", "wF1", "mF1", "loss", "ECE", "signed", "neutral predicted", "mean", "true"):
        table.add_column(column, no_wrap=True)
    found: dict[tuple[str, str], list[Score]] = {}
    for rows, method, score in _scores(study, settings.fusion, soft, before):
        found.setdefault((rows, method), []).append(score)
    for (rows, method), scores in sorted(found.items(), key=lambda item: item[0][0]):
        table.add_row(rows, method, *_mean(scores))
    table_console().print(table)


Method = Callable[[Items], Probabilities]


def _scores(
    study: Study, recipe: FusionRecipe, soft: SoftSlots | None, before: NetworkConfig
) -> Iterator[tuple[str, str, Score]]:
    """Yield each method's figures on each part of the judgments, with each voice corpus left out."""
    prior = frequencies(study.fit)
    for _, fit_pools, choose_pools in study.leave_one_out():
        methods = _methods(study, recipe, fit_pools, soft)
        for rows, judgments in (("choose", study.choose), ("validation", study.validation)):
            composed = study.composed(judgments, choose_pools)
            unseen = Items.of(study.network, composed)
            old = predict_with_constants(study.network, composed, before.model_copy(update={"fusion": None})).emotions
            found = {
                "averaged, its own prior": old,
                "averaged, prior of the fit": change_prior(old, before.prior_emotion, prior),
                **simple_ways(unseen, prior),
                **{name: method(unseen) for name, method in methods.items()},
            }
            for name, probabilities in found.items():
                yield rows, name, score_of(probabilities, unseen.emotions)


def _methods(
    study: Study, recipe: FusionRecipe, fit_pools: tuple[Pool, ...], soft: SoftSlots | None
) -> dict[str, Method]:
    """Fit the methods without the left-out voice corpus, by name."""
    prior = frequencies(study.fit)
    items = study.items(study.fit, fit_pools)
    tried = (None, *recipe.shrink_weights)
    fusions = {w: fit_fusion(items, Shrinkage(weights=w, bias=recipe.shrink_bias)) for w in tried}
    methods: dict[str, Method] = {
        "one weight per modality" if w is None else f"by class, shrunk by {w:g}": partial(
            predict_emotions, fusion=f, prior=prior
        )
        for w, f in fusions.items()
    }
    shrinkage = recipe.shrink_weights[len(recipe.shrink_weights) // 3]
    interaction = fit_interaction(items, fusions[shrinkage], prior)
    methods[f"interaction beside {shrinkage:g}"] = partial(
        predict_with_interaction, interaction, fusion=fusions[shrinkage], prior=prior
    )
    if soft is not None:
        soft_fusion = fit_fusion(
            study.items(study.fit, fit_pools, soft), Shrinkage(weights=shrinkage, bias=recipe.shrink_bias)
        )
        methods[f"soft slots, {shrinkage:g}"] = partial(predict_emotions, fusion=soft_fusion, prior=prior)
    return methods


def _mean(scores: list[Score]) -> list[str]:
    """Format the mean figures over the voice corpora."""
    rows = [
        (s.weighted_f1, s.macro_f1, s.log_loss, s.ece, s.ece_signed)
        + (s.neutral.predicted, s.neutral.probability, s.neutral.true)
        for s in scores
    ]
    return [f"{mean:.3f}" for mean in np.mean(rows, axis=0)]


if __name__ == "__main__":
    typer.run(main)
