"""Parts that our self-contained HTML pages share: frame, surfaces, colors, and content policy.

A page asks the network for nothing: a content security policy that names the hashes of its own style and
script forbids the rest.
"""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.reports.palette import DARK_SURFACE, EMOTION_COLOURS, LIGHT_SURFACE, MODALITY_COLOURS, SENTIMENT_COLOURS

TEMPLATES = Path(__file__).parent / "templates"


def page_environment(templates: Path) -> Environment:
    """Return the template environment of one kind of page; `head.html` is shared by all. Autoescape is on."""
    return Environment(
        loader=FileSystemLoader([templates, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_style(own: str) -> str:
    """The whole style of a page whose own rules are `own`: colours of classes, surfaces in light and dark, these."""
    return colour_rules() + (TEMPLATES / "page.css").read_text("utf-8") + own


def colour_rules() -> str:
    """The palette as CSS classes, for SVG shapes (fill) and boxes (background)."""
    colours = {
        **{f"emotion-{label}": colour for label, colour in EMOTION_COLOURS.items()},
        **{f"sentiment-{label}": colour for label, colour in SENTIMENT_COLOURS.items()},
        **{f"modality-{label}": colour for label, colour in MODALITY_COLOURS.items()},
    }
    surfaces = f":root{{--surface-light:{LIGHT_SURFACE};--surface-dark:{DARK_SURFACE}}}\n"
    return surfaces + "".join(f".{name}{{fill:{c};background-color:{c}}}\n" for name, c in colours.items())


def content_policy(style: str, script: str) -> str:
    """Content security policy: nothing from outside, no style and no script but these two."""
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    return (
        "default-src 'none'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    )
