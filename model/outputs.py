"""Which files to analyse, and where the results go."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model import formats
from model.contract import Analysis

STANDARD_INPUT = STANDARD_OUTPUT = Path("-")
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"),
    *(".ts", ".mts", ".m2ts", ".3gp", ".flv", ".wmv", ".ogv", ".mxf", ".dv"),
)
AUDIO_SUFFIXES = (
    *(".mp3", ".m4a", ".wav", ".flac", ".ogg", ".opus", ".aac"),
    *(".aif", ".aiff", ".caf", ".ac3", ".amr"),
)
MEDIA_SUFFIXES = (*VIDEO_SUFFIXES, *AUDIO_SUFFIXES)


class OutputsError(ValueError):
    """Inputs and outputs that do not go together. The message says what to change."""


@dataclass(frozen=True)
class Job:
    """A file to analyse; `place` is its path below the folder it was found in, which results repeat."""

    path: Path
    place: Path


def find_jobs(paths: Sequence[Path]) -> tuple[list[Job], list[str]]:
    """The files named, and those inside the folders named; and a line for every folder without any.

    A file that is named is taken whatever its name; in a folder only media files are.
    """
    jobs: dict[Path, Job] = {}
    refused = []
    for path in paths:
        found = [Job(path, Path("stdin") if path == STANDARD_INPUT else Path(path.name))]
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in MEDIA_SUFFIXES and p.is_file())
            found = [Job(p, p.relative_to(path)) for p in inside]
            if not found:
                refused.append(f"{path} is a folder without videos (looked for {', '.join(MEDIA_SUFFIXES)})")
        for job in found:
            jobs.setdefault(job.path.absolute(), job)
    return list(jobs.values()), refused


class Outputs:
    """Where each format goes: a file, a folder (kept apart by the videos' names), or standard output."""

    def __init__(self, wanted: Mapping[str, Path | None]) -> None:
        self._wanted = {kind: target for kind, target in wanted.items() if target is not None}
        self._default = not self._wanted
        self._several = False

    @property
    def takes_standard_output(self) -> bool:
        return STANDARD_OUTPUT in self._wanted.values()

    def check(self, jobs: Sequence[Job]) -> None:
        """Refuse before hours of work what could not be written after them. Raises OutputsError."""
        self._several = len(jobs) > 1
        if list(self._wanted.values()).count(STANDARD_OUTPUT) > 1:
            raise OutputsError("only one output can go to standard output (-)")
        for kind, target in self._wanted.items():
            if self._several and target == STANDARD_OUTPUT:
                raise OutputsError(f"--{kind} -: give a folder for several videos")
            if self._several and target.is_file():
                raise OutputsError(f"--{kind} {target} is a file: give a folder for several videos")
        targets: dict[Path, Path] = {}
        for job in jobs:
            for _, target in self._targets(job):
                if target.exists() and job.path.exists() and target.samefile(job.path):
                    raise OutputsError(f"{target} is the video itself: give another name for the result")
                other = targets.setdefault(target.absolute(), job.path)
                if target != STANDARD_OUTPUT and other != job.path:
                    raise OutputsError(f"{other} and {job.path} would both be written to {target}: rename one")

    def write(self, analysis: Analysis, job: Job, video: Path | None = None) -> Iterator[Path]:
        """Write one analysis in every format asked for; yields what was written to a file.

        `video` is the file to take images from, where that is not the job's.
        """
        for kind, target in self._targets(job):
            if target == STANDARD_OUTPUT:
                sys.stdout.write(_render(kind, analysis, video or job.path))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.part")
            temporary.write_text(_render(kind, analysis, video or job.path), encoding="utf-8", newline="")
            temporary.replace(target)  # a reader never sees half a result
            yield target

    def _targets(self, job: Job) -> Iterator[tuple[str, Path]]:
        if self._default:
            yield "json", Path(job.place.with_suffix(".analysis.json"))
        for kind, target in self._wanted.items():
            if target != STANDARD_OUTPUT and (self._several or target.is_dir()):
                yield kind, target / job.place.with_suffix(f".{kind}")
            else:
                yield kind, target


def _render(kind: str, analysis: Analysis, video: Path) -> str:
    if kind == "html":
        from model.report import render_report  # decodes thumbnails; only where asked for

        return render_report(analysis, video)
    render = {"json": formats.to_json, "csv": formats.to_csv, "srt": formats.to_srt, "vtt": formats.to_vtt}[kind]
    return render(analysis)
