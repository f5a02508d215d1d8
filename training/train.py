"""Train a bundle from a recipe.

    python -m training.train --data DIR               # every stage, then calibrate and write the bundle
    python -m training.train --data DIR --only face   # one stage alone

Each trained stage is kept under --work (build/training/NAME) until the recipe or the data are others, so that one can
be trained again without the rest; after a change of the code, ask for it with --again. A run that was killed goes on
where it stopped. `tensorboard --logdir build/training` shows the course of it.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from model.network import Calibration, EmotionNetwork
from training.bundling import write_bundle
from training.calibration.folds import predict_out_of_fold
from training.calibration.out_of_fold import save_out_of_fold
from training.cli.recipe_loading import read_recipe
from training.corpora import CORPORA, Example
from training.data.batches import put_aside
from training.data.stage import StageContext, StageData
from training.data.training_items import write_items
from training.engine.loss import effective_priors
from training.engine.stage_store import (
    build_network,
    check_encoders,
    fingerprint,
    is_trained,
    keep_trained,
    tokenizer_of,
)
from training.engine.stage_trainer import StageTrainer
from training.fuse import write_fused
from training.recipe import STARTER, RecipeError
from training.teachers import soft_labels

IS_MAIN = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun or accelerate starts
ROOT = Path(__file__).resolve().parent.parent


def main(
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora's folders (meld, ravdess, fer2013).")],
    recipe: Annotated[Path, typer.Option(help="Recipe to train by.")] = STARTER,
    out: Annotated[Path | None, typer.Option(help="Folder to write the bundle to.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints and trained stages.")] = None,
    only: Annotated[str | None, typer.Option(help="Train the stage of this modality alone; write no bundle.")] = None,
    again: Annotated[bool, typer.Option(help="Train also what is there already.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a bundle from a recipe."""
    loaded = read_recipe(recipe)
    if only is not None and only not in loaded.sections():
        raise typer.BadParameter(f"--only takes one of {', '.join(loaded.sections())}")
    folder = work or ROOT / "build" / "training" / loaded.name
    for needed in loaded.folders():
        if not (data / needed).exists():
            raise typer.BadParameter(f"there is no {data / needed}; docs/training-data.md says what belongs there")
    stages = [stage for stage in loaded.stages() if only is None or only in stage.modalities]
    try:
        check_encoders(loaded, [modality for stage in stages for modality in stage.modalities])
    except RecipeError as error:
        raise typer.BadParameter(f"{recipe} is no recipe: {error}", param_hint="--recipe") from error
    folder.mkdir(parents=True, exist_ok=True)
    for stage in stages:
        train_stage(StageContext(loaded, stage, data, folder, device), again)
    if only is None and IS_MAIN:
        place = out or ROOT / "model" / "bundles" / loaded.name
        if loaded.fusion is None:
            write_bundle(loaded, data, folder, place)
        else:
            write_bundle(loaded, data, folder, folder / "unfused")
            write_fused(folder / "unfused", loaded, data, folder / "fusion", place)


def train_stage(context: StageContext, again: bool = False) -> None:
    """Train one stage and keep its weights, its training priors and the hashes of its items under `context.work`.

    One that was trained before by the same recipe on the same data is kept, unless `again`.
    """
    tokenizer = tokenizer_of(context.recipe)
    corpus = CORPORA[context.stage.corpus]
    everything = list(corpus.read(context.folder, "train", tokenizer))
    chosen, aside = _put_aside(everything, context)
    train = [everything[i] for i in chosen]
    made_of = fingerprint(context, train)
    if not again and is_trained(context, made_of):
        typer.echo(f"{context.name}: trained before by this recipe on this data, and kept (--again trains it again)")
        return
    dev = [everything[i] for i in aside] if aside else list(corpus.read(context.folder, "held-out", tokenizer))
    teacher = _teacher(context, everything)
    torch.manual_seed(context.recipe.seed)
    priors = effective_priors(train, context.corpus.class_balance)
    network = _network(context, priors)
    data = StageData(
        train=train,
        priors=priors,
        dev=dev,
        marks=tokenizer.marks if tokenizer is not None else frozenset(),
        teacher=None if teacher is None else teacher[chosen],
    )
    trainer = StageTrainer(network, context, data)
    trainer.run()
    predicted = None
    if context.corpus.folds:
        typer.echo(f"{context.name}: once more without each of {context.corpus.folds} folds, to calibrate by")
        predicted = predict_out_of_fold(context, replace(data, variants=trainer.variants))
    if not IS_MAIN:
        return
    for modality in context.modalities:
        write_items(context.work / f"{modality}.items.npy", [e.name_of(modality) for e in train])
    if predicted is not None:
        save_out_of_fold(context.work, predicted)
    keep_trained(network, context, made_of, priors)
    trainer.checkpoints.discard()


def _network(context: StageContext, priors: Calibration) -> EmotionNetwork:
    """The stage's network, before training."""
    network = build_network(context.recipe, list(context.modalities))
    if len(context.modalities) > 1:  # the gates weigh evidence: logits without the prior they are trained under
        trained_under = {
            "calibration": dict.fromkeys(context.modalities, priors),
            "prior_emotion": priors.prior_emotion,
            "prior_sentiment": priors.prior_sentiment,
        }
        network.set_constants(network.config.model_copy(update=trained_under))
    return network


def _put_aside(everything: Sequence[Example], context: StageContext) -> tuple[list[int], list[int]]:
    """Split the training groups into those to learn from and those to select the best epoch on, as the recipe asks."""
    share = context.corpus.selection
    chosen, aside = put_aside(everything, share)
    if share and not (chosen and aside):
        # The held-out split is no substitute: what chooses the epoch can then neither calibrate nor score.
        raise typer.BadParameter(
            f"{context.stage.corpus}: selection = {share} puts {len(aside)} of {len(everything)} utterances "
            "aside, by whole dialogues or actors; name another share, or 0 to keep the last epoch",
            param_hint="--recipe",
        )
    return chosen, aside


def _teacher(context: StageContext, examples: Sequence[Example]) -> Tensor | None:
    """The soft labels [n, 10] of the recipe's teachers for the corpus's n training utterances; None without any."""
    name = context.corpus.teacher
    return None if name is None else soft_labels(name, context.corpus.teachers, examples, context)


if __name__ == "__main__":
    typer.run(main)
