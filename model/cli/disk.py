"""Files as the disk that they are on sees them: equal names, the longest name, and writing a file in one step."""

import os
import secrets
import unicodedata
from contextlib import suppress
from pathlib import Path

DEFAULT_NAME_MAX = 255  # bytes of a file name, where the system does not say


def folded(path: Path) -> str:
    """Return a key that is equal for paths that are one file where case and composition are ignored, as by macOS."""
    return unicodedata.normalize("NFC", str(path)).casefold()


class Names:
    """Keys of paths, equal for paths that the disk they are on takes for one file."""

    def __init__(self) -> None:
        self._folding: dict[Path, bool] = {}

    def key(self, path: Path) -> str:
        """Return a key that is equal for paths that are, or would be, the same file."""
        path = path.absolute()
        folder = existing(path.parent)
        if folder not in self._folding:
            self._folding[folder] = ignores_case(folder)
        return folded(path) if self._folding[folder] else str(path)


def ignores_case(folder: Path) -> bool:
    """Return True when names that differ only in case are one file in a folder; also where that cannot be tested."""
    scratch = folder / f".video-sentiment-{secrets.token_hex(4)}.part"
    try:
        with scratch.open("xb"):
            return os.path.exists(scratch.with_name(scratch.name.upper()))
    except OSError:
        return True
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def is_same_file(one: Path, other: Path) -> bool:
    """Return True when both exist, can be examined, and are the same."""
    with suppress(OSError):
        return one.samefile(other)
    return False


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))


def name_max(folder: Path) -> int:
    """Return the length in bytes of the longest file name in a folder."""
    with suppress(AttributeError, OSError, ValueError):  # not on Windows
        return os.pathconf(folder, "PC_NAME_MAX")
    return DEFAULT_NAME_MAX


def write_file(target: Path, content: bytes, keep: bool = True) -> None:
    """Replace a file by `content` in one step; without `keep`, only try whether that could be done. Raises OSError."""
    if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe
        target.write_bytes(content)
        return
    target = target.resolve()  # what a link points to
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".video-sentiment-{secrets.token_hex(4)}.part")  # as long whatever the target's name
    try:
        with scratch.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep:
            scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
