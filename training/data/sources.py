"""The place and the terms of each corpus: downloaded from its official place, or got by hand."""

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
from training.data.downloads import Remote

GIGABYTE = 10**9
# Takes what was got and the corpus's folder; gives how many items it wrote into each file.
Converter = Callable[[Path, Path], dict[str, int]]

FER2013_HELP = """FER2013 belongs to a Kaggle challenge, so it needs your own account there:
  1. Accept the rules at https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge
  2. Get the data there: fer2013.tar.gz, which holds fer2013.csv, or icml_face_data.csv (the same rows)
     kaggle competitions download -c challenges-in-representation-learning-facial-expression-recognition-challenge
  3. python -m training.fetch fer2013 --out {out} --csv fer2013.csv
"""
FERPLUS_HELP = (
    FER2013_HELP.replace("fetch fer2013", "fetch ferplus")
    + """\
     which gets FER+'s votes on them by itself, from https://github.com/microsoft/FERPlus
"""
)
NEMO_HELP = """nEMO is a repository of 4,481 recordings, 0.5 GB:
  1. git clone --depth 1 https://github.com/amu-cai/nEMO
  2. python -m training.fetch nemo --out {out} --from nEMO
     which copies the recordings and writes their manifest: the clone is not needed any more
"""
EMOGATOR_HELP = """EmoGator is a repository of 32,130 recordings:
  1. git clone --depth 1 https://github.com/fredbuhl/EmoGator
  2. python -m training.fetch emogator --out {out} --from EmoGator
     which copies two recordings of each person and emotion and writes their manifest: the clone is not needed any more
"""
EMOTIONTTS_HELP = """Of emotiontts, 300 recordings of emotions are in its repository. The others are not needed;
they are given out on application, as the README in Dataset/SpeechCorpus says.
  1. git clone --depth 1 https://github.com/emotiontts/emotiontts_open_db
  2. python -m training.fetch korean-emotiontts --out {out} --from emotiontts_open_db
     which copies the 300 recordings and writes their manifest: the clone is not needed any more
"""


@dataclass(frozen=True)
class Public:
    """A corpus that is to be had at an address. `space` is what it takes at most while unpacking, in bytes."""

    licence: str
    page: str
    files: tuple[Remote, ...]
    space: int
    unpack: Callable[[Path, Path], None] | None = None  # of the first file, into the corpus's folder
    convert: Converter | None = None  # of the files, in the corpus's folder
    items: str = "items"  # that are counted


@dataclass(frozen=True)
class ByHand:
    """A corpus that you get yourself, as `help` says, and that is converted; `items` are what it consists of.

    `licence` is shown and to be accepted, unless the place where you get it sees to that. `files` are downloaded into
    the corpus's folder before.
    """

    help: str
    option: Literal["--csv", "--from"]  # which names what you got
    items: str
    convert: Converter
    licence: str | None = None
    files: tuple[Remote, ...] = ()


def unpack_meld(archive: Path, out: Path) -> None:
    """MELD.Raw.tar.gz holds an archive for each split, which are unpacked as they come by. Raises tarfile.TarError."""
    with tarfile.open(archive, "r|gz") as outer:
        for member in outer:
            inner = outer.extractfile(member) if member.isfile() else None
            if inner is not None and member.name.endswith(".tar.gz"):
                with tarfile.open(fileobj=inner, mode="r|gz") as clips:
                    clips.extractall(out, members=(m for m in clips if _wanted(m)), filter="data")
            elif inner is not None and member.name.endswith(".csv"):
                (out / Path(member.name).name).write_bytes(inner.read())


def unpack_zip(archive: Path, out: Path) -> None:
    """Raises zipfile.BadZipFile."""
    with zipfile.ZipFile(archive) as archived:
        archived.extractall(out)


def _wanted(member: tarfile.TarInfo) -> bool:
    return not Path(member.name).name.startswith("._")  # what the packing computer noted of each file


MELD_CSVS = tuple(
    Remote(f"{part}_sent_emo.csv", (f"https://raw.githubusercontent.com/declare-lab/MELD/master/data/MELD/{part}_sent_emo.csv",))
    for part in ("train", "dev", "test")
)  # fmt: skip
GOEMOTIONS = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"
PUBLIC: dict[str, Public] = {
    "meld": Public(
        "GPL-3.0; the pictures and the sound are those of the series Friends, for research only",
        "https://affective-meld.github.io",
        (
            Remote(
                "MELD.Raw.tar.gz",
                (
                    "https://web.eecs.umich.edu/~mihalcea/downloads/MELD.Raw.tar.gz",
                    "https://huggingface.co/datasets/declare-lab/MELD/resolve/main/MELD.Raw.tar.gz",
                ),
                10_878_146_150,
                # The hash of the authors' own copy on Hugging Face (commit 9abc51e).
                "sha256:a56b4407d574195cbce470d86f9c9d72fcfea59b0e34502ecd4babee4a5c613e",
            ),
            *MELD_CSVS,
        ),
        23 * GIGABYTE,
        unpack_meld,
    ),
    "meld-text": Public("GPL-3.0", "https://github.com/declare-lab/MELD", MELD_CSVS, GIGABYTE // 100),
    "ravdess": Public(
        "CC BY-NC-SA 4.0 (Livingstone & Russo 2018): not for commercial use",
        "https://zenodo.org/records/1188976",
        (
            Remote(
                "Audio_Speech_Actors_01-24.zip",
                ("https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",),
                208_468_073,
                "md5:bc696df654c87fed845eb13823edef8a",
            ),
        ),
        GIGABYTE,
        unpack_zip,
    ),
    "goemotions": Public(
        "CC BY 4.0, as all datasets in google-research/google-research (Demszky et al. 2020)",
        "https://github.com/google-research/google-research/tree/master/goemotions",
        tuple(Remote(name, (f"{GOEMOTIONS}/{name}",)) for name in (*TSVS, GROUPING, NAMES)),
        GIGABYTE // 50,
        convert=convert_goemotions,
        items="comments",
    ),
    "crema-d-votes": Public(
        "ODbL 1.0 (Cao et al. 2014)",
        "https://github.com/CheyneyComputerScience/CREMA-D",
        (
            Remote(
                TABLE,
                (f"https://raw.githubusercontent.com/CheyneyComputerScience/CREMA-D/master/processedResults/{TABLE}",),
            ),
        ),
        GIGABYTE // 50,
        convert=convert_crema_d_votes,
        items="clips and conditions",
    ),
}
BY_HAND: dict[str, ByHand] = {
    "fer2013": ByHand(FER2013_HELP, "--csv", "images", convert_fer2013),
    "ferplus": ByHand(
        FERPLUS_HELP,
        "--csv",
        "images",
        lambda csv, out: convert_ferplus(csv, out / VOTES, out),
        "FER+'s votes: MIT (Barsoum et al. 2016); the images: FER-2013 challenge data, research use",
        (Remote(VOTES, (f"https://raw.githubusercontent.com/microsoft/FERPlus/master/{VOTES}",)),),
    ),
    "nemo": ByHand(
        NEMO_HELP, "--from", "recordings", convert_nemo, "CC BY-NC-SA 4.0 (Christop 2024): not for commercial use"
    ),
    "emogator": ByHand(EMOGATOR_HELP, "--from", "recordings", convert_emogator, "Apache-2.0 (Buhl 2023)"),
    "korean-emotiontts": ByHand(
        EMOTIONTTS_HELP,
        "--from",
        "recordings",
        convert_emotiontts,
        "for research, not for commercial use, and not to be passed on; to be named in what is published (Selvas AI)",
    ),
}
