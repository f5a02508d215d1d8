"""Fetching weights over HTTP: resumed, verified, atomic, and with clear errors."""

import hashlib
import http.server
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from model import asr, modalities
from model.modalities import registry
from model.weights import catalog
from model.weights.catalog import WeightsError
from model.weights.entries import File, Source, Url, Weights, Wheels

CONTENT = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Origin(http.server.ThreadingHTTPServer):
    """HTTP server of files by path, with ranges; `break_after` bytes it drops connections; `seen` are the ranges."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.break_after: int | None = None
        self.ranges = True
        self.seen: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        requested = self.headers.get("Range")
        self.server.seen.append(requested)
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        start = int(requested.removeprefix("bytes=").rstrip("-")) if requested and self.server.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        if self.path.endswith("/") and "json" in self.headers.get("Accept", ""):
            self.send_header("Content-Type", catalog.REGISTRY_JSON)
        self.end_headers()
        stop = len(body) if self.server.break_after is None else start + self.server.break_after
        self.wfile.write(body[start:stop])

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def origin() -> Iterator[Origin]:
    server = Origin()
    server.files["/model.bin"] = CONTENT
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(catalog.CACHE_VARIABLE, str(tmp_path))
    return tmp_path


def add_toy(monkeypatch: pytest.MonkeyPatch, *sources: Source, sha256: str = SHA256) -> None:
    entry = Weights("toy", "a test", "MIT", (File("model.bin", sha256, sources),))
    monkeypatch.setitem(catalog.CATALOG, "toy", entry)


def test_fetched_once_and_reported(origin: Origin, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"))
    reports: list[tuple[str, int, int]] = []
    folder = catalog.fetch("toy", lambda *report: reports.append(report))
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert reports[-1] == ("model.bin", len(CONTENT), len(CONTENT))
    assert catalog.is_fetched("toy") and catalog.verify("toy") == {"model.bin": "ok"}
    catalog.fetch("toy")
    assert len(origin.seen) == 1
    assert not list(cache.rglob("*.part"))


def test_an_interrupted_download_is_resumed(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"))
    origin.break_after = 700_000
    with pytest.raises(WeightsError, match="model.bin of toy"):
        catalog.fetch("toy")
    assert not catalog.is_fetched("toy")
    origin.break_after = None
    assert (catalog.fetch("toy") / "model.bin").read_bytes() == CONTENT
    assert origin.seen[0] is None and origin.seen[1] is not None
    assert 600_000 < int(origin.seen[1].removeprefix("bytes=").rstrip("-")) <= 700_000


def test_server_without_ranges_starts_over(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"))
    origin.break_after, origin.ranges = 700_000, False
    with pytest.raises(WeightsError):
        catalog.fetch("toy")
    origin.break_after = None
    assert (catalog.fetch("toy") / "model.bin").read_bytes() == CONTENT


def test_wrong_bytes_are_never_kept(origin: Origin, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"), sha256="0" * 64)
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        catalog.fetch("toy")
    assert not [p for p in cache.rglob("*model.bin*") if p.is_file()]


def test_next_source_is_tried(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    origin.files["/wrong"] = b"something else"
    sources = (Url(f"{origin.url}/gone"), Url(f"{origin.url}/wrong"), Url(f"{origin.url}/model.bin"))
    add_toy(monkeypatch, *sources)
    assert (catalog.fetch("toy") / "model.bin").read_bytes() == CONTENT


def test_the_error_lists_all_sources_and_a_remedy(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/gone"), Url("http://127.0.0.1:9/refused"))
    with pytest.raises(WeightsError) as error:
        catalog.fetch("toy")
    for part in ("/gone: HTTP 404", "127.0.0.1:9/refused", "copy the file to", SHA256):
        assert part in str(error.value)


@pytest.mark.parametrize("as_json", [True, False])
def test_wheels_of_the_registry_are_joined(origin: Origin, monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    """From an index in the format of PEP 691, and an older one of PEP 503."""
    half = len(CONTENT) // 2
    for number, part in enumerate((CONTENT[:half], CONTENT[half:]), start=1):
        wheel = io.BytesIO()
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"toy_part{number}/model.bin.part", part)
        name = f"toy_part{number}-1.0-py3-none-any.whl"
        origin.files[f"/files/{name}"] = wheel.getvalue()
        older = f"toy_part{number}-0.9-py3-none-any.whl"
        links = [f"{origin.url}/files/{n}" for n in (older, name)]
        index = json.dumps({"files": [{"url": link} for link in links]})
        page = "".join(f'<a href="../../files/{n}#sha256=1">{n}</a>' for n in (older, name))
        origin.files[f"/simple/toy-part{number}/"] = (index if as_json else page).encode()
    if not as_json:
        monkeypatch.setattr(catalog, "REGISTRY_JSON", "application/x-unknown")
    monkeypatch.setenv("PIP_INDEX_URL", f"{origin.url}/simple")
    parts = tuple((f"toy-part{n}", "1.0", f"toy_part{n}/model.bin.part") for n in (1, 2))
    add_toy(monkeypatch, Wheels(parts))
    assert (catalog.fetch("toy") / "model.bin").read_bytes() == CONTENT


def test_damage_is_detected_and_repaired(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"))
    path = catalog.fetch("toy") / "model.bin"
    path.write_bytes(CONTENT[:-1] + b"x")
    assert catalog.verify("toy") == {"model.bin": "damaged"}
    assert (catalog.fetch("toy") / "model.bin").read_bytes() == CONTENT


def test_an_unknown_name_lists_the_available_ones() -> None:
    with pytest.raises(WeightsError, match="available: whisper-base"):
        catalog.fetch("nonesuch")


def test_every_entry_is_pinned() -> None:
    for entry in catalog.CATALOG.values():
        for file in entry.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert isinstance(file.sources[0], Url), "the official source comes first"


def test_an_entry_may_be_declared_twice_but_not_otherwise() -> None:
    """A name identifies one folder in the cache and one download."""
    entry = Weights("toy", "a test", "MIT", (File("model.bin", SHA256, ()),))
    assert catalog.merged([entry], [replace(entry)]) == {"toy": entry}
    with pytest.raises(TypeError, match="two different catalog entries are named 'toy'"):
        catalog.merged([entry], [replace(entry, files=(File("model.bin", "0" * 64, ()),))])
    declared = [*asr.WEIGHTS.values(), *modalities.WEIGHTS.values(), catalog.OTHERS]
    assert catalog.merged(*declared) == catalog.CATALOG and len(set(chain(*declared))) == len(catalog.CATALOG)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_of_two_entries_is_downloaded_once(origin: Origin, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """A transcriber and an audio encoder share Whisper's files; a damaged copy is not reused."""
    add_toy(monkeypatch, Url(f"{origin.url}/model.bin"))
    toy = catalog.CATALOG["toy"]
    monkeypatch.setitem(catalog.CATALOG, "toy-encoder", replace(toy, name="toy-encoder"))
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _refuse)
    first = catalog.fetch("toy") / "model.bin"
    requests = len(origin.seen)
    second = catalog.fetch("toy-encoder") / "model.bin"
    assert second.read_bytes() == CONTENT and len(origin.seen) == requests
    assert second.samefile(first) == links and catalog.verify("toy-encoder") == {"model.bin": "ok"}
    second.unlink()
    first.unlink()
    first.write_bytes(b"damaged")
    assert (catalog.fetch("toy-encoder") / "model.bin").read_bytes() == CONTENT and len(origin.seen) > requests


def _refuse(*_: object) -> None:
    raise OSError("this disk has no links")


def test_weights_that_no_encoder_starts_from_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelled kind would otherwise make the encoder's recipes fail without a reason."""
    monkeypatch.setattr(registry, "WEIGHTS", {**modalities.WEIGHTS, "berd": ()})
    with pytest.raises(TypeError, match="public weights are declared for unknown kinds of encoder: berd"):
        registry._specs()
