"""Input files of the command line, and the destinations of their results."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.cli.disk import Names, existing, folded, is_same_file, name_max, write_file
from model.contract import Analysis
from model.reports import formats
from model.reports.people import Judgments

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
APPLE_DOUBLE = "._"  # prefix of macOS's companion files, which hold attributes on foreign file systems
PROBE_BYTES = 1 << 20  # larger than most results; a disk without that much space counts as full


class OutputsError(ValueError):
    """Conflicting inputs and outputs, or a destination that cannot be written. The message names a remedy."""


@dataclass(frozen=True)
class InputFile:
    """A file to analyze; `relative` is its path below the folder it was found in, which its results keep."""

    path: Path
    relative: Path
    in_folder: bool = False  # found in a folder that was passed, not passed itself


@dataclass(frozen=True)
class FileOutputs:
    """A file to analyze, and the destination of each format of its analysis."""

    path: Path
    targets: Mapping[str, Path]


def find_inputs(paths: Sequence[Path]) -> tuple[list[InputFile], list[str]]:
    """Return the files at `paths` and in folders among them, and an error line for every folder without any.

    Files are accepted with any name; in folders only media files are.
    """
    inputs: dict[Path, InputFile] = {}
    errors: list[str] = []
    for path in paths:
        found = [InputFile(path, Path("stdin") if path == STANDARD_INPUT else Path(path.name))]
        if os.path.isdir(path):  # unlike Path.is_dir, does not raise for a name that is too long
            inside = sorted(_media_files(path, errors))
            found = [InputFile(p, p.relative_to(path), in_folder=True) for p in inside]
            if not found:
                errors.append(f"{path} is a folder without videos (extensions: {', '.join(MEDIA_SUFFIXES)})")
        for file in found:
            inputs.setdefault(file.path.absolute(), file)
    return list(inputs.values()), errors


def _media_files(folder: Path, errors: list[str]) -> Iterator[Path]:
    """Yield media files at any depth; a folder that cannot be listed adds a line to `errors`."""

    def add_error(error: OSError) -> None:
        errors.append(f"{error.filename} cannot be searched for videos: {error.strerror}")

    for parent, _, names in os.walk(folder, onerror=add_error):
        for name in names:
            path = Path(parent, name)
            if path.suffix.lower() in MEDIA_SUFFIXES and not name.startswith(APPLE_DOUBLE) and os.path.isfile(path):
                yield path


class Outputs:
    """Destinations of the requested formats: files, folders, or standard output.

    `judgments` are shown beside the predictions in HTML reports.
    """

    def __init__(self, destinations: Mapping[str, Path | None], judgments: Judgments | None = None) -> None:
        self._judgments = judgments
        self._destinations = {kind: target for kind, target in destinations.items() if target is not None}

    @property
    def uses_standard_output(self) -> bool:
        return STANDARD_OUTPUT in self._destinations.values()

    def resolve(self, inputs: Sequence[InputFile]) -> tuple[list[FileOutputs], list[str]]:
        """Return each file's destinations, and an error line for every file whose results cannot be written.

        Conflicts and write errors are detected before the analysis. Raises OutputsError for those that affect all
        files.
        """
        several = len(inputs) > 1
        self._check_options(several)
        names = Names()
        videos = {names.key(file.path): file.path for file in inputs}
        used: dict[str, Path] = {}
        resolved, errors = [], []
        for file, name in zip(inputs, _result_names(inputs), strict=True):
            outputs = FileOutputs(file.path, dict(self._targets(file, name, several)))
            targets = {names.key(t): t for t in outputs.targets.values() if t != STANDARD_OUTPUT}
            conflicts = [
                _name_error(outputs, target)
                or self._judgments_error(target)
                or _conflict(outputs, key, target, videos, used)
                for key, target in targets.items()
            ]
            if any(conflicts):
                errors.append(next(filter(None, conflicts)))
                continue
            used |= dict.fromkeys(targets, file.path)
            resolved.append(outputs)
        for folder in {existing(target.absolute().parent) for outputs in resolved for target in _new_files(outputs)}:
            _probe(folder)
        return resolved, errors

    def write(self, analysis: Analysis, outputs: FileOutputs, video: Path | None = None) -> Iterator[Path]:
        """Write one analysis in every requested format; yield the files written.

        `video` is the file to take images from, if it is not the input itself. Files are replaced atomically. Raises
        OutputsError.
        """
        for kind, target in outputs.targets.items():
            content = _render(kind, analysis, video or outputs.path, self._judgments).encode()
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
                    f"{name} could not be written: {error.strerror}; free up space or choose another location"
                ) from error

    def _judgments_error(self, target: Path) -> str | None:
        """Return an error line if the target is the file of people's judgments."""
        if self._judgments is None or self._judgments.path is None or not is_same_file(target, self._judgments.path):
            return None
        return f"{target} is the --people file; choose another name for the result"

    def _check_options(self, several: bool) -> None:
        if list(self._destinations.values()).count(STANDARD_OUTPUT) > 1:
            raise OutputsError("only one format can be written to standard output (-)")
        for kind, target in self._destinations.items():
            if several and target == STANDARD_OUTPUT:
                raise OutputsError(f"--{kind} -: choose a folder for several videos")
            if several and os.path.isfile(target):
                raise OutputsError(f"--{kind} {target} is a file; choose a folder for several videos")

    def _targets(self, file: InputFile, name: Path, several: bool) -> Iterator[tuple[str, Path]]:
        if not self._destinations:
            yield "json", name.with_name(f"{name.name}.analysis.json")
        for kind, target in self._destinations.items():
            # For a folder of videos, a target without a suffix is a folder even if there is only one video so far.
            is_folder = several or os.path.isdir(target) or (file.in_folder and not target.suffix)
            in_folder = target != STANDARD_OUTPUT and is_folder
            yield kind, target / name.with_name(f"{name.name}.{kind}") if in_folder else target


def _result_names(inputs: Sequence[InputFile]) -> list[Path]:
    """Return the name of each file's results, without the format's suffix.

    The file's own suffix is removed unless files differ only in their suffixes (talk.mp4 and talk.wav).
    """
    stems = [folded(file.relative.with_suffix("")) for file in inputs]
    counts = Counter(stems)
    return [
        file.relative if counts[stem] > 1 else file.relative.with_suffix("")
        for file, stem in zip(inputs, stems, strict=True)
    ]


def _name_error(outputs: FileOutputs, target: Path) -> str | None:
    """Return an error line if the target's name is too long for its folder."""
    length, limit = len(os.fsencode(target.name)), name_max(existing(target.absolute().parent))
    if length <= limit:
        return None
    return (
        f"{outputs.path} was skipped: the name of its result, {target.name[:20]}..., would be {length} bytes long; "
        f"the limit here is {limit}. Name the result (--json FILE), or rename the video."
    )


def _conflict(
    outputs: FileOutputs, key: str, target: Path, videos: Mapping[str, Path], used: Mapping[str, Path]
) -> str | None:
    """Return an error line if the target is a video or another file's result.

    `key` identifies the target in `videos` (inputs) and `used` (targets of earlier files).
    """
    if videos.get(key) == outputs.path or is_same_file(target, outputs.path):
        return f"{target} is the video itself; choose another name for the result"
    if key in videos:
        return f"{target} is a video to be analyzed; choose another name for the result of {outputs.path}"
    if key in used:
        return f"{outputs.path} was skipped: {target} is the result of {used[key]}. Rename one, or analyze it alone."
    return None


def _new_files(outputs: FileOutputs) -> Iterator[Path]:
    """Yield the targets that are files, rather than standard output, a device or a pipe."""
    for target in outputs.targets.values():
        if target != STANDARD_OUTPUT and (os.path.isfile(target) or not os.path.exists(target)):
            yield target


def _probe(folder: Path) -> None:
    """Raise OutputsError if results cannot be written to `folder`."""
    if not folder.is_dir():
        raise OutputsError(f"{folder} is a file, so no result can be written below it; choose another location")
    try:
        write_file(folder / "probe", bytes(PROBE_BYTES), keep=False)
    except OSError as error:
        raise OutputsError(
            f"no result can be written to {folder}: {error.strerror}; free up space or choose another location "
            "(--json FOLDER)"
        ) from error


def _render(kind: str, analysis: Analysis, video: Path, judgments: Judgments | None) -> str:
    if kind == "html":
        from model.reports.html_report import render_report  # slow to import

        return render_report(analysis, video, judgments)
    render = {"json": formats.to_json, "csv": formats.to_csv, "srt": formats.to_srt, "vtt": formats.to_vtt}[kind]
    return render(analysis)
