"""Folders that are built once for a content, and found again by its digest.

Several processes may build at once, in one parent: each writes a draft of its own, and none touches what another may
be at. What nobody has asked for lately goes, and so do the drafts of processes that were killed.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

DRAFT = ".draft-"


@contextmanager
def becoming(folder: Path) -> Iterator[Path]:
    """A draft that takes the folder's name once it is whole, so what is interrupted leaves nothing half made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        with contextlib.suppress(OSError):  # somebody else was faster, with the same content
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def copied(files: Iterable[Path], root: Path, parent: Path, seconds: float) -> Path:
    """Copy files of `root` into a folder in `parent`, each at its place; it is made anew when one has changed.

    It goes `seconds` after it was last asked for.
    """
    digest, found = hashlib.sha256(), list(files)
    for path in found:
        digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    folder = parent / digest.hexdigest()[:16]
    if not folder.exists():
        with becoming(folder) as draft:
            for path in found:
                place = draft / path.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
    keep_recent(folder, seconds)
    return folder


def keep_recent(folder: Path, seconds: float, prefix: str = "") -> None:
    """Note that `folder` is in use; of those beside it, named with `prefix`, remove what was not for this long."""
    os.utime(folder)
    for other in (*folder.parent.glob(f"{prefix}*"), *folder.parent.glob(f"{DRAFT}*")):
        with contextlib.suppress(OSError):  # another process removed or renamed it at the same time
            # ctime, the last change to the folder itself: a copied tree takes over the modification time.
            if other != folder and time.time() - other.stat().st_ctime > seconds:
                shutil.rmtree(other, ignore_errors=True)
