"""Write the site's colors, names and limits from the product's own, so that they are the same everywhere.

    .venv/bin/python frontend_site/scripts/tokens.py [--check]

`model/reports/palette.py` and `model/reports/html_report.py` give colors, names and the order of bands;
`model/reports/templates/page.css` gives the surfaces and text colors of the HTML report; `lambdas/core` gives the
limits of uploads. With --check nothing is written: the exit code is 1 where a file is not current.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from lambdas.core.file_types import EXTENSIONS
from lambdas.core.settings import Settings
from model.contract import EMOTIONS, MODALITIES, SENTIMENTS
from model.reports.html_report import SENTIMENT_STACK, STACK
from model.reports.pages import TEMPLATES
from model.reports.palette import (
    DARK_SURFACE,
    EMOTION_COLORS,
    LIGHT_SURFACE,
    MODALITY_COLORS,
    MODALITY_NAMES,
    SENTIMENT_COLORS,
)

SOURCES = Path(__file__).resolve().parent.parent / "src"
NOTE = "Written by scripts/tokens.py from the Python sources; do not edit."
DECLARATION = re.compile(r"--([a-z-]+):\s*([^;]+);")
COLOR_SETS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("emotion", dict(EMOTION_COLORS.items())),
    ("sentiment", dict(SENTIMENT_COLORS.items())),
    ("modality", dict(MODALITY_COLORS.items())),
)


def page_colors() -> dict[str, tuple[str, str]]:
    """Name -> (light, dark) of the colors that the report's pages are drawn in."""
    light, dark = (TEMPLATES / "page.css").read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    named = {"var(--surface-light)": LIGHT_SURFACE, "var(--surface-dark)": DARK_SURFACE}
    dark_values = dict(DECLARATION.findall(dark))
    return {
        name: (named.get(value, value), named.get(dark_values[name], dark_values[name]))
        for name, value in DECLARATION.findall(light)
    }


def css() -> str:
    """Custom properties for both color schemes, and a class per label that sets --tone."""
    lines = [f"/* {NOTE} */", ":root {"]
    lines += [f"  --{name}: light-dark({light}, {dark});" for name, (light, dark) in page_colors().items()]
    lines.append("}")
    for kind, colors in COLOR_SETS:
        lines += [f".{kind}-{label} {{ --tone: {color}; }}" for label, color in colors.items()]
    return "\n".join(lines) + "\n"


def typescript() -> str:
    """Labels in the contract's order, the order of bands in a stack, and names."""
    constants: dict[str, object] = {
        "EMOTIONS": EMOTIONS,
        "SENTIMENTS": SENTIMENTS,
        "MODALITIES": MODALITIES,
        "EMOTION_STACK": STACK,
        "SENTIMENT_STACK": SENTIMENT_STACK,
        "MODALITY_NAMES": MODALITY_NAMES,
    }
    lines = [
        *exported(constants),
        "export type Emotion = (typeof EMOTIONS)[number];",
        "export type Sentiment = (typeof SENTIMENTS)[number];",
        "export type Modality = (typeof MODALITIES)[number];",
    ]
    return "\n".join(lines) + "\n"


def limits() -> str:
    """What the API takes; the page refuses the rest before anything is sent."""
    fields = Settings.model_fields
    constants: dict[str, object] = {
        "EXTENSIONS": sorted(EXTENSIONS),
        "MAX_UPLOAD_BYTES": fields["max_upload_bytes"].default,
    }
    return "\n".join(exported(constants)) + "\n"


def exported(constants: Mapping[str, object]) -> list[str]:
    return [
        f"// {NOTE}",
        *(f"export const {name} = {json.dumps(value)} as const;" for name, value in constants.items()),
    ]


def main() -> int:
    files = {"design/tokens.css": css(), "design/palette.ts": typescript(), "lib/limits.ts": limits()}
    stale = []
    for name, content in files.items():
        path = SOURCES / name
        if path.is_file() and path.read_text("utf-8") == content:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(content, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"not as the Python sources have it: {', '.join(stale)}; run `npm run tokens`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
