"""Grouping of timed words into utterances of at most MAX_SECONDS, and the segments without words between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MIN_SECONDS = 0.5  # shorter utterances hold too little voice and face
MAX_SECONDS = 15.0  # the emotion is likely to change within a longer utterance
PAUSE_SECONDS = 0.8  # a pause that ends an utterance in the middle of a sentence
MIN_WORDLESS_SECONDS = 2.0  # shorter gaps between utterances are breathing pauses
MAX_WORDLESS_SECONDS = 10.0
# Word times are accurate to about 50 ms and differ by as much between processors. Utterance edges lie on a coarser
# grid, slightly outside the words, so that the extracted audio is robust to such differences.
EDGE_GRID = 10  # grid points per second
EDGE_PADDING = 0.1  # seconds
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "۔", "।")
CLOSING_MARKS = "\"'”’»)]"
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "e.g.", "i.e.", "etc.", "no."})


@dataclass(frozen=True)
class Word:
    """A transcribed word with its leading space, and its start and end in seconds."""

    start: float
    end: float
    text: str
    language: str | None = None  # ISO 639-1, spoken
    voice: int | None = None  # among those of the audio around it; None where voices are not told apart


@dataclass(frozen=True)
class Segment:
    """A span of the video, in seconds, with its text; `text` is empty without words."""

    start: float
    end: float
    text: str
    language: str | None = None  # ISO 639-1, spoken; None without words
    voice: int | None = None  # as of its words

    @property
    def times(self) -> tuple[float, float]:
        """Start and end."""
        return self.start, self.end

    def moved(self, seconds: float) -> "Segment":
        """Return a copy that is shifted in time."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


def split_utterances(words: Sequence[Word], start: float, end: float) -> list[Segment]:
    """Group words, in order of time, into utterances inside [start, end].

    Every word appears in exactly one utterance, in order; utterances do not overlap. An utterance ends with the
    sentence, at a change of language or voice, or at a pause of PAUSE_SECONDS; one longer than MAX_SECONDS is split at
    its longest pause. Edges lie on multiples of 1 / EDGE_GRID, EDGE_PADDING outside the words unless a neighbor is
    closer. An utterance shorter than MIN_SECONDS is extended into the silence around it or, without any, joined to a
    neighbor.
    """
    groups: list[list[Word]] = []
    for word in _in_order(words, start, end):
        if not groups or _is_new_utterance(groups[-1][-1], word):
            groups.append([])
        groups[-1].append(word)
    segments = [_as_segment(part) for group in groups for part in _not_too_long(group)]
    return _not_too_short(_on_grid(segments, start, end), start, end)


def fill_gaps(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """Return the utterances, with segments without words filling the gaps between them in [start, end].

    Without any utterance all of [start, end] is filled, however short it is.
    """
    if not segments:
        return _wordless_segments(start, end)
    filled: list[Segment] = []
    position = start
    for utterance in segments:
        if utterance.start - position >= MIN_WORDLESS_SECONDS:
            filled += _wordless_segments(position, utterance.start)
        filled.append(utterance)
        position = max(position, utterance.end)
    if end - position >= MIN_WORDLESS_SECONDS:
        filled += _wordless_segments(position, end)
    return filled


def subtract_gaps(segments: Sequence[Segment], gaps: Sequence[tuple[float, float]]) -> list[Segment]:
    """Remove gaps (start, end), which hold no media, from the segments without words.

    Remainders shorter than MIN_SECONDS are dropped.
    """
    kept = list(segments)
    for start, end in gaps:
        kept = [part for segment in kept for part in _without(segment, start, end)]
    return kept


def _without(segment: Segment, start: float, end: float) -> list[Segment]:
    if segment.text or end <= segment.start or start >= segment.end:
        return [segment]
    parts = [
        replace(segment, end=min(start, segment.end)),
        replace(segment, start=max(end, segment.start)),
    ]
    return [part for part in parts if part.end - part.start >= MIN_SECONDS]


def _wordless_segments(start: float, end: float) -> list[Segment]:
    """Split [start, end] into equal segments of at most MAX_WORDLESS_SECONDS."""
    if end <= start:
        return []
    count = max(1, -int(-(end - start) // MAX_WORDLESS_SECONDS))
    step = (end - start) / count
    return [Segment(start + i * step, start + (i + 1) * step, "") for i in range(count)]


def _in_order(words: Sequence[Word], start: float, end: float) -> list[Word]:
    """Return the words that have text, with times clamped to [start, end] and made monotonic."""
    ordered: list[Word] = []
    position = start
    for word in words:
        if word.text.strip():
            begin = min(max(word.start, position), end)
            position = min(max(word.end, begin), end)
            ordered.append(replace(word, start=begin, end=position))
    return ordered


def _is_new_utterance(last: Word, word: Word) -> bool:
    paused = word.start - last.end > PAUSE_SECONDS
    return paused or (word.language, word.voice) != (last.language, last.voice) or _ends_sentence(last)


def _ends_sentence(word: Word) -> bool:
    bare = word.text.strip().rstrip(CLOSING_MARKS)
    if not bare.endswith(SENTENCE_ENDS) or bare.lower() in ABBREVIATIONS:
        return False
    initial = len(bare) == 2 and bare[0].isalpha() and bare[1] == "." and bare[0].isupper()  # as in "J. Austen"
    return not initial or bare[0] == "I"


def _not_too_long(words: list[Word]) -> list[list[Word]]:
    """Split recursively at the longest pause until every part fits; a comma counts as half a second of pause."""
    if words[-1].end - words[0].start <= MAX_SECONDS or len(words) == 1:
        return [words]

    def merit(i: int) -> float:
        pause = words[i].start - words[i - 1].end
        comma = 0.5 if words[i - 1].text.rstrip().endswith((",", ";", ":", "—")) else 0.0
        middle = abs((words[i].start - words[0].start) / (words[-1].end - words[0].start) - 0.5)
        return pause + comma - 0.2 * middle  # breaks ties in favor of the middle

    cut = max(range(1, len(words)), key=merit)
    return _not_too_long(words[:cut]) + _not_too_long(words[cut:])


def _as_segment(words: Sequence[Word]) -> Segment:
    """Return a segment; a single word whose end was aligned after a long pause is cut to MAX_SECONDS."""
    start, end = words[0].start, words[-1].end
    text = "".join(word.text for word in words).strip()
    return Segment(start, min(end, start + MAX_SECONDS), text, words[0].language, words[0].voice)


def _on_grid(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """Pad edges and round them to the grid; neighbors without room for padding meet halfway."""
    starts = [_nearest_edge(s.start - EDGE_PADDING) for s in segments]
    ends = [_nearest_edge(s.end + EDGE_PADDING) for s in segments]
    for i in range(1, len(segments)):
        if ends[i - 1] > starts[i]:
            ends[i - 1] = starts[i] = _nearest_edge((segments[i - 1].end + segments[i].start) / 2)
    return [
        replace(s, start=(a := max(start, first)), end=max(a, min(end, last, a + MAX_SECONDS)))
        for s, first, last in zip(segments, starts, ends, strict=True)
    ]


def _nearest_edge(time: float) -> float:
    return round(time * EDGE_GRID) / EDGE_GRID


def _not_too_short(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    result: list[Segment] = []
    for i, utterance in enumerate(segments):
        missing = MIN_SECONDS - (utterance.end - utterance.start)
        if missing > 0:
            lowest = result[-1].end if result else start
            highest = segments[i + 1].start if i + 1 < len(segments) else end
            after = min(missing, highest - utterance.end)
            before = min(missing - after, utterance.start - lowest)
            utterance = replace(utterance, start=utterance.start - before, end=utterance.end + after)
        still_short = utterance.end - utterance.start < MIN_SECONDS - 1e-6
        too_short = result and (still_short or _is_short(result[-1]))
        if too_short and _may_join(result[-1], utterance):
            last = result.pop()
            utterance = replace(last, end=utterance.end, text=f"{last.text} {utterance.text}")
        result.append(utterance)
    return result


def _may_join(last: Segment, following: Segment) -> bool:
    alike = (following.language, following.voice) == (last.language, last.voice)
    return following.end - last.start <= MAX_SECONDS and alike


def _is_short(segment: Segment) -> bool:
    return segment.end - segment.start < MIN_SECONDS - 1e-6
