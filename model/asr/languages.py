"""Language identification, including changes of language within the speech."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np

from model.asr.base import Clip, Encoded, Span, Transcriber, pack
from model.features import SAMPLE_RATE, FloatArray

UNIT_SECONDS = 5.0  # of speech per detection; below 3 s, Whisper base is wrong in one of five
MIN_CERTAIN_PROBABILITY = 0.5  # languages with a lower probability get a second look
PROBABILITY_FLOOR = 0.01  # so that no unit outweighs its neighbors by an extreme value
# Evidence that a change of language needs, in nats of log-probability times seconds of speech. With .98 for one
# language and .01 for the other, that is 4 s of speech between two changes, and 2 s at either end.
CHANGE_COST = 8.0
PAUSE_EVIDENCE = 4.0  # nats per second of pause: speakers rarely change the language without one
STATES = 3  # most probable languages of each unit that the best path may take

Probabilities = Mapping[str, float]
"""Probability of each language, by ISO 639-1 code."""


@dataclass(frozen=True)
class Unit:
    """Spans `first` to `last` (exclusive) of one clip, and the probabilities of their language."""

    encoded: Encoded
    first: int
    last: int
    probabilities: Probabilities

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.encoded.clip.spans[self.first : self.last]

    @property
    def seconds(self) -> float:
        return sum(span.seconds for span in self.spans)


@dataclass(frozen=True)
class Run:
    """Consecutive clips in one language; `probabilities` is empty if the caller specified the language."""

    language: str
    clips: Sequence[Encoded]
    probabilities: Probabilities = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(encoded.clip.seconds for encoded in self.clips)

    @property
    def probability(self) -> float | None:
        """Probability of the language; None if the caller specified it."""
        return self.probabilities.get(self.language, 0.0) if self.probabilities else None

    @property
    def is_certain(self) -> bool:
        return self.probability is None or self.probability >= MIN_CERTAIN_PROBABILITY


def find_runs(audio: FloatArray, clips: Sequence[Encoded], transcriber: Transcriber, previous: str | None) -> list[Run]:
    """Detect the languages of `clips`, in order; `previous` is the language of the preceding speech.

    A clip in which the language changes is split there, between two spans, and its parts are encoded again.
    """
    units = [_detect(audio, transcriber, encoded, *part) for encoded in clips for part in _parts(encoded.clip)]
    path = best_path(units, previous)
    if len(set(path)) == 1:
        return [Run(path[0], clips, _mean([unit.probabilities for unit in units], [unit.seconds for unit in units]))]
    languages = _languages_of_spans(transcriber, units, path)
    pieces = _cut(audio, transcriber, units, languages)
    return [
        _run(transcriber, name, [c for _, c in group]) for name, group in groupby(pieces, key=lambda piece: piece[0])
    ]


def best_path(units: Sequence[Unit], previous: str | None) -> list[str]:
    """Return the most probable language of each unit when every change costs CHANGE_COST (Viterbi's algorithm)."""
    ranked = (sorted(unit.probabilities, key=lambda name: -unit.probabilities[name]) for unit in units)
    states = sorted({name for names in ranked for name in names[:STATES]} | ({previous} if previous else set()))
    scores = np.array([0.0 if previous in (None, state) else -CHANGE_COST for state in states])
    origins = []
    for unit in units:
        best = int(scores.argmax())
        origins.append(np.where(scores >= scores[best] - CHANGE_COST, np.arange(len(states)), best))
        evidence = unit.seconds * np.array([_log(unit.probabilities, state) for state in states])
        scores = np.maximum(scores, scores[best] - CHANGE_COST) + evidence
    path, state = [], int(scores.argmax())
    for origin in reversed(origins):
        path.append(states[state])
        state = int(origin[state])
    return path[::-1]


def _parts(clip: Clip) -> list[tuple[int, int]]:
    """Group a clip's spans to about UNIT_SECONDS of speech or more; return each group's first and last (exclusive)."""
    offsets = clip.offsets
    edges = [0]
    for i in range(1, len(clip.spans)):
        if offsets[i] - offsets[edges[-1]] >= UNIT_SECONDS and offsets[-1] - offsets[i] >= UNIT_SECONDS / 2:
            edges.append(i)
    return list(pairwise([*edges, len(clip.spans)]))


def _detect(audio: FloatArray, transcriber: Transcriber, encoded: Encoded, first: int, last: int) -> Unit:
    """Detect the language of some spans; if their clip's encoding is inconclusive, encode them separately."""
    clip = encoded.clip
    probabilities = transcriber.detect_language(encoded, clip.offsets[first], clip.offsets[last])
    if max(probabilities.values()) < MIN_CERTAIN_PROBABILITY and last - first < len(clip.spans):
        [part] = pack(audio, clip.spans[first:last], transcriber.clip_seconds)
        probabilities = transcriber.detect_language(transcriber.encode(part), 0.0, part.seconds)
    return Unit(encoded, first, last, probabilities)


def _languages_of_spans(transcriber: Transcriber, units: Sequence[Unit], path: Sequence[str]) -> list[list[str]]:
    """Return the language of every span of every unit; a change between two units may lie inside either."""
    languages = [[name] * len(unit.spans) for unit, name in zip(units, path, strict=True)]
    for i, (before, after) in enumerate(pairwise(path)):
        if before != after:
            count = len(units[i].spans)
            change = _find_change(transcriber, (units[i], units[i + 1]), before, after)
            languages[i][change:] = [after] * max(0, count - change)
            languages[i + 1][: max(0, change - count)] = [before] * max(0, change - count)
    return languages


def _find_change(transcriber: Transcriber, units: tuple[Unit, Unit], before: str, after: str) -> int:
    """Return the number of spans that belong to `before`; each language gets at least one."""
    evidence = [
        span.seconds * (_log(probabilities, before) - _log(probabilities, after))
        for unit in units
        for i, span in enumerate(unit.spans, start=unit.first)
        for offsets in [unit.encoded.clip.offsets]
        for probabilities in [transcriber.detect_language(unit.encoded, offsets[i], offsets[i + 1])]
    ]
    spans = [span for unit in units for span in unit.spans]
    pauses = np.array([(b.start - a.end) / SAMPLE_RATE for a, b in pairwise(spans)])
    return int((np.cumsum(evidence)[:-1] + PAUSE_EVIDENCE * pauses).argmax()) + 1


def _cut(
    audio: FloatArray, transcriber: Transcriber, units: Sequence[Unit], languages: Sequence[Sequence[str]]
) -> Iterator[tuple[str, Encoded]]:
    """Yield the clips with their languages; a clip in several languages is split."""
    flat = [
        (unit.encoded, name, span)
        for unit, names in zip(units, languages, strict=True)
        for name, span in zip(names, unit.spans, strict=True)
    ]
    for (_, name), group in groupby(flat, key=lambda entry: (id(entry[0]), entry[1])):
        members = list(group)
        encoded = members[0][0]
        if len(members) < len(encoded.clip.spans):
            [part] = pack(audio, [span for _, _, span in members], transcriber.clip_seconds)
            encoded = transcriber.encode(part)
        yield name, encoded


def _run(transcriber: Transcriber, language: str, clips: Sequence[Encoded]) -> Run:
    seconds = [encoded.clip.seconds for encoded in clips]
    found = [transcriber.detect_language(encoded, 0.0, encoded.clip.seconds) for encoded in clips]
    return Run(language, clips, _mean(found, seconds))


def _mean(probabilities: Sequence[Probabilities], seconds: Sequence[float]) -> dict[str, float]:
    """Average distributions, weighted by seconds of speech."""
    names = {name for each in probabilities for name in each}
    total = sum(seconds)
    return {
        name: sum(s * each.get(name, 0.0) for s, each in zip(seconds, probabilities, strict=True)) / total
        for name in sorted(names)
    }


def _log(probabilities: Probabilities, name: str) -> float:
    return float(np.log(max(probabilities.get(name, 0.0), PROBABILITY_FLOOR)))
