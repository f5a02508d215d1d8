"""GoEmotions' reader on small CSVs: labels, splits, what is left out, and what is refused."""

import csv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION, SENTIMENTS
from model.modalities.text import TextTokenizer
from model.weights import catalog
from training.corpora import CORPORA, IGNORED, read_goemotions
from training.data.content_hash import hash_bytes

HEADER = ("text", "emotions")
# Words, commas, quotes, line breaks and letters of other scripts: whatever a comment may have in it.
COMMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
LABELS = st.lists(st.sampled_from(EMOTIONS), min_size=1, max_size=3, unique=True)


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")


def table(path: Path, *rows: Sequence[str], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_comments_are_labeled_for_their_words_alone() -> None:
    """Their labels were given from the text: they say nothing of a voice or a face."""
    corpus = CORPORA["goemotions"]
    assert corpus.modalities == ("text",) and corpus.labels == "text" and corpus.read is read_goemotions


def test_a_comment_becomes_the_tokens_of_its_text(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    text = 'So "good", I cried.'
    (example,) = read_goemotions(table(tmp_path / "dev.csv", (text, "joy")), "held-out", tokenizer)
    expected = tokenizer(text)
    assert example.sample.present == ("text",) and example.sample.text is not None and expected is not None
    assert example.sample.text.ids.tolist() == expected.ids.tolist()
    assert example.content == example.name_of("text") == hash_bytes(text.encode())
    assert example.group == f"comment {example.content}"


def test_sentiments_follow_from_emotions(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    path = table(tmp_path / "dev.csv", *((f"It is {emotion}.", emotion) for emotion in EMOTIONS))
    examples = read_goemotions(path, "all", tokenizer)
    assert [EMOTIONS[e.emotion] for e in examples] == list(EMOTIONS)
    found = {EMOTIONS[e.emotion]: SENTIMENTS[e.sentiment] for e in examples if e.sentiment != IGNORED}
    assert found == {emotion: sentiment for emotion, sentiment in SENTIMENT_OF_EMOTION.items() if sentiment}
    assert "surprise" not in found, "it is neither positive nor negative"


def test_a_folder_is_read_by_the_official_splits(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    table(tmp_path / "train.csv", ("One.", "joy"), ("Two.", "fear"), ("Three.", "neutral"))
    table(tmp_path / "dev.csv", ("Four.", "anger"), ("Five.", "joy"))
    table(tmp_path / "test.csv", ("Six.", "disgust"))
    sizes = {s: len(read_goemotions(tmp_path, s, tokenizer)) for s in ("train", "held-out", "test", "all")}
    assert sizes == {"train": 3, "held-out": 2, "test": 1, "all": 6}
    assert len(read_goemotions(tmp_path / "train.csv", "test", tokenizer)) == 3, "a file is of whichever split"
    (tmp_path / "test.csv").unlink()
    assert len(read_goemotions(tmp_path, "all", tokenizer)) == 5


def test_a_comment_that_stands_twice_is_in_one_group(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    """Equal comments share a group, so that none is both learned and scored, also where people did not agree on it."""
    path = table(tmp_path / "train.csv", ("Same.", "joy"), ("Other.", "joy"), ("Same.", "sadness"))
    groups = [example.group for example in read_goemotions(path, "train", tokenizer)]
    assert groups[0] == groups[2] != groups[1]


def test_what_is_left_out_is_counted(
    tmp_path: Path, tokenizer: TextTokenizer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path / "train.csv", ("A.", "joy"), ("B.", "joy|fear"), (" ", "joy"), ("C.", "anger|joy|fear"))
    assert len(read_goemotions(path, "train", tokenizer)) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said == "train.csv: 3 of 4 comments are left out, 2 with several labels and 1 without words"
    read_goemotions(table(path, ("A.", "joy")), "train", tokenizer)
    assert capsys.readouterr().err == "", "nothing is said where nothing is left out"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "should have the columns text and emotions"),
        ("comment,emotions\nHi.,joy\n", "should have the columns text and emotions, and has comment, emotions"),
        ("text,emotions\nHi.,joy\nHo.,admiration\n", "row 3: 'admiration' is not one of anger"),
        ("text,emotions\nHi.,joy|glad\n", "row 2: 'glad' is not one of anger"),
        ("text,emotions\nHi.,joy|\n", "row 2: it has neither an emotion nor a sentiment"),
        ("text,emotions\n,bored\n", "row 2: 'bored' is not one of anger"),
        ("text,emotions\nHi.,\n", "row 2: it has neither an emotion nor a sentiment"),
        ("text,emotions\nHi.,joy\nHo.\n", "row 3: it ends before its last column; is the file whole?"),
        ("emotions,text\njoy,Oh, no\n", "row 2: it has more fields than the header"),
        ('text,emotions\n"' + "Hi. " * 40_000, 'does a quoted text lack its closing "?'),
    ],
)
def test_files_of_another_form_are_refused(
    tmp_path: Path, tokenizer: TextTokenizer, content: str, message: str
) -> None:
    path = tmp_path / "train.csv"
    path.write_text(content)
    with pytest.raises(ValueError) as error:
        read_goemotions(path, "train", tokenizer)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    path = tmp_path / "dev.csv"
    path.write_bytes("text,emotions\nIt’s fine.,joy\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"dev\.csv is not text in UTF-8; save it again"):
        read_goemotions(path, "held-out", tokenizer)
    path.write_bytes("text,emotions\nIt’s fine.,joy\n".encode("utf-8-sig"))
    assert len(read_goemotions(path, "held-out", tokenizer)) == 1, "as spreadsheets save it"


def test_files_that_are_not_there_are_named(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds none of dev\.csv"):
        read_goemotions(tmp_path, "held-out", tokenizer)
    with pytest.raises(FileNotFoundError, match=r"no file .*gone\.csv"):
        read_goemotions(tmp_path / "gone.csv", "held-out", tokenizer)
    with pytest.raises(ValueError, match="with a tokenizer"):
        read_goemotions(table(tmp_path / "dev.csv"), "held-out", None)


@given(st.lists(st.tuples(COMMENTS, LABELS), max_size=8))
def test_every_comment_with_one_label_and_words_is_read(
    tokenizer: TextTokenizer, comments: list[tuple[str, list[str]]]
) -> None:
    """Comments keep the file's order and their own labels, whatever characters they contain."""
    with TemporaryDirectory() as folder:
        path = table(Path(folder) / "all.csv", *((text, "|".join(labels)) for text, labels in comments))
        examples = read_goemotions(path, "all", tokenizer)
    wanted = [(text, labels[0]) for text, labels in comments if len(labels) == 1 and tokenizer(text) is not None]
    assert [EMOTIONS[e.emotion] for e in examples] == [label for _, label in wanted]
    assert [e.content for e in examples] == [hash_bytes(text.encode()) for text, _ in wanted]
