"""Score a bundle on a corpus: `python -m training.evaluate BUNDLE --corpus meld-text --data FILE --json OUT`.

`--data` is the CSV for meld-text, a folder of audio files for ravdess, an .npz for fer2013. Everything
is scored through the bundle's fusion, as `analyze` would judge a sample that has only this modality.

A corpus has its own class frequencies: RAVDESS is near balanced, half of MELD is neutral. Figures are
given under the prior the modality was trained with ("corpus") and under the one the bundle declares for
video at large ("declared"), which is what `analyze` answers with.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from model.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from model.contract import EMOTIONS, SENTIMENTS
from training.corpora import CORPORA, IGNORED, Example, Split
from training.metrics import Figures, Probabilities, Targets, measure


class Evaluation(BaseModel):
    """Figures of one bundle on one split of one corpus."""

    bundle: str
    version: str
    corpus: str
    split: str
    prior: str
    emotion: Figures
    sentiment: Figures


def main(
    bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle.")] = DEFAULT_BUNDLE,
    corpus: Annotated[str, typer.Option(help=f"One of {', '.join(CORPORA)}.")] = "meld-text",
    data: Annotated[Path, typer.Option(help="The corpus: a CSV, a folder of audio files, or an .npz.")] = Path(),
    split: Annotated[str, typer.Option(help="train, held-out, or all that is there.")] = "all",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
) -> None:
    """Score a bundle on a corpus and print the figures."""
    if corpus not in CORPORA:
        raise typer.BadParameter(f"{corpus!r} is not one of {', '.join(CORPORA)}", param_hint="--corpus")
    if not data.exists():
        raise typer.BadParameter(f"{data} does not exist", param_hint="--data")
    loaded = load_bundle(bundle)
    examples = CORPORA[corpus].read(data, split, loaded.tokenizer)  # type: ignore[arg-type]
    results = [evaluate(loaded, corpus, split, examples, prior) for prior in ("corpus", "declared")]  # type: ignore[arg-type]
    for result in results:
        show(result, Console())
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text("[" + ",\n".join(result.model_dump_json(indent=1) for result in results) + "]\n")


def evaluate(bundle: Bundle, corpus: str, split: Split, examples: list[Example], prior: str) -> Evaluation:
    """Score examples through the fusion, under the "corpus" or the "declared" prior."""
    if not examples:
        raise typer.BadParameter(f"no example of {corpus} was found", param_hint="--data")
    emotions, sentiments = judge(bundle, examples)
    config = bundle.manifest.network
    if prior == "corpus":
        trained = config.calibration[CORPORA[corpus].modality]
        emotions = under_prior(emotions, config.prior_emotion, trained.prior_emotion)
        sentiments = under_prior(sentiments, config.prior_sentiment, trained.prior_sentiment)
    groups = [example.group for example in examples]
    known = [i for i, example in enumerate(examples) if example.sentiment != IGNORED]
    return Evaluation(
        bundle=bundle.manifest.name,
        version=bundle.manifest.version,
        corpus=corpus,
        split=split,
        prior=prior,
        emotion=measure(emotions, _targets([e.emotion for e in examples]), EMOTIONS, groups),
        sentiment=measure(
            sentiments[known], _targets([examples[i].sentiment for i in known]), SENTIMENTS, [groups[i] for i in known]
        ),
    )


@torch.inference_mode()
def judge(bundle: Bundle, examples: list[Example]) -> tuple[Probabilities, Probabilities]:
    """Fused probabilities of emotions [n, 7] and sentiments [n, 3] under the declared prior."""
    judgement = bundle.network([example.sample for example in examples])
    return tuple(np.asarray(part.exp().double().cpu()) for part in (judgement.emotions, judgement.sentiments))  # type: ignore[return-value]


def under_prior(probabilities: Probabilities, old: tuple[float, ...], new: tuple[float, ...]) -> Probabilities:
    """The same evidence under another prior (Saerens et al. 2002, equation 2.4)."""
    shifted = probabilities * np.asarray(new) / np.asarray(old)
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def show(evaluation: Evaluation, console: Console) -> None:
    """Print a table with a row for the emotions and one for the sentiments."""
    table = Table(title=f"{evaluation.bundle} on {evaluation.corpus} ({evaluation.split}), {evaluation.prior} prior")
    for column in ("", "n", "accuracy", "weighted F1", "95%", "balanced acc.", "ECE", "always commonest"):
        table.add_column(column)
    for name, figures in (("emotion", evaluation.emotion), ("sentiment", evaluation.sentiment)):
        low, high = figures.weighted_f1_interval
        table.add_row(
            name, str(figures.items), f"{figures.accuracy:.3f}", f"{figures.weighted_f1:.3f}", f"{low:.3f}-{high:.3f}",
            f"{figures.balanced_accuracy:.3f}", f"{figures.ece:.3f}", f"{figures.majority_weighted_f1:.3f}",
        )  # fmt: skip
    console.print(table)


def _targets(values: list[int]) -> Targets:
    return np.asarray(values, dtype=np.int64)


if __name__ == "__main__":
    typer.run(main)
