"""Accepted containers of video and audio: their media types, extensions and signatures."""

from typing import NamedTuple

from model.contract import MEDIA_TYPES

SIGNATURE_BYTES = 4096  # bytes from the start of a file that `sniff` needs
EBML = b"\x1a\x45\xdf\xa3"
# First atoms of QuickTime files without a brand.
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# Signatures of files that are uploaded by mistake.
OTHER_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"FLV": "a Flash video",
    b"\x30\x26\xb2\x75": "a Windows Media file",
    b"\0\0\1\xba": "an MPEG program stream",
    b"<": "a web page",
    bytes(8): "an incomplete copy filled with zeros",
}


class Container(NamedTuple):
    """Container format of video or audio."""

    content_type: str
    extensions: tuple[str, ...]  # the usual one first


MP4 = Container("video/mp4", (".mp4", ".m4v"))
QUICKTIME = Container("video/quicktime", (".mov",))
AVI = Container("video/x-msvideo", (".avi",))
WEBM = Container("video/webm", (".webm",))
MATROSKA = Container("video/x-matroska", (".mkv",))
MP3 = Container("audio/mpeg", (".mp3",))
M4A = Container("audio/mp4", (".m4a",))
WAV = Container("audio/wav", (".wav",))
FLAC = Container("audio/flac", (".flac",))
OGG = Container("audio/ogg", (".ogg", ".oga", ".opus"))

CONTAINERS = (MP4, QUICKTIME, AVI, WEBM, MATROSKA, MP3, M4A, WAV, FLAC, OGG)
assert {container.content_type for container in CONTAINERS} == set(MEDIA_TYPES)
EXTENSIONS = {extension: container for container in CONTAINERS for extension in container.extensions}


def sniff(head: bytes) -> Container | None:
    """Return the container of a file by its first SIGNATURE_BYTES; None if it is none of CONTAINERS."""
    kind, brand = head[4:8], head[8:12]
    if kind == b"ftyp":
        return {b"qt  ": QUICKTIME, b"M4A ": M4A, b"M4B ": M4A}.get(brand, MP4)
    if kind in QUICKTIME_ATOMS:
        return QUICKTIME
    if head[:4] == b"RIFF":
        return {b"AVI ": AVI, b"WAVE": WAV}.get(brand)
    if head[:4] == EBML:
        return WEBM if b"webm" in head else MATROSKA
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return MP3
    return {b"OggS": OGG, b"fLaC": FLAC}.get(head[:4])


def _is_mp3_frame(head: bytes) -> bool:
    """Return True for the header of an MPEG audio frame, layer III (ISO/IEC 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    version, bit_rate, sampling_rate = head[1] >> 3 & 0b11, head[2] >> 4, head[2] >> 2 & 0b11
    return version != 0b01 and bit_rate != 0b1111 and sampling_rate != 0b11  # reserved values


def describe_other(head: bytes) -> str | None:
    """Return the type of a file of no accepted container, as a phrase such as `a ZIP archive`; None if unknown."""
    return next((name for beginning, name in OTHER_SIGNATURES.items() if head.startswith(beginning)), None)
