"""Fuzz a running product's API with valid and invalid requests, using all checks of schemathesis.

    python -m scripts.attack http://localhost:8080 vs_...

Prints deviations from docs/openapi.json, and exits with 1 if there are any. It creates uploads, analyses, webhooks and
API keys in the account of the given key, and uses up its quota: give it a key of a local product.
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
# `use_after_free` expects 404 for deleted resources, but a deleted analysis is still found, since it can be restored.
EXCLUDED_CHECKS = ("use_after_free",)


def main() -> int:
    """Run schemathesis; return its exit code."""
    options = _parser().parse_args()
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run", str(DESCRIPTION)),
        *("--url", f"{options.base.rstrip('/')}/api", "--header", f"Authorization: Bearer {options.key}"),
        *("--checks", "all", "--exclude-checks", ",".join(EXCLUDED_CHECKS), "--max-examples", str(options.examples)),
        *("--exclude-path-regex", "|".join(_session_only()), "--rate-limit", options.rate, "--no-color"),
        *("--request-timeout", "60", "--continue-on-failure", "--suppress-health-check", "all"),
    ]
    if options.operation:
        command += ["--include-operation-id", options.operation]
    environment = os.environ | {"NO_PROXY": "127.0.0.1,localhost"}
    return subprocess.run(command, cwd=options.folder, env=environment, check=False).returncode


def _session_only() -> list[str]:
    """Return patterns of the paths that accept no API key."""
    paths = json.loads(DESCRIPTION.read_text("utf-8"))["paths"]
    return [f"^{re.escape(path)}$" for path, item in paths.items() if "servers" in item]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.attack", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("base", help="URL of the product")
    parser.add_argument("key", help="API key of a test account")
    parser.add_argument("--examples", type=int, default=50, help="requests per operation and phase (default: 50)")
    parser.add_argument("--operation", help="test only this operation, by its operationId in docs/openapi.json")
    parser.add_argument("--rate", default="20/s", help="rate limit, below the gateway's own (default: 20/s)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="folder for the files of schemathesis")
    return parser


if __name__ == "__main__":
    sys.exit(main())
