"""The security headers of every answer of the edge, one definition for the distribution and for the local origin.

Imports nothing of CDK. The page's inline scripts are allowed by their hashes, computed from the built pages, so
that a script that somebody else got into a page does not run.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

DEFINITION = Path(__file__).with_name("security_headers.json")
SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL | re.IGNORECASE)


@cache
def _definition() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DEFINITION.read_text())
    return loaded


def fixed_headers() -> dict[str, str]:
    """The headers that do not depend on anything, by name."""
    return dict(_definition()["headers"])


def content_security_policy(*, uploads: Sequence[str] = (), scripts: Iterable[str] = ()) -> str:
    """The value of Content-Security-Policy.

    `uploads`: origins of the upload bucket, which the page puts videos to and plays them from.
    `scripts`: sources of `script_hashes`.
    """
    added = {"connect-src": list(uploads), "media-src": list(uploads), "script-src": sorted(set(scripts))}
    directives = _definition()["content_security_policy"]
    return "; ".join(f"{name} {' '.join([*sources, *added.get(name, [])])}" for name, sources in directives.items())


def script_hashes(page: bytes) -> set[str]:
    """The CSP sources, `'sha256-...'`, of a page's inline scripts."""
    bodies = (match["body"] for match in SCRIPT.finditer(page) if b"src=" not in match["attributes"].lower())
    return {f"'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'" for body in bodies}


def script_hashes_of_site(folder: Path) -> set[str]:
    """The CSP sources of the inline scripts of every page under a built site; empty without one."""
    return {source for page in sorted(folder.rglob("*.html")) for source in script_hashes(page.read_bytes())}
