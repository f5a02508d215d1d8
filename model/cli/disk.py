"""File system helpers: equality and length limits of file names, and atomic writes."""

import os
import secrets
import unicodedata
from contextlib import suppress
from pathlib import Path

DEFAULT_NAME_MAX = 255  # bytes of a file name, on systems that do not report the limit


def folded(path: Path) -> str:
    """Return a key for file systems that ignore case and Unicode composition, such as macOS's."""
    return unicodedata.normalize("NFC", str(path)).casefold()


class Names:
    """Keys of paths: equal if and only if the paths denote the same file on their file system."""

    def __init__(self) -> None:
        self._folding: dict[Path, bool] = {}

    def key(self, path: Path) -> str:
        """Return the key of a path, whether or not the file exists."""
        path = path.absolute()
        folder = existing(path.parent)
        if folder not in self._folding:
            self._folding[folder] = ignores_case(folder)
        return folded(path) if self._folding[folder] else str(path)


def ignores_case(folder: Path) -> bool:
    """Return True when a folder's file system ignores case, or when that cannot be tested."""
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
    """Return True when both paths exist, are accessible and denote the same file."""
    with suppress(OSError):
        return one.samefile(other)
    return False


def existing(folder: Path) -> Path:
    """Return the folder, or its nearest existing ancestor."""
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))


def name_max(folder: Path) -> int:
    """Return the maximum length of a file name in a folder, in bytes."""
    with suppress(AttributeError, OSError, ValueError):  # not on Windows
        return os.pathconf(folder, "PC_NAME_MAX")
    return DEFAULT_NAME_MAX


def write_file(target: Path, content: bytes, keep: bool = True) -> None:
    """Replace a file by `content` atomically; without `keep`, only test whether that is possible. Raises OSError."""
    if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe
        target.write_bytes(content)
        return
    target = target.resolve()  # keeps a symbolic link and replaces the file it points to
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(
        f".video-sentiment-{secrets.token_hex(4)}.part"
    )  # of constant length, whatever the target's name
    try:
        with scratch.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep:
            scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
