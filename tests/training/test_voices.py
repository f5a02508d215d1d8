"""Reader of acted voices: recordings, speakers, splits, and rejected or skipped rows."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.contract import EMOTIONS, SENTIMENTS
from model.features import SAMPLE_RATE, Evidence, FloatArray
from model.media import read_audio
from model.modalities.registry import prepare, specs_of
from tests.conftest import MEDIA
from tests.model.media_files import Sound, write
from training.corpora import CORPORA, IGNORED, read_voices
from training.corpora.manifest import HELD_OUT_SHARE, clips_of
from training.corpora.recordings import trim_to_speech
from training.corpora.voices import manifests_in
from training.data.content_hash import hash_fraction, hash_recording

HEADER = "path,speaker,emotion"


def tone(seconds: float = 1.0, loudness: float = 0.3, pitch: float = 300.0) -> FloatArray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (loudness * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def voices(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """Create a folder with a manifest, and a tone for each missing file that a row names."""
    folder.mkdir(exist_ok=True)
    for i, name in enumerate(row.partition(",")[0] for row in rows):
        if name.endswith(".wav") and not (folder / name).exists():
            write(folder / name, [], [Sound(tone(pitch=200.0 + 10 * i))])
    (folder / "manifest.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def test_acted_voices_have_intended_emotions() -> None:
    corpus = CORPORA["voices"]
    assert corpus.modalities == ("audio",) and corpus.labels == "intended" and corpus.read is read_voices


def test_a_recording_is_read_as_an_utterance_is_served(tmp_path: Path) -> None:
    """Recordings are trimmed to speech, and only audio is read."""
    speech = read_audio(MEDIA / "one_two_three.flac")
    padded = np.concatenate([np.zeros(2 * SAMPLE_RATE, np.float32), speech, np.zeros(2 * SAMPLE_RATE, np.float32)])
    write(tmp_path / "speech.wav", [], [Sound(padded)])
    (example,) = read_voices(voices(tmp_path, "speech.wav,ann,joy"), "all", None)
    assert example.sample.present == ("audio",) and example.sample.audio is not None
    served = prepare(Evidence(trim_to_speech(read_audio(tmp_path / "speech.wav"))), specs_of("audio").values()).audio
    assert served is not None and np.array_equal(example.sample.audio, served)
    assert example.sample.audio.shape[1] < 100 * (len(padded) / SAMPLE_RATE - 3), "silence is trimmed"
    assert example.content == hash_recording(tmp_path / "speech.wav")


def test_labels_and_speakers(tmp_path: Path) -> None:
    rows = [f"{emotion}.wav,speaker{i % 2},{emotion}" for i, emotion in enumerate(EMOTIONS)]
    examples = read_voices(voices(tmp_path, *rows), "all", None)
    assert [EMOTIONS[e.emotion] for e in examples] == list(EMOTIONS)
    assert {e.group for e in examples} == {"speaker speaker0", "speaker speaker1"}
    sentiments = {EMOTIONS[e.emotion]: e.sentiment for e in examples}
    assert sentiments["joy"] == SENTIMENTS.index("positive") and sentiments["surprise"] == IGNORED


def test_a_folder_of_folders_is_read_by_name(tmp_path: Path) -> None:
    voices(tmp_path / "b", "x.wav,bea,anger", "y.wav,bea,fear")
    voices(tmp_path / "a", "x.wav,ann,joy")
    (tmp_path / "empty").mkdir()
    assert [path.parent.name for path in manifests_in(tmp_path)] == ["a", "b"]
    assert [e.group for e in read_voices(tmp_path, "all", None)] == ["speaker ann", "speaker bea", "speaker bea"]
    assert len(read_voices(tmp_path / "b", "all", None)) == 2
    assert len(read_voices(tmp_path / "b" / "manifest.csv", "all", None)) == 2
    with pytest.raises(FileNotFoundError, match=r"empty has no manifest\.csv"):
        read_voices(tmp_path / "empty", "all", None)


def test_a_manifest_may_state_the_split(tmp_path: Path) -> None:
    rows = ("a.wav,ann,joy,train", "b.wav,bea,joy,held-out", "c.wav,cat,joy,test", "d.wav,ann,fear,train")
    folder = voices(tmp_path, *rows, header="path,speaker,emotion,split")
    groups = {s: [e.group for e in read_voices(folder, s, None)] for s in ("train", "held-out", "test")}
    assert groups == {"train": ["speaker ann"] * 2, "held-out": ["speaker bea"], "test": ["speaker cat"]}
    assert len(read_voices(folder, "all", None)) == 4


@settings(max_examples=10)
@given(st.lists(st.sampled_from([f"s{i}" for i in range(12)]), min_size=1, max_size=6))
def test_no_speaker_is_in_two_splits(speakers: list[str]) -> None:
    """And every recording is in one split."""
    with TemporaryDirectory() as name:
        folder = voices(Path(name), *(f"{i}.wav,{speaker},joy" for i, speaker in enumerate(speakers)))
        splits = {s: [e.group for e in read_voices(folder, s, None)] for s in ("train", "held-out", "test")}
    assert not set(splits["train"]) & set(splits["held-out"]) and not splits["test"]
    assert sorted(splits["train"] + splits["held-out"]) == sorted(f"speaker {speaker}" for speaker in speakers)


def test_about_a_seventh_of_the_speakers_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("\n".join([HEADER, *(f"{i}.wav,s{i},joy" for i in range(400))]) + "\n")
    held_out = sum(split == "held-out" for _, split in clips_of(tmp_path)) / 400
    assert 0.10 < held_out < 0.20


def test_of_few_speakers_two_are_held_out(tmp_path: Path) -> None:
    """Even if their hashes would put all or all but one of them into training."""
    for names in (["nemo_EB0", "nemo_EM1", "nemo_JK0", "nemo_KK0"], [f"s{i}" for i in range(7)], ["a", "b", "c"]):
        (tmp_path / "manifest.csv").write_text("\n".join([HEADER, *(f"{n}.wav,{n},joy" for n in names)]) + "\n")
        held_out = [clip.group for clip, split in clips_of(tmp_path) if split == "held-out"]
        by_hash = sorted((f"speaker {name}" for name in names), key=hash_fraction)
        few = sum(hash_fraction(group) < HELD_OUT_SHARE for group in by_hash)
        assert sorted(held_out) == sorted(by_hash[: max(few, 2) if len(names) > 3 else few])


def test_short_and_quiet_recordings_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "short.wav", [], [Sound(tone(0.05))])
    write(tmp_path / "quiet.wav", [], [Sound(tone(loudness=0.0))])
    write(tmp_path / "mute.mp4", [(i / 10, np.zeros((64, 64, 3), np.uint8)) for i in range(10)])
    rows = ("long.wav,ann,joy", "short.wav,ann,joy", "quiet.wav,ann,joy", "mute.mp4,ann,joy")
    assert len(read_voices(voices(tmp_path, *rows), "all", None)) == 1
    output = " ".join(capsys.readouterr().err.split())
    assert "skipped 3 of 4 recordings, too quiet or too short" in output
    assert "short.wav, quiet.wav, mute.mp4" in output
    read_voices(voices(tmp_path, "long.wav,ann,joy"), "all", None)
    assert capsys.readouterr().err == "", "nothing is reported if nothing is skipped"


def test_only_the_split_that_is_read_is_decoded(tmp_path: Path) -> None:
    folder = voices(tmp_path, "a.wav,ann,joy,train", "b.wav,bea,joy,test", header="path,speaker,emotion,split")
    (folder / "b.wav").unlink()
    assert len(read_voices(folder, "train", None)) == 1
    with pytest.raises(ValueError, match=r"row 3: .*b\.wav does not exist"):
        read_voices(folder, "test", None)


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("path,speaker,emotion,mood", "a.wav,ann,joy,x", "unknown columns ['mood']"),
        (HEADER, "a.wav,ann,calm", "row 3: 'calm' is not one of anger"),
        (HEADER, "a.wav,ann,", "row 3: it has neither an emotion nor a sentiment"),
        (HEADER, "a.wav,ann", "row 3: it has neither an emotion nor a sentiment"),
        (HEADER, ",ann,joy", "row 3: it has neither a path nor a text"),
        (HEADER, "a.wav,ann,joy,fear", "row 3: it has more fields than the header"),
        ("path,speaker,emotion,text", ",ann,joy,Hello.", "row 3: it has no path; voices are trained on recordings"),
        (HEADER, "a.wav,,joy", "row 3: name the speaker, without a dialogue"),
        ("path,speaker,emotion,dialogue", "a.wav,ann,joy,scene", "row 3: name the speaker, without a dialogue"),
        ("path,speaker,emotion,start", "a.wav,ann,joy,1.5", "row 3: start and end are not supported for voices"),
        ("path,speaker,emotion,end", "a.wav,ann,joy,1.5", "row 3: start and end are not supported for voices"),
        ("path,speaker,emotion,split", "a.wav,ann,joy,dev", "row 3: split 'dev' is not one of"),
        (HEADER, "gone.mp3,ann,joy", "gone.mp3 does not exist"),
        (HEADER, "damaged.mp3,ann,joy", "damaged.mp3 is not a readable"),
    ],
)
def test_invalid_rows_are_reported(tmp_path: Path, header: str, row: str, message: str) -> None:
    """The error names manifest and row, also after a valid row."""
    (tmp_path / "damaged.mp3").write_text("no sound")
    with pytest.raises(ValueError) as error:
        read_voices(voices(tmp_path, "good.wav,ann,joy", row, header=header), "all", None)
    assert str(error.value).startswith(f"{tmp_path / 'manifest.csv'}") and message in str(error.value)
    assert "unknown" in message or "row 3: " in str(error.value)


def test_a_recording_instead_of_a_manifest_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", [], [Sound(tone())])
    with pytest.raises(ValueError, match=r"a\.flac is not UTF-8 text"):
        read_voices(path, "all", None)
