"""One HTML file that shows evaluations: headline figures, classes, confusion, calibration, subsets of modalities.

Like the report of an analysis it asks the network for nothing; it runs no script at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from model.reports.pages import content_policy, page_environment, page_style
from model.reports.palette import MODALITY_NAMES
from training.corpora import CORPORA
from training.evaluation.confidence import BINS, Bin
from training.evaluation.metrics import BOOTSTRAP_ROUNDS, Figures
from training.evaluation.protocol import Evaluation
from training.revision import commit

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"

HEAT_STEPS = 20  # shades of a confusion matrix: a step is 5% of a row
PLOT = 240.0  # side of a reliability diagram's square, in its own units
DOT = (2.0, 7.0)  # radius of a bin's dot, from no items to all of them: its area grows with them

CORPUS_NAMES = {
    "meld": "MELD, words, sound and picture",
    "meld-text": "MELD, transcripts",
    "meld-text-plain": "MELD, transcripts without case and punctuation",
    "ravdess": "RAVDESS, voices",
    "fer2013": "FER2013, faces",
    "ferplus": "FER+, faces with people's votes",
    "goemotions": "GoEmotions, comments",
    "voices": "acted voices",
    "composed": "items composed from several corpora",
    "manifest": "a manifest of your own",
}
SCOPE_NAMES = {"all": "all items", "unseen": "without items seen in training"}
PRIOR_NAMES = {"corpus": "prior of the corpus", "declared": "declared prior", "uniform": "uniform prior"}


@dataclass(frozen=True)
class Curve:
    """A reliability diagram's line: a point per bin that holds items, in units of PLOT, y upwards from 0."""

    name: str
    ece: float
    points: list[tuple[float, float, float]]  # x, y, radius

    @property
    def line(self) -> str:
        return " ".join(f"{x:.1f},{PLOT - y:.1f}" for x, y, _ in self.points)


def write_report(evaluations: Sequence[Evaluation], out: Path) -> None:
    """Write the report to `out`. Raises OSError."""
    out.write_text(render_report(evaluations), encoding="utf-8")


def render_report(evaluations: Sequence[Evaluation]) -> str:
    """The report as HTML; at least one evaluation. The first is shown open, the others to be opened."""
    environment = page_environment(TEMPLATES)
    environment.filters.update(figure=_figure, range=_range, heat=_heat, curves=_curves, plus=_plus)
    style = page_style(heat_rules() + (TEMPLATES / "evaluation.css").read_text("utf-8"))
    first = evaluations[0]
    return environment.get_template("evaluation.html").render(
        first=first,
        title=f"{first.bundle} {first.version} on {first.corpus}",
        evaluations=[e for e in evaluations if not (e.same_prior and e.prior == "corpus")],
        style=Markup(style),
        policy=content_policy(style, ""),
        corpora=CORPORA,
        corpus_names=CORPUS_NAMES,
        scope_names=SCOPE_NAMES,
        prior_names=PRIOR_NAMES,
        modality_names=MODALITY_NAMES,
        created=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=commit(),
        bins=BINS,
        rounds=BOOTSTRAP_ROUNDS,
        plot=PLOT,
    )


def heat_rules() -> str:
    """A class for each shade of a confusion matrix, of the page's accent on its surface."""
    return "".join(
        f".heat-{step}{{background:color-mix(in srgb,var(--heat) {100 * step // HEAT_STEPS}%,var(--surface));"
        f"color:var(--{'on-heat' if step > 0.75 * HEAT_STEPS else 'text'})}}\n"
        for step in range(HEAT_STEPS + 1)
    )


def _heat(row: Sequence[int]) -> list[int]:
    """The shade of each cell of a confusion matrix's row, by its share of the row."""
    total = max(1, sum(row))
    return [round(HEAT_STEPS * cell / total) for cell in row]


def _curves(figures: Figures) -> list[Curve]:
    """What a reliability diagram shows: before calibration where that is known, and after."""
    parts = [("before", figures.uncalibrated), ("after", figures.calibrated)]
    return [Curve(name, part.ece, _points(part.bins)) for name, part in parts if part is not None]


def _points(bins: Sequence[Bin]) -> list[tuple[float, float, float]]:
    total = sum(b.items for b in bins)
    small, large = DOT
    return [
        (PLOT * b.confidence, PLOT * b.accuracy, math.sqrt(small**2 + (large**2 - small**2) * b.items / total))
        for b in bins
    ]


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _range(interval: tuple[float, float]) -> str:
    """An interval, with an en dash between its ends."""
    return f"{interval[0]:.3f}–{interval[1]:.3f}"


def _plus(value: float) -> str:
    """A difference in points of 100, with its sign."""
    return f"{100 * value:+.1f}"
