"""Request paths of the local origin: only unambiguous ones are accepted."""

import posixpath
import string
from urllib.parse import quote, unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local.origin.paths import is_normal

NASTY = [
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",
    "%2f",
    "%5c",
    "\\",
    "//",
    "/",
    "%00",
    "%",
    "%zz",
    "%c0%ae",
    ";",
]
PLAIN = string.ascii_letters + string.digits + "-_~!$&'()*+,;=:@"


@pytest.mark.parametrize(
    "path",
    [
        *("", "api", "*", "http://localhost/api/x", "/api/../x", "/api/..", "/./api", "/api/.", "//api", "/api//x"),
        *("/api/%2e%2e/x", "/api/%2E%2e/x", "/api/.%2e/x", "/api/..%2fx", "/api/%2fx", "/api\\..\\x", "/api/%5c..%5cx"),
        *("/api/%252e%252e/x", "/api/%25/x", "/api/%/x", "/api/%2", "/api/%zz", "/api/%00", "/api/%0d%0ax", "/api/%7f"),
        *("/%61pi/x", "/api/%ff", "/api/%c0%ae%c0%ae/x", "/api/a b", "/api/ü", "/api/x?y", "/api/x#y", "/api/\x00"),
    ],
)
def test_ambiguous_paths_are_refused(path: str) -> None:
    assert not is_normal(path.encode())


@pytest.mark.parametrize(
    "path",
    ["/", "/api/usage", "/analysis/", "/_next/static/%5Bid%5D-1.js", "/a%20b/%C3%BC", "/a..b/...", "/a@b:c"],
)
def test_paths_of_real_clients_are_accepted(path: str) -> None:
    assert is_normal(path.encode())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\%\x7f"), min_size=1)))
def test_every_name_can_be_sent(names: list[str]) -> None:
    path = "".join(f"/{quote(name, safe='')}" for name in names) or "/"
    assert is_normal(path.encode()) is not bool({".", ".."} & set(names))


@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(PLAIN, max_size=3), st.just("/")), max_size=12))
@example(["..", "/", "..", "/", "x"])
@example(["%252e%252e", "/"])
def test_an_accepted_path_stays_below_its_prefix_after_repeated_decoding(parts: list[str]) -> None:
    path = "/api/" + "".join(parts)
    if not is_normal(path.encode()):
        return
    sent = httpx.URL("http://emulator/stage" + path).raw_path.decode()
    assert sent == "/stage" + path  # httpx does not change it
    read = path
    for _ in range(3):
        assert posixpath.normpath(read.replace("\\", "/")).startswith(("/api/", "/api"))
        assert posixpath.normpath(read) + "/" * (read.endswith("/") and read != "/") == read
        read = unquote(read)
