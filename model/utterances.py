"""Words with times -> utterances: sentences, none longer than MAX_SECONDS; and the stretches between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MIN_SECONDS = 0.5  # shorter ones have too little voice and face to predict from
MAX_SECONDS = 15.0  # longer and one mood no longer covers it
PAUSE_SECONDS = 0.8  # a pause that ends an utterance although the sentence goes on
MIN_STRETCH = 2.0  # shorter gaps between utterances are breathing, not a scene without speech
MAX_STRETCH = 10.0
# A recognizer's word times are good to some 50 ms, and differ by as much between processors. Edges lie on a grid
# that is coarser, a little outside the words, so that what is cut out of the audio hardly hangs on them.
EDGE_GRID = 10  # edges a second
EDGE_PADDING = 0.1  # seconds
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "۔", "।")
CLOSING_MARKS = "\"'”’»)]"
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "e.g.", "i.e.", "etc.", "no."})


@dataclass(frozen=True)
class Word:
    """A transcribed word, its leading space included, and when it was said (seconds)."""

    start: float
    end: float
    text: str
    language: str | None = None  # ISO 639-1, spoken
    voice: int | None = None  # among those of the audio around it; None where voices are not told apart


@dataclass(frozen=True)
class Segment:
    """A part of the video in seconds with its words; `text` is empty where there are none."""

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
        return replace(self, start=self.start + seconds, end=self.end + seconds)


def split_utterances(words: Sequence[Word], start: float, end: float) -> list[Segment]:
    """Group words, in order of time, into utterances inside [start, end].

    Every word appears in exactly one utterance, in order; utterances do not overlap. They end where a
    sentence, the language or the voice does or at a pause of PAUSE_SECONDS; one longer than MAX_SECONDS is split at its
    longest pause. Edges lie on multiples of 1 / EDGE_GRID, EDGE_PADDING outside the words where the neighbors leave
    room. One shorter than MIN_SECONDS is lengthened into the silence around it, or where there is none,
    joined to a neighbor.
    """
    groups: list[list[Word]] = []
    for word in _in_order(words, start, end):
        if not groups or _is_new_utterance(groups[-1][-1], word):
            groups.append([])
        groups[-1].append(word)
    segments = [_as_segment(part) for group in groups for part in _not_too_long(group)]
    return _not_too_short(_on_grid(segments, start, end), start, end)


def fill_stretches(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """The utterances, and in between them the stretches of [start, end] where nobody speaks.

    Without any utterance the whole of it is a stretch, however short.
    """
    if not segments:
        return _stretches(start, end)
    filled: list[Segment] = []
    position = start
    for utterance in segments:
        if utterance.start - position >= MIN_STRETCH:
            filled += _stretches(position, utterance.start)
        filled.append(utterance)
        position = max(position, utterance.end)
    if end - position >= MIN_STRETCH:
        filled += _stretches(position, end)
    return filled


def leave_out(segments: Sequence[Segment], gaps: Sequence[tuple[float, float]]) -> list[Segment]:
    """Cut gaps (start, end), in which there is nothing, out of the segments without words.

    What is left of a segment that was cut is dropped where it is shorter than MIN_SECONDS.
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


def _stretches(start: float, end: float) -> list[Segment]:
    """[start, end] in equal parts of MAX_STRETCH at most."""
    if end <= start:
        return []
    count = max(1, -int(-(end - start) // MAX_STRETCH))
    step = (end - start) / count
    return [Segment(start + i * step, start + (i + 1) * step, "") for i in range(count)]


def _in_order(words: Sequence[Word], start: float, end: float) -> list[Word]:
    """Words with text, their times clamped into [start, end] and made to follow one another."""
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
    """Split at the longest pause, again and again, until every part fits; a comma counts as half a second."""
    if words[-1].end - words[0].start <= MAX_SECONDS or len(words) == 1:
        return [words]

    def merit(i: int) -> float:
        pause = words[i].start - words[i - 1].end
        comma = 0.5 if words[i - 1].text.rstrip().endswith((",", ";", ":", "—")) else 0.0
        middle = abs((words[i].start - words[0].start) / (words[-1].end - words[0].start) - 0.5)
        return pause + comma - 0.2 * middle  # among equals, halves

    cut = max(range(1, len(words)), key=merit)
    return _not_too_long(words[:cut]) + _not_too_long(words[cut:])


def _as_segment(words: Sequence[Word]) -> Segment:
    """Return a segment; a single word that a transcriber stretched over a pause is cut to MAX_SECONDS."""
    start, end = words[0].start, words[-1].end
    text = "".join(word.text for word in words).strip()
    return Segment(start, min(end, start + MAX_SECONDS), text, words[0].language, words[0].voice)


def _on_grid(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """Padded edges on the grid; two neighbors too close for it meet in the middle between them."""
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
