"""Lambda code, unpacked once for all workers of a function.

The emulator unpacks it for each worker, which takes 50 MB and a second each time, and Python compiles it again.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

FOLDER = "code"  # in a worker's folder


def unpack_once(folder: Path) -> None:
    """Make workers share code that is unpacked to `folder`."""

    class Shared(zipfile.ZipFile):
        """Archive that replaces a worker's code folder with a link to the shared copy; other archives are unpacked."""

        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            if path is None or self.filename is None or Path(path).name != FOLDER:
                super().extractall(path, members, pwd)
                return
            archive = Path(self.filename)
            with archive.open("rb") as file:
                shared = folder / hashlib.file_digest(file, "sha256").hexdigest()
            if not shared.exists():
                self._unpack(shared)
            os.rmdir(path)
            os.symlink(shared, path)
            archive.unlink()

        def _unpack(self, target: Path) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=folder))
            super().extractall(scratch)
            try:
                scratch.rename(target)
            except OSError:  # another worker was faster
                shutil.rmtree(scratch)

    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": Shared})
