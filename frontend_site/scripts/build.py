"""Build the web app unless out/ is what the sources give already. Standard library alone; exit code 1 says why.

python3 frontend_site/scripts/build.py
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
STAMP = SITE / "out" / ".built"  # digest of the sources that out/ was built from
INSTALLED = SITE / "node_modules" / ".installed"  # digest of the lock that node_modules holds
FOLDERS = ("app", "public", "scripts", "src")
FILES = ("package.json", "package-lock.json", "next.config.ts", "postcss.config.mjs", "tsconfig.json")


def sources() -> Iterator[Path]:
    """Every file that decides what is built, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((SITE / folder).rglob("*")):
            if path.is_file() and ".test." not in path.name and path.suffix != ".pyc":
                yield path
    yield from (SITE / name for name in FILES)


def digest(paths: Iterator[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(SITE)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def says(stamp: Path, content: str) -> bool:
    return stamp.is_file() and stamp.read_text() == content


def npm(*arguments: str) -> None:
    """Raises CalledProcessError with what npm said."""
    command = [shutil.which("npm") or "npm", *arguments]
    subprocess.run(command, cwd=SITE, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main() -> int:
    wanted, lock = digest(sources()), digest(iter([SITE / "package-lock.json"]))
    if says(STAMP, wanted):
        return 0
    if shutil.which("npm") is None:
        print("the web app needs Node.js 20 or newer to be built: https://nodejs.org", file=sys.stderr)
        return 1
    print("building the web app (once; a minute or two)", flush=True)
    try:
        if not says(INSTALLED, lock):
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
