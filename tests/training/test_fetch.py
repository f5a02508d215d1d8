"""Fetching of corpora over HTTP, unpacking and conversion; and the report on a copy of MELD."""

import gzip
import hashlib
import io
import json
import tarfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import typer
from typer.testing import CliRunner

from model.contract import EMOTIONS
from tests.model.test_weights import Origin
from tests.training.meld_fixture import make_meld
from training import fetch as fetching
from training import prepare
from training.corpora import read_fer2013, read_ferplus
from training.corpora.goemotions import COLUMNS
from training.corpora.manifest import clips_of as manifest_clips
from training.corpora.meld import PARTS, clips_of
from training.corpora.tables import read_table
from training.data.converters.crema_d import TABLE, convert_crema_d_votes
from training.data.converters.fer2013 import CODES, Image, convert_fer2013
from training.data.converters.ferplus import COLUMNS as FERPLUS_COLUMNS
from training.data.converters.ferplus import VOTE_NAMES, VOTES, convert_ferplus
from training.data.converters.goemotions import GROUPING, convert_goemotions
from training.data.converters.voices import convert_emogator, convert_emotiontts, convert_nemo
from training.data.downloads import LOCK_FILE, FetchError, RemoteFile, download_verified
from training.data.sources import DOWNLOADABLE, MANUAL, DownloadableCorpus, unpack_meld
from training.fetch import fetch
from training.fusion.judgments import perceived_given_intended
from training.prepare import check_meld

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def origin() -> Iterator[Origin]:
    import threading

    server = Origin()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def quiet(label: str, have: int, total: int) -> None:
    """Discard progress."""


def test_a_download_is_resumed_and_verified(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a.zip"], origin.break_after = CONTENT, 400_000
    remote = RemoteFile("a.zip", (f"{origin.url}/a.zip",), None, f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert download_verified(remote, tmp_path, quiet).read_bytes() == CONTENT
    assert len(origin.seen) == 3 and origin.seen[0] is None
    starts = [int((header or "").strip("bytes=-")) for header in origin.seen[1:]]
    assert 0 < starts[0] <= 400_000 < starts[1] <= 800_000, "each attempt resumes the previous one"
    download_verified(remote, tmp_path, quiet)
    assert len(origin.seen) == 3, "a verified file is not downloaded again"


def test_the_next_address_is_tried(origin: Origin, tmp_path: Path) -> None:
    origin.files["/other"] = b"something else"
    origin.files["/right"] = CONTENT
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    urls = tuple(f"{origin.url}/{name}" for name in ("gone", "other", "right"))
    assert download_verified(RemoteFile("a", urls, None, digest), tmp_path, quiet).read_bytes() == CONTENT
    with pytest.raises(FetchError, match=r"(?s)HTTP 404.*digest mismatch"):
        download_verified(RemoteFile("b", urls[:2], None, digest), tmp_path, quiet)


def test_without_a_published_digest_the_first_is_recorded(origin: Origin, tmp_path: Path) -> None:
    origin.files["/a.csv"] = b"one"
    remote = RemoteFile("a.csv", (f"{origin.url}/a.csv",))
    download_verified(remote, tmp_path, quiet)
    assert json.loads((tmp_path / LOCK_FILE).read_text()) == {"a.csv": f"sha256:{hashlib.sha256(b'one').hexdigest()}"}
    (tmp_path / "a.csv").unlink()
    origin.files["/a.csv"] = b"two"
    with pytest.raises(FetchError, match="digest mismatch"):
        download_verified(remote, tmp_path, quiet)


def test_meld_is_fetched_and_unpacked(origin: Origin, tmp_path: Path) -> None:
    """An archive of archives like the official one, with hidden files."""
    copy = make_meld(tmp_path / "copy")
    origin.files["/MELD.Raw.tar.gz"] = packed(copy)
    names = [part.csv for part in PARTS.values()]
    for name in names:
        origin.files[f"/{name}"] = (copy / name).read_bytes()
    remotes = tuple(RemoteFile(name, (f"{origin.url}/{name}",)) for name in ("MELD.Raw.tar.gz", *names))
    public = DownloadableCorpus("GPL-3.0", origin.url, remotes, 1000, unpack_meld)
    out = tmp_path / "out"
    fetch(public, out)
    assert not (out / "MELD.Raw.tar.gz").exists() and not list(out.rglob("._*"))
    for part in PARTS:
        clips = [clip.path for clip in clips_of(out, part) if clip.path is not None and clip.path.is_file()]
        assert [p.read_bytes() for p in clips] == [(copy / PARTS[part].clips / p.name).read_bytes() for p in clips]
        assert len(clips) == {"train": 8, "held-out": 3, "test": 2}[part]
    seen = len(origin.seen)
    fetch(public, out)
    assert len(origin.seen) == seen, "nothing is fetched twice"


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as clips:
        info = tarfile.TarInfo("../outside.mp4")
        info.size = 1
        clips.addfile(info, io.BytesIO(b"x"))
    outer = tmp_path / "MELD.Raw.tar.gz"
    with tarfile.open(outer, mode="w:gz") as archive:
        info = tarfile.TarInfo("MELD.Raw/train.tar.gz")
        info.size = len(inner.getvalue())
        archive.addfile(info, io.BytesIO(inner.getvalue()))
    with pytest.raises(tarfile.TarError, match="outside"):
        unpack_meld(outer, tmp_path / "out")
    assert not (tmp_path / "outside.mp4").exists()


def packed(copy: Path) -> bytes:
    outer = io.BytesIO()
    with tarfile.open(fileobj=outer, mode="w") as archive:
        for name, part in zip(("train", "dev", "test"), PARTS.values(), strict=True):
            inner = io.BytesIO()
            with tarfile.open(fileobj=inner, mode="w:gz") as clips:
                clips.add(copy / part.clips, part.clips)
            info = tarfile.TarInfo(f"MELD.Raw/{name}.tar.gz")
            info.size = len(inner.getvalue())
            archive.addfile(info, io.BytesIO(inner.getvalue()))
    return gzip.compress(outer.getvalue(), 1)


def test_the_catalog_has_official_addresses_and_digests() -> None:
    meld, ravdess = DOWNLOADABLE["meld"].files[0], DOWNLOADABLE["ravdess"].files[0]
    assert meld.urls[0].startswith("https://web.eecs.umich.edu/~mihalcea/") and len(meld.digest or "") == 7 + 64
    assert ravdess.urls[0].startswith("https://zenodo.org/") and (ravdess.digest or "").startswith("md5:")
    files = [file for public in DOWNLOADABLE.values() for file in public.files]
    files += [file for by_hand in MANUAL.values() for file in by_hand.files]
    assert all(url.startswith("https://") for file in files for url in file.urls)


def write_challenge(
    path: Path, rows: Sequence[tuple[str, npt.NDArray[np.integer], str]], header: str = "emotion,pixels,Usage"
) -> None:
    """Write a file in Kaggle's format."""
    lines = [header]
    for code, image, usage in rows:
        pixels = " ".join(str(p) for p in image.ravel())
        fields = {"emotion": code, "pixels": pixels, "usage": usage}
        lines.append(",".join(fields[column.strip().lower()] for column in header.split(",")))
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("header", ["emotion,pixels,Usage", "emotion, Usage, pixels"])
def test_fer2013_is_converted(tmp_path: Path, header: str) -> None:
    """Labels are by name, splits by usage, and no image is also in a later split."""
    rng = np.random.default_rng(0)
    images = {name: rng.integers(0, 256, (48, 48), dtype=np.uint8) for name in ("a", "b", "c", "d", "e")}
    rows = [("3", "a", "Training"), ("6", "b", "Training"), ("4", "c", "Training"), ("4", "c", "PublicTest")]
    rows += [("0", "d", "PublicTest"), ("0", "d", "PrivateTest"), ("1", "e", "PublicTest"), ("5", "b", "PrivateTest")]
    write_challenge(tmp_path / "fer2013.csv", [(code, images[name], usage) for code, name, usage in rows], header)
    assert convert_fer2013(tmp_path / "fer2013.csv", tmp_path / "out") == {
        "test.npz": 2, "validation.npz": 2, "train.npz": 1,
    }  # fmt: skip
    (train,) = read_fer2013(tmp_path / "out", "train", None)
    assert EMOTIONS[train.emotion] == "joy" == CODES[3]
    held_out = [EMOTIONS[e.emotion] for e in read_fer2013(tmp_path / "out", "held-out", None)]
    assert held_out == ["sadness", "disgust"]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="is it fer2013"):
        convert_fer2013(tmp_path / "other.csv", tmp_path)


def test_invalid_fer2013_rows_are_reported(tmp_path: Path) -> None:
    """Including negative codes and pixel values above 255."""
    image = np.zeros((48, 48), dtype=np.int64)
    for code, brightest, message in (("7", 0, "emotion '7'"), ("-1", 0, "emotion '-1'"), ("3", 300, "48x48 pixels")):
        bright = np.where(np.arange(48 * 48).reshape(48, 48) == 0, brightest, image)
        write_challenge(tmp_path / "fer2013.csv", [("3", image, "Training"), (code, bright, "Training")])
        with pytest.raises(ValueError, match=f"row 3: (not )?{message}"):
            convert_fer2013(tmp_path / "fer2013.csv", tmp_path / "out")


def ferplus_rows() -> tuple[list[tuple[str, Image, str]], list[str]]:
    """Return rows of the challenge, and FER+'s lines for them with the header."""
    rng = np.random.default_rng(0)
    a, b, c, d, e, f = (rng.integers(0, 256, (48, 48), dtype=np.uint8) for _ in range(6))
    rows = [
        (a, "Training", "fer0000000.png"), (b, "Training", ""), (c, "Training", "fer0000001.png"),
        (d, "Training", "fer0000002.png"), (e, "Training", "fer0000003.png"), (e, "Training", "fer0000004.png"),
        (c[:, ::-1], "PublicTest", "fer0000005.png"), (f[:, ::-1], "PublicTest", "fer0000006.png"),
        (d, "PrivateTest", "fer0000007.png"), (f, "PrivateTest", "fer0000008.png"), (a, "PrivateTest", ""),
    ]  # fmt: skip
    happy, no_face = "1,8,0,0,0,0,0,0,1,0", "0,0,0,0,0,0,0,0,0,10"
    votes = [f"{usage},{name},{happy if name else no_face}" for _, usage, name in rows]
    return [("3", image, usage) for image, usage, _ in rows], [",".join(FERPLUS_COLUMNS), *votes]


def test_ferplus_is_converted_with_the_votes_fetched(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No image, mirrored or not, is also in a later split; images without a face are removed."""
    rows, votes = ferplus_rows()
    votes[3] = votes[3].replace("1,8,0,0,0,0,0,0,1,0", "0,0,0,0,9,0,0,0,0,1")  # its image is removed
    votes[5] = votes[5].replace("1,8,0,0,0,0,0,0,1,0", "0,0,0,0,9,0,0,0,0,1")
    write_challenge(tmp_path / "fer2013.csv", rows)
    origin.files[f"/{VOTES}"] = "\n".join(votes).encode()
    here = replace(MANUAL["ferplus"], files=(RemoteFile(VOTES, (f"{origin.url}/{VOTES}",)),))
    monkeypatch.setitem(MANUAL, "ferplus", here)
    out = tmp_path / "out"
    arguments = ["ferplus", "--out", str(out), "--csv", str(tmp_path / "fer2013.csv")]
    code, output = run(fetching.main, *arguments)
    assert code == 1 and "MIT" in output and not out.exists(), "the licence must be accepted first"
    code, output = run(fetching.main, *arguments, "--accept-licence")
    assert code == 0 and "train.npz: 3 images" in output and (out / LOCK_FILE).exists()
    numbers = {"train": [0, 3, 4], "validation": [5], "test": [7, 8]}
    for name, expected in numbers.items():
        with np.load(out / f"{name}.npz") as archive:
            assert archive["number"].tolist() == expected and archive["vote_names"].tolist() == list(VOTE_NAMES)
            assert archive["images"].dtype == archive["votes"].dtype == np.uint8
            its_rows = [next(i for i, vote in enumerate(votes[1:]) if f"fer000000{n}" in vote) for n in expected]
            assert np.array_equal(archive["images"], [rows[i][1] for i in its_rows])
    faces = read_ferplus(out, "train", None)
    assert [EMOTIONS[face.emotion] for face in faces] == ["joy", "anger", "joy"]


@pytest.mark.parametrize(
    "row, text, expected",
    [
        (None, "", "10 rows and .* 11"),
        (0, ",".join(FERPLUS_COLUMNS).lower(), "is it FER.'s fer2013new.csv"),
        (2, "PublicTest,,0,0,0,0,0,0,0,0,0,10", "row 3: .* another usage than PublicTest"),
        (3, "Training,a.png,0,10,0,0,0,0,0,0,0,0", "row 4: expected a name like"),
        (3, "Training,fer0000001.png,0,x,0,0,0,0,0,0,0,0", "row 4: .* ten numbers"),
        (3, "Training,fer0000001.png,0,10", "row 4: .* ten numbers"),
        (3, "Training,fer0000001.png,0,256,0,0,0,0,0,0,0,0", "row 4: .* ten numbers"),
    ],
)
def test_votes_of_other_images_are_rejected(tmp_path: Path, row: int | None, text: str, expected: str) -> None:
    rows, votes = ferplus_rows()
    votes = votes[:-1] if row is None else [*votes[:row], text, *votes[row + 1 :]]
    write_challenge(tmp_path / "fer2013.csv", rows)
    (tmp_path / VOTES).write_text("\n".join(votes))
    with pytest.raises(ValueError, match=expected) as failed:
        convert_ferplus(tmp_path / "fer2013.csv", tmp_path / VOTES, tmp_path / "out")
    assert "\n" not in str(failed.value) and not (tmp_path / "out").exists()


def write_recording(path: Path) -> None:
    """Write 0.1 s of noise as WAV under any name, as formats are detected from content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(-9000, 9000, 1600, dtype=np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(noise.tobytes())


def make_nemo(folder: Path) -> None:
    """Create a clone like amu-cai/nEMO, with spaces before speakers; one recording is empty."""
    rows = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for name in ("WR0_surprised_4", "EB0_anger_1", "EB0_happiness_2", "EB0_fear_3"):
        speaker, emotion, _ = name.split("_")
        rows.append(f'{name}.wav\t{emotion}\t"Ród smoka\tród smoka\t        {speaker}\tmale\t23')
        write_recording(folder / "samples" / f"{name}.wav")
    (folder / "samples" / "EB0_fear_3.wav").write_bytes(b"")
    (folder / "data.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def manifest(folder: Path) -> list[tuple[str | None, ...]]:
    columns, rows = read_table(folder / "manifest.csv")
    assert columns == ["path", "speaker", "emotion"]
    assert all((folder / (row["path"] or "")).is_file() for row in rows)
    return [tuple(row.values()) for row in rows]


def test_nemo_is_converted(tmp_path: Path) -> None:
    """Labels are ours, speakers nEMO's; unreadable recordings are reported and skipped."""
    make_nemo(tmp_path / "nEMO")
    out = tmp_path / "voices" / "nemo"
    arguments = ["nemo", "--out", str(out), "--from", str(tmp_path / "nEMO")]
    code, output = run(fetching.main, *arguments)
    assert code == 1 and "CC BY-NC-SA 4.0" in output and not out.exists(), "the licence must be accepted first"
    code, output = run(fetching.main, *arguments, "--accept-licence")
    assert code == 0 and "manifest.csv: 3 recordings" in output
    assert "skipped 1 unreadable recordings" in output and "EB0_fear_3.wav" in output
    assert manifest(out) == [
        ("anger/EB0_anger_1.wav", "nemo_EB0", "anger"),
        ("joy/EB0_happiness_2.wav", "nemo_EB0", "joy"),
        ("surprise/WR0_surprised_4.wav", "nemo_WR0", "surprise"),
    ]
    assert {clip.group for clip, _ in manifest_clips(out)} == {"speaker nemo_EB0", "speaker nemo_WR0"}


def test_emogator_is_converted(tmp_path: Path) -> None:
    """Two readable recordings per person and emotion; other categories are skipped."""
    names = [
        "000001-02-1",
        "000001-02-2",
        "000001-02-3",
        "000001-13-1",
        "000001-04-1",
        "000001-28-1",
        "000002-13-1",
        "notes",
    ]
    for name in names:
        write_recording(tmp_path / "EmoGator" / "data" / "mp3" / f"{name}.mp3")
    (tmp_path / "EmoGator" / "data" / "mp3" / "000001-02-1.mp3").write_bytes(b"")
    assert convert_emogator(tmp_path / "EmoGator", tmp_path / "out") == {"manifest.csv": 4}
    assert manifest(tmp_path / "out") == [
        ("joy/000001-02-2.mp3", "emogator_000001", "joy"),
        ("joy/000001-02-3.mp3", "emogator_000001", "joy"),
        ("joy/000002-13-1.mp3", "emogator_000002", "joy"),
        ("surprise/000001-28-1.mp3", "emogator_000001", "surprise"),
    ]


def test_emotiontts_is_converted(tmp_path: Path) -> None:
    """The hundreds digit is the emotion; both kinds of scripts are read, and no other folders."""
    folder = tmp_path / "clone" / "Dataset" / "SpeechCorpus"
    for name in ("ema00005", "ema00101", "ema00403"):
        write_recording(folder / "Emotional" / "plain-to-emotional" / name[:3] / "wav" / f"{name}.wav")
    for name in ("nea00202", "nea00300"):
        write_recording(folder / "Emotional" / "emotional-to-emotional" / name[:3] / "wav" / f"{name}.wav")
    write_recording(folder / "Personality" / "plain" / "aaa" / "wav" / "aaa00001.wav")
    assert convert_emotiontts(tmp_path / "clone", tmp_path / "out") == {"manifest.csv": 4}
    assert manifest(tmp_path / "out") == [
        ("anger/nea00202.wav", "korean_emotiontts_nea", "anger"),
        ("joy/ema00101.wav", "korean_emotiontts_ema", "joy"),
        ("neutral/ema00005.wav", "korean_emotiontts_ema", "neutral"),
        ("sadness/nea00300.wav", "korean_emotiontts_nea", "sadness"),
    ]


def test_other_folders_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no data.tsv; is it a clone of https://github.com/amu-cai/nEMO"):
        convert_nemo(tmp_path, tmp_path / "out")
    with pytest.raises(ValueError, match="is it a clone of https://github.com/fredbuhl/EmoGator"):
        convert_emogator(tmp_path, tmp_path / "out")
    with pytest.raises(ValueError, match="is it a clone of https://github.com/emotiontts/emotiontts_open_db"):
        convert_emotiontts(tmp_path, tmp_path / "out")
    make_nemo(tmp_path)
    table = (tmp_path / "data.tsv").read_text(encoding="utf-8")
    for old, new, expected in (
        ("speaker_id", "speaker", "does not have the columns"),
        ("\tanger\t", "\trage\t", "row 3: .* not one of anger"),
        ("EB0_anger_1.wav", "EB0_anger_9.wav", "row 3: .*EB0_anger_9.wav does not exist; is the clone complete"),
    ):
        (tmp_path / "data.tsv").write_text(table.replace(old, new), encoding="utf-8")
        with pytest.raises(ValueError, match=expected):
            convert_nemo(tmp_path, tmp_path / "out")
    (tmp_path / "data.tsv").write_text(
        "\n".join(line for line in table.split("\n") if "fear" in line or "file_id" in line)
    )
    with pytest.raises(ValueError, match="none of 1 recordings can be read"):
        convert_nemo(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


CREMA_D = """"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"
"100001",0,0,0,1,3,0,"1002_IEO_NEU_XX",4,0.75,"N"
"107442",4,1,0,0,0,0,"1091_WSI_ANG_XX",5,0.8,"A"
"200001",0,0,0,9,0,0,"1002_IEO_NEU_XX",9,1,"H"
"300001",0,0,0,0,0,9,"1002_IEO_NEU_XX",9,1,"S"
"""


def test_crema_d_votes_are_fetched_and_converted(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row per clip and condition, readable by training."""
    origin.files[f"/{TABLE}"] = CREMA_D.encode()
    here = replace(DOWNLOADABLE["crema-d-votes"], files=(RemoteFile(TABLE, (f"{origin.url}/{TABLE}",)),))
    monkeypatch.setitem(DOWNLOADABLE, "crema-d-votes", here)
    code, output = run(fetching.main, "crema-d-votes", "--out", str(tmp_path), "--accept-licence")
    assert code == 0 and "ODbL" in output and "crema_d_votes.csv: 4 clips" in output
    assert (tmp_path / "crema_d_votes.csv").read_text().splitlines() == [
        "clip,actor,condition,A,D,F,H,N,S",
        "1002_IEO_NEU_XX,1002,voice,0,0,0,1,3,0",
        "1091_WSI_ANG_XX,1091,voice,4,1,0,0,0,0",
        "1002_IEO_NEU_XX,1002,face,0,0,0,9,0,0",
        "1002_IEO_NEU_XX,1002,both,0,0,0,0,0,9",
    ]
    perceived = perceived_given_intended(tmp_path / "crema_d_votes.csv")
    assert perceived[EMOTIONS.index("neutral"), EMOTIONS.index("neutral")] == 0.75
    assert perceived[EMOTIONS.index("anger"), EMOTIONS.index("disgust")] == 0.2


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("fileName", "clip", "does not have the columns"),
        ("100001", "400001", "row 2: not the votes of a clip"),
        ("1002_IEO_NEU_XX", "1001", "row 2: not the votes of a clip"),
        ("0,0,0,1,3,0", "0,0,0,1,NA,0", "row 2: not the votes of a clip"),
    ],
)
def test_another_table_is_rejected(tmp_path: Path, old: str, new: str, expected: str) -> None:
    (tmp_path / TABLE).write_text(CREMA_D.replace(old, new))
    with pytest.raises(ValueError, match=expected):
        convert_crema_d_votes(tmp_path, tmp_path)


def test_manual_corpora_have_instructions(tmp_path: Path) -> None:
    """Without a source, the help ends with the conversion command; options of other corpora are rejected."""
    for corpus, by_hand in MANUAL.items():
        code, output = run(fetching.main, corpus, "--out", str(tmp_path / corpus))
        assert code == 2 and f"python -m training.fetch {corpus} --out {tmp_path / corpus} {by_hand.option} " in output
        assert by_hand.licence is None or f"Licence: {by_hand.licence}" in output
    assert not list(tmp_path.iterdir())
    for arguments in (["ravdess", "--csv"], ["goemotions", "--from"], ["nemo", "--csv"], ["ferplus", "--from"]):
        code, output = run(fetching.main, *arguments, str(tmp_path), "--out", str(tmp_path), "--accept-licence")
        assert code == 2 and f"{arguments[0]} does not take this option" in output


GOEMOTIONS = {
    "train.tsv": 'So "good".  \t0\tid1\nIt can, be both\t3,1,2\tid2\n',
    "dev.tsv": '"Quoted "" twice\t4,0\tid3\n',
    "test.tsv": "  Nothing.\t4\tid4\n",
    GROUPING: json.dumps({"anger": ["anger", "annoyance"], "joy": ["amusement"], "sadness": ["grief"]}),
    "emotions.txt": "amusement\nanger\nannoyance\ngrief\nneutral",
}


def test_goemotions_is_fetched_and_converted(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are unchanged; labels are by the authors' grouping, distinct, with neutral."""
    origin.files = {f"/{name}": text.encode() for name, text in GOEMOTIONS.items()}
    public = DOWNLOADABLE["goemotions"]
    assert {remote.name for remote in public.files} == set(GOEMOTIONS)
    here = tuple(replace(remote, urls=(f"{origin.url}/{remote.name}",)) for remote in public.files)
    monkeypatch.setitem(DOWNLOADABLE, "goemotions", replace(public, files=here))
    out = tmp_path / "goemotions"
    code, output = run(fetching.main, "goemotions", "--out", str(out), "--accept-licence")
    assert code == 0 and "CC BY 4.0" in output and "train.csv: 2 comments" in output
    found = {name: read_table(out / name) for name in ("train.csv", "dev.csv", "test.csv")}
    assert all(columns == list(COLUMNS) for columns, _ in found.values())
    assert {name: [tuple(row.values()) for row in rows] for name, (_, rows) in found.items()} == {
        "train.csv": [('So "good".  ', "joy"), ("It can, be both", "anger|sadness")],
        "dev.csv": [('"Quoted "" twice', "joy|neutral")],
        "test.csv": [("  Nothing.", "neutral")],
    }
    assert set(json.loads((out / LOCK_FILE).read_text())) == set(GOEMOTIONS)


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("dev.tsv", "Fine.\t0\tid\nBad.\t5\tid\n", "dev.tsv, row 2"),
        ("dev.tsv", "No id.\t0\n", "dev.tsv, row 1"),
        ("dev.tsv", "None.\t\tid\n", "dev.tsv, row 1"),
        (GROUPING, "<html>", "not the authors' grouping"),
        (GROUPING, "[1]", "not the authors' grouping"),
        ("emotions.txt", "amusement\nboredom\n", "boredom"),
    ],
)
def test_other_files_are_rejected(tmp_path: Path, name: str, text: str, expected: str) -> None:
    for file, content in {**GOEMOTIONS, name: text}.items():
        (tmp_path / file).write_text(content)
    with pytest.raises(ValueError, match=expected) as failed:
        convert_goemotions(tmp_path, tmp_path)
    assert "\n" not in str(failed.value) and not list(tmp_path.glob("*.csv"))


def run(main: object, *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(main)  # type: ignore[type-var]
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_nothing_is_fetched_without_accepting_the_licence(tmp_path: Path) -> None:
    code, output = run(fetching.main, "ravdess", "--out", str(tmp_path / "ravdess"))
    assert code == 1 and "CC BY-NC-SA 4.0" in output and "208 MB" in output
    assert not (tmp_path / "ravdess").exists()
    code, output = run(fetching.main, "fer2013", "--out", str(tmp_path))
    assert code == 2 and "kaggle competitions download" in output
    assert run(fetching.main, "iemocap", "--out", str(tmp_path))[0] == 2


def test_the_report_lists_faults(tmp_path: Path) -> None:
    folder = make_meld(tmp_path)
    (folder / PARTS["train"].clips / "dia1_utt0.mp4").unlink()
    train, dev, test = (check_meld(folder, part) for part in PARTS)
    assert (train.utterances, len(train.durations), train.missing) == (8, 6, ["dia1_utt0.mp4"])
    assert list(train.faulty) == ["dia125_utt3.mp4"] and "not a readable video" in train.faulty["dia125_utt3.mp4"]
    assert (dev.missing, dev.extra) == (["dia110_utt7.mp4"], ["dia66_utt9.mp4"])
    assert test.extra == ["final_videos_testdia101_utt0.mp4"] and not test.faulty
    assert train.unexpected() == ["dia1_utt0.mp4"] and dev.unexpected() == test.unexpected() == []
    assert all(0.9 < seconds < 1.2 for seconds in train.durations)


def test_prepare_reports_and_caches(tmp_path: Path) -> None:
    folder = make_meld(tmp_path / "meld")
    code, output = run(prepare.main, "--meld", str(folder), "--cache")
    assert code == 0 and "12 of 14 utterances are cached (12 now" in output
    assert "skipped: dia125_utt3.mp4" in output and "8 (of 9989" in output
    code, output = run(prepare.main, "--meld", str(folder), "--cache")
    assert "12 of 14 utterances are cached (0 now)" in output
    code, output = run(prepare.main, "--meld", str(tmp_path / "empty"))
    assert code == 1 and "not a copy of MELD.Raw" in output
    (folder / "manifest.csv").write_text("path,emotion\ntrain_splits/dia0_utt0.mp4,joy\n")
    code, output = run(prepare.main, "--manifest", str(folder), "--cache")
    assert code == 0 and "1 of 1 utterances are cached (0 now)" in output, "the same content is cached already"
    assert run(prepare.main)[0] == 2


def test_faulty_files_of_equal_names_are_distinguished(tmp_path: Path) -> None:
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "talk.mp4").write_bytes(b"no video")
    (tmp_path / "manifest.csv").write_text("path,emotion\nmonday/talk.mp4,joy\ntuesday/talk.mp4,fear\n")
    _, output = run(prepare.main, "--manifest", str(tmp_path))
    assert "monday/talk.mp4: is not a readable" in output and "tuesday/talk.mp4: is not a readable" in output
