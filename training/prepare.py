"""Check a corpus with media, and decode it into the feature cache.

    python -m training.prepare --meld DIR               # report missing and faulty clips
    python -m training.prepare --meld DIR --cache       # also decode all usable clips
    python -m training.prepare --manifest FILE --cache

Faulty clips are reported and skipped. --retry decodes clips again that failed before.
"""

import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from model.media import MediaError, MediaInfo, probe
from model.weights.catalog import WeightsError
from training.corpora import manifest, meld
from training.corpora.base import Split
from training.corpora.clips import Clip, features_folder, resolve_clips
from training.data.extraction import MAX_SECONDS
from training.data.feature_cache import FeatureCache
from training.data.feature_cache_builder import FillError, fill

# Clips that are faulty in every copy of MELD.Raw (github.com/declare-lab/MELD, issues 20, 22 and 39).
KNOWN_FAULTS: dict[Split, frozenset[str]] = {
    "train": frozenset({"dia125_utt3.mp4", "dia309_utt0.mp4"}),
    "held-out": frozenset({"dia110_utt7.mp4", "dia66_utt9.mp4", "dia66_utt10.mp4", "dia49_utt4.mp4", "dia49_utt5.mp4"}),
    "test": frozenset({"dia38_utt4.mp4", "dia220_utt0.mp4", "dia108_utt2.mp4"}),
}
EXTRA_PREFIX = "final_videos_test"  # of clips in the test folder that are in no CSV; a known fault, too
MAX_LISTED = 10  # faults of one kind that are listed individually


@dataclass
class Report:
    """Completeness of one split, by file name. `faulty` maps a name to the reason."""

    split: str
    utterances: int
    expected: int | None = None
    missing: list[str] = field(default_factory=list)
    faulty: dict[str, str] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)  # of the usable clips, in seconds
    without_audio: int = 0  # number of clips
    without_video: int = 0  # number of clips

    def unexpected(self) -> list[str]:
        """Return the faults that are not in every copy of MELD."""
        known = KNOWN_FAULTS.get(self.split, frozenset())  # type: ignore[call-overload]
        faults = [*self.missing, *self.faulty, *self.extra]
        return [name for name in faults if name not in known and not name.startswith(EXTRA_PREFIX)]


def main(
    meld_folder: Annotated[Path | None, typer.Option("--meld", help="A copy of MELD.Raw.")] = None,
    manifest_file: Annotated[Path | None, typer.Option("--manifest", help="A manifest CSV, or its folder.")] = None,
    cache: Annotated[bool, typer.Option("--cache", help="Decode all usable clips into features/ beside them.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of processes; one per core by default.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Decode clips again that failed before.")] = False,
) -> None:
    """Check a corpus of media files and, with --cache, decode it."""
    data = meld_folder or manifest_file
    if data is None or (meld_folder and manifest_file):
        raise typer.BadParameter("give either --meld or --manifest")
    console = Console()
    try:
        clips = _check_meld(data, console) if meld_folder else _check_manifest(data, console)
        if cache:
            _fill(clips, features_folder(data), workers, retry, console)
    except (OSError, ValueError, FillError, WeightsError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error


def check_meld(data: Path, part: Split) -> Report:
    """Compare one of MELD's parts with its CSV and probe every clip. Raises FileNotFoundError, ValueError."""
    clips, folder = meld.clips_of(data, part), meld.find(data, meld.PARTS[part].clips)
    report = _inspect(part, clips, folder)
    report.expected = meld.PARTS[part].utterances
    named = {clip.path.name for clip in clips if clip.path is not None}
    shown = {path.name for path in folder.glob("*.mp4") if not path.name.startswith(".")}
    report.extra = sorted(shown - named)
    return report


def show(report: Report, console: Console) -> None:
    """Print one split's figures and faults."""
    table = Table(title=report.split, show_header=False, title_justify="left")
    of = "" if report.expected is None else f" (of {report.expected} in the official release)"
    table.add_row("utterances", f"{report.utterances}{of}")
    table.add_row("usable clips", str(len(report.durations)))
    if report.durations:
        middle, longest = statistics.median(report.durations), max(report.durations)
        hours = sum(report.durations) / 3600
        table.add_row("length", f"{hours:.2f} h in total; median {middle:.2f} s, longest {longest:.1f} s")
    table.add_row("without audio, without video", f"{report.without_audio}, {report.without_video}")
    faults = {"missing": report.missing, "faulty": list(report.faulty), "in no CSV": report.extra}
    for kind, names in faults.items():
        lines = [f"{name}: {report.faulty[name]}" if name in report.faulty else name for name in names[:MAX_LISTED]]
        more = [f"and {len(names) - MAX_LISTED} more"] if len(names) > MAX_LISTED else []
        table.add_row(kind, "\n".join([str(len(names)), *lines, *more]))
    console.print(table, highlight=False)
    unexpected = report.unexpected()
    if report.expected is not None and unexpected:
        console.print(
            f"{len(unexpected)} of these faults are not in the official archive: this copy may be incomplete",
            style="yellow",
        )


def _check_meld(data: Path, console: Console) -> list[Clip]:
    parts = [part for part in meld.parts_of(data, "all") if meld.has_clips(data, part)]
    if not parts:
        names = ", ".join(f"{part.csv} and {part.clips}" for part in meld.PARTS.values())
        raise FileNotFoundError(
            f"{data} is not a copy of MELD.Raw with its inner archives unpacked: it has none of {names}"
        )
    for part in meld.PARTS:
        if part in parts:
            show(check_meld(data, part), console)
        else:
            console.print(f"{part}: {meld.PARTS[part].csv} or {meld.PARTS[part].clips} is missing", style="yellow")
    return [clip for part in parts for clip in meld.clips_of(data, part)]


def _check_manifest(data: Path, console: Console) -> list[Clip]:
    rows = manifest.clips_of(data)
    for split in manifest.SPLITS:
        clips = [clip for clip, its_split in rows if its_split == split]
        if clips:
            show(_inspect(split, clips, data if data.is_dir() else data.parent), console)
    return [clip for clip, _ in rows]


def _inspect(split: str, clips: Sequence[Clip], root: Path) -> Report:
    """Open every file of the clips and decode its first frame. Files are named relative to `root`."""

    def name(path: Path) -> str:
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    report = Report(split, len(clips))
    named = list(dict.fromkeys(clip.path for clip in clips if clip.path is not None))
    report.missing = [name(path) for path in named if not path.is_file()]
    there = [path for path in named if path.is_file()]
    with ThreadPoolExecutor() as openers:
        found = openers.map(_probe, there)
        bar = track(zip(there, found, strict=True), f"{split}: opening", len(there), console=Console(stderr=True))
        infos = dict(bar)
    report.faulty = {name(path): info for path, info in infos.items() if isinstance(info, str)}
    for clip in clips:
        info = infos.get(clip.path) if clip.path is not None else None
        if isinstance(info, MediaInfo):
            seconds = (clip.end or info.duration) - clip.start
            if not 0 < seconds <= MAX_SECONDS:
                assert clip.path is not None
                report.faulty[name(clip.path)] = f"lasts {seconds:.0f} s; the maximum is {MAX_SECONDS:.0f} s"
                continue
            report.durations.append(seconds)
            report.without_audio += not info.has_audio
            report.without_video += not info.has_video
    return report


def _probe(path: Path) -> MediaInfo | str:
    try:
        return probe(path)
    except MediaError as error:
        return str(error).removeprefix(f"{path} ")


def _fill(clips: Sequence[Clip], folder: Path, workers: int | None, retry: bool, console: Console) -> None:
    spans = resolve_clips(clips, folder)
    cache = FeatureCache(folder)
    filled = fill(cache, {content: span for _, content, span in spans}, workers, retry)
    there = sum(content in cache for _, content, _ in spans)
    rate = f", {filled.decoded / filled.seconds:.1f} a second" if filled.seconds else ""
    size = f"{cache.used_bytes / 1e6:.1f} MB in {cache.folder}"
    console.print(
        f"{there} of {len(clips)} utterances are cached ({filled.decoded} now{rate}); {size}", highlight=False
    )
    for _, content, span in spans:
        if content in cache.failures and content not in cache:
            console.print(f"skipped: {span.path.name}: {cache.failures[content]}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
