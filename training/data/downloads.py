"""Download, resumption and verification of corpus files, with the downloader of public weights."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

from model.weights.catalog import Progress, download, reason

LOCK_FILE = "downloads.lock.json"
DOWNLOADS = ".downloads"  # folder of incomplete files, in the corpus's folder
ATTEMPTS = 5  # per address; each attempt resumes the previous one


class FetchError(Exception):
    """A file could not be downloaded. The message lists the attempts and what to do."""


@dataclass(frozen=True)
class RemoteFile:
    """A file and its addresses, the official one first. `digest` is "algorithm:hex", as published."""

    name: str
    urls: tuple[str, ...]
    size: int | None = None  # bytes
    digest: str | None = None


def download_verified(remote: RemoteFile, out: Path, progress: Progress) -> Path:
    """Return the file in `out`, downloading it unless it exists and is verified. Raises FetchError.

    It is verified against the published digest or, without one, against the digest of the first download in the lock
    file. That proves only that nothing has changed since the first download.
    """
    target, lock = out / remote.name, _read_lock(out)
    expected = remote.digest or lock.get(remote.name)
    if target.exists() and expected is not None and _digest(target, expected) == expected:
        return target
    failures = []
    for url in remote.urls:
        try:
            found = _download_with_retries(url, out / DOWNLOADS, progress)
        except (httpx.HTTPError, OSError) as error:
            failures.append(f"{url}: {reason(error)}")
            continue
        digest = _digest(found, expected or "sha256:")
        if expected is not None and digest != expected:
            found.unlink()
            failures.append(f"{url}: digest mismatch (expected {expected}, got {digest})")
            continue
        found.replace(target)
        _write_lock(out, {**lock, remote.name: digest})
        return target
    attempts = "".join(f"\n  - {failure}" for failure in failures)
    raise FetchError(f"{remote.name} could not be downloaded:{attempts}\nRun the command again to resume.")


def downloaded_bytes(out: Path) -> int:
    """Return the size of complete and incomplete downloads, in bytes."""
    there = [out / name for name in _read_lock(out)]
    return sum(path.stat().st_size for path in [*there, *(out / DOWNLOADS).glob("*")] if path.is_file())


def _download_with_retries(url: str, downloads: Path, progress: Progress) -> Path:
    """Retry interrupted transfers."""
    for _ in range(ATTEMPTS - 1):
        try:
            return download(url, downloads, progress)
        except httpx.HTTPStatusError:
            raise  # the server responded
        except httpx.TransportError:
            continue
    return download(url, downloads, progress)


def _digest(path: Path, like: str) -> str:
    """Compute the file's digest with the algorithm of `like`."""
    algorithm = like.split(":")[0]
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


def _read_lock(out: Path) -> dict[str, str]:
    path = out / LOCK_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write_lock(out: Path, digests: dict[str, str]) -> None:
    (out / LOCK_FILE).write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n", encoding="utf-8")
