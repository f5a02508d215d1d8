"""Files of the web app and of the API reference, served as the distribution serves them."""

import html
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from starlette.responses import FileResponse, HTMLResponse, Response

from local.settings import ROOT
from stacks.edge.headers import content_security_policy, inline_hashes, site_script_sources
from stacks.edge.site_files import BESIDE_REFERENCE, REFERENCE

SITE = ROOT / "frontend_site" / "out"
DOCUMENTS = {"": REFERENCE} | {path.name: path for path in BESIDE_REFERENCE}  # by path below /docs/
IMMUTABLE = "_next/static/"  # file names contain a hash of the content
PLACEHOLDER = Path(__file__).with_name("placeholder.html")
CSP = "Content-Security-Policy"


class Pages:
    """Responses for the web app and the API reference.

    `uploads`: origins of the upload bucket; `site`: the built web app.
    """

    def __init__(self, uploads: Sequence[str], site: Path = SITE) -> None:
        self._uploads, self._site = uploads, site

    def policy(self, *, scripts: Sequence[str] = (), styles: Sequence[str] = (), page: str | None = None) -> str:
        """Return the web app's content security policy, extended by the hashes of a page's own scripts and styles.

        `page`: one of `stacks.edge.headers.page_paths`.
        """
        scripts = [*site_script_sources(self._site), *scripts]
        return content_security_policy(
            connect=self._uploads, media=self._uploads, scripts=scripts, styles=styles, page=page
        )

    def of_site(self, path: str) -> Response:
        """Return the response to a path of the web app, given without its first slash."""
        if not (self._site / "index.html").is_file():
            return self._own(_placeholder(), 200 if path == "" else 404)
        found = _below(self._site, path if PurePosixPath(path).suffix else f"{path.rstrip('/')}/index.html")
        if found is None:
            missing = self._site / "404.html"
            return _file(missing, 404) if missing.is_file() else HTMLResponse("Not found", 404)
        response = _file(found)
        if path.startswith(IMMUTABLE):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    def of_reference(self, path: str) -> Response:
        """Return the response to a path below /docs/: the API reference and its schema."""
        document = DOCUMENTS.get(path)
        if document is None or not document.is_file():
            return self.of_site(f"docs/{path}")
        return self._own(document.read_bytes(), 200) if document == REFERENCE else _file(document)

    def _own(self, page: bytes, status: int) -> Response:
        """Return a page that contains its own scripts and styles, with a policy that permits them."""
        scripts, styles = (sorted(inline_hashes(page, element)) for element in ("script", "style"))
        headers = {"Cache-Control": "no-cache", CSP: self.policy(scripts=scripts, styles=styles)}
        return HTMLResponse(page, status, headers)


def _below(folder: Path, path: str) -> Path | None:
    """Return the file at a path of a folder; None when there is none or when it lies outside."""
    try:
        file = (folder / path.lstrip("/")).resolve()
        return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):  # too long, or with a NUL
        return None


def _placeholder() -> bytes:
    """Return the page shown until the web app is built, with the example commands of the README."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = next((block for block in blocks if "/api/sentiment-inference" in block), "")
    return PLACEHOLDER.read_text().replace("{lines}", html.escape(lines.strip(), quote=False)).encode()


def _file(path: Path, status: int = 200) -> Response:
    return FileResponse(path, status, {"Cache-Control": "no-cache"})
