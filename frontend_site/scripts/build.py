"""Build the web app into out/, unless out/ is up to date with the sources. Needs the standard library only.

    python3 frontend_site/scripts/build.py

Exits with code 1 and a message if the build fails.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
STAMP = SITE / "out" / ".built"  # digest of the sources of out/
INSTALLED = SITE / "node_modules" / ".installed"  # digest of the installed lock file
FOLDERS = ("app", "public", "scripts", "src")
API_TYPES = SITE.parent / "clients" / "typescript" / "src" / "schema.ts"
FILES = ("package.json", "package-lock.json", "next.config.ts", "postcss.config.mjs", "tsconfig.json")


def sources() -> Iterator[Path]:
    """Yield every file that the build depends on, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((SITE / folder).rglob("*")):
            if path.is_file() and ".test." not in path.name and path.suffix != ".pyc":
                yield path
    yield from (SITE / name for name in FILES)
    yield API_TYPES


def digest(paths: Iterator[Path]) -> str:
    """Return the SHA-256 of the files' paths and contents as hex."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(SITE.parent)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def is_current(stamp: Path, content: str) -> bool:
    """Return True if a stamp file holds this digest."""
    return stamp.is_file() and stamp.read_text() == content


def npm(*arguments: str) -> None:
    """Run npm in frontend_site. Raises CalledProcessError with npm's output."""
    command = [shutil.which("npm") or "npm", *arguments]
    subprocess.run(command, cwd=SITE, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main() -> int:
    """Build if needed and return the exit code."""
    wanted, lock = digest(sources()), digest(iter([SITE / "package-lock.json"]))
    if is_current(STAMP, wanted):
        return 0
    if shutil.which("npm") is None:
        print("Building the web app requires Node.js 20 or newer: https://nodejs.org", file=sys.stderr)
        return 1
    print("Building the web app (only when its sources change; takes a minute or two)", flush=True)
    try:
        if not is_current(INSTALLED, lock):
            npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
            INSTALLED.write_text(lock)
        npm("run", "build")
    except subprocess.CalledProcessError as error:
        print(f"`{' '.join(error.cmd[1:])}` in frontend_site failed:\n{error.stdout}", file=sys.stderr)
        return 1
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
