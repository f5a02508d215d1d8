"""MODEL_CARD.md of a bundle, rendered from its `config.json` and `evaluation.json`: `python -m training.card BUNDLE`.

No figure in a card is typed: where the evaluation changes, so does the card.
"""

import re
from pathlib import Path
from typing import Annotated

import jinja2
import typer
from pydantic import BaseModel

from model.bundle import Manifest, find_bundle, read_manifest
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.reports.palette import MODALITY_NAMES
from model.weights.catalog import CATALOG
from model.weights.entries import Weights
from training.calibration.fitting import CalibrationReport, FusedReport
from training.corpora import CORPORA
from training.evaluation.confidence import BINS
from training.evaluation.metrics import Interval
from training.evaluation.protocol import Evaluation
from training.evaluation.provenance import corpora_of, part_of
from training.fusion.study import FusionReport

TEMPLATES = Path(__file__).resolve().parent / "templates"
SELDOM = 0.3  # recall below which a card calls a class often missed
FEW = 20  # groups below which a bootstrap of them is known to be too narrow (Cameron et al. 2008 for clusters)

HELD_OUT = {  # where an encoder learned from the corpus's other parts
    "meld": "the official dev dialogues",
    "meld-text": "the official dev dialogues",
    "ravdess": "actors, none of whom is heard in training",
    "fer2013": "the public-test images",
    "goemotions": "the official dev comments",
    "voices": "speakers, none of whom is heard in training",
    "ferplus": "the public-test images as they were published, by the votes of ten people",
    "manifest": "the dialogues the manifest holds out",
}
FOREIGN = {  # where no encoder learned from it
    "goemotions": f"{HELD_OUT['goemotions']}; no encoder learned from the others",
    "voices": "all of it: no encoder learned from it",
}
LEFT_OUT = "what it taught, predicted by a network that learned without it"
IMPLIED = ("goemotions", "ravdess", "voices", "fer2013", "ferplus")  # corpora whose sentiment follows from the emotion


class Source(BaseModel):
    """A row of the card's table of data: one set of items that is scored."""

    name: str
    corpus: str
    modalities: tuple[Modality, ...]
    licence: str
    held_out: str


class Report(BaseModel):
    """Everything a model card says in figures; kept beside the bundle as `evaluation.json`."""

    created: str
    commit: str
    prior_of: Modality | None = None  # whose class frequencies are the declared prior, where no fusion was fitted
    calibrations: list[CalibrationReport]
    fused: FusedReport | None = None  # None where no held-out item has several modalities
    fusion: FusionReport | None = None  # where `training.fuse` fitted one on composed items
    evaluations: list[Evaluation]

    @property
    def several(self) -> int:
        """The most items with two or more modalities that any evaluation has; 0: fusion is unmeasured."""
        return max((e.several for e in self.evaluations), default=0)

    @property
    def gap(self) -> float:
        """The largest difference, in points of accuracy or weighted F1, between one modality fused and alone."""
        gaps = [
            max(abs(s.emotion.accuracy - s.alone.accuracy), abs(s.emotion.weighted_f1 - s.alone.weighted_f1))
            for e in self.evaluations
            for s in e.subsets
            if s.emotion is not None and s.alone is not None
        ]
        return 100 * max(gaps, default=0.0)


def main(bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle.")]) -> None:
    """Write a bundle's MODEL_CARD.md again from its evaluation."""
    write_card(find_bundle(bundle))


def write_card(folder: Path) -> None:
    """Write the card of the bundle in `folder`. Raises OSError, or ValueError where its evaluation is not one."""
    report = Report.model_validate_json((folder / "evaluation.json").read_bytes())
    (folder / "MODEL_CARD.md").write_text(render_card(read_manifest(folder), report), encoding="utf-8")


def render_card(manifest: Manifest, report: Report) -> str:
    """The card's text, with every figure from the report."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(figure=_figure, range=_range)
    sources = _sources(manifest, report)
    shown = [e for e in report.evaluations if e.prior != "uniform" and (e.prior == "corpus" or not e.same_prior)]
    text = environment.get_template("MODEL_CARD.md").render(
        manifest=manifest,
        report=report,
        shown=shown,
        tables=_tables(manifest, report, shown),
        sources=sources,
        implied=[source for source in sources if source.corpus in IMPLIED],
        few=[e for e in _each_once(report) if e.emotion is not None and e.emotion.groups < FEW],
        items=part_of(manifest.training, "data"),
        selection=_selection(manifest),
        public=_public(manifest),
        learned=_learned(manifest) or {c.modality: c.corpus for c in report.calibrations},
        left_out=LEFT_OUT,
        formats=_formats(manifest),
        emotions=EMOTIONS,
        sentiments=SENTIMENTS,
        modality_names=MODALITY_NAMES,
        bins=BINS,
        seldom=SELDOM,
    )
    return re.sub(r"\n{3,}", "\n\n", text)  # what is left out leaves its blank lines


def _tables(manifest: Manifest, report: Report, shown: list[Evaluation]) -> list[tuple[str, list[Evaluation]]]:
    """Group the evaluations by whether an encoder learned from the corpus.

    Without a fitted fusion there is one table, without a title.
    """
    if report.fusion is None:
        return [("", shown)]
    home = [e for e in shown if _is_home(manifest, e)]
    others = [e for e in report.evaluations if not _is_home(manifest, e) and e.prior != "corpus"]
    return [("In the corpora of training", home), ("Outside of them", others)]


def _is_home(manifest: Manifest, evaluation: Evaluation) -> bool:
    """Return True where a network that learned from the corpus predicted the items."""
    own = {name for m in manifest.network.modalities for name in corpora_of(manifest, m)}
    return not evaluation.left_out and bool(own & {evaluation.corpus, evaluation.name})


def _sources(manifest: Manifest, report: Report) -> list[Source]:
    """Return what is scored, each once, by the recipe's name for it, with its own licence."""
    recipe = part_of(manifest.training, "recipe")
    corpora, fusion = part_of(recipe, "corpora"), part_of(recipe, "fusion")
    licences = {name: o.get("licence") for c in corpora.values() for name, o in part_of(c, "joined").items()}
    licences |= {slot["name"]: slot.get("licence") for slot in fusion.get("slots", ())}
    found: dict[str, Source] = {}
    for e in report.evaluations:
        name, corpus = e.name or e.corpus, CORPORA.get(e.corpus)
        if corpus is None or name in found or e.corpus.endswith("-plain"):
            continue
        held_out = HELD_OUT.get(e.corpus, "its held-out split")
        elsewhere = LEFT_OUT if e.left_out else FOREIGN.get(e.corpus, held_out)
        found[name] = Source(
            name=name,
            corpus=e.corpus,
            modalities=tuple(m for m in corpus.modalities if m in manifest.network.modalities),
            licence=licences.get(name) or corpus.licence,
            held_out=held_out if _is_home(manifest, e) else elsewhere,
        )
    return list(found.values())


def _learned(manifest: Manifest) -> dict[Modality, str]:
    """The corpora that each modality learned from, where the manifest keeps its recipe; their shares of several."""
    taught, found = part_of(manifest.training, "taught"), {}
    for modality in manifest.network.modalities:
        names = corpora_of(manifest, modality)
        shares = {name: by["share"] for name, by in part_of(part_of(taught, modality), "corpora").items()}
        if names:
            parts = [f"{name} ({shares[name]:.0%} of an epoch)" if name in shares else name for name in names]
            found[modality] = ", ".join(parts)
    return found


def _formats(manifest: Manifest) -> set[str]:
    """The entries of training.corpora that the bundle's encoders learned from."""
    found = set()
    for modality in manifest.network.modalities:
        names = corpora_of(manifest, modality)
        corpora = part_of(part_of(manifest.training, "recipe"), "corpora")
        joined = part_of(part_of(corpora, names[0]), "joined") if names else {}
        found |= {joined[name].get("corpus") or name if name in joined else name for name in names}
    return found


def _each_once(report: Report) -> list[Evaluation]:
    """Return one evaluation of each held-out split: all of its items, as written, under its own prior."""
    whole = [e for e in report.evaluations if e.prior == "corpus" and e.scope == "all"]
    return [e for e in whole if not e.corpus.endswith("-plain")]


def _selection(manifest: Manifest) -> dict[str, float]:
    """Return, by corpus, the share of training groups on which the best epoch was chosen; 0 where it was fixed."""
    corpora = part_of(part_of(manifest.training, "recipe"), "corpora")
    return {corpus: float(how.get("selection", 0.0)) for corpus, how in corpora.items()}


def _public(manifest: Manifest) -> list[tuple[str, str, Weights]]:
    """Public weights that took part in training: for which modality, in which part, and what they are."""
    recipe = part_of(manifest.training, "recipe")
    found: list[tuple[str, str, Weights]] = []
    for modality in manifest.network.modalities:
        section = part_of(recipe, modality)
        if section.get("public_encoder") in CATALOG:
            found.append((modality, "started from", CATALOG[section["public_encoder"]]))
        corpus = part_of(part_of(recipe, "corpora"), section.get("corpus", ""))
        teachers = [options.get("teacher") for options in (corpus, *part_of(corpus, "joined").values())]
        for teacher in dict.fromkeys(teachers) if modality == "text" else ():
            if teacher in CATALOG:
                found.append((modality, "learned from the soft labels of", CATALOG[teacher]))
    return found


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _range(interval: Interval) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"


if __name__ == "__main__":
    typer.run(main)
