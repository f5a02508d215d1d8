"""Unix sockets of a run's internal services, in a private folder that no browser and no other user can reach."""

import shutil
import tempfile
from pathlib import Path

PREFIX = "video-sentiment-run-"
LINK = "sockets"  # in the state folder, whose own path may be too long for a socket address


class Sockets:
    """Sockets of a run, from its start until `remove`, in a folder that only its user can access."""

    def __init__(self, state: Path) -> None:
        """Create the folder, and remove that of a killed run."""
        self._link = state / LINK
        self.remove()
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._link.symlink_to(self._folder)

    @property
    def adapter(self) -> Path:
        """Socket of the SageMaker adapter."""
        return self._folder / "sagemaker"

    @property
    def model(self) -> Path:
        """Socket of the model server."""
        return self._folder / "model"

    def remove(self) -> None:
        """Remove the folder that the state folder's link points to, if any."""
        if not self._link.is_symlink():
            return
        folder = self._link.readlink()
        if folder.name.startswith(PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        self._link.unlink()
