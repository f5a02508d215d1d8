"""Security headers of every response of the edge, defined once for the distribution and the local origin.

Independent of CDK. Inline scripts and styles are allowed by their hashes only, so that injected ones do not run. The
web app's build lists its hashes in csp.json; those of the API reference are computed from the page.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

DEFINITION = Path(__file__).with_name("security_headers.json")


@cache
def _definition() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DEFINITION.read_text())
    return loaded


def page_paths() -> tuple[str, ...]:
    """Return the paths of the pages with headers of their own: those of shared analyses."""
    return tuple(_definition()["pages"])


def page_of(path: str) -> str | None:
    """Return which of `page_paths` a path belongs to; None for all others."""
    return next((page for page in page_paths() if path.startswith(page)), None)


def fixed_headers(page: str | None = None) -> dict[str, str]:
    """Return the headers with a constant value, by name. `page`: one of `page_paths`."""
    own = _definition()["pages"][page]["headers"] if page else {}
    return {name: value for name, value in {**_definition()["headers"], **own}.items() if value is not None}


def bucket_origin(bucket: str, region: str) -> str:
    """Return the origin of a bucket's presigned URLs, as `lambdas.core.aws.clients.s3` signs them in every region."""
    return f"https://{bucket}.s3.{region}.amazonaws.com"


def content_security_policy(
    *,
    connect: Sequence[str] = (),
    media: Sequence[str] = (),
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
    page: str | None = None,
) -> str:
    """Return the value of Content-Security-Policy.

    `connect`: origins that pages may call besides their own (the upload bucket's, Cognito's); `media`: origins of
    videos; `scripts`, `styles`: sources as `inline_hashes` and the site's csp.json list them; `page`: one of
    `page_paths`.
    """
    added = {"connect-src": connect, "media-src": media, "script-src": sorted(scripts), "style-src": sorted(styles)}
    own = _definition()["pages"][page].get("content_security_policy", {}) if page else {}
    directives = {**_definition()["content_security_policy"], **own}
    return "; ".join(f"{name} {' '.join([*sources, *added.get(name, ())])}" for name, sources in directives.items())


def inline_hashes(page: bytes, element: Literal["script", "style"]) -> set[str]:
    """Return the CSP sources (`'sha256-...'`) of a page's inline elements of this kind."""
    pattern = rb"<%s(?P<attributes>[^>]*)>(?P<body>.*?)</%s>" % (element.encode(), element.encode())
    found = re.finditer(pattern, page, re.DOTALL | re.IGNORECASE)
    bodies = (match["body"] for match in found if b"src=" not in match["attributes"].lower())
    return {f"'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'" for body in bodies}


def site_script_sources(site: Path) -> list[str]:
    """Return the sources of inline scripts that a built web app lists in csp.json; none if there is no such file."""
    listed = site / "csp.json"
    if not listed.is_file():
        return []
    return list(json.loads(listed.read_text()).get("script-src", []))
