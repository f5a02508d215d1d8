"""Sources and licences of the corpora: downloaded, or obtained manually and converted."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.data.converters.crema_d import TABLE, convert_crema_d_votes
from training.data.converters.fer2013 import convert_fer2013
from training.data.converters.ferplus import VOTES, convert_ferplus
from training.data.converters.goemotions import GROUPING, NAMES, TSVS, convert_goemotions
from training.data.converters.voices import convert_emogator, convert_emotiontts, convert_nemo
from training.data.downloads import RemoteFile

GIGABYTE = 10**9
# (source, corpus folder) -> number of items written to each file
Converter = Callable[[Path, Path], dict[str, int]]

FER2013_HELP = """FER2013 belongs to a Kaggle challenge, so it needs your own account there:
  1. Accept the rules at https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge
  2. Download the data: fer2013.tar.gz, which contains fer2013.csv, or icml_face_data.csv (the same rows)
     kaggle competitions download -c challenges-in-representation-learning-facial-expression-recognition-challenge
  3. python -m training.fetch fer2013 --out {out} --csv fer2013.csv
"""
FERPLUS_HELP = (
    FER2013_HELP.replace("fetch fer2013", "fetch ferplus")
    + """\
     which downloads FER+'s votes from https://github.com/microsoft/FERPlus
"""
)
NEMO_HELP = """nEMO is a repository of 4,481 recordings, 0.5 GB:
  1. git clone --depth 1 https://github.com/amu-cai/nEMO
  2. python -m training.fetch nemo --out {out} --from nEMO
     which copies the recordings and writes their manifest; the clone is then no longer needed
"""
EMOGATOR_HELP = """EmoGator is a repository of 32,130 recordings:
  1. git clone --depth 1 https://github.com/fredbuhl/EmoGator
  2. python -m training.fetch emogator --out {out} --from EmoGator
     which copies two recordings per person and emotion and writes their manifest; the clone is then no longer needed
"""
EMOTIONTTS_HELP = """The repository of emotiontts has 300 emotional recordings. The others are available on request
(README in Dataset/SpeechCorpus) and are not needed.
  1. git clone --depth 1 https://github.com/emotiontts/emotiontts_open_db
  2. python -m training.fetch korean-emotiontts --out {out} --from emotiontts_open_db
     which copies the 300 recordings and writes their manifest; the clone is then no longer needed
"""


@dataclass(frozen=True)
class DownloadableCorpus:
    """A corpus with a public download. `space` is the maximum disk space while unpacking, in bytes."""

    licence: str
    page: str
    files: tuple[RemoteFile, ...]
    space: int
    unpack: Callable[[Path, Path], None] | None = None  # unpacks the first file into the corpus's folder
    convert: Converter | None = None  # converts the files in the corpus's folder
    items: str = "items"  # plural noun of what is counted


@dataclass(frozen=True)
class ManualCorpus:
    """A corpus to obtain manually, as described in `help`, and convert; `items` is the plural noun of what is counted.

    `licence` must be accepted here, unless its source asks for it. `files` are downloaded into the corpus's folder
    first.
    """

    help: str
    option: Literal["--csv", "--from"]  # option that names the source
    items: str
    convert: Converter
    licence: str | None = None
    files: tuple[RemoteFile, ...] = ()


def unpack_meld(archive: Path, out: Path) -> None:
    """Unpack MELD.Raw.tar.gz and the archives of its splits in one pass. Raises tarfile.TarError."""
    with tarfile.open(archive, "r|gz") as outer:
        for member in outer:
            inner = outer.extractfile(member) if member.isfile() else None
            if inner is not None and member.name.endswith(".tar.gz"):
                with tarfile.open(fileobj=inner, mode="r|gz") as clips:
                    _extract_files(clips, out)
            elif inner is not None and member.name.endswith(".csv"):
                (out / Path(member.name).name).write_bytes(inner.read())


def _extract_files(archive: tarfile.TarFile, out: Path) -> None:
    """Extract the regular files of an archive below `out`. Raises tarfile.TarError for a path outside of it.

    `TarFile.extractall` has a filter for this, but only since Python 3.11.4.
    """
    for member in archive:
        content = archive.extractfile(member) if member.isfile() and _is_payload(member) else None
        if content is None:
            continue
        target = (out / member.name).resolve()
        if not target.is_relative_to(out.resolve()):
            raise tarfile.TarError(f"{member.name!r} would be extracted outside of {out}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(content, file)


def unpack_zip(archive: Path, out: Path) -> None:
    """Unpack a zip archive. Raises zipfile.BadZipFile."""
    with zipfile.ZipFile(archive) as archived:
        archived.extractall(out)


def _is_payload(member: tarfile.TarInfo) -> bool:
    return not Path(member.name).name.startswith("._")  # macOS metadata


MELD_CSVS = tuple(
    RemoteFile(f"{part}_sent_emo.csv", (f"https://raw.githubusercontent.com/declare-lab/MELD/master/data/MELD/{part}_sent_emo.csv",))
    for part in ("train", "dev", "test")
)  # fmt: skip
GOEMOTIONS = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"
DOWNLOADABLE: dict[str, DownloadableCorpus] = {
    "meld": DownloadableCorpus(
        "GPL-3.0; video and audio are from the series Friends, for research only",
        "https://affective-meld.github.io",
        (
            RemoteFile(
                "MELD.Raw.tar.gz",
                (
                    "https://web.eecs.umich.edu/~mihalcea/downloads/MELD.Raw.tar.gz",
                    "https://huggingface.co/datasets/declare-lab/MELD/resolve/main/MELD.Raw.tar.gz",
                ),
                10_878_146_150,
                # The hash of the authors' copy on Hugging Face (commit 9abc51e).
                "sha256:a56b4407d574195cbce470d86f9c9d72fcfea59b0e34502ecd4babee4a5c613e",
            ),
            *MELD_CSVS,
        ),
        23 * GIGABYTE,
        unpack_meld,
    ),
    "meld-text": DownloadableCorpus("GPL-3.0", "https://github.com/declare-lab/MELD", MELD_CSVS, GIGABYTE // 100),
    "ravdess": DownloadableCorpus(
        "CC BY-NC-SA 4.0 (Livingstone & Russo 2018): not for commercial use",
        "https://zenodo.org/records/1188976",
        (
            RemoteFile(
                "Audio_Speech_Actors_01-24.zip",
                ("https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",),
                208_468_073,
                "md5:bc696df654c87fed845eb13823edef8a",
            ),
        ),
        GIGABYTE,
        unpack_zip,
    ),
    "goemotions": DownloadableCorpus(
        "CC BY 4.0, as all datasets in google-research/google-research (Demszky et al. 2020)",
        "https://github.com/google-research/google-research/tree/master/goemotions",
        tuple(RemoteFile(name, (f"{GOEMOTIONS}/{name}",)) for name in (*TSVS, GROUPING, NAMES)),
        GIGABYTE // 50,
        convert=convert_goemotions,
        items="comments",
    ),
    "crema-d-votes": DownloadableCorpus(
        "ODbL 1.0 (Cao et al. 2014)",
        "https://github.com/CheyneyComputerScience/CREMA-D",
        (
            RemoteFile(
                TABLE,
                (f"https://raw.githubusercontent.com/CheyneyComputerScience/CREMA-D/master/processedResults/{TABLE}",),
            ),
        ),
        GIGABYTE // 50,
        convert=convert_crema_d_votes,
        items="clips and conditions",
    ),
}
MANUAL: dict[str, ManualCorpus] = {
    "fer2013": ManualCorpus(FER2013_HELP, "--csv", "images", convert_fer2013),
    "ferplus": ManualCorpus(
        FERPLUS_HELP,
        "--csv",
        "images",
        lambda csv, out: convert_ferplus(csv, out / VOTES, out),
        "FER+'s votes: MIT (Barsoum et al. 2016); the images: FER-2013 challenge data, research use",
        (RemoteFile(VOTES, (f"https://raw.githubusercontent.com/microsoft/FERPlus/master/{VOTES}",)),),
    ),
    "nemo": ManualCorpus(
        NEMO_HELP, "--from", "recordings", convert_nemo, "CC BY-NC-SA 4.0 (Christop 2024): not for commercial use"
    ),
    "emogator": ManualCorpus(EMOGATOR_HELP, "--from", "recordings", convert_emogator, "Apache-2.0 (Buhl 2023)"),
    "korean-emotiontts": ManualCorpus(
        EMOTIONTTS_HELP,
        "--from",
        "recordings",
        convert_emotiontts,
        "research only, not for commercial use or redistribution; publications must credit Selvas AI",
    ),
}
