"""Requests by the API's description, right and wrong, against a product that runs; every check of schemathesis.

    python -m scripts.attack http://localhost:8080 vs_...

Prints what is not as docs/openapi.json says, and exits with 1 when there is anything. It makes uploads, analyses,
webhooks and API keys of the account whose key is given, and uses its quota up: give it one of a local product.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "docs" / "openapi.json"
# Calls in a row look for answers about what was deleted: a deleted analysis can be restored, and is still there.
LEFT_OUT = ("use_after_free",)


def main() -> int:
    options = _parser().parse_args()
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run", str(DESCRIPTION)),
        *("--url", f"{options.base.rstrip('/')}/api", "--header", f"Authorization: Bearer {options.key}"),
        *("--checks", "all", "--exclude-checks", ",".join(LEFT_OUT), "--max-examples", str(options.examples)),
        *("--exclude-path-regex", "|".join(_session_only()), "--rate-limit", options.rate, "--no-color"),
        *("--request-timeout", "60", "--continue-on-failure", "--suppress-health-check", "all"),
    ]
    if options.operation:
        command += ["--include-operation-id", options.operation]
    environment = os.environ | {"NO_PROXY": "127.0.0.1,localhost"}
    return subprocess.run(command, cwd=options.folder, env=environment, check=False).returncode


def _session_only() -> list[str]:
    """Patterns of the paths that take no API key."""
    paths = json.loads(DESCRIPTION.read_text("utf-8"))["paths"]
    return [f"^{re.escape(path)}$" for path, item in paths.items() if "servers" in item]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.attack", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("base", help="address of the product")
    parser.add_argument("key", help="an API key of an account that is made for it")
    parser.add_argument("--examples", type=int, default=50, help="requests of a kind for each operation (50)")
    parser.add_argument("--operation", help="only this one, by its operationId in docs/openapi.json")
    parser.add_argument("--rate", default="20/s", help="requests, as 20/s: below the gateway's own limit")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where schemathesis keeps its own files")
    return parser


if __name__ == "__main__":
    sys.exit(main())
