"""Generate the web app's colors, names, limits and retention periods from the Python sources.

    .venv/bin/python frontend_site/scripts/tokens.py [--check]

`model/reports/palette.py` and `model/reports/html_report.py` give colors, names and the order of bands;
`model/reports/templates/page.css` gives the surfaces and text colors of the HTML report; `lambdas/core` gives the
upload limits, and `common/retention.py` how long data is kept. With --check nothing is written, and the exit code is 1
if a file is out of date.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from common import retention
from lambdas.core.file_types import EXTENSIONS
from lambdas.core.settings import Settings
from lambdas.core.uploads import uploads
from model.contract import EMOTIONS, MODALITIES, SENTIMENTS
from model.reports.html_report import SENTIMENT_STACK, STACK
from model.reports.pages import TEMPLATES
from model.reports.palette import (
    DARK_SURFACE,
    EMOTION_COLORS,
    LIGHT_SURFACE,
    MODALITY_COLORS,
    MODALITY_NAMES,
    PERSON_COLORS,
    SENTIMENT_COLORS,
)

SOURCES = Path(__file__).resolve().parent.parent / "src"
NOTE = "Written by scripts/tokens.py from the Python sources; do not edit."
DECLARATION = re.compile(r"--([a-z-]+):\s*([^;]+);")
COLOR_SETS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("emotion", dict(EMOTION_COLORS.items())),
    ("sentiment", dict(SENTIMENT_COLORS.items())),
    ("modality", dict(MODALITY_COLORS.items())),
    ("person", {str(i): f"light-dark({light}, {dark})" for i, (light, dark) in enumerate(PERSON_COLORS)}),
)


def page_colors() -> dict[str, tuple[str, str]]:
    """Return the (light, dark) pair of each color of the HTML report, by name."""
    light, dark = (TEMPLATES / "page.css").read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    named = {"var(--surface-light)": LIGHT_SURFACE, "var(--surface-dark)": DARK_SURFACE}
    dark_values: dict[str, str] = dict(DECLARATION.findall(dark))
    return {
        name: (named.get(value, value), named.get(dark_values[name], dark_values[name]))
        for name, value in DECLARATION.findall(light)
    }


def css() -> str:
    """Return custom properties for both color schemes, and a class per label that sets --tone."""
    lines = [f"/* {NOTE} */", ":root {"]
    lines += [f"  --{name}: light-dark({light}, {dark});" for name, (light, dark) in page_colors().items()]
    lines.append("}")
    for kind, colors in COLOR_SETS:
        lines += [f".{kind}-{label} {{ --tone: {color}; }}" for label, color in colors.items()]
    return "\n".join(lines) + "\n"


def typescript() -> str:
    """Return the labels in the contract's order, the order of bands in a stack, and display names."""
    constants: dict[str, object] = {
        "EMOTIONS": EMOTIONS,
        "SENTIMENTS": SENTIMENTS,
        "MODALITIES": MODALITIES,
        "EMOTION_STACK": STACK,
        "SENTIMENT_STACK": SENTIMENT_STACK,
        "MODALITY_NAMES": MODALITY_NAMES,
        "PERSON_COLOR_COUNT": len(PERSON_COLORS),
    }
    lines = [
        *exported(constants),
        "export type Emotion = (typeof EMOTIONS)[number];",
        "export type Sentiment = (typeof SENTIMENTS)[number];",
        "export type Modality = (typeof MODALITIES)[number];",
    ]
    return "\n".join(lines) + "\n"


def limits() -> str:
    """Return the API's upload limits, which the web app checks before it sends a file."""
    fields = Settings.model_fields
    constants: dict[str, object] = {
        "EXTENSIONS": sorted(EXTENSIONS),
        "MAX_UPLOAD_BYTES": fields["max_upload_bytes"].default,
    }
    return "\n".join(exported(constants)) + "\n"


def kept() -> str:
    """Return how long data is kept, which the privacy page shows."""
    fields = Settings.model_fields
    constants: dict[str, object] = {
        "ANALYSIS_DAYS": dict(retention.ANALYSES),
        "AUDIT_LOG_DAYS": retention.AUDIT_LOG,
        "OLD_VERSION_DAYS": retention.OLD_VERSIONS,
        "BACKUP_DAYS": retention.BACKUPS,
        "TOMBSTONE_DAYS": fields["tombstone_days"].default,
        "ACCESS_LOG_DAYS": retention.ACCESS_LOGS,
        "UNDO_MINUTES": fields["undo_seconds"].default // 60,
        "UPLOAD_HOURS": uploads.MAX_LIFETIME_SECONDS // 3600,
    }
    return "\n".join(exported(constants)) + "\n"


def exported(constants: Mapping[str, object]) -> list[str]:
    """Return TypeScript lines that export the constants."""
    return [
        f"// {NOTE}",
        *(f"export const {name} = {json.dumps(value)} as const;" for name, value in constants.items()),
    ]


def main() -> int:
    """Write or check the generated files and return the exit code."""
    files = {
        "design/tokens.css": css(),
        "design/palette.ts": typescript(),
        "lib/limits.ts": limits(),
        "lib/retention.ts": kept(),
    }
    stale = []
    for name, content in files.items():
        path = SOURCES / name
        if path.is_file() and path.read_text("utf-8") == content:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(content, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}; run `npm run tokens`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
