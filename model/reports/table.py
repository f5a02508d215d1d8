"""Analysis as a colored table in the terminal."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from model.contract import Analysis, Overall, Utterance
from model.reports.palette import EMOTION_COLORS, MODALITY_NAMES
from model.reports.people import Condition, Judgments, Votes
from model.reports.sentences import UNCLEAR, sentence_of

BAR_WIDTH = 12


def print_analysis(analysis: Analysis, path: Path, console: Console, judgments: Judgments | None = None) -> None:
    """Print the utterances with their explanations, the overall result and the warnings.

    `judgments` are shown beside the predictions.
    """
    table = Table(box=None, show_header=False, pad_edge=False, title_justify="left", expand=True)
    table.title = f"[bold]{escape(path.name)}[/]  [dim]{_facts(analysis)}[/]"
    table.add_column("time", no_wrap=True)
    table.add_column("utterance", ratio=1)
    speakers = analysis.speaker_labels
    for utterance in analysis.utterances:
        table.add_row(*_row(utterance, analysis.language, judgments, speakers.get(utterance.speaker or "", "")))
    console.print()
    console.print(table)
    if analysis.overall.emotions:
        console.print(Text("overall  ", style="dim").append_text(_overall(analysis.overall)))
        for person in analysis.people if speakers else ():
            summary = Text(f"{person.label} ({_clock(person.seconds)})  ", style="dim")
            console.print(summary.append_text(_overall(person.summary)))
    if judgments is not None and not any(judgments.of(utterance) for utterance in analysis.utterances):
        console.print("[yellow]warning:[/] none of the rated segments matches an utterance", soft_wrap=True)
    elif judgments is not None and (agreement := judgments.agreement(analysis.utterances)).of:
        console.print(f"[dim]people[/]   same top emotion in {agreement.same} of {agreement.of} utterances")
    if analysis.overall.emotions:
        console.print(f"[dim]{_legend(analysis)}[/]", highlight=False)
    for warning in analysis.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _row(utterance: Utterance, language: str | None, judgments: Judgments | None, speaker: str) -> tuple[str, Group]:
    """Return the time of an utterance, and its result, text and explanation; `speaker` is "" to leave it out."""
    words = Text(utterance.text) if utterance.text else Text("(no speech)", style="dim italic")
    if utterance.language not in (None, language):
        words = Text(f"[{utterance.language}] ", style="dim").append_text(words)
    if speaker:
        words = Text(f"{speaker}: ", style="bold").append_text(words)
    lines = [_result(utterance), words]
    if sentence := sentence_of(utterance, with_factors=True):
        lines.append(Text(sentence, style="dim"))
    if judgments is not None and (votes := judgments.of(utterance)):
        lines.append(_votes(utterance, votes))
    return f"{_clock(utterance.start_time)}-{_clock(utterance.end_time)}", Group(*lines)


def _result(utterance: Utterance) -> Text:
    """Return the first emotion and sentiment, with marks for unclear and contradictory results."""
    emotion, sentiment = utterance.emotions[0], utterance.sentiments[0]
    style = ("dim " if utterance.unclear else "") + EMOTION_COLORS[emotion.label]
    filled = round(emotion.confidence * BAR_WIDTH)
    line = Text(f"{emotion.label:<8} {emotion.confidence:>4.0%} ", style=style)
    line.append("━" * filled, style=style).append("─" * (BAR_WIDTH - filled), style="gray23")
    line.append(f"  sentiment {sentiment.label} {sentiment.confidence:.0%}")
    marks = [
        name for name, shown in (("unclear", utterance.unclear), ("mixed signals", utterance.contradictory)) if shown
    ]
    line.append("".join(f"  {mark}" for mark in marks), style="bold")
    return line


def _votes(utterance: Utterance, by_condition: Mapping[Condition, Votes]) -> Text:
    """Return people's votes, the condition "together" first, with "=" if the leading emotion was predicted."""
    line = Text("people")
    for condition in sorted(by_condition, key=lambda condition: condition != "together"):
        votes = by_condition[condition]
        if condition == "together":
            line.append(" = " if utterance.emotions[0].label in votes.majority else " ≠ ")
        else:
            line.append(f", {MODALITY_NAMES[condition].lower()} only ", style="dim")
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


def _legend(analysis: Analysis) -> str:
    """Return the meaning of the symbols in the table."""
    entries = ["×2.0 doubles the odds of the first emotion over the second; ÷2.0 halves them."]
    if any(utterance.unclear for utterance in analysis.utterances):
        entries.append(UNCLEAR)
    return " ".join(entries)


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
