"""Programs in the clients' READMEs, as they stand there."""

import re
from pathlib import Path

CLIENTS = Path(__file__).parents[2] / "clients"


def programs(client: str, language: str) -> dict[str, str]:
    """Each heading's program in a language."""
    readme = (CLIENTS / client / "README.md").read_text("utf-8")
    found = re.findall(rf"^## ([^\n]+)\n(?:(?!^## ).)*?```{language}\n(.*?)```", readme, re.DOTALL | re.MULTILINE)
    return dict(found)
