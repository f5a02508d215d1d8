"""Files of the checkout that the site is made of. Imports nothing of CDK: scripts/deploy.py uploads them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "stacks" / "edge"
BUILT_SITE = ROOT / "frontend_site" / "out"
PLACEHOLDER = EDGE / "placeholder"
REFERENCE = ROOT / "docs" / "api.html"  # served as /docs/
# Beside it, by their own names: the schema that it describes, and the same for programs that write programs.
BESIDE_REFERENCE = (REFERENCE.with_name("openapi.json"), REFERENCE.with_name("llms.txt"))


def site_folder() -> Path:
    """Return the folder to serve: the built web app, or a page that says it is not built."""
    return BUILT_SITE if (BUILT_SITE / "index.html").is_file() else PLACEHOLDER
