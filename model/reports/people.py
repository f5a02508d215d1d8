"""People's judgments of a video, to set beside its analysis.

A CSV names stretches of the video and how many people called each one what emotion, by what they were given to judge:

    start,end,judged,anger,disgust,fear,joy,neutral,sadness,surprise
    0.0,2.035,audio,1,1,1,0,5,1,0
    0.0,2.035,together,2,1,0,0,8,0,0

`judged` is text, audio or face for one modality alone, and together for everything at once. Times are in seconds.
Imports no torch.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from model.contract import EMOTIONS, Emotion, Utterance

Judged = Literal["text", "audio", "face", "together"]
JUDGED: tuple[Judged, ...] = get_args(Judged)
COLUMNS = ("start", "end", "judged", *EMOTIONS)
LEAST_SHARED = 0.5  # of an utterance that must lie in a stretch for its votes to be about the utterance
MOST_VOTES = 1_000_000


class PeopleError(ValueError):
    """A file of judgments that cannot be followed; the message names the row."""


@dataclass(frozen=True)
class Votes:
    """The numbers of people who called one stretch of a video each emotion."""

    counts: Mapping[Emotion, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def shares(self) -> dict[Emotion, float]:
        """The share of each of EMOTIONS."""
        return {emotion: self.counts.get(emotion, 0) / self.total for emotion in EMOTIONS}

    @property
    def first(self) -> str:
        """The emotions with the most votes and their votes, as "joy 10 of 11"; of a tie "anger or fear 4 of 10"."""
        return f"{self.leading} {self.most} of {self.total}"

    @property
    def others(self) -> str:
        """The votes for the other emotions, most first, to follow `first`: ", disgust 2, fear 1"."""
        others = [e for e in EMOTIONS if self.counts.get(e, 0) and e not in self.majority]
        return "".join(f", {e} {self.counts[e]}" for e in sorted(others, key=lambda e: -self.counts[e]))

    @property
    def leading(self) -> str:
        """The emotions with the most votes, as "joy"; of a tie "anger or fear"."""
        return " or ".join(self.majority)

    @property
    def most(self) -> int:
        """The most votes that an emotion has."""
        return max(self.counts.values())

    @property
    def majority(self) -> tuple[Emotion, ...]:
        """The emotions with the most votes; several where they have equally many."""
        return tuple(emotion for emotion in EMOTIONS if self.counts.get(emotion, 0) == self.most)


@dataclass(frozen=True)
class Stretch:
    """A part of a video that people judged, from one modality alone or from everything."""

    start: float
    end: float
    votes: Mapping[Judged, Votes]


@dataclass(frozen=True)
class Agreement:
    """The number of utterances (`same`) for which an analysis names what people named most often, `of` those judged."""

    same: int
    of: int


@dataclass(frozen=True)
class People:
    """Everything people said of a video, and the file it is from."""

    stretches: tuple[Stretch, ...]
    path: Path | None = None

    def of(self, utterance: Utterance) -> dict[Judged, Votes]:
        """Return the votes on the utterance, by what people had to go by.

        They are those of the stretch that shares most with it; one that shares less than half of it is not about it.
        """
        found: dict[Judged, Votes] = {}
        for judged in JUDGED:
            shared = [(_shared(utterance, s), s.votes[judged]) for s in self.stretches if judged in s.votes]
            most, votes = max(shared, key=lambda pair: pair[0], default=(0.0, None))
            if votes is not None and most > 0.0 and most >= LEAST_SHARED * utterance.duration:
                found[judged] = votes
        return found

    def agreement(self, utterances: Sequence[Utterance]) -> Agreement:
        """Compare the first emotion of each utterance that people judged as a whole with the one named most often.

        Where two emotions have equally many votes, either counts.
        """
        same = of = 0
        for utterance in utterances:
            votes = self.of(utterance).get("together")
            if votes is not None:
                of += 1
                same += utterance.emotions[0].label in votes.majority
        return Agreement(same, of)


def read_people(path: Path) -> People:
    """Read a file of judgments. Raises OSError, or PeopleError for one that is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise PeopleError(f"{path}: its columns should be {','.join(COLUMNS)}")
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise PeopleError(f"{path} is no CSV in UTF-8 ({error})") from error
    found: dict[tuple[float, float], dict[Judged, Votes]] = {}
    for line, row in rows:
        start, end, judged, votes = _row(row, f"{path}, row {line}")
        if found.setdefault((start, end), {}).setdefault(judged, votes) is not votes:
            raise PeopleError(f"{path}, row {line}: {judged} of {start:g} to {end:g} s stands in two rows")
    return People(tuple(Stretch(start, end, votes) for (start, end), votes in sorted(found.items())), path)


def _row(row: Mapping[str | None, str | None], where: str) -> tuple[float, float, Judged, Votes]:
    if None in row or None in row.values():
        raise PeopleError(f"{where}: it should have {len(COLUMNS)} fields")
    try:
        start, end = float(row["start"] or ""), float(row["end"] or "")
        counts = {emotion: int(row[emotion] or 0) for emotion in EMOTIONS}
    except ValueError as error:
        raise PeopleError(f"{where}: start and end are seconds and votes whole numbers ({error})") from error
    if not (math.isfinite(end) and 0.0 <= start < end):
        raise PeopleError(f"{where}: it should end after it starts, in seconds from 0 on")
    judged = next((name for name in JUDGED if name == row["judged"]), None)
    if judged is None:
        raise PeopleError(f"{where}: judged is {row['judged']!r}, and should be one of {', '.join(JUDGED)}")
    if not (min(counts.values()) >= 0 and 1 <= max(counts.values()) <= MOST_VOTES):
        raise PeopleError(f"{where}: votes are whole numbers from 0 to {MOST_VOTES:,}, and at least one is needed")
    return start, end, judged, Votes(counts)


def _shared(utterance: Utterance, stretch: Stretch) -> float:
    """Seconds that an utterance and a stretch have in common."""
    return max(0.0, min(utterance.end_time, stretch.end) - max(utterance.start_time, stretch.start))
