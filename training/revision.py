"""Git commit of the running code. Needs only git, so that it works without torch."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Files that determine a trained bundle. Others (documents, tests, the bundles themselves) may differ from the
# commit without making its name wrong.
SOURCES = ("model", "training", "requirements", "pyproject.toml", ":(exclude)model/bundles")
TOLD = "VIDEO_SENTIMENT_COMMIT"  # environment variable


def commit(root: Path = ROOT) -> str:
    """The checkout's commit, 12 digits; with "-dirty" where the code that makes bundles differs from it.

    A job on SageMaker has the code without its history: `training.launch` tells it the commit, by TOLD. "unknown"
    without either.
    """
    name = _git(root, "rev-parse", "--short=12", "HEAD").strip()
    if not name:
        return os.environ.get(TOLD, "unknown")
    return f"{name}-dirty" if _git(root, "status", "--porcelain", "--", *SOURCES).strip() else name


def _git(root: Path, *arguments: str) -> str:
    """Return git's answer; "" without git or a checkout."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=root).stdout
    except OSError:
        return ""
