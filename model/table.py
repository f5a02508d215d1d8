"""An analysis as a coloured table in the terminal."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from model.contract import MODALITIES, Analysis, Overall, Utterance
from model.palette import EMOTION_COLOURS, MODALITY_NAMES
from model.people import People

BAR_WIDTH = 10
NARROW = 110  # columns of the terminal; below, bars go and names are cut, so that the words have room


def print_analysis(analysis: Analysis, path: Path, console: Console, people: People | None = None) -> None:
    """Print the utterances, the whole, and the warnings; "?" marks an unclear emotion.

    `people` are shown beside what was predicted.
    """
    table = Table(box=None, header_style="dim", pad_edge=False, title_justify="left", expand=True)
    table.title = f"[bold]{escape(path.name)}[/]  [dim]{_facts(analysis)}[/]"
    table.add_column("time", no_wrap=True)
    table.add_column("words", ratio=1)
    table.add_column("emotion", no_wrap=True)
    table.add_column("sentiment", no_wrap=True)
    table.add_column("based on", no_wrap=True)
    if people is not None:
        table.add_column("people", no_wrap=True)
    for utterance in analysis.utterances:
        row = _row(utterance, analysis.language, narrow=console.width < NARROW)
        table.add_row(*row, *([] if people is None else [_of_people(people, utterance)]))
    console.print()
    console.print(table)
    if analysis.overall.emotions:
        console.print(Text("overall  ", style="dim").append_text(_overall(analysis.overall)))
    if people is not None and (agreement := people.agreement(analysis.utterances)).of:
        console.print(f"[dim]people   [/] the same emotion first in {agreement.same} of {agreement.of} utterances")
    for warning in analysis.warnings:
        console.print(f"[yellow]note:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _row(utterance: Utterance, language: str | None, narrow: bool) -> tuple[str | Text, ...]:
    emotion, sentiment = utterance.emotions[0], utterance.sentiments[0]
    style = ("dim " if utterance.unclear else "") + EMOTION_COLOURS[emotion.label]
    filled = round(emotion.confidence * BAR_WIDTH)
    bar = Text() if narrow else Text("━" * filled, style=style).append("━" * (BAR_WIDTH - filled), style="grey23")
    label = Text(f"{emotion.label:<8} {emotion.confidence:>4.0%} ", style=style)
    words = Text(utterance.text) if utterance.text else Text("(no speech)", style="dim italic")
    if utterance.language not in (None, language):
        words = Text(f"[{utterance.language}] ", style="dim").append_text(words)
    return (
        f"{_clock(utterance.start_time)}-{_clock(utterance.end_time)}",
        words,
        label.append("? " if utterance.unclear else "  ").append_text(bar),
        f"{sentiment.label[:3] if narrow else sentiment.label} {sentiment.confidence:.0%}",
        Text(_decided_by(utterance, narrow), style="dim"),
    )


def _of_people(people: People, utterance: Utterance) -> Text:
    """What most people said of all of an utterance: "=" where it is what was predicted."""
    stretch = people.of(utterance)
    votes = None if stretch is None else stretch.votes.get("together")
    if votes is None:
        return Text("-", style="dim")
    same = utterance.emotions[0].label in votes.majority
    return Text(f"{'=' if same else '≠'} {votes.first}", style=EMOTION_COLOURS[votes.majority[0]])


def _decided_by(utterance: Utterance, narrow: bool) -> str:
    """Return each modality's share of the winning emotion; "!" marks modalities that contradict each other."""
    weights = {m: utterance.modalities[m].weight for m in MODALITIES if m in utterance.modalities}
    names = {m: name[0] if narrow else f"{name.lower()} " for m, name in MODALITY_NAMES.items()}
    shares = " ".join(f"{names[m]}{weight:.0%}" for m, weight in weights.items())
    if utterance.decided_by == "prior":
        shares = "prior" if narrow else "nothing but the prior"
    return f"{shares} !" if utterance.contradictory else shares


def _overall(overall: Overall) -> Text:
    text = Text()
    if overall.unclear:
        text.append("unclear  ", style="bold")
    for score in overall.emotions[:3]:
        text.append(f"{score.label} {score.confidence:.0%}  ", style=EMOTION_COLOURS[score.label])
    top = overall.sentiments[0]
    return text.append(f"{top.label} {top.confidence:.0%}", style="bold")


def _facts(analysis: Analysis) -> str:
    video = analysis.video
    size = f", {video.width}x{video.height}" if video.width else ""
    spoken = f", language {analysis.language}" if analysis.language else ""
    count = len(analysis.utterances)
    counted = f"{count} utterance" if count == 1 else f"{count} utterances"
    return f"{_clock(video.duration_s)}{size}{spoken}, {counted}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60.0)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
