"""Get the public corpora from their official places.

    python -m training.fetch meld --out ../data/meld           # 10.9 GB, video
    python -m training.fetch meld-text --out ../data/meld
    python -m training.fetch ravdess --out ../data/ravdess
    python -m training.fetch fer2013 --out ../data/fer2013 --csv fer2013.csv

Each corpus has a licence that you accept, not we: it is shown first. A download that broke goes on where it
stopped. Where its publisher gives a digest, nothing else is kept; otherwise the digest of the first download
is written to `downloads.lock.json` beside the data, and a later one that differs is refused.
"""

import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from training.data.converters.fer2013 import convert_fer2013
from training.data.downloads import FetchError, Remote, obtain, recorded

GIGABYTE = 10**9
FER2013_HELP = """FER2013 belongs to a Kaggle challenge, so it needs your own account there:
  1. Accept the rules at https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge
  2. Get the data there: fer2013.tar.gz, which holds fer2013.csv, or icml_face_data.csv (the same rows)
     kaggle competitions download -c challenges-in-representation-learning-facial-expression-recognition-challenge
  3. python -m training.fetch fer2013 --out {out} --csv fer2013.csv
"""


@dataclass(frozen=True)
class Public:
    """A corpus that is to be had at an address. `space` is what it takes at most while unpacking, in bytes."""

    licence: str
    page: str
    files: tuple[Remote, ...]
    space: int
    unpack: Callable[[Path, Path], None] | None = None  # of the first file, into the corpus's folder


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
}
CORPORA = (*PUBLIC, "fer2013")


def main(
    corpus: Annotated[str, typer.Argument(help=f"One of {', '.join(CORPORA)}.")],
    out: Annotated[Path, typer.Option(help="The corpus's folder.")],
    accept: Annotated[bool, typer.Option("--accept-licence", help="Do not ask whether you accept it.")] = False,
    keep: Annotated[bool, typer.Option("--keep-archive", help="Leave the archive there after unpacking.")] = False,
    csv: Annotated[Path | None, typer.Option(help="fer2013.csv or icml_face_data.csv, for fer2013.")] = None,
) -> None:
    """Get one corpus."""
    console = Console()
    if corpus not in CORPORA:
        raise typer.BadParameter(f"{corpus!r} is not one of {', '.join(CORPORA)}", param_hint="CORPUS")
    try:
        if corpus == "fer2013":
            _fer2013(csv, out, console)
            return
        public = PUBLIC[corpus]
        size = sum(remote.size or 0 for remote in public.files)
        console.print(f"{corpus}: {f'{size / 1e6:,.0f} MB' if size else 'small'}, from {public.page}", highlight=False)
        console.print(f"Licence: {public.licence}", highlight=False)
        if not accept:
            typer.confirm("Do you accept it?", abort=True)
        fetch(public, out, keep)
    except (FetchError, OSError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error
    console.print(f"{corpus} is in {out}", highlight=False)


def fetch(public: Public, out: Path, keep: bool = False) -> None:
    """Download, verify and unpack a corpus; what was done before is not done again. Raises FetchError."""
    out.mkdir(parents=True, exist_ok=True)
    unpacked = out / ".unpacked"
    files = public.files
    if public.unpack is not None and unpacked.exists():
        files = files[1:]  # the archive did its work
    elif shutil.disk_usage(out).free < public.space - recorded(out):
        raise FetchError(f"{out} needs {public.space / GIGABYTE:.1f} GB of free space while unpacking")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for remote in files:
            task = progress.add_task(remote.name, total=remote.size)
            obtain(remote, out, lambda _, have, total, task=task: progress.update(task, completed=have, total=total))  # type: ignore[misc]
    if public.unpack is not None and not unpacked.exists():
        public.unpack(out / files[0].name, out)
        unpacked.touch()
    if public.unpack is not None and not keep:
        (out / public.files[0].name).unlink(missing_ok=True)


def _fer2013(csv: Path | None, out: Path, console: Console) -> None:
    if csv is None:
        console.print(FER2013_HELP.format(out=out), highlight=False, soft_wrap=True)
        raise typer.Exit(2)
    for name, count in convert_fer2013(csv, out).items():
        console.print(f"{name}: {count} images", highlight=False)


if __name__ == "__main__":
    typer.run(main)
