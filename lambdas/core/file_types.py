"""Accepted video containers: their media types, extensions and signatures."""

from pathlib import PurePosixPath
from typing import NamedTuple

from model.contract import VIDEO_TYPES

SIGNATURE_BYTES = 4096  # bytes from the start of a file that `sniff` needs
EBML = b"\x1a\x45\xdf\xa3"
# First atoms of QuickTime files without a brand.
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# Signatures of files that are uploaded by mistake or instead of a video.
OTHER_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"ID3": "an MP3 audio file",
    b"OggS": "an Ogg file",
    b"FLV": "a Flash video",
    b"\x30\x26\xb2\x75": "a Windows Media file",
    b"\0\0\1\xba": "an MPEG program stream",
    b"<": "a web page",
    bytes(8): "an incomplete copy filled with zeros",
}


class Container(NamedTuple):
    """Video container format."""

    content_type: str
    extensions: tuple[str, ...]  # the usual one first


MP4 = Container("video/mp4", (".mp4", ".m4v"))
QUICKTIME = Container("video/quicktime", (".mov",))
AVI = Container("video/x-msvideo", (".avi",))
WEBM = Container("video/webm", (".webm",))
MATROSKA = Container("video/x-matroska", (".mkv",))

CONTAINERS = (MP4, QUICKTIME, AVI, WEBM, MATROSKA)
assert {container.content_type for container in CONTAINERS} == set(VIDEO_TYPES)
EXTENSIONS = {extension: container for container in CONTAINERS for extension in container.extensions}


def by_name(name: str) -> Container | None:
    """Return the container for a file name or a bare extension such as `.MP4`; None if unsupported."""
    extension = name if name.startswith(".") and "/" not in name else PurePosixPath(name).suffix
    return EXTENSIONS.get(extension.lower())


def sniff(head: bytes) -> Container | None:
    """Return the container of a file by its first SIGNATURE_BYTES; None if it is not a supported video."""
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


def describe_other(head: bytes) -> str | None:
    """Return the type of a file that is not a video, as a phrase such as `a ZIP archive`; None if unknown."""
    return next((name for beginning, name in OTHER_SIGNATURES.items() if head.startswith(beginning)), None)
