"""Download the public corpora from their official sources.

    python -m training.fetch meld --out ../data/meld           # 10.9 GB, video
    python -m training.fetch meld-text --out ../data/meld
    python -m training.fetch goemotions --out ../data/goemotions
    python -m training.fetch ravdess --out ../data/ravdess
    python -m training.fetch ferplus --out ../data/ferplus --csv fer2013.csv
    python -m training.fetch nemo --out ../data/voices/nemo --from nEMO
    python -m training.fetch emogator --out ../data/voices/emogator --from EmoGator
    python -m training.fetch korean-emotiontts --out ../data/voices/korean_emotiontts --from emotiontts_open_db
    python -m training.fetch crema-d-votes --out ../data/judgments
    python -m training.fetch fer2013 --out ../data/fer2013 --csv fer2013.csv

Each corpus has a licence that you accept; it is shown first. An interrupted download resumes. Files are verified
against the publisher's digest if there is one; otherwise the digest of the first download is written to
`downloads.lock.json` beside the data, and a later download that differs is rejected.
"""

import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from training.data.downloads import FetchError, RemoteFile, download_verified, downloaded_bytes
from training.data.sources import DOWNLOADABLE, GIGABYTE, MANUAL, DownloadableCorpus

CORPORA = (*DOWNLOADABLE, *MANUAL)


def main(
    corpus: Annotated[str, typer.Argument(help=f"One of {', '.join(CORPORA)}.")],
    out: Annotated[Path, typer.Option(help="Folder to write the corpus to.")],
    accept: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the corpus's licence without being asked.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep-archive", help="Keep the archive after unpacking.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Kaggle's fer2013.csv or icml_face_data.csv.")] = None,
    folder: Annotated[Path | None, typer.Option("--from", help="Cloned repository, for voice corpora.")] = None,
) -> None:
    """Download or convert one corpus."""
    console = Console()
    if corpus not in CORPORA:
        raise typer.BadParameter(f"{corpus!r} is not one of {', '.join(CORPORA)}", param_hint="CORPUS")
    source = _source_path(corpus, {"--csv": csv, "--from": folder})
    try:
        if corpus in DOWNLOADABLE:
            _download(corpus, out, accept, keep, console)
        else:
            _convert(corpus, source, out, accept, console)
    except (FetchError, OSError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error


def fetch(public: DownloadableCorpus, out: Path, keep: bool = False) -> dict[str, int]:
    """Download, verify, unpack and convert a corpus; return the number of items in each converted file.

    Completed downloads and unpacking are not repeated. Raises FetchError, and OSError or ValueError for files that
    cannot be converted.
    """
    out.mkdir(parents=True, exist_ok=True)
    unpacked = out / ".unpacked"
    files = public.files
    if public.unpack is not None and unpacked.exists():
        files = files[1:]  # the archive is no longer needed
    elif shutil.disk_usage(out).free < public.space - downloaded_bytes(out):
        raise FetchError(f"{out} needs {public.space / GIGABYTE:.1f} GB of free space while unpacking")
    _download_files(files, out)
    if public.unpack is not None and not unpacked.exists():
        public.unpack(out / files[0].name, out)
        unpacked.touch()
    if public.unpack is not None and not keep:
        (out / public.files[0].name).unlink(missing_ok=True)
    return {} if public.convert is None else public.convert(out, out)


def _source_path(corpus: str, given: dict[str, Path | None]) -> Path | None:
    """Return the path that a corpus is converted from, or None. Raises BadParameter for another corpus's option."""
    option = MANUAL[corpus].option if corpus in MANUAL else None
    unused = [name for name, path in given.items() if path is not None and name != option]
    if unused:
        raise typer.BadParameter(f"{corpus} does not take this option", param_hint=unused[0])
    return given[option] if option is not None else None


def _download(corpus: str, out: Path, accept: bool, keep: bool, console: Console) -> None:
    public = DOWNLOADABLE[corpus]
    size = sum(remote.size or 0 for remote in public.files)
    console.print(f"{corpus}: {f'{size / 1e6:,.0f} MB' if size else 'small'}, from {public.page}", highlight=False)
    _show_licence(public.licence, accept, console)
    _report(fetch(public, out, keep), public.items, console)
    console.print(f"{corpus} was written to {out}", highlight=False)


def _convert(corpus: str, source: Path | None, out: Path, accept: bool, console: Console) -> None:
    by_hand = MANUAL[corpus]
    if source is None:
        console.print(by_hand.help.format(out=out), highlight=False, soft_wrap=True, end="")
        if by_hand.licence is not None:
            console.print(f"Licence: {by_hand.licence}", highlight=False, soft_wrap=True)
        raise typer.Exit(2)
    if by_hand.licence is not None:
        _show_licence(by_hand.licence, accept, console)
    if by_hand.files:
        out.mkdir(parents=True, exist_ok=True)
        _download_files(by_hand.files, out)
    _report(by_hand.convert(source, out), by_hand.items, console)


def _show_licence(licence: str, accept: bool, console: Console) -> None:
    console.print(f"Licence: {licence}", highlight=False, soft_wrap=True)
    if not accept:
        typer.confirm("Do you accept it?", abort=True)


def _report(counts: dict[str, int], items: str, console: Console) -> None:
    for name, count in counts.items():
        console.print(f"{name}: {count} {items}", highlight=False)


def _download_files(files: Sequence[RemoteFile], out: Path) -> None:
    """Download missing files, with a progress bar for each. Raises FetchError."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for remote in files:
            task = progress.add_task(remote.name, total=remote.size)

            def show(_: str, have: int, total: int, task: TaskID = task) -> None:
                progress.update(task, completed=have, total=total)

            download_verified(remote, out, show)


if __name__ == "__main__":
    typer.run(main)
