"""Files of corpora: downloaded, resumed and verified, by the means that fetch weights (model.weights.catalog)."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

from model.weights.catalog import Progress, download, reason

LOCK = "downloads.lock.json"
DOWNLOADS = ".downloads"  # under a corpus's folder, until a file is complete
ATTEMPTS = 5  # at one address, each going on where the last broke off, before the next address is tried


class FetchError(Exception):
    """A file could not be had. The message says what was tried and what to do."""


@dataclass(frozen=True)
class Remote:
    """A file and where it is, the official place first. `digest` is "algorithm:hex", as its publisher gives it."""

    name: str
    urls: tuple[str, ...]
    size: int | None = None  # bytes
    digest: str | None = None


def obtain(remote: Remote, out: Path, progress: Progress) -> Path:
    """The file in `out`, downloaded unless it is there and right. Raises FetchError.

    Right is what the publisher's digest says; without one, what was downloaded first, which the lock file
    beside it keeps. That proves that nothing changed since, not that the first download was right.
    """
    target, lock = out / remote.name, _read_lock(out)
    wanted = remote.digest or lock.get(remote.name)
    if target.exists() and wanted is not None and _digest(target, wanted) == wanted:
        return target
    failures = []
    for url in remote.urls:
        try:
            found = _patiently(url, out / DOWNLOADS, progress)
        except (httpx.HTTPError, OSError) as error:
            failures.append(f"{url}: {reason(error)}")
            continue
        digest = _digest(found, wanted or "sha256:")
        if wanted is not None and digest != wanted:
            found.unlink()
            failures.append(f"{url}: its bytes are not the ones expected ({digest} instead of {wanted})")
            continue
        found.replace(target)
        _write_lock(out, {**lock, remote.name: digest})
        return target
    tried = "".join(f"\n  - {failure}" for failure in failures)
    raise FetchError(f"{remote.name} could not be fetched:{tried}\nTry again: it goes on where it stopped.")


def recorded(out: Path) -> int:
    """Bytes of downloads that are there already, whole or in part."""
    there = [out / name for name in _read_lock(out)]
    return sum(path.stat().st_size for path in [*there, *(out / DOWNLOADS).glob("*")] if path.is_file())


def _patiently(url: str, downloads: Path, progress: Progress) -> Path:
    """Several attempts: a transfer of hours is broken off now and then."""
    for _ in range(ATTEMPTS - 1):
        try:
            return download(url, downloads, progress)
        except httpx.HTTPStatusError:
            raise  # it was answered
        except httpx.TransportError:
            continue
    return download(url, downloads, progress)


def _digest(path: Path, like: str) -> str:
    """The file's digest by the algorithm of `like`."""
    algorithm = like.split(":")[0]
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"


def _read_lock(out: Path) -> dict[str, str]:
    path = out / LOCK
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write_lock(out: Path, digests: dict[str, str]) -> None:
    (out / LOCK).write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n", encoding="utf-8")
