"""Checkpoints, from which a killed run resumes at the next batch."""

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from training.files import atomic_write

CHECKPOINT_SECONDS = float(os.environ.get("TRAINING_CHECKPOINT_SECONDS", "60"))  # between checkpoints within an epoch


class Checkpoints:
    """Checkpoint file, replaced atomically. Its fingerprint identifies the recipe and the data."""

    def __init__(self, path: Path, fingerprint: str, report: Callable[[str], None] = print) -> None:
        """`report` is called with a one-line reason when a checkpoint is ignored."""
        self._path, self._fingerprint, self._report = path, fingerprint, report
        self._saved = time.monotonic()

    @property
    def is_due(self) -> bool:
        """True if enough time has passed since the last checkpoint or the start."""
        return time.monotonic() - self._saved > CHECKPOINT_SECONDS

    def save(self, content: dict[str, Any]) -> None:
        """Write a checkpoint of plain values and tensors."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path) as partial:
            torch.save({"fingerprint": self._fingerprint, **content}, partial)
        self._saved = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Load the last checkpoint; None if there is none, or if recipe, data or version differ."""
        if not self._path.exists():
            return None
        try:
            content: dict[str, Any] = torch.load(self._path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError):
            content = {}
        if content.get("fingerprint") != self._fingerprint:
            self._report(f"{self._path} is from another recipe, data or version: starting over")
            return None
        return content

    def discard(self) -> None:
        """Delete the checkpoint, which is three times as large as the network, once the result is saved."""
        self._path.unlink(missing_ok=True)
