"""The security headers of every answer of the edge: one definition for the distribution and for the local origin.

Imports nothing of CDK. Inline scripts and styles are allowed by their hashes alone, so what somebody else got into a
page does not run. The web app has none (its build lists them in csp.json); the API reference has its own.
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


def fixed_headers() -> dict[str, str]:
    """The headers that do not depend on anything, by name."""
    return dict(_definition()["headers"])


def bucket_origin(bucket: str, region: str) -> str:
    """Return the origin of a bucket's presigned URLs, as `lambdas.core.aws.clients.s3` signs them in every region."""
    return f"https://{bucket}.s3.{region}.amazonaws.com"


def content_security_policy(
    *,
    connect: Sequence[str] = (),
    media: Sequence[str] = (),
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
) -> str:
    """The value of Content-Security-Policy.

    `connect`: origins that pages may call besides their own (the upload bucket's, Cognito's); `media`: those that
    videos may come from; `scripts`, `styles`: sources as `inline_hashes` and the site's csp.json give them.
    """
    added = {"connect-src": connect, "media-src": media, "script-src": sorted(scripts), "style-src": sorted(styles)}
    directives = _definition()["content_security_policy"]
    return "; ".join(f"{name} {' '.join([*sources, *added.get(name, ())])}" for name, sources in directives.items())


def inline_hashes(page: bytes, element: Literal["script", "style"]) -> set[str]:
    """The CSP sources, `'sha256-...'`, of what a page holds between tags of this element."""
    pattern = rb"<%s(?P<attributes>[^>]*)>(?P<body>.*?)</%s>" % (element.encode(), element.encode())
    found = re.finditer(pattern, page, re.DOTALL | re.IGNORECASE)
    bodies = (match["body"] for match in found if b"src=" not in match["attributes"].lower())
    return {f"'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'" for body in bodies}


def site_script_sources(site: Path) -> list[str]:
    """The sources of inline scripts that a built web app lists; none where it lists none or is not built."""
    listed = site / "csp.json"
    if not listed.is_file():
        return []
    return list(json.loads(listed.read_text()).get("script-src", []))
