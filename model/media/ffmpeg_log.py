"""Diagnosis of unreadable files from FFmpeg's log.

FFmpeg reports the name of a forbidden format or an unknown codec only in its log, and enabling the log affects all
threads of a process. So after a failure a subprocess opens the file again. It runs this module, which therefore imports
nothing from this project.
"""

import contextlib
import json
import logging
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 20.0  # seconds
FORMAT = re.compile(r"^Format (\S+) (?:probed|detected)", re.MULTILINE)
CODEC = re.compile(r"parameters for stream (\d+) \((?:Video|Audio): none \((\S+) /")


@dataclass(frozen=True)
class Diagnosis:
    """Format of a file, and the tags of unknown codecs by stream index."""

    format: str | None = None
    unknown_codecs: Mapping[int, str] = field(default_factory=dict)


def diagnose(path: Path, options: Mapping[str, str]) -> Diagnosis:
    """Open a file with these options and parse the log; return an empty diagnosis if that fails."""
    command = [sys.executable, "-P", __file__, json.dumps(dict(options)), str(path.absolute())]
    try:
        log = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=True).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError):
        return Diagnosis()
    found = FORMAT.search(log)
    codecs = {int(stream): tag for stream, tag in CODEC.findall(log)}
    return Diagnosis(found[1] if found else None, codecs)


def _print_log(options: dict[str, str], path: str) -> None:
    import av
    import av.logging

    av.logging.set_level(av.logging.DEBUG)
    logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
    with av.logging.Capture() as entries, contextlib.suppress(av.FFmpegError, OSError, ValueError):
        av.open(path, options=options, metadata_errors="replace").close()
    for _, _, message in entries:
        sys.stdout.write(f"{message.rstrip()}\n")


if __name__ == "__main__":
    _print_log(json.loads(sys.argv[1]), sys.argv[2])
