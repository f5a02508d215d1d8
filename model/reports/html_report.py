"""Self-contained HTML report of an analysis: player, timeline, and every utterance with its explanation.

The page makes no network requests: its content security policy allows only its own style and script, by their hashes.
"""

import base64
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from markupsafe import Markup

from model.contract import (
    MODALITIES,
    SENTIMENTS,
    Analysis,
    Contribution,
    Curves,
    Emotion,
    EmotionScore,
    Modality,
    Overall,
    Sentiment,
    SentimentScore,
    Utterance,
)
from model.reports.pages import TEMPLATES, content_policy, page_environment, page_style
from model.reports.palette import MODALITY_NAMES, MUTED_LABEL
from model.reports.people import Agreement, Condition, Judgments, Votes
from model.reports.sentences import UNCLEAR, factor
from model.reports.thumbnails import thumbnails

Part = TypeVar("Part", bound=tuple[Any, ...])

MAX_EMBEDDED_BYTES = 16_000_000

# Media types that browsers play, by suffix; "{kind}" is video for files with a video track, else audio.
PLAYABLE = {
    ".mp4": "{kind}/mp4",
    ".m4v": "{kind}/mp4",
    ".webm": "{kind}/webm",
    ".ogg": "{kind}/ogg",
    ".ogv": "{kind}/ogg",
    ".oga": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
}

# Bands of the timeline from the top down: pleasant ones above, unpleasant ones below.
STACK: tuple[Emotion, ...] = ("joy", "surprise", "neutral", "sadness", "fear", "disgust", "anger")
# Display names of the conditions of people's judgments.
CONDITION_NAMES: dict[Condition, str] = {
    **{condition: f"{MODALITY_NAMES[condition]} only" for condition in ("text", "audio", "face")},
    "together": "All together",
}
SENTIMENT_STACK: tuple[Sentiment, ...] = tuple(reversed(SENTIMENTS))

TIMELINE_WIDTH = 1000.0  # SVG units, stretched to the page; the height is 100, so that heights are percentages
BAND_GAP = 0.8  # between bands, so that they are distinguishable by more than color
MAX_GAPPED = 120  # utterances; with more, the boxes are too narrow for gaps
TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)  # seconds
MAX_TICKS = 7
MIN_BAR_SCALE = 1.0  # nats per half bar, at least, so that small contributions look small


def write_report(analysis: Analysis, video_path: Path, out: Path) -> None:
    """Write the report of a video's analysis to `out`. Raises MediaError or OSError."""
    out.write_bytes(render_report(analysis, video_path).encode("utf-8"))


def render_report(analysis: Analysis, video_path: Path, judgments: Judgments | None = None) -> str:
    """Render the report as HTML, with thumbnails of the video and, up to MAX_EMBEDDED_BYTES, the video itself.

    `judgments` are shown beside the predictions. Raises MediaError if the video cannot be read.
    """
    name = _printable(video_path.name)
    environment = page_environment(TEMPLATES)
    environment.filters.update(
        clock=_clock,
        percent=_percent,
        stacked=_stacked,
        muted_first=_muted_first,
        by_label=_by_label,
        parts=_parts,
        factor=factor,
        in_order=_in_order,
    )
    pictures = [_data_url("image/jpeg", jpeg) for jpeg in thumbnails(analysis.utterances, video_path)]
    style = page_style((TEMPLATES / "report.css").read_text("utf-8"))
    script = (TEMPLATES / "report.js").read_text("utf-8")
    return environment.get_template("report.html").render(
        analysis=analysis,
        name=name,
        title=f"{name}: emotions",
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
        player=_player(analysis, video_path),
        thumbnails=pictures,
        timeline=_timeline(analysis),
        timeline_data=_timeline_data(analysis),
        stack=STACK,
        sentiment_stack=SENTIMENT_STACK,
        modality_names=MODALITY_NAMES,
        comparison=_comparison(analysis, judgments),
        condition_names=CONDITION_NAMES,
        muted_label=MUTED_LABEL,
        unclear_note=UNCLEAR,
    )


def _clock(seconds: float) -> str:
    """Format as m:ss, or h:mm:ss for an hour and more."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


@dataclass(frozen=True)
class _Player:
    """Media element of the report: `element` is video or audio, `source` a data: URL; `note` explains its absence."""

    element: str = ""
    source: str = ""
    note: str = ""


def _player(analysis: Analysis, path: Path) -> _Player:
    size = path.stat().st_size
    if path.suffix.lower() not in PLAYABLE:
        kind = path.suffix.removeprefix(".") or "this kind of"
        return _Player(note=f"Browsers cannot play {kind} files, so this report has no player.")
    if size > MAX_EMBEDDED_BYTES:
        return _Player(
            note=f"The file is too large to embed ({size / 1e6:.0f} MB; the limit is {MAX_EMBEDDED_BYTES / 1e6:.0f} "
            "MB), so this report has no player."
        )
    media_type = PLAYABLE[path.suffix.lower()].format(kind="video" if analysis.video.width else "audio")
    return _Player(element=media_type.partition("/")[0], source=_data_url(media_type, path.read_bytes()))


def _data_url(media_type: str, content: bytes | None) -> Markup:
    """Return a data: URL; empty without content. It is marked as safe, because escaping megabytes is slow."""
    if content is None:
        return Markup("")
    return Markup(f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")


@dataclass(frozen=True)
class _Comparison:
    """Comparison of an analysis with people's judgments: their agreement, and the votes on each utterance."""

    agreement: Agreement
    votes: list[dict[Condition, Votes]]


def _comparison(analysis: Analysis, judgments: Judgments | None) -> _Comparison | None:
    """Return the comparison, or None if no utterance was rated."""
    if judgments is None:
        return None
    votes = [judgments.of(utterance) for utterance in analysis.utterances]
    return _Comparison(judgments.agreement(analysis.utterances), votes) if any(votes) else None


@dataclass(frozen=True)
class _Timeline:
    """Shapes of the timeline: an SVG path per label, and the axis's ticks as (percent of the width, seconds).

    `curves` are the paths of what single modalities predict over time.
    """

    duration: float
    emotions: dict[str, str]
    sentiments: dict[str, str]
    ticks: list[tuple[float, int]]
    curves: dict[Modality, dict[str, str]]


def _timeline(analysis: Analysis) -> _Timeline:
    duration = _duration(analysis)
    emotions = [_by_label(u.emotions, STACK) for u in analysis.utterances]
    sentiments = [_by_label(u.sentiments, SENTIMENT_STACK) for u in analysis.utterances]
    times = [(u.start_time / duration, u.end_time / duration) for u in analysis.utterances]
    step = next((s for s in TICK_STEPS if duration / s <= MAX_TICKS), round(duration / MAX_TICKS))
    return _Timeline(
        duration=duration,
        emotions={label: _band(label, times, emotions) for label in STACK},
        sentiments={label: _band(label, times, sentiments) for label in SENTIMENT_STACK},
        ticks=[(100 * time / duration, time) for time in range(0, int(duration) + 1, step)],
        curves=_curves(analysis.curves, duration),
    )


def _curves(curves: Curves | None, duration: float) -> dict[Modality, dict[str, str]]:
    """Return a path per modality and label, with a box for each step with evidence."""
    if curves is None:
        return {}
    found: dict[Modality, dict[str, str]] = {}
    for modality, steps in curves.modalities.items():
        edges = [min(1.0, i * curves.step_s / duration) for i in range(len(steps) + 1)]
        seen = [(edges[i], edges[i + 1], step) for i, step in enumerate(steps) if step is not None]
        stacks = [_in_order(dict(zip(curves.emotions, step, strict=True)), STACK) for *_, step in seen]
        times = [(start, end) for start, end, _ in seen]
        found[modality] = {label: _band(label, times, stacks, gap=0.0) for label in STACK}
    return found


def _band(
    label: str,
    times: Sequence[tuple[float, float]],
    stacks: Sequence[Mapping[str, float]],
    gap: float = BAND_GAP,
) -> str:
    """Return the SVG path of one label: a box per utterance with the label's probability as its height.

    `times` are starts and ends as shares of the duration; `stacks` hold probabilities by label, from the top down.
    """
    gap = gap if len(stacks) <= MAX_GAPPED else 0.0
    boxes = []
    for (start, end), stack in zip(times, stacks, strict=True):
        top, height = next((left, width) for name, left, width in _stacked(stack) if name == label)
        x, width = TIMELINE_WIDTH * start, TIMELINE_WIDTH * (end - start)
        boxes.append(f"M{x:.2f} {top:.2f}h{width:.2f}v{max(0.0, height - gap):.2f}h{-width:.2f}z")
    return "".join(boxes)


def _timeline_data(analysis: Analysis) -> dict[str, object]:
    """Return the script's data: times and probabilities, without text from the video."""
    utterances = [
        {
            "start": u.start_time,
            "end": u.end_time,
            "emotions": _by_label(u.emotions, STACK),
            "sentiments": _by_label(u.sentiments, SENTIMENT_STACK),
        }
        for u in analysis.utterances
    ]
    return {"duration": _duration(analysis), "utterances": utterances}


def _duration(analysis: Analysis) -> float:
    """Return the duration in seconds: positive, and at least that of the analyzed part."""
    return max([analysis.video.duration_s, *(u.end_time for u in analysis.utterances), 0.001])


def _by_label(scores: Sequence[EmotionScore | SentimentScore], labels: Sequence[str]) -> dict[str, float]:
    """Return confidences by label, in the order of `labels`."""
    return _in_order({score.label: score.confidence for score in scores}, labels)


def _in_order(shares: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """Return shares in the order of `labels`."""
    return {label: shares[label] for label in labels}


class _Part(NamedTuple):
    """A part of the first emotion's lead over the second, and its bar in percent of the width.

    The bar extends from the middle to the right if the part favors the first emotion, else to the left. `modality` is
    "" for the base rate and the total.
    """

    name: str
    modality: Modality | Literal[""]
    nats: float
    left: float
    width: float


def _parts(result: Utterance | Overall) -> list[_Part]:
    """Return the parts of a lead: the modalities, the base rate of the two emotions, and the total."""
    modalities: Mapping[Modality, Contribution] = result.modalities
    found: list[tuple[str, Modality | Literal[""], float]] = [
        (MODALITY_NAMES[m], m, modalities[m].contribution or 0.0) for m in MODALITIES if m in modalities
    ]
    found.append(("Base rate", "", result.bias or 0.0))
    found.append(("Total", "", sum(nats for *_, nats in found)))
    scale = max(MIN_BAR_SCALE, *(abs(nats) for *_, nats in found))
    return [_Part(*part, left=50 + min(0.0, 50 * part[2] / scale), width=50 * abs(part[2]) / scale) for part in found]


def _stacked(values: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Yield the parts of a stacked bar: label, left edge and width in percent."""
    left = 0.0
    for label, value in values.items():
        yield label, 100 * left, 100 * value
        left += value


def _muted_first(parts: Iterable[Part]) -> list[Part]:
    """Return the parts of a drawing, tuples that begin with a label, in drawing order: the muted label is behind."""
    return sorted(parts, key=lambda part: part[0] != MUTED_LABEL)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _printable(name: str) -> str:
    """Return a file's name as text; undecodable bytes become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")
