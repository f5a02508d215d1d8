"""People's judgments of a video, for comparison with its analysis.

A CSV with COLUMNS counts the votes for each emotion, per segment of the video and per condition, which is what the
raters were shown: text, audio or face for a single modality, together for all of them. Times are in seconds. An example
is in docs/people.md. This module imports no torch.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from model.contract import EMOTIONS, Emotion, Utterance

Condition = Literal["text", "audio", "face", "together"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
CONDITION_COLUMN = "judged"  # by people, from this condition
COLUMNS = ("start", "end", CONDITION_COLUMN, *EMOTIONS)
MIN_OVERLAP = 0.5  # share of an utterance that a rated segment must cover to apply to it
MAX_VOTES = 1_000_000


class JudgmentsError(ValueError):
    """Invalid file of judgments. The message names the row."""


@dataclass(frozen=True)
class Votes:
    """Number of votes for each emotion."""

    counts: Mapping[Emotion, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def shares(self) -> dict[Emotion, float]:
        """Share of votes for each of EMOTIONS."""
        return {emotion: self.counts.get(emotion, 0) / self.total for emotion in EMOTIONS}

    @property
    def first(self) -> str:
        """Leading emotions with their votes: "joy 10 of 11", or "anger or fear 4 of 10" for a tie."""
        return f"{self.leading} {self.most} of {self.total}"

    @property
    def others(self) -> str:
        """Votes for the other emotions, most first, to append to `first`: ", disgust 2, fear 1"."""
        others = [e for e in EMOTIONS if self.counts.get(e, 0) and e not in self.majority]
        return "".join(f", {e} {self.counts[e]}" for e in sorted(others, key=lambda e: -self.counts[e]))

    @property
    def leading(self) -> str:
        """Leading emotions as text: "joy", or "anger or fear" for a tie."""
        return " or ".join(self.majority)

    @property
    def most(self) -> int:
        """Number of votes for a leading emotion."""
        return max(self.counts.values())

    @property
    def majority(self) -> tuple[Emotion, ...]:
        """Emotions with the most votes; several for a tie."""
        return tuple(emotion for emotion in EMOTIONS if self.counts.get(emotion, 0) == self.most)


@dataclass(frozen=True)
class RatedSegment:
    """A segment of the video, in seconds, with people's votes per condition."""

    start: float
    end: float
    votes: Mapping[Condition, Votes]


@dataclass(frozen=True)
class Agreement:
    """Number of rated utterances (`of`), and of those whose first emotion leads people's votes (`same`)."""

    same: int
    of: int


@dataclass(frozen=True)
class Judgments:
    """All judgments of a video, and the file that they were read from."""

    segments: tuple[RatedSegment, ...]
    path: Path | None = None

    def of(self, utterance: Utterance) -> dict[Condition, Votes]:
        """Return the votes on an utterance, by condition.

        They are those of the segment with the largest overlap, if it covers at least half of the utterance.
        """
        found: dict[Condition, Votes] = {}
        for condition in CONDITIONS:
            overlaps = [(_overlap(utterance, s), s.votes[condition]) for s in self.segments if condition in s.votes]
            largest, votes = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
            if votes is not None and largest > 0.0 and largest >= MIN_OVERLAP * utterance.duration:
                found[condition] = votes
        return found

    def agreement(self, utterances: Sequence[Utterance]) -> Agreement:
        """Compare each utterance's first emotion with the leading one of the condition "together"; ties count."""
        same = of = 0
        for utterance in utterances:
            votes = self.of(utterance).get("together")
            if votes is not None:
                of += 1
                same += utterance.emotions[0].label in votes.majority
        return Agreement(same, of)


def read_judgments(path: Path) -> Judgments:
    """Read a file of judgments. Raises OSError or JudgmentsError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise JudgmentsError(f"{path}: expected the columns {','.join(COLUMNS)}")
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise JudgmentsError(f"{path} is not a UTF-8 CSV file ({error})") from error
    found: dict[tuple[float, float], dict[Condition, Votes]] = {}
    for line, row in rows:
        start, end, condition, votes = _parse_row(row, f"{path}, row {line}")
        if found.setdefault((start, end), {}).setdefault(condition, votes) is not votes:
            raise JudgmentsError(f"{path}, row {line}: duplicate row for {condition}, {start:g} to {end:g} s")
    return Judgments(tuple(RatedSegment(start, end, votes) for (start, end), votes in sorted(found.items())), path)


def _parse_row(row: Mapping[str | None, str | None], location: str) -> tuple[float, float, Condition, Votes]:
    if None in row or None in row.values():
        raise JudgmentsError(f"{location}: expected {len(COLUMNS)} fields")
    try:
        start, end = float(row["start"] or ""), float(row["end"] or "")
        counts = {emotion: int(row[emotion] or 0) for emotion in EMOTIONS}
    except ValueError as error:
        raise JudgmentsError(f"{location}: start and end must be seconds, and votes integers ({error})") from error
    if not (math.isfinite(end) and 0.0 <= start < end):
        raise JudgmentsError(f"{location}: end must be after start, and start must not be negative")
    condition = next((name for name in CONDITIONS if name == row[CONDITION_COLUMN]), None)
    if condition is None:
        value = row[CONDITION_COLUMN]
        raise JudgmentsError(f"{location}: {CONDITION_COLUMN} is {value!r}; expected one of {', '.join(CONDITIONS)}")
    if not (min(counts.values()) >= 0 and 1 <= max(counts.values()) <= MAX_VOTES):
        raise JudgmentsError(f"{location}: votes must be integers from 0 to {MAX_VOTES:,}, with at least one vote")
    return start, end, condition, Votes(counts)


def _overlap(utterance: Utterance, segment: RatedSegment) -> float:
    """Return the overlap of an utterance and a rated segment, in seconds."""
    return max(0.0, min(utterance.end_time, segment.end) - max(utterance.start_time, segment.start))
