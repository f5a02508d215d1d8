"""Where the parts of a run listen that no browser and no other user may reach: Unix sockets in a folder of its own."""

import shutil
import tempfile
from pathlib import Path

PREFIX = "video-sentiment-run-"
LINK = "sockets"  # in the state folder, whose own path may be too long for a socket's


class Sockets:
    """The sockets of a run, from its start until `remove`: in a folder that its user alone may enter."""

    def __init__(self, state: Path) -> None:
        """Make the folder, and remove what a killed run left of its own."""
        self._link = state / LINK
        self.remove()
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._link.symlink_to(self._folder)

    @property
    def adapter(self) -> Path:
        """Of what stands in for SageMaker."""
        return self._folder / "sagemaker"

    @property
    def model(self) -> Path:
        """Of the model server."""
        return self._folder / "model"

    def remove(self) -> None:
        """Remove the folder that the state folder names, if any."""
        if not self._link.is_symlink():
            return
        folder = self._link.readlink()
        if folder.name.startswith(PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        self._link.unlink()
