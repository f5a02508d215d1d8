"""Reader of GoEmotions: labels, splits, and skipped or rejected rows."""

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
# Any characters: commas, quotes, line breaks and letters of other scripts.
COMMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
LABELS = st.lists(st.sampled_from(EMOTIONS), min_size=1, max_size=3, unique=True)


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")


def table(path: Path, *rows: Sequence[str], header: Sequence[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_comments_are_labeled_from_the_text() -> None:
    """Labels are based on the text, not on voice or face."""
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


def test_duplicate_comments_share_a_group(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    """So that none is in training and scored, even if the labels differ."""
    path = table(tmp_path / "train.csv", ("Same.", "joy"), ("Other.", "joy"), ("Same.", "sadness"))
    groups = [example.group for example in read_goemotions(path, "train", tokenizer)]
    assert groups[0] == groups[2] != groups[1]


def test_skipped_comments_are_counted(
    tmp_path: Path, tokenizer: TextTokenizer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path / "train.csv", ("A.", "joy"), ("B.", "joy|fear"), (" ", "joy"), ("C.", "anger|joy|fear"))
    assert len(read_goemotions(path, "train", tokenizer)) == 1
    output = " ".join(capsys.readouterr().err.split())
    assert output == "train.csv: skipped 3 of 4 comments, 2 with several labels and 1 without words"
    read_goemotions(table(path, ("A.", "joy")), "train", tokenizer)
    assert capsys.readouterr().err == "", "nothing is reported if nothing is skipped"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must have the columns text and emotions"),
        ("comment,emotions\nHi.,joy\n", "must have the columns text and emotions, but has comment, emotions"),
        ("text,emotions\nHi.,joy\nHo.,admiration\n", "row 3: 'admiration' is not one of anger"),
        ("text,emotions\nHi.,joy|glad\n", "row 2: 'glad' is not one of anger"),
        ("text,emotions\nHi.,joy|\n", "row 2: it has neither an emotion nor a sentiment"),
        ("text,emotions\n,bored\n", "row 2: 'bored' is not one of anger"),
        ("text,emotions\nHi.,\n", "row 2: it has neither an emotion nor a sentiment"),
        ("text,emotions\nHi.,joy\nHo.\n", "row 3: it has too few columns; is the file complete?"),
        ("emotions,text\njoy,Oh, no\n", "row 2: it has more fields than the header"),
        ('text,emotions\n"' + "Hi. " * 40_000, 'is a closing " missing?'),
    ],
)
def test_files_of_another_format_are_rejected(
    tmp_path: Path, tokenizer: TextTokenizer, content: str, message: str
) -> None:
    path = tmp_path / "train.csv"
    path.write_text(content)
    with pytest.raises(ValueError) as error:
        read_goemotions(path, "train", tokenizer)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


def test_a_file_in_another_encoding_is_rejected(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    path = tmp_path / "dev.csv"
    path.write_bytes("text,emotions\nIt’s fine.,joy\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"dev\.csv is not UTF-8 text; save it"):
        read_goemotions(path, "held-out", tokenizer)
    path.write_bytes("text,emotions\nIt’s fine.,joy\n".encode("utf-8-sig"))
    assert len(read_goemotions(path, "held-out", tokenizer)) == 1, "as saved by spreadsheets"


def test_missing_files_are_reported(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    with pytest.raises(FileNotFoundError, match=r"has none of dev\.csv"):
        read_goemotions(tmp_path, "held-out", tokenizer)
    with pytest.raises(FileNotFoundError, match=r"no file .*gone\.csv"):
        read_goemotions(tmp_path / "gone.csv", "held-out", tokenizer)
    with pytest.raises(ValueError, match="needs a tokenizer"):
        read_goemotions(table(tmp_path / "dev.csv"), "held-out", None)


@given(st.lists(st.tuples(COMMENTS, LABELS), max_size=8))
def test_every_comment_with_one_label_and_words_is_read(
    tokenizer: TextTokenizer, comments: list[tuple[str, list[str]]]
) -> None:
    """Comments are in the file's order with their labels, whatever characters they contain."""
    with TemporaryDirectory() as folder:
        path = table(Path(folder) / "all.csv", *((text, "|".join(labels)) for text, labels in comments))
        examples = read_goemotions(path, "all", tokenizer)
    wanted = [(text, labels[0]) for text, labels in comments if len(labels) == 1 and tokenizer(text) is not None]
    assert [EMOTIONS[e.emotion] for e in examples] == [label for _, label in wanted]
    assert [e.content for e in examples] == [hash_bytes(text.encode()) for text, _ in wanted]
