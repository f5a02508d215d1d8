"""The TypeScript client, built by the web app's own compiler."""

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "clients" / "typescript"
TOOLS = ROOT / "frontend_site" / "node_modules"
MISSING = None if (TOOLS / "typescript").is_dir() else "needs `python3 frontend_site/scripts/build.py`"


@functools.cache
def build(config: str) -> None:
    """Compile what a tsconfig names, to dist/ or build/; once for all tests."""
    _node(str(TOOLS / "typescript" / "bin" / "tsc"), "--project", config)


def install(folder: Path) -> None:
    """Have programs in a folder find the built client, as `npm install` does for one on this machine."""
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "video-sentiment-client").symlink_to(FOLDER)


def run_tests(name: str, environment: dict[str, str] | None = None) -> None:
    """Run a file of tests that `build("tsconfig.test.json")` compiled."""
    _node("--test", f"build/test/{name}.test.js", environment=environment)


def check_format() -> None:
    """Compare the sources with what prettier makes of them, by the web app's rules."""
    rules = str(ROOT / "frontend_site" / ".prettierrc.json")
    _node(
        *(str(TOOLS / "prettier" / "bin" / "prettier.cjs"), "--config", rules, "--check"),
        *("src/**/*.ts", "!src/schema.ts", "test/**/*.ts", "*.json", "*.mjs", "!package-lock.json"),
    )


def lint() -> None:
    """Check the sources with the web app's eslint."""
    _node(str(TOOLS / "eslint" / "bin" / "eslint.js"), "src", "--max-warnings", "0")


def _node(*arguments: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        ["node", *arguments], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
