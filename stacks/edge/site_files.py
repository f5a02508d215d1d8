"""Paths of the site's files in the checkout. Independent of CDK, for scripts/deploy.py, which uploads them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "stacks" / "edge"
BUILT_SITE = ROOT / "frontend_site" / "out"
PLACEHOLDER = EDGE / "placeholder"
REFERENCE = ROOT / "docs" / "api.html"  # served as /docs/
BESIDE_REFERENCE = (REFERENCE.with_name("openapi.json"), REFERENCE.with_name("llms.txt"))  # served next to it


def site_folder() -> Path:
    """Return the folder to serve: the built web app, or else a placeholder page."""
    return BUILT_SITE if (BUILT_SITE / "index.html").is_file() else PLACEHOLDER
