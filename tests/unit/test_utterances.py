"""Grouping of words into utterances: no word is lost, repeated or out of order, for any transcriber output."""

from hypothesis import given
from hypothesis import strategies as st

from model.utterances import (
    EDGE_GRID,
    MAX_SECONDS,
    MAX_WORDLESS_SECONDS,
    MIN_SECONDS,
    MIN_WORDLESS_SECONDS,
    Segment,
    Word,
    fill_gaps,
    split_utterances,
)

END = 120.0


@st.composite
def transcribed(draw: st.DrawFn) -> list[Word]:
    """Generate words in order, with pauses, sentence ends, empty texts and wrong times."""
    words = []
    position = 0.0
    for text in draw(
        st.lists(st.sampled_from([" yes", " no.", " well,", " Mr.", " what?", " ", " über", " 好。"]), max_size=60)
    ):
        start = position + draw(st.sampled_from([0.0, 0.02, 0.3, 1.0, 5.0, -0.5]))
        position = start + draw(st.sampled_from([0.0, 0.1, 0.4, 2.0, 20.0, -0.1]))
        words.append(Word(start, position, text))
    return words


@given(transcribed())
def test_every_word_once_in_order(words: list[Word]) -> None:
    spoken = split_utterances(words, 0.0, END)
    assert " ".join(s.text for s in spoken).split() == "".join(w.text for w in words).split()


@given(transcribed())
def test_inside_ordered_and_not_too_long(words: list[Word]) -> None:
    spoken = split_utterances(words, 0.0, END)
    for s in spoken:
        assert 0.0 <= s.start <= s.end <= END
        assert s.end - s.start <= MAX_SECONDS + 1e-6
    for a, b in zip(spoken, spoken[1:], strict=False):
        assert a.end <= b.start + 1e-9


@given(transcribed(), st.lists(st.floats(-0.02, 0.02), min_size=120, max_size=120))
def test_noise_in_word_times_moves_an_edge_by_two_steps_of_the_grid_at_most(
    words: list[Word], noise: list[float]
) -> None:
    """Only if the grouping is unchanged: a pause close to the threshold may be classified either way."""
    moved = [Word(w.start + a, w.end + b, w.text) for w, a, b in zip(words, noise[::2], noise[1::2], strict=False)]
    before, after = split_utterances(words, 0.0, END), split_utterances(moved, 0.0, END)
    if [s.text for s in before] == [s.text for s in after]:
        for a, b in zip(before, after, strict=True):
            assert abs(a.start - b.start) < 2.5 / EDGE_GRID and abs(a.end - b.end) < 2.5 / EDGE_GRID


@given(transcribed())
def test_edges_lie_on_the_grid(words: list[Word]) -> None:
    for s in split_utterances(words, 0.0, END):
        for edge in (s.start, s.end):
            assert abs(edge * EDGE_GRID - round(edge * EDGE_GRID)) < 1e-6


def test_an_edge_lies_a_little_outside_the_words_and_neighbors_meet_in_the_middle() -> None:
    words = [Word(1.02, 2.0, " Yes."), Word(2.08, 3.0, " No."), Word(5.0, 6.0, " Well.")]
    assert [(s.start, s.end) for s in split_utterances(words, 0.0, 6.03)] == [(0.9, 2.0), (2.0, 3.1), (4.9, 6.03)]


@given(transcribed())
def test_wordless_segments_fill_the_gaps(words: list[Word]) -> None:
    spoken = split_utterances(words, 0.0, END)
    filled = fill_gaps(spoken, 0.0, END)
    assert [s for s in filled if s.text] == spoken
    position = 0.0
    for s in filled:
        assert -1e-9 <= s.start - position < MIN_WORDLESS_SECONDS
        assert s.text or s.end - s.start <= MAX_WORDLESS_SECONDS + 1e-6
        position = max(position, s.end)
    assert END - position < MIN_WORDLESS_SECONDS


def test_sentences_are_utterances() -> None:
    text = "I told Mr. Dashwood. He laughed! Why? J. Austen knows"
    words = [Word(i * 0.5, i * 0.5 + 0.45, f" {word}") for i, word in enumerate(text.split())]
    assert [s.text for s in split_utterances(words, 0.0, 10.0)] == [
        "I told Mr. Dashwood.",
        "He laughed!",
        "Why?",
        "J. Austen knows",
    ]


def test_a_pause_ends_an_utterance() -> None:
    words = [Word(0.0, 1.0, " and so"), Word(3.0, 4.0, " my friends")]
    assert [s.text for s in split_utterances(words, 0.0, 5.0)] == ["and so", "my friends"]


def test_a_long_sentence_is_split_at_its_longest_pause() -> None:
    words = [Word(float(i), i + 0.9, f" w{i}") for i in range(10)]
    words += [Word(10.5 + i, 11.4 + i, f" v{i}") for i in range(10)]
    first, second = split_utterances(words, 0.0, 30.0)
    assert first.text.endswith("w9") and second.text.startswith("v0")


def test_a_short_one_is_lengthened_into_the_silence() -> None:
    (spoken,) = split_utterances([Word(2.0, 2.1, " No.")], 0.0, 10.0)
    assert spoken.end - spoken.start >= MIN_SECONDS


def test_a_short_one_without_room_joins_its_neighbor() -> None:
    words = [Word(0.0, 1.0, " Really."), Word(1.0, 1.1, " No."), Word(1.1, 3.0, " Never ever.")]
    spoken = split_utterances(words, 0.0, 3.0)
    assert all(s.end - s.start >= MIN_SECONDS - 1e-6 for s in spoken)
    assert " ".join(s.text for s in spoken) == "Really. No. Never ever."


def test_without_words_everything_is_filled() -> None:
    assert fill_gaps([], 0.0, 0.3) == [Segment(0.0, 0.3, "")]
    assert len(fill_gaps([], 0.0, 25.0)) == 3
    assert fill_gaps([], 5.0, 5.0) == []
