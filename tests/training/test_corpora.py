"""Readers of the corpora on files in their formats: labels, splits, context and skipped items."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS
from model.features import SAMPLE_RATE
from model.modalities.face import face_tensor
from model.modalities.text import TextTokenizer
from model.weights import catalog
from tests.model.media_files import Sound, noise, write
from tests.training.meld_fixture import make_meld
from training.corpora import (
    CORPORA,
    IGNORED,
    class_frequencies,
    read_fer2013,
    read_manifest,
    read_meld_text,
    read_ravdess,
)
from training.corpora.manifest import clips_of
from training.corpora.meld import PARTS, read_rows
from training.data.content_hash import hash_bytes, hash_recording


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")


def manifest(folder: Path, *rows: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_corpora_declare_modalities_and_licences() -> None:
    assert CORPORA["meld"].modalities == CORPORA["manifest"].modalities == MODALITIES
    assert CORPORA["ravdess"].modalities == ("audio",) and CORPORA["fer2013"].modalities == ("face",)
    assert all(corpus.licence and name == corpus.name for name, corpus in CORPORA.items())


def test_meld_text_reads_the_official_folder_by_its_splits(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    make_meld(tmp_path)
    sizes = {split: len(read_meld_text(tmp_path, split, tokenizer)) for split in (*PARTS, "all")}
    assert sizes == {"train": 8, "held-out": 4, "test": 2, "all": 14}
    groups = {split: {e.group for e in read_meld_text(tmp_path, split, tokenizer)} for split in PARTS}
    assert not groups["train"] & groups["held-out"] and not groups["train"] & groups["test"]
    train = read_meld_text(tmp_path, "train", tokenizer)
    assert {e.emotion for e in train} == set(range(len(EMOTIONS)))
    assert train[0].content == hash_bytes(read_rows(tmp_path / PARTS["train"].csv)[0].text.encode())


def test_meld_keeps_dialogues_together_and_gives_context(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    rows = [
        ("1", "1", "And you?", "Monica", "surprise", "positive"),
        ("0", "0", "Hello.", "Joey", "neutral", "neutral"),
        ("0", "1", "Go away!", "Ross", "anger", "negative"),
    ]
    path = tmp_path / "dev_sent_emo.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Dialogue_ID", "Utterance_ID", "Utterance", "Speaker", "Emotion", "Sentiment"])
        writer.writerows(rows)
    first, second, third = read_meld_text(path, "held-out", tokenizer)
    assert [e.group for e in (first, second, third)] == ["dialogue 0", "dialogue 0", "dialogue 1"]
    assert second.emotion == EMOTIONS.index("anger") and second.sentiment == SENTIMENTS.index("negative")
    context = tokenizer("Go away!", ["Hello."])
    alone = tokenizer("And you?")
    assert second.sample.text is not None and third.sample.text is not None and context and alone
    assert second.sample.text.ids.tolist() == context.ids.tolist()
    assert third.sample.text.ids.tolist() == alone.ids.tolist(), "context must not cross dialogues"


def test_nested_meld_folders_are_found(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    make_meld(tmp_path / "MELD.Raw" / "train")
    assert len(read_meld_text(tmp_path, "held-out", tokenizer)) == 4
    with pytest.raises(FileNotFoundError, match=r"no train_sent_emo\.csv; is it a copy of MELD\.Raw"):
        read_meld_text(tmp_path / "MELD.Raw" / "train" / "train_splits", "train", tokenizer)


def test_meld_punctuation_is_decoded(tmp_path: Path) -> None:
    head, row = "Utterance,Emotion,Sentiment,Dialogue_ID,Utterance_ID", '"It{}s fine.",joy,positive,0,0'
    for name, raw in {
        "official": f"{head}\n{row.format(chr(0x92))}\n".encode(),
        "windows": f"{head}\n{row.format('’')}\n".encode("cp1252"),
        "clean": f"{head}\n{row.format('’')}\n".encode("utf-8-sig"),
    }.items():
        (tmp_path / f"{name}.csv").write_bytes(raw)
        assert read_rows(tmp_path / f"{name}.csv")[0].text == "It’s fine."


def test_faulty_labels_are_named(tmp_path: Path) -> None:
    head = "Utterance,Emotion,Sentiment,Dialogue_ID,Utterance_ID"
    (tmp_path / "a.csv").write_text(f"{head}\nHi.,joy,positive,0,0\nHo.,bored,neutral,0,1\n")
    with pytest.raises(ValueError, match="row 3: 'bored' is not one of anger, disgust"):
        read_rows(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("Text,Emotion,Sentiment\nHi.,joy,positive\n")
    with pytest.raises(ValueError, match="no column 'Utterance'"):
        read_rows(tmp_path / "b.csv")


def test_a_manifest_of_text_only(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    rows = (
        "text,dialogue,emotion,sentiment",
        "Hi.,a,joy,",
        "Go!,b,anger,negative",
        "Oh.,a,surprise,",
        "Well.,a,,neutral",
    )
    first, other, second, third = read_manifest(manifest(tmp_path, *rows), "all", tokenizer)
    assert (first.emotion, first.sentiment) == (EMOTIONS.index("joy"), SENTIMENTS.index("positive"))
    assert second.sentiment == IGNORED and third.emotion == IGNORED and third.sentiment == SENTIMENTS.index("neutral")
    expected = {text: tokenizer(text, context) for text, context in (("Oh.", ["Hi."]), ("Go!", []))}
    for example, text in ((second, "Oh."), (other, "Go!")):
        tokens, wanted = example.sample.text, expected[text]
        assert tokens is not None and wanted is not None and tokens.ids.tolist() == wanted.ids.tolist()
        assert example.sample.present == ("text",) and example.content == hash_bytes(text.encode())
    assert not (tmp_path / "features").exists(), "text needs no cache"


def test_a_manifest_of_audio_only(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    """Missing columns, spans and whole files, and a missing file."""
    for name, seed in (("a", 1), ("b", 2)):
        write(tmp_path / f"{name}.wav", [], [Sound(noise(3.0, seed))])
    rows = ("path,start,end,emotion", "a.wav,0.5,1.5,fear", "a.wav,1.5,2.75,joy", "b.wav,,,anger", "c.wav,,,anger")
    examples = read_manifest(manifest(tmp_path, *rows), "all", tokenizer)
    assert [e.sample.present for e in examples] == [("audio",)] * 3
    assert [e.audio_frames // 10 for e in examples] == [10, 12, 30]  # type: ignore[attr-defined]
    assert [e.group for e in examples] == ["path a.wav", "path a.wav", "path b.wav"]
    assert examples[1].content == hash_recording(tmp_path / "a.wav", 1.5, 2.75)
    assert len({e.content for e in examples}) == 3


def test_a_manifest_is_split_by_dialogue(tmp_path: Path) -> None:
    rows = [f"Line {i}.,dialogue {i // 4},s{i % 3},joy" for i in range(1600)]
    clips = clips_of(manifest(tmp_path, "text,dialogue,speaker,emotion", *rows))
    splits = {clip.group: split for clip, split in clips}
    assert len(splits) == 400 and all(splits[clip.group] == split for clip, split in clips)
    held_out = sum(split == "held-out" for split in splits.values()) / len(splits)
    assert set(splits.values()) == {"train", "held-out"} and 0.10 < held_out < 0.20
    fewer = clips_of(manifest(tmp_path, "text,dialogue,speaker,emotion", *rows[800:]))
    assert all(splits[clip.group] == split for clip, split in fewer), "adding rows must move none"
    by_speaker = clips_of(manifest(tmp_path, "text,speaker,emotion", "A.,Ann,joy", "B.,Ann,fear"))
    assert {clip.group for clip, _ in by_speaker} == {"speaker Ann"}


def test_a_manifest_may_state_the_split(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    path = manifest(tmp_path, "text,dialogue,emotion,split", "A.,a,joy,train", "B.,b,joy,held-out", "C.,c,joy,test")
    sizes = {split: len(read_manifest(path, split, tokenizer)) for split in ("train", "held-out", "test", "all")}
    assert sizes == {"train": 1, "held-out": 1, "test": 1, "all": 3}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("text,mood", "Hi.,joy"), "unknown columns ['mood']"),
        (("text,emotion", "Hi.,glad"), "row 2: 'glad' is not one of"),
        (("text,emotion", "Hi.,"), "row 2: it has neither an emotion nor a sentiment"),
        (("text,emotion", ",joy"), "row 2: it has neither a path nor a text"),
        (("path,start,end,emotion", "a.mp4,5,2,joy"), "row 2: end must be after start"),
        (("path,start,emotion", "a.mp4,0:05,joy"), "row 2: start and end must be seconds"),
        (("emotion,text", "joy,Oh, no"), "row 2: it has more fields than the header"),
        (("text,emotion,split", "Hi.,joy,dev"), "row 2: split 'dev' is not one of train, held-out, test"),
        (("text,dialogue,emotion,split", "A.,a,joy,train", "B.,a,joy,test"), "row 3: dialogue a is in two splits"),
    ],
)
def test_invalid_manifests_are_rejected(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError) as error:
        clips_of(manifest(tmp_path, *rows))
    assert message in str(error.value)


def test_a_manifest_of_missing_files_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none of the 1 files exists"):
        read_manifest(manifest(tmp_path, "path,emotion", "gone.mp4,joy"), "all", None)


def test_ravdess_is_split_by_actor(tmp_path: Path) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sound = (0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
    for emotion, actor in (("02", "01"), ("08", "16"), ("05", "17")):
        write(tmp_path / f"03-01-{emotion}-01-01-01-{actor}.wav", [], [Sound(sound)])
    train, held_out = read_ravdess(tmp_path, "train", None), read_ravdess(tmp_path, "held-out", None)
    assert [(EMOTIONS[e.emotion], e.group) for e in train] == [("neutral", "actor 01"), ("surprise", "actor 16")]
    assert train[1].sentiment == IGNORED, "surprise is neither positive nor negative"
    assert [e.group for e in held_out] == ["actor 17"]
    assert len(read_ravdess(tmp_path, "all", None)) == 3


def test_ravdess_as_zenodo_packs_it(tmp_path: Path) -> None:
    """Folders of actors, each in one split."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for actor in ("01", "19", "24"):
        (tmp_path / f"Actor_{actor}").mkdir()
        sound = (0.3 * np.sin(2 * np.pi * (200 + int(actor)) * time)).astype(np.float32)
        write(tmp_path / f"Actor_{actor}" / f"03-01-05-01-01-01-{actor}.wav", [], [Sound(sound)])
    groups = {split: [e.group for e in read_ravdess(tmp_path, split, None)] for split in ("train", "held-out", "test")}
    assert groups == {"train": ["actor 01"], "held-out": ["actor 19"], "test": ["actor 24"]}
    (example,) = read_ravdess(tmp_path, "test", None)
    assert example.content == hash_recording(tmp_path / "Actor_24" / "03-01-05-01-01-01-24.wav")


def test_fer2013_is_read_as_served(tmp_path: Path) -> None:
    """Crops are prepared by the function that serving uses."""
    images = np.random.default_rng(1).integers(0, 255, (7, 48, 48), dtype=np.uint8)
    np.savez(tmp_path / "train.npz", images=images, labels=np.arange(7), classes=np.array(EMOTIONS))
    served = face_tensor([images[3]])
    trained = read_fer2013(tmp_path, "train", None)[3]
    assert served is not None and trained.sample.face is not None
    torch.testing.assert_close(served, trained.sample.face)
    assert trained.emotion == 3 and trained.sentiment == SENTIMENTS.index("positive")


def test_duplicates_of_fer2013_are_removed_from_training(tmp_path: Path) -> None:
    """Unless their labels differ; splits that score keep every item."""
    image, other = np.random.default_rng(2).integers(0, 255, (2, 48, 48), dtype=np.uint8)
    images, labels = np.stack([image, other, image, image, other]), np.array([3, 0, 4, 3, 0])
    for name in ("train", "validation"):
        np.savez(tmp_path / f"{name}.npz", images=images, labels=labels, classes=np.array(EMOTIONS))
    examples = read_fer2013(tmp_path, "train", None)
    assert [(e.group, e.emotion) for e in examples] == [
        ("train image 0", 3),
        ("train image 1", 0),
        ("train image 2", 4),
    ]
    assert [e.emotion for e in read_fer2013(tmp_path, "held-out", None)] == labels.tolist()
    assert len(read_fer2013(tmp_path / "train.npz", "all", None)) == len(read_fer2013(tmp_path, "all", None)) / 2 == 5


FACES, LABELS, CLASSES = np.zeros((2, 48, 48), dtype=np.uint8), np.array([0, 6]), np.array(EMOTIONS)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (FACES / 255.0, LABELS, "images must be integers from 0 to 255"),
        (FACES[..., None], LABELS, "[2, 48, 48], got uint8 [2, 48, 48, 1]"),
        (FACES, np.array([0, 7]), "labels must be integers from 0 to 6"),
        (FACES, np.array([-1, 0]), "labels must be integers from 0 to 6"),
    ],
)
def test_fer2013_of_another_format_is_rejected(tmp_path: Path, images: Any, labels: Any, message: str) -> None:
    """It would otherwise be scored incorrectly."""
    path = tmp_path / "faces.npz"
    np.savez(path, images=images, labels=labels, classes=CLASSES)
    with pytest.raises(ValueError) as error:
        read_fer2013(path, "all", None)
    assert message in str(error.value)


def test_files_other_than_fer2013_are_rejected(tmp_path: Path) -> None:
    complete, truncated, single = (tmp_path / name for name in ("complete.npz", "truncated.npz", "single.npy"))
    np.savez(complete, images=FACES.astype(np.int64), labels=LABELS, classes=CLASSES)
    truncated.write_bytes(complete.read_bytes()[:-100])
    np.save(single, FACES)
    assert len(read_fer2013(complete, "all", None)) == 2
    for path, message in ((truncated, "not a complete .npz"), (single, "is a single array")):
        with pytest.raises(ValueError, match=message):
            read_fer2013(path, "all", None)


@pytest.mark.parametrize(
    ("row", "message"), [("Hi.,joy,positive,x,0", "must be integers"), ("Hi.,joy", "it has too few columns")]
)
def test_invalid_meld_rows_are_reported(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "dev.csv"
    path.write_text(f"Utterance,Emotion,Sentiment,Dialogue_ID,Utterance_ID\nHi.,joy,positive,0,0\n{row}\n")
    with pytest.raises(ValueError, match=f"row 3.*{message}"):
        read_rows(path)


def test_recordings_that_are_too_quiet_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for loudness, actor in ((0.3, "21"), (0.0, "22")):
        sound = (loudness * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
        write(tmp_path / f"03-01-05-01-01-01-{actor}.wav", [], [Sound(sound)])
    assert [e.group for e in read_ravdess(tmp_path, "test", None)] == ["actor 21"]
    output = " ".join(capsys.readouterr().err.split())
    assert "skipped 1 of 2 files" in output and "03-01-05-01-01-01-22.wav" in output


def test_songs_are_not_speech(tmp_path: Path) -> None:
    sound = (0.3 * np.sin(2 * np.pi * 300 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)
    for name in ("03-01-05-01-01-01-21.WAV", "03-02-05-01-01-02-21.wav"):
        write(tmp_path / "made.wav", [], [Sound(sound)])
        (tmp_path / "made.wav").rename(tmp_path / name)
    assert len(read_ravdess(tmp_path, "test", None)) == 1


def test_frequencies_exclude_ignored_labels() -> None:
    assert class_frequencies([0, 0, 1, IGNORED], 3) == pytest.approx((3 / 6, 2 / 6, 1 / 6))


def test_fer2013_names_its_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 48, 48), dtype=np.uint8)
    np.savez(tmp_path / "train.npz", images=images, labels=np.array([0, 3, 6]), classes=np.array(EMOTIONS))
    examples = read_fer2013(tmp_path, "train", None)
    assert [e.content for e in examples] == [hash_bytes(image.tobytes()) for image in images]
    assert [e.emotion for e in examples] == [0, 3, 6] and examples[2].sentiment == IGNORED
