"""HTML report of evaluations: headline figures, classes, confusion, calibration, subsets of modalities.

Self-contained: it needs no network access and runs no script.
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

HEAT_STEPS = 20  # shades of a confusion matrix; a step is 5% of a row
PLOT = 240.0  # side of a reliability diagram, in SVG units
DOT = (2.0, 7.0)  # radius of a bin's dot with no items and with all items; the area is linear in their number

CORPUS_NAMES = {
    "meld": "MELD, text, audio and video",
    "meld-text": "MELD, transcripts",
    "meld-text-plain": "MELD, transcripts without case and punctuation",
    "ravdess": "RAVDESS, voices",
    "fer2013": "FER2013, faces",
    "ferplus": "FER+, faces with people's votes",
    "goemotions": "GoEmotions, comments",
    "voices": "acted voices",
    "composed": "items composed from several corpora",
    "manifest": "custom manifest",
}
SCOPE_NAMES = {"all": "all items", "unseen": "without training items"}
PRIOR_NAMES = {"corpus": "prior of the corpus", "declared": "declared prior", "uniform": "uniform prior"}


@dataclass(frozen=True)
class Curve:
    """Line of a reliability diagram: a point per non-empty bin, in units of PLOT, with y upwards from 0."""

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
    """Render at least one evaluation as HTML; the first is expanded."""
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
    """Return a CSS class for each shade of a confusion matrix."""
    return "".join(
        f".heat-{step}{{background:color-mix(in srgb,var(--heat) {100 * step // HEAT_STEPS}%,var(--surface));"
        f"color:var(--{'on-heat' if step > 0.75 * HEAT_STEPS else 'text'})}}\n"
        for step in range(HEAT_STEPS + 1)
    )


def _heat(row: Sequence[int]) -> list[int]:
    """Return the shade of each cell of a confusion matrix's row, by its share of the row."""
    total = max(1, sum(row))
    return [round(HEAT_STEPS * cell / total) for cell in row]


def _curves(figures: Figures) -> list[Curve]:
    """Return the curves of a reliability diagram: before calibration, if known, and after."""
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
    """Format an interval with an en dash."""
    return f"{interval[0]:.3f}–{interval[1]:.3f}"


def _plus(value: float) -> str:
    """Format a difference in percentage points, with its sign."""
    return f"{100 * value:+.1f}"
