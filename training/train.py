"""Train a bundle from a recipe.

    python -m training.train --data DIR               # every stage, then calibrate and write the bundle
    python -m training.train --data DIR --only face   # one stage alone

Each trained stage is kept under --work (build/training/NAME) until the recipe or the data are others, so that one can
be trained again without the rest; after a change of the code, ask for it with --again. A run that was killed goes on
where it stopped. `tensorboard --logdir build/training` shows the course of it.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from training.asked import read_recipe
from training.batches import put_aside
from training.bundling import write_bundle
from training.corpora import CORPORA, Example
from training.folds import judge_in_folds
from training.fuse import write_fused
from training.judged import save_judged
from training.loop import Training
from training.objective import effective_priors
from training.optimising import precision
from training.recipe import STARTER, Recipe, Stage
from training.seen import write_items
from training.teachers import soft_labels
from training.trained import build_network, fingerprint, is_trained, keep_trained, tokenizer_of

IS_MAIN = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun or accelerate starts
ROOT = Path(__file__).resolve().parent.parent


def main(
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora's folders (meld, ravdess, fer2013).")],
    recipe: Annotated[Path, typer.Option(help="What to train, and how.")] = STARTER,
    out: Annotated[Path | None, typer.Option(help="Where to write the bundle.")] = None,
    work: Annotated[Path | None, typer.Option(help="Where to keep checkpoints and trained stages.")] = None,
    only: Annotated[str | None, typer.Option(help="Train the stage of this modality alone; write no bundle.")] = None,
    again: Annotated[bool, typer.Option(help="Train also what is there already.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a bundle from a recipe."""
    plan = read_recipe(recipe)
    if only is not None and only not in plan.sections():
        raise typer.BadParameter(f"--only takes one of {', '.join(plan.sections())}")
    folder = work or ROOT / "build" / "training" / plan.name
    for needed in plan.folders():
        if not (data / needed).exists():
            raise typer.BadParameter(f"there is no {data / needed}; docs/training-data.md says what belongs there")
    folder.mkdir(parents=True, exist_ok=True)
    for stage in plan.stages():
        if only is not None and only not in stage.modalities:
            continue
        train_stage(plan, stage, data, folder, device, again)
    if only is None and IS_MAIN:
        place = out or ROOT / "model" / "bundles" / plan.name
        if plan.fusion is None:
            write_bundle(plan, data, folder, place)
        else:
            write_bundle(plan, data, folder, folder / "unfused")
            write_fused(folder / "unfused", plan, data, folder / "fusion", place)


def train_stage(plan: Recipe, stage: Stage, data: Path, work: Path, device: str = "auto", again: bool = False) -> None:
    """Train one stage and keep its weights, its training priors and the hashes of its items under `work`.

    One that was trained before by the same recipe on the same data is kept, unless `again`.
    """
    tokenizer = tokenizer_of(plan)
    corpus, folder = CORPORA[stage.corpus], data / stage.how.folder
    everything = list(corpus.read(folder, "train", tokenizer))
    chosen, aside = _put_aside(everything, stage)
    train = [everything[i] for i in chosen]
    made_of = fingerprint(plan, stage, train)
    if not again and is_trained(stage, made_of, work):
        typer.echo(f"{stage.name}: trained before by this recipe on this data, and kept (--again trains it again)")
        return
    dev = [everything[i] for i in aside] if aside else list(corpus.read(folder, "held-out", tokenizer))
    teacher = _teacher(plan, stage, folder, work, len(everything))
    if teacher is not None:
        teacher = teacher[chosen]
    torch.manual_seed(plan.seed)
    network = build_network(plan, list(stage.modalities))
    priors = effective_priors(train, stage.how.class_balance)
    if len(stage.modalities) > 1:  # the gates weigh evidence: logits without the prior they are trained under
        network.set_constants(
            network.config.model_copy(
                update={
                    "calibration": dict.fromkeys(stage.modalities, priors),
                    "prior_emotion": priors.prior_emotion,
                    "prior_sentiment": priors.prior_sentiment,
                }
            )
        )
    marks = tokenizer.marks if tokenizer is not None else frozenset()
    training = Training(network, plan, stage, train, dev, work, priors, marks, teacher, device)
    training.run()
    judged = None
    if training.variants is not None and stage.how.folds:
        typer.echo(f"{stage.name}: once more without each of {stage.how.folds} folds, to calibrate by")
        judged = judge_in_folds(plan, stage, train, training.variants, priors, work, device)
    if not IS_MAIN:
        return
    for modality in stage.modalities:
        write_items(work / f"{modality}.items.npy", [e.name_of(modality) for e in train])
    if judged is not None:
        save_judged(work, judged)
    keep_trained(network, stage, made_of, priors, work)
    training.discard_checkpoint()


def _put_aside(everything: Sequence[Example], stage: Stage) -> tuple[list[int], list[int]]:
    """Which to train on, and which to choose the best epoch by, where the recipe asks for it."""
    chosen, aside = put_aside(everything, stage.how.selection)
    if stage.how.selection and not (chosen and aside):
        # The held-out split is no substitute: what chooses the epoch can then neither calibrate nor score.
        raise typer.BadParameter(
            f"{stage.corpus}: selection = {stage.how.selection} puts {len(aside)} of {len(everything)} utterances "
            "aside, by whole dialogues or actors; name another share, or 0 to keep the last epoch",
            param_hint="--recipe",
        )
    return chosen, aside


def _teacher(plan: Recipe, stage: Stage, folder: Path, work: Path, n: int) -> Tensor | None:
    """What the recipe's teachers say of the corpus's n training utterances, [n, 10]; None where it names none."""
    name = stage.how.teacher
    if name is None:
        return None
    labels = soft_labels(name, stage.how.teachers, folder, work, plan.seed, precision(plan.precision))
    if len(labels) != n:
        raise ValueError("the teacher judged other utterances than there are to learn from")
    return labels


if __name__ == "__main__":
    typer.run(main)
