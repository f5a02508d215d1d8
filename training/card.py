"""MODEL_CARD.md of a bundle, rendered from its `config.json` and `evaluation.json`: `python -m training.card BUNDLE`.

Every figure of a card is taken from these files.
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
from training.evaluation.provenance import section_of, training_corpora
from training.fusion.fit_pipeline import FusionReport

TEMPLATES = Path(__file__).resolve().parent / "templates"
LOW_RECALL = 0.3  # recall below which a class is listed as often missed
FEW_GROUPS = 20  # number of groups below which bootstrap intervals are too narrow (Cameron et al. 2008)

HELD_OUT = {  # in-corpus: an encoder was trained on the corpus's training split
    "meld": "the official dev dialogues",
    "meld-text": "the official dev dialogues",
    "ravdess": "actors who are not in the training split",
    "fer2013": "the public-test images",
    "goemotions": "the official dev comments",
    "voices": "speakers who are not in the training split",
    "ferplus": "the public-test images, by the votes of ten people",
    "manifest": "the held-out dialogues of the manifest",
}
OUT_OF_CORPUS = {  # out-of-corpus: no encoder was trained on it
    "goemotions": f"{HELD_OUT['goemotions']}; no encoder was trained on the others",
    "voices": "all of it; no encoder was trained on it",
}
LEFT_OUT = "its training split, predicted by a network trained without it (leave-one-corpus-out)"
# Corpora whose sentiment is derived from the emotion.
IMPLIED = ("goemotions", "ravdess", "voices", "fer2013", "ferplus")


class Source(BaseModel):
    """A row of the card's data table: one set of scored items."""

    name: str
    corpus: str
    modalities: tuple[Modality, ...]
    licence: str
    held_out: str


class Report(BaseModel):
    """Figures of a model card, stored in the bundle as `evaluation.json`."""

    created: str
    commit: str
    prior_of: Modality | None = None  # modality whose class frequencies are the declared prior, without a fitted fusion
    calibrations: list[CalibrationReport]
    fused: FusedReport | None = None  # None if no held-out item has several modalities
    fusion: FusionReport | None = None  # fitted by `training.fuse` on composed items
    evaluations: list[Evaluation]

    @property
    def several(self) -> int:
        """Maximum number of items with two or more modalities in an evaluation; 0 if fusion was not measured."""
        return max((e.several for e in self.evaluations), default=0)

    @property
    def gap(self) -> float:
        """Largest difference, in points of accuracy or weighted F1, of one modality through the fusion and alone."""
        gaps = [
            max(abs(s.emotion.accuracy - s.alone.accuracy), abs(s.emotion.weighted_f1 - s.alone.weighted_f1))
            for e in self.evaluations
            for s in e.subsets
            if s.emotion is not None and s.alone is not None
        ]
        return 100 * max(gaps, default=0.0)


def main(bundle: Annotated[str, typer.Argument(help="Name or folder of the bundle.")]) -> None:
    """Write a bundle's MODEL_CARD.md from its evaluation."""
    write_card(find_bundle(bundle))


def write_card(folder: Path) -> None:
    """Write the card of the bundle in `folder`. Raises OSError, or ValueError for an invalid evaluation."""
    report = Report.model_validate_json((folder / "evaluation.json").read_bytes())
    (folder / "MODEL_CARD.md").write_text(render_card(read_manifest(folder), report), encoding="utf-8")


def render_card(manifest: Manifest, report: Report) -> str:
    """Render the card with the figures of the report."""
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
        few=[e for e in _one_per_split(report) if e.emotion is not None and e.emotion.groups < FEW_GROUPS],
        items=section_of(manifest.training, "data"),
        selection=_selection(manifest),
        public=_public_weights(manifest),
        learned=_training_corpora(manifest) or {c.modality: c.corpus for c in report.calibrations},
        left_out=LEFT_OUT,
        formats=_formats(manifest),
        emotions=EMOTIONS,
        sentiments=SENTIMENTS,
        modality_names=MODALITY_NAMES,
        bins=BINS,
        seldom=LOW_RECALL,
    )
    return re.sub(r"\n{3,}", "\n\n", text)  # omitted sections leave blank lines


def _tables(manifest: Manifest, report: Report, shown: list[Evaluation]) -> list[tuple[str, list[Evaluation]]]:
    """Group the evaluations into in-corpus and out-of-corpus.

    Without a fitted fusion there is one table without a title.
    """
    if report.fusion is None:
        return [("", shown)]
    in_corpus = [e for e in shown if _is_in_corpus(manifest, e)]
    out_of_corpus = [e for e in report.evaluations if not _is_in_corpus(manifest, e) and e.prior != "corpus"]
    return [("In-corpus", in_corpus), ("Out-of-corpus", out_of_corpus)]


def _is_in_corpus(manifest: Manifest, evaluation: Evaluation) -> bool:
    """Return True if the predicting network was trained on the corpus."""
    own = {name for m in manifest.network.modalities for name in training_corpora(manifest, m)}
    return not evaluation.left_out and bool(own & {evaluation.corpus, evaluation.name})


def _sources(manifest: Manifest, report: Report) -> list[Source]:
    """Return the scored data sets by their names in the recipe, with their licences."""
    recipe = section_of(manifest.training, "recipe")
    corpora, fusion = section_of(recipe, "corpora"), section_of(recipe, "fusion")
    licences = {name: o.get("licence") for c in corpora.values() for name, o in section_of(c, "joined").items()}
    licences |= {slot["name"]: slot.get("licence") for slot in fusion.get("slots", ())}
    found: dict[str, Source] = {}
    for e in report.evaluations:
        name, corpus = e.name or e.corpus, CORPORA.get(e.corpus)
        if corpus is None or name in found or e.corpus.endswith("-plain"):
            continue
        held_out = HELD_OUT.get(e.corpus, "its held-out split")
        otherwise = LEFT_OUT if e.left_out else OUT_OF_CORPUS.get(e.corpus, held_out)
        found[name] = Source(
            name=name,
            corpus=e.corpus,
            modalities=tuple(m for m in corpus.modalities if m in manifest.network.modalities),
            licence=licences.get(name) or corpus.licence,
            held_out=held_out if _is_in_corpus(manifest, e) else otherwise,
        )
    return list(found.values())


def _training_corpora(manifest: Manifest) -> dict[Modality, str]:
    """Return each modality's training corpora, with shares if there are several; empty without a recipe."""
    taught, found = section_of(manifest.training, "taught"), {}
    for modality in manifest.network.modalities:
        names = training_corpora(manifest, modality)
        shares = {name: by["share"] for name, by in section_of(section_of(taught, modality), "corpora").items()}
        if names:
            parts = [f"{name} ({shares[name]:.0%} of an epoch)" if name in shares else name for name in names]
            found[modality] = ", ".join(parts)
    return found


def _formats(manifest: Manifest) -> set[str]:
    """Return the entries of training.corpora that the encoders were trained on."""
    found = set()
    for modality in manifest.network.modalities:
        names = training_corpora(manifest, modality)
        corpora = section_of(section_of(manifest.training, "recipe"), "corpora")
        joined = section_of(section_of(corpora, names[0]), "joined") if names else {}
        found |= {joined[name].get("corpus") or name if name in joined else name for name in names}
    return found


def _one_per_split(report: Report) -> list[Evaluation]:
    """Return one evaluation of each held-out split: all items, as written, under the corpus's prior."""
    evaluations = [e for e in report.evaluations if e.prior == "corpus" and e.scope == "all"]
    return [e for e in evaluations if not e.corpus.endswith("-plain")]


def _selection(manifest: Manifest) -> dict[str, float]:
    """Return, by corpus, the share of training groups used to select the epoch; 0 for a fixed number of epochs."""
    corpora = section_of(section_of(manifest.training, "recipe"), "corpora")
    return {corpus: float(options.get("selection", 0.0)) for corpus, options in corpora.items()}


def _public_weights(manifest: Manifest) -> list[tuple[str, str, Weights]]:
    """Return the public weights used in training: modality, role and catalog entry."""
    recipe = section_of(manifest.training, "recipe")
    found: list[tuple[str, str, Weights]] = []
    for modality in manifest.network.modalities:
        section = section_of(recipe, modality)
        if section.get("public_encoder") in CATALOG:
            found.append((modality, "initialized from", CATALOG[section["public_encoder"]]))
        corpus = section_of(section_of(recipe, "corpora"), section.get("corpus", ""))
        teachers = [options.get("teacher") for options in (corpus, *section_of(corpus, "joined").values())]
        for teacher in dict.fromkeys(teachers) if modality == "text" else ():
            if teacher in CATALOG:
                found.append((modality, "trained on soft labels of", CATALOG[teacher]))
    return found


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _range(interval: Interval) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"


if __name__ == "__main__":
    typer.run(main)
