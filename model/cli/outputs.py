"""Input files of the command line, and the places of their results."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.cli.disk import Names, existing, folded, is_same_file, name_max, write_file
from model.contract import Analysis
from model.reports import formats
from model.reports.people import People

STANDARD_INPUT = STANDARD_OUTPUT = Path("-")
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"),
    *(".ts", ".mts", ".m2ts", ".3gp", ".3g2", ".mj2", ".flv", ".wmv", ".asf", ".ogv", ".vob", ".mxf", ".dv"),
)
AUDIO_SUFFIXES = (
    *(".mp3", ".m4a", ".m4b", ".wav", ".w64", ".flac", ".ogg", ".oga", ".opus", ".aac", ".wma", ".wv", ".mka"),
    *(".aif", ".aiff", ".caf", ".au", ".ac3", ".eac3", ".amr"),
)
MEDIA_SUFFIXES = (*VIDEO_SUFFIXES, *AUDIO_SUFFIXES)
APPLE_DOUBLE = "._"  # macOS puts a file's attributes beside it under this prefix, on disks that cannot hold them
PROBE_BYTES = 1 << 20  # more than most results take: a disk without it is as good as full


class OutputsError(ValueError):
    """Inputs and outputs that do not go together, or a place that cannot be written. Says what to change."""


@dataclass(frozen=True)
class Job:
    """A file to analyze; `place` is its path below the folder it was found in, which results repeat."""

    path: Path
    place: Path
    in_folder: bool = False  # found in a folder that was named, rather than named itself


@dataclass(frozen=True)
class Plan:
    """A file to analyze, and where each format of its analysis goes."""

    path: Path
    targets: Mapping[str, Path]


def find_jobs(paths: Sequence[Path]) -> tuple[list[Job], list[str]]:
    """The files named, and those inside the folders named; and a line for every folder that gave none.

    A file that is named is taken whatever its name; in a folder only media files are.
    """
    jobs: dict[Path, Job] = {}
    refused: list[str] = []
    for path in paths:
        found = [Job(path, Path("stdin") if path == STANDARD_INPUT else Path(path.name))]
        if os.path.isdir(path):  # unlike Path.is_dir, no error where the name is too long
            inside = sorted(_media_files(path, refused))
            found = [Job(p, p.relative_to(path), in_folder=True) for p in inside]
            if not found:
                refused.append(f"{path} is a folder without videos (looked for {', '.join(MEDIA_SUFFIXES)})")
        for job in found:
            jobs.setdefault(job.path.absolute(), job)
    return list(jobs.values()), refused


def _media_files(folder: Path, refused: list[str]) -> Iterator[Path]:
    """Media files at any depth; a folder that cannot be listed adds a line to `refused`."""

    def refuse(error: OSError) -> None:
        refused.append(f"{error.filename} cannot be searched for videos: {error.strerror}")

    for parent, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = Path(parent, name)
            if path.suffix.lower() in MEDIA_SUFFIXES and not name.startswith(APPLE_DOUBLE) and os.path.isfile(path):
                yield path


class Outputs:
    """Destination of each format: a file, a folder (named after the videos), or standard output."""

    def __init__(self, wanted: Mapping[str, Path | None], people: People | None = None) -> None:
        """`people`: judgments that a report shows beside the analysis."""
        self._people = people
        self._wanted = {kind: target for kind, target in wanted.items() if target is not None}

    @property
    def takes_standard_output(self) -> bool:
        return STANDARD_OUTPUT in self._wanted.values()

    def plan(self, jobs: Sequence[Job]) -> tuple[list[Plan], list[str]]:
        """Return the destinations of each file's results, and a line for every file whose results cannot be written.

        Whatever would fail after an analysis is found before it. Raises OutputsError for what concerns all files.
        """
        several = len(jobs) > 1
        self._check_options(several)
        names = Names()
        videos = {names.key(job.path): job.path for job in jobs}
        taken: dict[str, Path] = {}
        plans, refused = [], []
        for job, place in zip(jobs, _places(jobs), strict=True):
            plan = Plan(job.path, dict(self._targets(job, place, several)))
            files = {names.key(t): t for t in plan.targets.values() if t != STANDARD_OUTPUT}
            complaints = [
                _too_long(plan, target) or self._is_input(target) or _taken(plan, key, target, videos, taken)
                for key, target in files.items()
            ]
            if any(complaints):
                refused.append(next(filter(None, complaints)))
                continue
            taken |= dict.fromkeys(files, job.path)
            plans.append(plan)
        for folder in {existing(target.absolute().parent) for plan in plans for target in _new_files(plan)}:
            _probe(folder)
        return plans, refused

    def write(self, analysis: Analysis, plan: Plan, video: Path | None = None) -> Iterator[Path]:
        """Write one analysis in every format asked for; yields what was written to a file.

        `video` is the file to take images from, where that is not the plan's. A reader never sees half a result,
        and none is left behind. Raises OutputsError.
        """
        for kind, target in plan.targets.items():
            content = _render(kind, analysis, video or plan.path, self._people).encode()
            try:
                if target == STANDARD_OUTPUT:
                    sys.stdout.buffer.write(content)
                    sys.stdout.buffer.flush()
                else:
                    write_file(target, content)
                    yield target
            except BrokenPipeError:
                raise
            except OSError as error:
                name = "standard output" if target == STANDARD_OUTPUT else str(target)
                raise OutputsError(
                    f"{name} could not be written: {error.strerror}; make room or give another place"
                ) from error

    def _is_input(self, target: Path) -> str | None:
        """Return an error line when the target is the file of judgments."""
        if self._people is None or self._people.path is None or not is_same_file(target, self._people.path):
            return None
        return f"{target} is the file of --people: give another name for the result"

    def _check_options(self, several: bool) -> None:
        if list(self._wanted.values()).count(STANDARD_OUTPUT) > 1:
            raise OutputsError("only one output can go to standard output (-)")
        for kind, target in self._wanted.items():
            if several and target == STANDARD_OUTPUT:
                raise OutputsError(f"--{kind} -: give a folder for several videos")
            if several and os.path.isfile(target):
                raise OutputsError(f"--{kind} {target} is a file: give a folder for several videos")

    def _targets(self, job: Job, place: Path, several: bool) -> Iterator[tuple[str, Path]]:
        if not self._wanted:
            yield "json", place.with_name(f"{place.name}.analysis.json")
        for kind, target in self._wanted.items():
            # A folder with one video today may hold two tomorrow: what is not named like a file is a folder.
            is_folder = several or os.path.isdir(target) or (job.in_folder and not target.suffix)
            in_folder = target != STANDARD_OUTPUT and is_folder
            yield kind, target / place.with_name(f"{place.name}.{kind}") if in_folder else target


def _places(jobs: Sequence[Job]) -> list[Path]:
    """Return the name of each file's results, without the format's suffix.

    The file's name less its own suffix; with it, where files differ in nothing else (talk.mp4 beside talk.wav).
    """
    short = [folded(job.place.with_suffix("")) for job in jobs]
    times = Counter(short)
    return [job.place if times[key] > 1 else job.place.with_suffix("") for job, key in zip(jobs, short, strict=True)]


def _too_long(plan: Plan, target: Path) -> str | None:
    """Return an error line when the target's name is too long for its folder."""
    length, longest = len(os.fsencode(target.name)), name_max(existing(target.absolute().parent))
    if length <= longest:
        return None
    return (
        f"{plan.path} was left out: the name of its result, {target.name[:20]}..., would be {length} bytes long, "
        f"and {longest} is the most here. Name the result (--json FILE), or give the video a shorter name."
    )


def _taken(plan: Plan, key: str, target: Path, videos: Mapping[str, Path], taken: Mapping[str, Path]) -> str | None:
    """Return an error line when the target is a video or another's result; `key` is its key among `videos` and
    `taken`.
    """
    if videos.get(key) == plan.path or is_same_file(target, plan.path):
        return f"{target} is the video itself: give another name for the result"
    if key in videos:
        return f"{target} is a video to be analyzed: give another name for the result of {plan.path}"
    if key in taken:
        return f"{plan.path} was left out: {target} is for the result of {taken[key]}. Rename one, or analyze it alone."
    return None


def _new_files(plan: Plan) -> Iterator[Path]:
    """The targets that are written as a new file in their folder: not standard output, a device or a pipe."""
    for target in plan.targets.values():
        if target != STANDARD_OUTPUT and (os.path.isfile(target) or not os.path.exists(target)):
            yield target


def _probe(folder: Path) -> None:
    """Raises OutputsError where no result could be written to `folder`."""
    if not folder.is_dir():
        raise OutputsError(f"{folder} is a file, so no result can be written below it: give another place")
    try:
        write_file(folder / "probe", bytes(PROBE_BYTES), keep=False)
    except OSError as error:
        raise OutputsError(
            f"no result can be written to {folder}: {error.strerror}; make room or give another place (--json FOLDER)"
        ) from error


def _render(kind: str, analysis: Analysis, video: Path, people: People | None) -> str:
    if kind == "html":
        from model.reports.html import render_report  # decodes thumbnails; only where asked for

        return render_report(analysis, video, people)
    render = {"json": formats.to_json, "csv": formats.to_csv, "srt": formats.to_srt, "vtt": formats.to_vtt}[kind]
    return render(analysis)
