"""HTML report of an analysis in one file: player, timeline, and every utterance with its reasons.

It asks the network for nothing and runs no script but its own: everything is inside, and a content
security policy that names the hashes of its one style and one script forbids the rest.
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
    Emotion,
    EmotionScore,
    Modality,
    Overall,
    Sentiment,
    SentimentScore,
    Utterance,
)
from model.reports.pages import TEMPLATES, content_policy, page_environment, page_style
from model.reports.palette import DRAWN_BACK, MODALITY_NAMES
from model.reports.people import Agreement, Judged, People, Votes
from model.reports.sentences import UNCLEAR, factor
from model.reports.thumbnails import thumbnails

Part = TypeVar("Part", bound=tuple[Any, ...])

MAX_EMBEDDED_BYTES = 16_000_000

# Media types that browsers play, by suffix; "{kind}" is video for files with a picture, else audio.
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

# From the top of the timeline down: pleasant above, unpleasant below, so that the line between tells the mood.
STACK: tuple[Emotion, ...] = ("joy", "surprise", "neutral", "sadness", "fear", "disgust", "anger")
# From the single modalities to everything, as people were asked.
JUDGED_NAMES: dict[Judged, str] = {
    **{judged: f"{MODALITY_NAMES[judged]} alone" for judged in ("text", "audio", "face")}, "together": "All together",
}  # fmt: skip
SENTIMENT_STACK: tuple[Sentiment, ...] = tuple(reversed(SENTIMENTS))

TIMELINE_WIDTH = 1000.0  # of the drawing; it is stretched over the page
# Its height is 100, so that a probability in percent is a height.
BAND_GAP = 0.8  # between bands: a line to see where one ends, whatever the colors ...
MAX_GAPPED = 120  # ... up to this many utterances; beyond, they are too narrow and the lines become specks
TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)  # seconds
MAX_TICKS = 7
LEAST_SCALE = 1.0  # nats that half a bar stands for at least: small leads must look small


def write_report(analysis: Analysis, video_path: Path, out: Path) -> None:
    """Write the report of a video's analysis to `out`. Raises MediaError (video) or OSError (either)."""
    out.write_bytes(render_report(analysis, video_path).encode("utf-8"))


def render_report(analysis: Analysis, video_path: Path, people: People | None = None) -> str:
    """The report as HTML. Reads the video for its thumbnails and, where it is small, to embed it.

    `people` are shown beside what was predicted. Raises MediaError where the video cannot be read.
    """
    name = _printable(video_path.name)
    environment = page_environment(TEMPLATES)
    environment.filters.update(
        clock=_clock,
        percent=_percent,
        stacked=_stacked,
        back_first=_back_first,
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
        comparison=_comparison(analysis, people),
        judged_names=JUDGED_NAMES,
        drawn_back=DRAWN_BACK,
        said_of_unclear=UNCLEAR,
    )


def _clock(seconds: float) -> str:
    """m:ss, or h:mm:ss from an hour on."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


@dataclass(frozen=True)
class _Player:
    """Media element of the report: `element` is video or audio, `source` a data: URL; or `why_not` in words."""

    element: str = ""
    source: str = ""
    why_not: str = ""


def _player(analysis: Analysis, path: Path) -> _Player:
    size = path.stat().st_size
    if path.suffix.lower() not in PLAYABLE:
        kind = path.suffix.removeprefix(".") or "this kind of"
        return _Player(why_not=f"Browsers do not play {kind} files, so this page holds no player.")
    if size > MAX_EMBEDDED_BYTES:
        return _Player(
            why_not=f"The file is too large to embed ({size / 1e6:.0f} MB; {MAX_EMBEDDED_BYTES / 1e6:.0f} MB is the "
            "most), so this page holds no player."
        )
    media_type = PLAYABLE[path.suffix.lower()].format(kind="video" if analysis.video.width else "audio")
    return _Player(element=media_type.partition("/")[0], source=_data_url(media_type, path.read_bytes()))


def _data_url(media_type: str, content: bytes | None) -> Markup:
    """Empty for no content. Marked as safe, since base64 needs no escaping and megabytes of it would take long."""
    if content is None:
        return Markup("")
    return Markup(f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")


@dataclass(frozen=True)
class _Comparison:
    """An analysis beside people: how often both say the same, and the votes on each utterance."""

    agreement: Agreement
    votes: list[dict[Judged, Votes]]


def _comparison(analysis: Analysis, people: People | None) -> _Comparison | None:
    """None without people who judged any of the utterances."""
    if people is None:
        return None
    votes = [people.of(utterance) for utterance in analysis.utterances]
    return _Comparison(people.agreement(analysis.utterances), votes) if any(votes) else None


@dataclass(frozen=True)
class _Timeline:
    """Shapes of the timeline: an SVG path per label, and the axis's ticks as (percent of the width, seconds)."""

    duration: float
    emotions: dict[str, str]
    sentiments: dict[str, str]
    ticks: list[tuple[float, int]]


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
    )


def _band(label: str, times: Sequence[tuple[float, float]], stacks: Sequence[Mapping[str, float]]) -> str:
    """SVG path of one label: a box per utterance, as high as its probability, below those before it in the stack.

    `times` are starts and ends as shares of the duration; `stacks` hold probabilities, from the top down.
    """
    gap = BAND_GAP if len(stacks) <= MAX_GAPPED else 0.0
    boxes = []
    for (start, end), stack in zip(times, stacks, strict=True):
        top, height = next((left, width) for name, left, width in _stacked(stack) if name == label)
        x, width = TIMELINE_WIDTH * start, TIMELINE_WIDTH * (end - start)
        boxes.append(f"M{x:.2f} {top:.2f}h{width:.2f}v{max(0.0, height - gap):.2f}h{-width:.2f}z")
    return "".join(boxes)


def _timeline_data(analysis: Analysis) -> dict[str, object]:
    """Return the script's data: times and probabilities, and no text from the video."""
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
    """Return the duration in seconds; never 0, and never shorter than the analyzed part."""
    return max([analysis.video.duration_s, *(u.end_time for u in analysis.utterances), 0.001])


def _by_label(scores: Sequence[EmotionScore | SentimentScore], labels: Sequence[str]) -> dict[str, float]:
    """Confidences by label, in the order of `labels`."""
    return _in_order({score.label: score.confidence for score in scores}, labels)


def _in_order(shares: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """Shares in the order of `labels`."""
    return {label: shares[label] for label in labels}


class _Part(NamedTuple):
    """A part of the first emotion's lead over the second, and its bar in percent of the width: from the middle to the
    right where it is for the first, to the left where it is against it. `modality` is "" for what is none.
    """

    name: str
    modality: Modality | Literal[""]
    nats: float
    left: float
    width: float


def _parts(result: Utterance | Overall) -> list[_Part]:
    """The parts of a lead: the modalities that have one, how common the two emotions are, and all together."""
    modalities: Mapping[Modality, Contribution] = result.modalities
    found: list[tuple[str, Modality | Literal[""], float]] = [
        (MODALITY_NAMES[m], m, modalities[m].contribution or 0.0) for m in MODALITIES if m in modalities
    ]
    found.append(("How common", "", result.bias or 0.0))
    found.append(("Together", "", sum(nats for *_, nats in found)))
    most = max(LEAST_SCALE, *(abs(nats) for *_, nats in found))
    return [_Part(*part, left=50 + min(0.0, 50 * part[2] / most), width=50 * abs(part[2]) / most) for part in found]


def _stacked(values: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Parts of a bar, one behind the other: label, left edge and width in percent."""
    left = 0.0
    for label, value in values.items():
        yield label, 100 * left, 100 * value
        left += value


def _back_first(parts: Iterable[Part]) -> list[Part]:
    """Parts of a drawing, each with its label first, in the order of drawing: what is drawn back lies behind."""
    return sorted(parts, key=lambda part: part[0] != DRAWN_BACK)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _printable(name: str) -> str:
    """A file's name as text; bytes that are no text become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")
