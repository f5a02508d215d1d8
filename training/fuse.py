"""Fit how a bundle combines its modalities: `python -m training.fuse BUNDLE --data CORPORA --out FOLDER`.

The encoders are not changed. The recipe's [fusion] section names people's judgments and the corpora that fill their
slots; see training.fusion. `--work` caches encoded samples, so that a killed run resumes.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from model.bundle import BundleError, Manifest, find_bundle, load_bundle, read_manifest, save_manifest
from model.media import MediaError
from model.weights.catalog import WeightsError
from training.card import Report, write_card
from training.cli.options import EvenIfWorseOption, TrainedOption
from training.cli.recipe_loading import read_recipe
from training.corpora import CORPORA
from training.data.content_hash import file_digest
from training.data.training_items import TRAINING_ITEMS_FILE
from training.evaluation.protocol import Evaluation, Subject, evaluate
from training.evaluation.provenance import training_priors_of
from training.files import work_folder
from training.fusion.encoding import encode_slot
from training.fusion.fit_pipeline import Fused, FusionReport, fuse, pool_summaries
from training.fusion.regression_gate import WorseBundleError, check_not_worse
from training.fusion.selection import Score, Thresholds
from training.licence import licence_line
from training.recipe import STARTER, Recipe, SlotRecipe
from training.revision import commit
from training.terminal import table_console

WEIGHTS = "weights.safetensors"


def main(
    bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle whose encoders are used.")],
    data: Annotated[Path, typer.Option(help="Folder that contains the recipe's folders.")],
    out: Annotated[Path, typer.Option(help="Output folder; may be the bundle's own.")],
    recipe: Annotated[Path, typer.Option(help="Recipe with a [fusion] section.")] = STARTER,
    work: Annotated[Path, typer.Option(help="Cache folder, reused between runs.")] = Path("out/fusion"),
    trained: TrainedOption = None,
    even_if_worse: EvenIfWorseOption = False,
) -> None:
    """Fit temperatures, weights, biases, prior and thresholds, and write the bundle with its evaluation and card."""
    loaded = read_recipe(recipe)
    if loaded.fusion is None:
        raise typer.BadParameter(f"{recipe} has no [fusion]", param_hint="--recipe")
    try:
        report = write_fused(
            find_bundle(bundle), loaded, data, work, out, trained or work_folder(loaded.name), even_if_worse
        )
    except BundleError as error:
        raise typer.BadParameter(str(error), param_hint="BUNDLE") from error
    except WorseBundleError as error:
        raise typer.BadParameter(str(error), param_hint="--out") from error
    except (MediaError, WeightsError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    show(report, table_console())


def write_fused(
    source: Path, recipe: Recipe, data: Path, work: Path, out: Path, trained: Path, even_if_worse: bool = False
) -> FusionReport:
    """Fit the recipe's fusion for the bundle in `source` and write the result to `out`, file by file at the end.

    `trained` is the work folder of the encoders' training. Raises WorseBundleError if `out` holds a bundle that does
    better on data neither was trained on, unless `even_if_worse`.
    """
    loaded, weights, manifest = load_bundle(source), file_digest(source / WEIGHTS), read_manifest(source)
    fused = fuse(loaded, weights, training_priors_of(manifest), recipe, data, work, trained)
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder)
        for name in (WEIGHTS, TRAINING_ITEMS_FILE):
            if (source / name).is_file():
                shutil.copyfile(source / name, staging / name)
        save_manifest(staging, _manifest(manifest, recipe, fused))
        subject = Subject.load(staging)
        if not even_if_worse and recipe.fusion is not None:
            check_not_worse(out, subject, recipe.fusion.slots, fused.pools, data, work)
        report = Report(
            created=datetime.now(UTC).strftime("%Y-%m-%d"),
            commit=commit(),
            calibrations=[],
            fusion=fused.report,
            evaluations=_score(subject, weights, recipe, fused, data, work, trained),
        )
        (staging / "evaluation.json").write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_card(staging)
        (staging / "LICENSE").write_text(
            f"{licence_line(recipe)}.\nSee MODEL_CARD.md for the corpora and what follows.\n"
        )
        out.mkdir(parents=True, exist_ok=True)
        for file in sorted(staging.iterdir()):
            shutil.copyfile(file, out / file.name)
    return fused.report


def _manifest(before: Manifest, recipe: Recipe, fused: Fused) -> Manifest:
    # The fusion replaces the temperatures that were fitted on "calibrated_on".
    training = {k: v for k, v in before.training.items() if k != "calibrated_on"}
    training |= {
        "recipe": recipe.model_dump(mode="json", exclude_none=True),
        "fusion": {"commit": commit(), "fitted_on": pool_summaries(fused.pools)},
    }
    update = {"version": recipe.version, "licence": licence_line(recipe), "network": fused.config, "training": training}
    return before.model_copy(update=update)


def _score(
    subject: Subject, weights: str, recipe: Recipe, fused: Fused, data: Path, work: Path, trained: Path
) -> list[Evaluation]:
    """Score the held-out split of every training corpus, and every other corpus that fitted the fusion."""
    slots = recipe.fusion.slots if recipe.fusion else ()
    shipped = [slot for slot in slots if slot.left_out is None]
    there = {slot.corpus for slot in shipped} | {(slot.corpus, slot.folder) for slot in shipped}
    others = [
        SlotRecipe(name=source.name, corpus=source.corpus, folder=source.options.folder, home=True)
        for source in recipe.sources()
        if ((source.corpus, source.options.folder) if source.share else source.corpus) not in there
        and len(CORPORA[source.corpus].modalities) == 1
    ]
    encoded = {pool.corpus: pool for pool in fused.pools}
    evaluations: list[Evaluation] = []
    for slot in (*slots, *others):
        pool = encoded.get(slot.name) or encode_slot(subject.bundle, weights, slot, data, work, trained)
        split = "train" if pool.left_out else slot.split
        evaluations += evaluate(subject, slot.corpus, split, pool.samples, name=slot.name, left_out=pool.left_out)
    return evaluations


def show(report: FusionReport, console: Console) -> None:
    """Print the chosen shrinkage and thresholds, and the leave-one-corpus-out figures."""
    console.print("Composed items, with one voice corpus left out of the fit; neutral: predicted / mean / true")
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("voices, rows", "fusion", "wF1", "mF1", "loss", "ECE", "", "neutral", "", ""):
        table.add_column(column, no_wrap=True)
    for part in report.left_out:
        for way, score in part.scores.items():
            table.add_row(f"{part.voices}, {part.rows}", way, *_cells(score))
    console.print(table)
    for line in (*_candidate_lines(report), *_temperature_lines(report), *_threshold_lines(report.thresholds)):
        console.print(line, soft_wrap=True)


def _candidate_lines(report: FusionReport) -> Iterator[str]:
    for c in report.candidates:
        held = c.shrinkage.weights
        name = "one weight per modality" if held is None else f"by class, shrunk by {held:g}"
        yield f"{name}: log loss {c.log_loss:.4f}, weighted F1 {c.weighted_f1:.4f}"


def _temperature_lines(report: FusionReport) -> Iterator[str]:
    for t in report.transfers:
        others = "-" if t.others_ece is None else f"{t.others_ece:.3f} ({t.others_ece_signed:+.3f})"
        yield (
            f"{t.modality} on {t.corpus}: own temperature {t.own_temperature:.2f}, "
            f"ECE {t.ece:.3f} ({t.ece_signed:+.3f}), with the others' temperature {others}"
        )


def _threshold_lines(t: Thresholds) -> Iterator[str]:
    yield (
        f"clear from a confidence of {t.unclear_below:.2f}: {t.clear_share:.0%} of the items, "
        f"accuracy {t.clear_accuracy:.0%}, mean confidence {t.clear_confidence:.0%}; "
        f"accuracy of unclear items {t.unclear_accuracy:.0%}"
    )
    yield (
        f"mixed signals from a conflict of {t.conflict_from:.2f}: {t.conflict_share:.0%} of the items "
        f"(AUC {t.conflict_auc:.2f} for items that people labeled pleasant in one modality, unpleasant in another)"
    )


def _cells(score: Score) -> list[str]:
    figures = score.weighted_f1, score.macro_f1, score.log_loss, score.ece
    neutral = score.neutral.predicted, score.neutral.probability, score.neutral.true
    return [*(f"{v:.3f}" for v in figures), f"{score.ece_signed:+.3f}", *(f"{v:.3f}" for v in neutral)]


if __name__ == "__main__":
    typer.run(main)
