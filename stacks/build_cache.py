"""Build folders named by the digest of their content, so that equal content is built once.

Several processes may build in one parent folder at the same time: each writes its own draft, which becomes the final
folder by a rename. Folders that were not used for a while are removed, and so are the drafts of killed processes.
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
def atomic_dir(folder: Path) -> Iterator[Path]:
    """Yield a draft folder that is renamed to `folder` on success and removed on an error.

    Another process that finishes first with the same content wins; its folder stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was faster, with the same content
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def copy_sources(files: Iterable[Path], root: Path, parent: Path, seconds: float) -> Path:
    """Copy files of `root` into a folder in `parent` named by their digest, keeping relative paths; return the folder.

    A folder of these files that exists already is reused. Folders in `parent` that were not used for `seconds` are
    removed.
    """
    digest, paths = hashlib.sha256(), list(files)
    for path in paths:
        digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    folder = parent / digest.hexdigest()[:16]
    if not folder.exists():
        with atomic_dir(folder) as draft:
            for path in paths:
                target = draft / path.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    keep_recent(folder, seconds)
    return folder


def keep_recent(folder: Path, seconds: float, prefix: str = "") -> None:
    """Mark `folder` as used now, and remove siblings whose name starts with `prefix` and were not used for `seconds`.

    Drafts of the same age are removed as well.
    """
    os.utime(folder)
    for other in (*folder.parent.glob(f"{prefix}*"), *folder.parent.glob(f"{DRAFT}*")):
        with contextlib.suppress(OSError):  # another process removed or renamed it at the same time
            # ctime, since copying a tree also copies its modification time.
            if other != folder and time.time() - other.stat().st_ctime > seconds:
                shutil.rmtree(other, ignore_errors=True)
