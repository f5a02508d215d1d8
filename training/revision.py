"""Git commit of the running code. Works without torch."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Files that determine a trained bundle. Changes of others (documents, tests, the bundles themselves) do not count as
# dirty.
SOURCES = ("common", "model", "training", "requirements", "pyproject.toml", ":(exclude)model/bundles")
COMMIT_VARIABLE = "VIDEO_SENTIMENT_COMMIT"  # environment variable


def commit(root: Path = ROOT) -> str:
    """Return the checkout's commit, 12 digits, with "-dirty" if code that determines bundles has changed since.

    A SageMaker job has no Git history; `training.launch` passes it the commit in COMMIT_VARIABLE. Returns "unknown"
    without either.
    """
    name = _git(root, "rev-parse", "--short=12", "HEAD").strip()
    if not name:
        return os.environ.get(COMMIT_VARIABLE, "unknown")
    return f"{name}-dirty" if _git(root, "status", "--porcelain", "--", *SOURCES).strip() else name


def _git(root: Path, *arguments: str) -> str:
    """Return the standard output of a git command; "" without git or a checkout."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=root).stdout
    except OSError:
        return ""
