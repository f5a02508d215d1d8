"""Error rates of diarization: `python -m training.diarization.measure --data DIR`.

What docs/experiments.md reports. Conversations are composed of the recordings of speakers who had no part in the choice
of any constant (`--part tune` has the others), and of one corpus each.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from model.asr.vad import detect_voice
from model.features import SAMPLE_RATE
from model.speakers.diarization import Diarizer, SpeechSpan, WindowVoices
from model.speakers.embedding import SpeakerEncoder, load_speaker_encoder
from training.diarization.composing import Conversation, Kind, Turn, compose
from training.diarization.scoring import COLLAR, Errors, count_errors
from training.diarization.voices import recordings_in, speakers_of
from training.terminal import table_console

CORPORA = ("voices/nemo", "voices/korean_emotiontts", "ravdess")
COLUMNS = (
    "conversations",
    "count",
    "DER",
    "missed",
    "false alarm",
    "confused",
    "no collar",
    "number given",
    "number right",
)
STEP = 0.1  # seconds between two times at which the voice is determined
JOINED = 0.5  # seconds of a pause over which turns of one speaker are one, as in the truth
KINDS = tuple(Kind(n) for n in range(1, 7)) + tuple(Kind(n, overlaps=True) for n in (2, 3, 4))
Naming = Callable[[Sequence[SpeechSpan]], list[int | None]]
NOISY = 3  # one in so many conversations has noise


@dataclass
class Figures:
    """Errors in conversations of one kind."""

    kind: str
    errors: list[Errors] = field(default_factory=list)
    strict: list[Errors] = field(default_factory=list)  # without a collar
    right: list[bool] = field(default_factory=list)  # whether the number of speakers is
    given: list[Errors] = field(default_factory=list)  # with the number of speakers given

    def row(self) -> tuple[str, ...]:
        total = sum_of(self.errors)
        parts = (total.missed, total.false_alarm, total.confused)
        return (
            self.kind,
            str(len(self.errors)),
            *(f"{100 * rate:.1f}" for rate in (total.rate, *(part / total.total for part in parts))),
            f"{100 * sum_of(self.strict).rate:.1f}",
            f"{100 * sum_of(self.given).rate:.1f}",
            f"{100 * np.mean(self.right):.0f}",
        )


@dataclass
class Cost:
    """Processor seconds that embeddings took, and seconds of audio that they are of."""

    processor: float = 0.0
    audio: float = 0.0


def main(
    data: Annotated[Path, typer.Option(help="The folder that the corpora's folders are in.")],
    corpus: Annotated[list[str] | None, typer.Option(help="Folder of a corpus in it; may be repeated.")] = None,
    part: Annotated[str, typer.Option(help="Speakers: report or tune.")] = "report",
    count: Annotated[int, typer.Option(help="Conversations of each kind and corpus.", min=1)] = 4,
    seconds: Annotated[float, typer.Option(help="Length of a conversation.", min=10.0)] = 45.0,
    seed: Annotated[int, typer.Option(help="Of the conversations.")] = 0,
) -> None:
    """Compose conversations, find who speaks when, and print the errors."""
    if part not in ("report", "tune"):
        raise typer.BadParameter("give report or tune", param_hint="--part")
    encoder, cost = load_speaker_encoder(), Cost()
    figures: dict[str, Figures] = {}
    for name in corpus or CORPORA:
        speakers = speakers_of(recordings_in(data / name), "tune" if part == "tune" else "report")
        for kind in KINDS:
            if kind.speakers > len(speakers):
                continue
            for i in range(count):
                random = np.random.default_rng([seed, kind.speakers, kind.overlaps, i])
                one = replace(kind, seconds=seconds, noise=i % NOISY == NOISY - 1)
                conversation = compose(speakers, one, random)
                _add(figures, _names(name, kind), conversation, encoder, cost)
    table = Table(*COLUMNS, box=None, padding=(0, 1, 0, 0))
    for key in sorted(figures):
        table.add_row(*figures[key].row())
    console = table_console()
    console.print(table)
    console.print(f"in percent; collar {COLLAR:g} s; {1000 * cost.processor / cost.audio:.0f} ms of processor a second")


def sum_of(errors: Iterable[Errors]) -> Errors:
    """Add up errors."""
    return sum(errors, Errors(0.0, 0.0, 0.0, 0.0))


def found_turns(voices: WindowVoices, spans: Sequence[tuple[float, float]], name: Naming) -> list[Turn]:
    """Return the turns in spans of speech, in seconds; `name` gives the speaker of each part of one voice."""
    parts = [part for span in spans for part in _of_one_voice(voices, *span)]
    turns: list[Turn] = []
    for part, speaker in zip(parts, name(parts), strict=True):
        if turns and turns[-1].speaker == str(speaker) and part.start - turns[-1].end <= JOINED:
            turns[-1] = replace(turns[-1], end=part.end)
        elif speaker is not None:
            turns.append(Turn(part.start, part.end, str(speaker)))
    return turns


def _of_one_voice(voices: WindowVoices, start: float, end: float) -> list[SpeechSpan]:
    """Cut a span where the voice changes."""
    edges = np.linspace(start, end, max(1, round((end - start) / STEP)) + 1)
    found = voices.at(((edges[1:] + edges[:-1]) / 2).tolist())
    cuts = [0, *(i for i in range(1, len(found)) if found[i] != found[i - 1]), len(found)]
    return [SpeechSpan(float(edges[a]), float(edges[b])) for a, b in zip(cuts, cuts[1:], strict=False)]


def _add(
    figures: dict[str, Figures], names: Sequence[str], conversation: Conversation, encoder: SpeakerEncoder, cost: Cost
) -> None:
    voiced = detect_voice(conversation.audio).voiced
    spans = [(span.start / SAMPLE_RATE, span.end / SAMPLE_RATE) for span in voiced]
    before = time.process_time()
    voiceprints = encoder.voiceprints(conversation.audio, voiced)
    cost.processor += time.process_time() - before
    cost.audio += len(conversation.audio) / SAMPLE_RATE
    voices = WindowVoices(voiceprints)
    turns, given = (
        found_turns(voices, spans, Diarizer(encoder, number, voiceprints=voiceprints).speakers_of)
        for number in (None, len(conversation.speakers))
    )
    for name in names:
        of_kind = figures.setdefault(name, Figures(name))
        of_kind.errors.append(count_errors(conversation.turns, turns))
        of_kind.strict.append(count_errors(conversation.turns, turns, collar=0.0))
        of_kind.given.append(count_errors(conversation.turns, given))
        of_kind.right.append(len({turn.speaker for turn in turns}) == len(conversation.speakers))


def _names(corpus: str, kind: Kind) -> list[str]:
    """The rows that a conversation counts in."""
    overlaps = ", overlaps" if kind.overlaps else ""
    names = [f"{kind.speakers} speakers{overlaps}" if kind.speakers > 1 else "1 speaker"]
    if 2 <= kind.speakers <= 4:
        names += [f"2 to 4{overlaps}: all", f"2 to 4{overlaps}: {corpus}"]
    return names


if __name__ == "__main__":
    typer.run(main)
