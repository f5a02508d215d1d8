"""Shared parts of the self-contained HTML pages: template environment, style, colors and content security policy.

A page makes no network requests: its content security policy allows only its own style and script, by their hashes.
"""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.reports.palette import DARK_SURFACE, EMOTION_COLORS, LIGHT_SURFACE, MODALITY_COLORS, SENTIMENT_COLORS

TEMPLATES = Path(__file__).parent / "templates"


def page_environment(templates: Path) -> Environment:
    """Return the template environment of one kind of page, with autoescape on; `head.html` is shared by all."""
    return Environment(
        loader=FileSystemLoader([templates, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_style(own: str) -> str:
    """Return a page's full style: the palette's color classes, light and dark surfaces, and its `own` rules."""
    return color_rules() + (TEMPLATES / "page.css").read_text("utf-8") + own


def color_rules() -> str:
    """Return the palette as CSS classes, for SVG shapes (fill) and boxes (background)."""
    colors = {
        **{f"emotion-{label}": color for label, color in EMOTION_COLORS.items()},
        **{f"sentiment-{label}": color for label, color in SENTIMENT_COLORS.items()},
        **{f"modality-{label}": color for label, color in MODALITY_COLORS.items()},
    }
    surfaces = f":root{{--surface-light:{LIGHT_SURFACE};--surface-dark:{DARK_SURFACE}}}\n"
    return surfaces + "".join(f".{name}{{fill:{c};background-color:{c}}}\n" for name, c in colors.items())


def content_policy(style: str, script: str, *, site_scripts: bool = False) -> str:
    """Return a content security policy that allows only this style and this script.

    `site_scripts`: also script files of the site that serves the page.
    """
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    return (
        "default-src 'none'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'" + (" 'self'" if site_scripts else "")
    )
