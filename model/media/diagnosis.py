"""Asks FFmpeg's log what a file is, where its errors do not say.

FFmpeg names the format that it found and may not open, and the codec that it does not know, in its log alone.
Switching the log on concerns a whole process and all its threads. So after a failure, a process of its own
opens the file once more; this module is also what it runs, which is why it imports nothing of ours.
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

PATIENCE = 20.0  # seconds
FORMAT = re.compile(r"^Format (\S+) (?:probed|detected)", re.MULTILINE)
CODEC = re.compile(r"parameters for stream (\d+) \((?:Video|Audio): none \((\S+) /")


@dataclass(frozen=True)
class Diagnosis:
    """FFmpeg's view of a file: its format, and the tags of codecs that it does not know, by stream."""

    format: str | None = None
    unknown_codecs: Mapping[int, str] = field(default_factory=dict)


def diagnose(path: Path, options: Mapping[str, str]) -> Diagnosis:
    """Open a file with these options and read the log. An empty diagnosis where that fails, too."""
    command = [sys.executable, "-P", __file__, json.dumps(dict(options)), str(path.absolute())]
    try:
        log = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True).stdout.decode(errors="replace")
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
