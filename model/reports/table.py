"""An analysis as a colored table in the terminal."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from model.contract import Analysis, Overall, Utterance
from model.reports.palette import EMOTION_COLORS, MODALITY_NAMES
from model.reports.people import Judged, People, Votes
from model.reports.sentences import UNCLEAR, sentence_of

BAR_WIDTH = 12


def print_analysis(analysis: Analysis, path: Path, console: Console, people: People | None = None) -> None:
    """Print the utterances, each with its reasons, the whole, and the warnings.

    `people` are shown beside what was predicted.
    """
    table = Table(box=None, show_header=False, pad_edge=False, title_justify="left", expand=True)
    table.title = f"[bold]{escape(path.name)}[/]  [dim]{_facts(analysis)}[/]"
    table.add_column("time", no_wrap=True)
    table.add_column("utterance", ratio=1)
    speakers = analysis.speaker_labels
    for utterance in analysis.utterances:
        table.add_row(*_row(utterance, analysis.language, people, speakers.get(utterance.speaker or "", "")))
    console.print()
    console.print(table)
    if analysis.overall.emotions:
        console.print(Text("overall  ", style="dim").append_text(_overall(analysis.overall)))
        for person in analysis.people if speakers else ():
            seen = Text(f"{person.label} ({_clock(person.seconds)})  ", style="dim")
            console.print(seen.append_text(_overall(person.summary)))
    if people is not None and not any(people.of(utterance) for utterance in analysis.utterances):
        console.print("[yellow]note:[/] none of the stretches that people judged fits an utterance", soft_wrap=True)
    elif people is not None and (agreement := people.agreement(analysis.utterances)).of:
        console.print(f"[dim]people[/]   the same emotion first in {agreement.same} of {agreement.of} utterances")
    if analysis.overall.emotions:
        console.print(f"[dim]{_key(analysis)}[/]", highlight=False)
    for warning in analysis.warnings:
        console.print(f"[yellow]note:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _row(utterance: Utterance, language: str | None, people: People | None, speaker: str) -> tuple[str, Group]:
    """The time of an utterance; then its result, its words, and why. `speaker` is "" where one person speaks."""
    words = Text(utterance.text) if utterance.text else Text("(no speech)", style="dim italic")
    if utterance.language not in (None, language):
        words = Text(f"[{utterance.language}] ", style="dim").append_text(words)
    if speaker:
        words = Text(f"{speaker}: ", style="bold").append_text(words)
    lines = [_result(utterance), words]
    if sentence := sentence_of(utterance, with_factors=True):
        lines.append(Text(sentence, style="dim"))
    if people is not None and (said := people.of(utterance)):
        lines.append(_votes(utterance, said))
    return f"{_clock(utterance.start_time)}-{_clock(utterance.end_time)}", Group(*lines)


def _result(utterance: Utterance) -> Text:
    """The first emotion and sentiment, and what is to be known of them."""
    emotion, sentiment = utterance.emotions[0], utterance.sentiments[0]
    style = ("dim " if utterance.unclear else "") + EMOTION_COLORS[emotion.label]
    filled = round(emotion.confidence * BAR_WIDTH)
    line = Text(f"{emotion.label:<8} {emotion.confidence:>4.0%} ", style=style)
    line.append("━" * filled, style=style).append("─" * (BAR_WIDTH - filled), style="gray23")
    line.append(f"  sentiment {sentiment.label} {sentiment.confidence:.0%}")
    marks = [
        name for name, there in (("unclear", utterance.unclear), ("mixed signals", utterance.contradictory)) if there
    ]
    line.append("".join(f"  {mark}" for mark in marks), style="bold")
    return line


def _votes(utterance: Utterance, said: Mapping[Judged, Votes]) -> Text:
    """People's votes, those on everything together first: "=" where most are for what was predicted."""
    line = Text("people")
    for judged in sorted(said, key=lambda judged: judged != "together"):
        votes = said[judged]
        if judged == "together":
            line.append(" = " if utterance.emotions[0].label in votes.majority else " ≠ ")
        else:
            line.append(f", {MODALITY_NAMES[judged].lower()} alone ", style="dim")
        line.append(f"{votes.leading} {votes.most}/{votes.total}", style=EMOTION_COLORS[votes.majority[0]])
    return line


def _overall(overall: Overall) -> Text:
    text = Text()
    if overall.unclear:
        text.append("unclear  ", style="bold")
    for score in overall.emotions[:3]:
        text.append(f"{score.label} {score.confidence:.0%}  ", style=EMOTION_COLORS[score.label])
    top = overall.sentiments[0]
    return text.append(f"sentiment {top.label} {top.confidence:.0%}", style="bold")


def _key(analysis: Analysis) -> str:
    """The meaning of the signs that the table has."""
    signs = ["× makes the first emotion more likely against the second, that many times; ÷ less."]
    if any(utterance.unclear for utterance in analysis.utterances):
        signs.append(UNCLEAR)
    return " ".join(signs)


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
