"""Words with times -> utterances: sentences, none longer than MAX_SECONDS; and the stretches between them."""

from collections.abc import Sequence
from dataclasses import dataclass

MIN_SECONDS = 0.5  # shorter and there is neither voice nor face enough to judge
MAX_SECONDS = 15.0  # longer and one mood no longer covers it
PAUSE_SECONDS = 0.8  # a pause that ends an utterance although the sentence goes on
MIN_STRETCH = 2.0  # shorter gaps between utterances are breathing, not a scene without speech
MAX_STRETCH = 10.0
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "۔", "।")
CLOSING_MARKS = "\"'”’»)]"
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "vs.", "e.g.", "i.e.", "etc.", "no."})


@dataclass(frozen=True)
class Word:
    """A transcribed word, its leading space included, and when it was said (seconds)."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Spoken:
    """A stretch of time with what was said in it; `text` is empty where nothing was."""

    start: float
    end: float
    text: str


def split_utterances(words: Sequence[Word], start: float, end: float) -> list[Spoken]:
    """Group words, in order of time, into utterances inside [start, end].

    Every word appears in exactly one utterance, in order; utterances do not overlap. They end where a
    sentence does or at a pause of PAUSE_SECONDS; one longer than MAX_SECONDS is split at its longest
    pause. One shorter than MIN_SECONDS is lengthened into the silence around it, or where there is
    none, joined to a neighbour.
    """
    groups: list[list[Word]] = []
    for word in _in_order(words, start, end):
        if not groups or _ends_sentence(groups[-1][-1]) or word.start - groups[-1][-1].end > PAUSE_SECONDS:
            groups.append([])
        groups[-1].append(word)
    spoken = [_as_spoken(part) for group in groups for part in _not_too_long(group)]
    return _not_too_short(spoken, start, end)


def fill_stretches(spoken: Sequence[Spoken], start: float, end: float) -> list[Spoken]:
    """The utterances, and in between them the stretches of [start, end] where nobody speaks.

    Without any utterance the whole of it is a stretch, however short.
    """
    if not spoken:
        return _stretches(start, end)
    filled: list[Spoken] = []
    position = start
    for utterance in spoken:
        if utterance.start - position >= MIN_STRETCH:
            filled += _stretches(position, utterance.start)
        filled.append(utterance)
        position = max(position, utterance.end)
    if end - position >= MIN_STRETCH:
        filled += _stretches(position, end)
    return filled


def _stretches(start: float, end: float) -> list[Spoken]:
    """[start, end] in equal parts of MAX_STRETCH at most."""
    if end <= start:
        return []
    count = max(1, -int(-(end - start) // MAX_STRETCH))
    step = (end - start) / count
    return [Spoken(start + i * step, start + (i + 1) * step, "") for i in range(count)]


def _in_order(words: Sequence[Word], start: float, end: float) -> list[Word]:
    """Words with text, their times clamped into [start, end] and made to follow one another."""
    ordered: list[Word] = []
    position = start
    for word in words:
        if word.text.strip():
            begin = min(max(word.start, position), end)
            position = min(max(word.end, begin), end)
            ordered.append(Word(begin, position, word.text))
    return ordered


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


def _as_spoken(words: Sequence[Word]) -> Spoken:
    """One utterance; a single word that a transcriber stretched over a pause is cut to MAX_SECONDS."""
    start, end = words[0].start, words[-1].end
    return Spoken(start, min(end, start + MAX_SECONDS), "".join(word.text for word in words).strip())


def _not_too_short(spoken: Sequence[Spoken], start: float, end: float) -> list[Spoken]:
    result: list[Spoken] = []
    for i, utterance in enumerate(spoken):
        missing = MIN_SECONDS - (utterance.end - utterance.start)
        if missing > 0:
            lowest = result[-1].end if result else start
            highest = spoken[i + 1].start if i + 1 < len(spoken) else end
            after = min(missing, highest - utterance.end)
            before = min(missing - after, utterance.start - lowest)
            utterance = Spoken(utterance.start - before, utterance.end + after, utterance.text)
        still_short = utterance.end - utterance.start < MIN_SECONDS - 1e-6
        if result and (still_short or _is_short(result[-1])) and utterance.end - result[-1].start <= MAX_SECONDS:
            last = result.pop()
            utterance = Spoken(last.start, utterance.end, f"{last.text} {utterance.text}")
        result.append(utterance)
    return result


def _is_short(spoken: Spoken) -> bool:
    return spoken.end - spoken.start < MIN_SECONDS - 1e-6
