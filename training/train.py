"""Train a bundle from a recipe.

    python -m training.train --data DIR               # train all stages, calibrate, write the bundle
    python -m training.train --data DIR --only face   # train a single stage

Trained stages are cached under --work (build/training/NAME) and reused until the recipe or the data change, so that
one stage can be retrained without the others. Code changes do not invalidate the cache; pass --again to retrain. A
killed run resumes from its last checkpoint. `tensorboard --logdir build/training` shows the training curves.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from model.modalities.base import Tokenizer
from model.network import N_LOGITS, Calibration, EmotionNetwork
from training.bundling import write_bundle
from training.calibration.cross_validation import predict_left_out, predict_out_of_fold
from training.calibration.prediction_store import save_left_out, save_out_of_fold
from training.cli.options import EvenIfWorseOption
from training.cli.recipe_loading import read_recipe, reporting_recipe_errors
from training.corpora import IGNORED, Example
from training.corpora.base import vote_targets
from training.data.batches import selection_split
from training.data.stage_data import NO_MARKS, StageContext, StageData, read_split
from training.data.training_items import write_hashes
from training.engine.loss import effective_priors
from training.engine.stage_store import (
    build_network,
    check_encoders,
    is_trained,
    save_trained,
    stage_fingerprint,
    tokenizer_of,
)
from training.engine.stage_trainer import StageTrainer
from training.evaluation.provenance import TrainingCorpus
from training.files import work_folder
from training.fuse import write_fused
from training.fusion.regression_gate import WorseBundleError
from training.recipe import STARTER, Source
from training.teachers import soft_labels

IS_MAIN = os.environ.get("RANK", "0") == "0"  # the first of the processes that torchrun or accelerate starts
ROOT = Path(__file__).resolve().parent.parent


def main(
    data: Annotated[Path, typer.Option(help="Folder that contains one folder per corpus (meld, ravdess, ...).")],
    recipe: Annotated[Path, typer.Option(help="Recipe to train from.")] = STARTER,
    out: Annotated[Path | None, typer.Option(help="Folder to write the bundle to.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints and trained stages.")] = None,
    only: Annotated[str | None, typer.Option(help="Train only the stage of this modality; write no bundle.")] = None,
    again: Annotated[bool, typer.Option(help="Retrain stages that are already trained.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    even_if_worse: EvenIfWorseOption = False,
) -> None:
    """Train a bundle from a recipe."""
    loaded = read_recipe(recipe)
    if only is not None and only not in loaded.sections():
        raise typer.BadParameter(f"--only takes one of {', '.join(loaded.sections())}")
    folder = work or work_folder(loaded.name)
    for needed in loaded.folders():
        if not (data / needed).exists():
            raise typer.BadParameter(f"there is no {data / needed}; see docs/training-data.md for its contents")
    stages = [stage for stage in loaded.stages() if only is None or only in stage.modalities]
    with reporting_recipe_errors(recipe):
        check_encoders(loaded, [modality for stage in stages for modality in stage.modalities])
    folder.mkdir(parents=True, exist_ok=True)
    for stage in stages:
        train_stage(StageContext(loaded, stage, data, folder, device), again)
    if only is None and IS_MAIN:
        place = out or ROOT / "model" / "bundles" / loaded.name
        if loaded.fusion is None:
            write_bundle(loaded, data, folder, place)
        else:
            write_bundle(loaded, data, folder, folder / "unfused")
            try:
                write_fused(folder / "unfused", loaded, data, folder / "fusion", place, folder, even_if_worse)
            except WorseBundleError as error:
                raise typer.BadParameter(str(error), param_hint="--out") from error


def train_stage(context: StageContext, again: bool = False) -> None:
    """Train one stage and save its weights, training priors and item hashes under `context.work`.

    A stage already trained with the same recipe on the same data is reused, unless `again` is set.
    """
    tokenizer = tokenizer_of(context.recipe)
    parts = [_read(source, context, tokenizer) for source in context.stage.sources]
    train = [example for part in parts for example in part.train]
    fingerprint = stage_fingerprint(context, train)
    if not again and is_trained(context, fingerprint):
        typer.echo(f"{context.name}: already trained by this recipe on this data (--again retrains it)")
        return
    dev = [_dev(part, context, tokenizer) for part in parts]
    teacher, votes = _teacher(context, parts), _votes(parts)
    torch.manual_seed(context.recipe.seed)
    sizes = tuple(len(part.train) for part in parts)
    priors = effective_priors(train, context.corpus.class_balance, context.mixture(sizes).weights, votes)
    network = _network(context, priors)
    data = StageData(
        train=train,
        priors=priors,
        dev=[example for examples in dev for example in examples],
        marks=tokenizer.marks if tokenizer is not None else NO_MARKS,
        teacher=teacher,
        votes=votes,
        sizes=sizes,
        dev_sizes=tuple(map(len, dev)),
    )
    trainer = StageTrainer(network, context, data)
    trainer.run()
    predicted = None
    if context.corpus.folds:
        typer.echo(f"{context.name}: training {context.corpus.folds} fold networks for out-of-fold predictions")
        predicted = predict_out_of_fold(context, replace(data, variants=trainer.variants))
    left_out = {}
    if context.corpus.leave_out:
        names = ", ".join(source.name for source in context.stage.sources)
        typer.echo(f"{context.name}: leave-one-corpus-out training, without each of {names}")
        left_out = predict_left_out(context, replace(data, variants=trainer.variants))
    if not IS_MAIN:
        return
    for modality in context.modalities:
        write_hashes(context.work / f"{modality}.items.npy", [e.name_of(modality) for e in train])
    if predicted is not None:
        save_out_of_fold(context.work, predicted)
    for corpus, found in left_out.items():
        save_left_out(context.work, corpus, found.clean)
        save_left_out(context.work, corpus, found.augmented, augmented=True)
    save_trained(network, context, fingerprint, priors, _training_corpora(context, parts))
    trainer.checkpoints.discard()


def _network(context: StageContext, priors: Calibration) -> EmotionNetwork:
    """Build the stage's untrained network."""
    network = build_network(context.recipe, list(context.modalities))
    if len(context.modalities) > 1:  # gates weigh evidence: logits minus the log prior of training
        trained_under = {
            "calibration": dict.fromkeys(context.modalities, priors),
            "prior_emotion": priors.prior_emotion,
            "prior_sentiment": priors.prior_sentiment,
        }
        network.set_constants(network.config.model_copy(update=trained_under))
    return network


@dataclass(frozen=True)
class _Part:
    """Training split of one of a stage's corpora: indices to train on, and indices to select the epoch on."""

    source: Source
    everything: list[Example]
    chosen: list[int]
    aside: list[int]

    @cached_property
    def train(self) -> list[Example]:
        chosen = [self.everything[i] for i in self.chosen]
        return chosen if self.source.sentiments else [replace(example, sentiment=IGNORED) for example in chosen]


def _read(source: Source, context: StageContext, tokenizer: Tokenizer | None) -> _Part:
    """Read a corpus's training split.

    Raises typer.BadParameter if it has no training examples, or none to select the epoch on.
    """
    everything = list(read_split(source, context.data, "train", tokenizer))
    if source.options.votes and not any(example.votes for example in everything):
        raise typer.BadParameter(
            f"{source.name}: votes = true, but {context.data / source.options.folder} has no votes; "
            "remove the option to train on the labels",
            param_hint="--recipe",
        )
    if not everything and source.share:
        folder = context.data / source.options.folder
        raise typer.BadParameter(f"{source.name}: {folder} has no training examples", param_hint="--data")
    return _Part(source, everything, *_selection_split(everything, source.name, context))


def _training_corpora(context: StageContext, parts: Sequence[_Part]) -> dict[str, TrainingCorpus]:
    """Return the record of each corpus of the stage for the bundle; empty if there is only one."""
    counts = context.mixture([len(part.chosen) for part in parts]).counts
    found = {
        part.source.name: TrainingCorpus(
            corpus=part.source.corpus,
            share=count / sum(counts),
            items=len(part.chosen),
            frequencies=effective_priors(part.train, 0.0),
        )
        for part, count in zip(parts, counts, strict=True)
    }
    return found if len(found) > 1 else {}


def _dev(part: _Part, context: StageContext, tokenizer: Tokenizer | None) -> list[Example]:
    """Return the examples of one corpus on which the stage is scored during training."""
    if part.aside:
        return [part.everything[i] for i in part.aside]
    return list(read_split(part.source, context.data, "held-out", tokenizer))


def _selection_split(everything: Sequence[Example], name: str, context: StageContext) -> tuple[list[int], list[int]]:
    """Split the training groups into indices to train on and indices to select the best epoch on."""
    share = context.corpus.selection
    chosen, aside = selection_split(everything, share)
    if share and not (chosen and aside):
        # The held-out split cannot be used instead: data that selects the epoch must not calibrate or score.
        raise typer.BadParameter(
            f"{name}: selection = {share} puts {len(aside)} of {len(everything)} utterances aside, by whole "
            "dialogues or actors; choose another share, or 0 to keep the last epoch",
            param_hint="--recipe",
        )
    return chosen, aside


def _teacher(context: StageContext, parts: Sequence[_Part]) -> Tensor | None:
    """Return the teachers' soft labels [n, 10] of the n training examples; None if no corpus has a teacher.

    Examples of a corpus without a teacher have NaN.
    """
    if not any(part.source.options.teacher for part in parts):
        return None
    labels = []
    for part in parts:
        options = part.source.options
        if options.teacher is None:
            labels.append(torch.full((len(part.chosen), N_LOGITS), torch.nan))
        else:
            found = soft_labels(options.teacher, options.teachers, part.everything, context)
            labels.append(found[part.chosen])
    return torch.cat(labels)


def _votes(parts: Sequence[_Part]) -> Tensor | None:
    """Return the vote shares [n, 10] of the n training examples; None if no corpus is trained on votes.

    Examples that are trained on their label have NaN.
    """
    if not any(part.source.options.votes for part in parts):
        return None
    unvoted = (torch.nan,) * N_LOGITS
    return torch.tensor(
        [
            vote_targets(e.votes) if part.source.options.votes and e.votes is not None else unvoted
            for part in parts
            for e in part.train
        ]
    )


if __name__ == "__main__":
    typer.run(main)
