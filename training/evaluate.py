"""Score a bundle on a corpus: `python -m training.evaluate BUNDLE --corpus meld-text --data FILE --json OUT`.

`--data` is a CSV for meld-text and goemotions, a folder of audio files for ravdess, an .npz for fer2013 and ferplus, a
manifest or its folder for manifest and voices (videos without words and times go through the whole pipeline), and a
folder as described in training.fusion.composed_evaluation for composed. Any file or folder in that format works. Items
are scored through the bundle's fusion, as `analyze` would predict them. The first object of the JSON has the figures
under `--prior`; `training.evaluation.protocol` defines them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from model.asr.base import SpeechError
from model.asr.registry import DEFAULT_TRANSCRIBER
from model.bundle import DEFAULT_BUNDLE, BundleError
from model.media import MediaError
from model.weights.catalog import WeightsError
from training.calibration.fitting import cross_fit_constants
from training.corpora import CORPORA, Split
from training.data.feature_cache_builder import FillError
from training.data.training_items import data_hash
from training.evaluation.metrics import Headline
from training.evaluation.protocol import Evaluation, Prior, Subject, evaluate
from training.evaluation.provenance import section_of
from training.evaluation.report import write_report
from training.evaluation.scoring import CrossFit, Encoded, encode
from training.fusion.composed_evaluation import evaluate_composed, read_composed
from training.pipeline_evaluation import has_video, read_analyzed
from training.terminal import table_console

COMPOSED = "composed"
NAMES = (*CORPORA, COMPOSED)
PLAIN = {"meld": "meld-text-plain", "meld-text": "meld-text-plain"}


def main(
    bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle.")] = DEFAULT_BUNDLE,
    corpus: Annotated[str, typer.Option(help=f"One of {', '.join(NAMES)}.")] = "meld-text",
    data: Annotated[Path, typer.Option(help="The corpus: a CSV, a folder of audio files, or an .npz.")] = Path(),
    split: Annotated[Split, typer.Option(help="Split of the corpus.")] = "all",
    prior: Annotated[Prior, typer.Option(help="Class frequencies to predict under.")] = "declared",
    json: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML report with plots to this file.")] = None,
    transcriber: Annotated[str, typer.Option(help="Transcriber for videos without words.")] = DEFAULT_TRANSCRIBER,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Score a bundle on a corpus and print the figures."""
    if corpus not in NAMES:
        raise typer.BadParameter(f"{corpus!r} is not one of {', '.join(NAMES)}", param_hint="--corpus")
    if not data.exists():
        raise typer.BadParameter(f"{data} does not exist", param_hint="--data")
    subject = _load(bundle, device, corpus)
    results = _score(subject, corpus, data, split, prior, transcriber)
    for result in results:
        if result.scope != "all" or result.prior == prior or not result.same_prior:
            show(result, table_console())
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text("[" + ",\n".join(result.model_dump_json(indent=1) for result in results) + "]\n")
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        write_report(results, html)


def _score(subject: Subject, corpus: str, data: Path, split: Split, prior: Prior, transcriber: str) -> list[Evaluation]:
    """Return all evaluations of a corpus, those under `prior` first."""
    if corpus == COMPOSED:
        with _reader_errors_as_usage_errors(data, corpus):
            return evaluate_composed(subject, read_composed(subject, data), prior)
    with _reader_errors_as_usage_errors(data, corpus):
        clips = corpus == "manifest" and has_video(data, split)
        analyzed = read_analyzed(subject.bundle, data, split, transcriber) if clips else None
    if analyzed is not None:
        return evaluate(subject, corpus, split, analyzed, prior=prior)
    encoded = {name: _encode(subject, name, data, split) for name in text_styles(corpus)}
    fit = refit(subject, corpus, encoded[corpus])
    return [e for name, items in encoded.items() for e in evaluate(subject, name, split, items, fit, prior)]


def text_styles(corpus: str) -> list[str]:
    """Return the corpus and, if it has text, its variant without case and punctuation."""
    return [corpus, *filter(None, [PLAIN.get(corpus)])]


def _load(bundle: str, device: str, corpus: str) -> Subject:
    try:
        subject = Subject.load(bundle, device)
    except (BundleError, WeightsError) as error:
        raise typer.BadParameter(str(error), param_hint="BUNDLE") from error
    has = subject.bundle.network.modalities
    if corpus != COMPOSED and not set(has) & set(CORPORA[corpus].modalities):
        raise typer.BadParameter(
            f"the bundle reads {', '.join(has)}; {corpus} has only {', '.join(CORPORA[corpus].modalities)}",
            param_hint="--corpus",
        )
    return subject


def refit(subject: Subject, corpus: str, encoded: Encoded) -> CrossFit | None:
    """Cross-fit constants if the bundle's own were fitted on exactly these items; None otherwise."""
    fitted_on = section_of(section_of(subject.bundle.manifest.training, "calibrated_on"), corpus)
    if fitted_on.get("sha256") != data_hash(encoded.contents):
        return None
    return cross_fit_constants(
        subject.bundle.network, encoded, subject.training_priors, dict.fromkeys(subject.training_priors)
    )


def _encode(subject: Subject, corpus: str, data: Path, split: Split) -> Encoded:
    with _reader_errors_as_usage_errors(data, corpus):
        examples = CORPORA[corpus].read(data, split, subject.bundle.tokenizer)
        return encode(subject.bundle.network, examples, corpus)


@contextmanager
def _reader_errors_as_usage_errors(data: Path, corpus: str) -> Iterator[None]:
    """Turn a reader's errors into a one-line usage error."""
    try:
        yield
    except KeyError as error:
        raise typer.BadParameter(f"{data} lacks {error}, which {corpus} requires", param_hint="--data") from error
    except (FillError, MediaError, SpeechError, WeightsError, OSError, ValueError) as error:
        raise typer.BadParameter(f"{data} cannot be read as {corpus}: {error}", param_hint="--data") from error


def show(evaluation: Evaluation, console: Console) -> None:
    """Print emotions, sentiments and, if items have several modalities, every subset of these."""
    items = {"all": "all items", "unseen": "without training items"}[evaluation.scope]
    title = f"{evaluation.bundle} on {evaluation.corpus} ({evaluation.split}), {evaluation.prior} prior, {items}"
    table = Table(title=title, caption=describe_overlap(evaluation), box=None, padding=(0, 2, 0, 0))
    for column in (
        "",
        "n",
        "accuracy",
        "weighted F1 (95%)",
        "balanced",
        "log loss",
        "ECE, signed (by chance)",
        "commonest",
    ):
        table.add_column(column)
    for name, figures in (("emotion", evaluation.emotion), ("sentiment", evaluation.sentiment)):
        if figures is not None:
            table.add_row(name, *_cells(figures), f"{figures.majority_weighted_f1:.3f}")
    for subset in evaluation.subsets if evaluation.several else []:
        if subset.emotion is not None:
            table.add_row(" + ".join(subset.modalities), *_cells(subset.emotion), "")
    console.print(table)
    if evaluation.neutral is not None:
        neutral = evaluation.neutral
        console.print(
            f"neutral: predicted {neutral.predicted:.3f}, mean probability {neutral.probability:.3f}, "
            f"true {neutral.true:.3f}"
        )
    if evaluation.draws is not None:
        for modality, labels in evaluation.draws.without_slot.items():
            if labels:
                lacking = ", ".join(f"{label} {n}" for label, n in labels.items())
                console.print(f"no {modality} sample of the class: {lacking} rows, scored without {modality}")


def _cells(figures: Headline) -> list[str]:
    low, high = figures.weighted_f1_interval
    return [
        str(figures.items),
        f"{figures.accuracy:.3f}",
        f"{figures.weighted_f1:.3f} ({low:.3f}-{high:.3f})",
        f"{figures.balanced_accuracy:.3f}",
        f"{figures.log_loss:.3f}",
        f"{figures.ece:.3f}, {figures.ece_signed:+.3f} ({figures.ece_by_chance:.3f})",
    ]


def describe_overlap(evaluation: Evaluation) -> str:
    """Describe how many items were in training, and whether the bundle was calibrated on them."""
    own = " It was calibrated on these very items: each is scored with constants fitted on the others."
    fitted = own if evaluation.cross_fitted else ""
    if evaluation.seen is None:
        unknown = "The bundle keeps no hashes of its training items: overlap with these items is unknown."
        return unknown + fitted
    return f"Items of this split that were in training: {evaluation.seen}." + fitted


if __name__ == "__main__":
    typer.run(main)
