"""Accepted file types: extension, media type and first bytes of each container, in one table."""

from pathlib import PurePosixPath
from typing import NamedTuple

from model.contract import VIDEO_TYPES

SIGNATURE_BYTES = 4096  # as much of a file's beginning as `sniff` wants to see
EBML = b"\x1a\x45\xdf\xa3"
# Atoms that a QuickTime file without a brand may begin with.
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# First bytes of files that people mistake for videos, or that arrive in the place of one.
OTHERS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"ID3": "MP3 sound",
    b"OggS": "an Ogg file",
    b"FLV": "a Flash video",
    b"\x30\x26\xb2\x75": "a Windows Media file",
    b"\0\0\1\xba": "an MPEG programme stream",
    b"<": "a web page",
    bytes(8): "zeros, as an unfinished copy does",
}


class Container(NamedTuple):
    content_type: str
    extensions: tuple[str, ...]  # the first is the usual one


MP4 = Container("video/mp4", (".mp4", ".m4v"))
QUICKTIME = Container("video/quicktime", (".mov",))
AVI = Container("video/x-msvideo", (".avi",))
WEBM = Container("video/webm", (".webm",))
MATROSKA = Container("video/x-matroska", (".mkv",))

CONTAINERS = (MP4, QUICKTIME, AVI, WEBM, MATROSKA)
assert {container.content_type for container in CONTAINERS} == set(VIDEO_TYPES)
EXTENSIONS = {extension: container for container in CONTAINERS for extension in container.extensions}


def by_name(name: str) -> Container | None:
    """The container that a file's name, or a bare extension such as `.MP4`, promises."""
    extension = name if name.startswith(".") and "/" not in name else PurePosixPath(name).suffix
    return EXTENSIONS.get(extension.lower())


def sniff(head: bytes) -> Container | None:
    """Return the type of a file by its first SIGNATURE_BYTES; None when it is no accepted video."""
    kind = head[4:8]
    if kind == b"ftyp":
        return QUICKTIME if head[8:12] == b"qt  " else MP4
    if kind in QUICKTIME_ATOMS:
        return QUICKTIME
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return AVI
    if head[:4] == EBML:
        return WEBM if b"webm" in head else MATROSKA
    return None


def mistaken(head: bytes) -> str | None:
    """Return, in words, the type of a file that is no video; None when it is unknown."""
    return next((name for beginning, name in OTHERS.items() if head.startswith(beginning)), None)
