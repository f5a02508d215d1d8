"""Safe opening of media files: the permitted containers, files that consist of several parts, and error messages."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

from model.media.errors import READ_ERRORS, KeepGoing, MediaError, TooDemandingError, keep_going_always
from model.media.ffmpeg_log import diagnose
from model.media.probe import ExaminationError, FileRange, examine

# Containers that hold the media themselves. Playlists (HLS, DASH, concat), image sequences and other references are
# excluded on purpose: they would make the demuxer open files and URLs of an uploader's choice.
VIDEO_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,dv"
# Elementary streams and similar formats: their demuxers derive timestamps by counting samples.
COUNTED_CONTAINERS = "wav,w64,aiff,caf,au,mp3,flac,aac,ac3,eac3,amr,wv"
MAX_PIXELS = 8192 * 4352  # 8K: decoders hold about 20 frames, and larger ones exhaust memory
MAX_STREAMS = 200  # FFmpeg probes each with a decoder of at least half a megabyte; broadcasters record 16 tracks
OPEN_OPTIONS = {
    "format_whitelist": f"{VIDEO_CONTAINERS},{COUNTED_CONTAINERS}",
    "protocol_whitelist": "file",
    "max_streams": str(MAX_STREAMS),
    "max_pixels": str(MAX_PIXELS),  # for the decoders that probe the first packets; FrameDecoder sets its own
}
# Containers whose header states the duration; for others FFmpeg estimates it from bit rate or last timestamp.
HEADED_CONTAINERS = {"mov", "flv", "matroska", "avi", "asf", "mxf", "wav", "w64", "aiff", "caf", "au", "flac"}
OGG_PAGE = b"OggS"
OGG_HEADER = 27  # bytes before a page's segment table
SEARCH_BYTES = 1 << 16  # searched for a page at a time
XING_BYTES = 1 << 16  # of an MP3, searched for its frame count, which may follow cover art
OGG_FIRST = 2  # flag of the first page of a logical stream


def check_path(path: Path) -> None:
    """Raise MediaError unless the path is a readable, nonempty file. Does not block on pipes."""
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise MediaError(f"{path} is a pipe or a device, not a file; copy it to a file first")
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError(f"{path} is empty (0 bytes); repeat the upload or copy")
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the spelling") from error
    except IsADirectoryError as error:
        raise MediaError(f"{path} is a folder, not a file") from error
    except OSError as error:  # permissions, a broken disk, a name that is too long
        raise MediaError(f"{path} cannot be read: {error.strerror}; check its owner and mode (chmod u+r)") from error


def open_container(source: "Path | FileRange", path: Path) -> InputContainer:
    """Open a file, or a range of the file at `path`, for demuxing. Raises MediaError."""
    try:
        # Absolute, because FFmpeg parses a colon in a relative name as the end of a protocol.
        file = str(source.absolute()) if isinstance(source, Path) else source
        container = av.open(file, options=OPEN_OPTIONS, metadata_errors="replace")
    except av.ArgumentError as error:  # the format is not in the whitelist
        name = diagnose(path, OPEN_OPTIONS).format
        if name is None:
            raise MediaError(_unreadable(path)) from error
        raise MediaError(
            f"{path} is not a readable video or audio file: the format {name} is not supported. "
            "Re-export it as MP4, WebM, MP3 or WAV."
        ) from error
    except READ_ERRORS as error:
        raise MediaError(_unreadable(path)) from error
    assert isinstance(container, InputContainer)
    return container


def check_demands(path: Path, keep_going: KeepGoing = keep_going_always) -> None:
    """Check, in a subprocess, the memory that opening and demuxing a file takes.

    Raises TooDemandingError if that exceeds the limit, MediaError for an unreadable file, and what `keep_going` raises.
    """
    check_path(path)
    parts = [part.part for part in parts_of(path) if isinstance(part, FileRange)]
    try:
        examine(path, parts, OPEN_OPTIONS, keep_going)
    except ExaminationError as error:
        raise TooDemandingError(
            f"{path}: {error}. Its tables or attachments are too large or damaged; re-export it as MP4, MOV or WebM."
        ) from error


def _unreadable(path: Path) -> str:
    return (
        f"{path} is not a readable video or audio file: its header is missing or damaged, or it is another type of "
        "file. Check that it plays; if it is incomplete, copy it again or re-export it as MP4, WebM, MP3 or WAV."
    )


def is_counted(container: InputContainer) -> bool:
    """Return True when the container's timestamps are derived by counting samples."""
    return not _names(container).isdisjoint(COUNTED_CONTAINERS.split(","))


def states_duration(container: InputContainer, path: Path) -> bool:
    """Return True when the file's header states its duration."""
    return not _names(container).isdisjoint(HEADED_CONTAINERS) or (
        "mp3" in _names(container) and _has_frame_count(path)
    )


def may_stop_early(container: InputContainer) -> bool:
    """Return True when the demuxer may stop at the end of the first of several appended files."""
    return not _names(container).isdisjoint({"flv", "asf"})


def _has_frame_count(path: Path) -> bool:
    """Return True when an MP3 starts with a frame that states the number of frames (variable bit rate)."""
    with path.open("rb") as file:
        head = file.read(XING_BYTES)
    return b"Xing" in head or b"Info" in head


def _names(container: InputContainer) -> set[str]:
    return set(container.format.name.split(","))


def parts_of(path: Path) -> list["Path | FileRange"]:
    """Return the parts to open one after another: the file itself, or the files that were concatenated to it.

    Ogg allows concatenation (RFC 3533, section 4), but FFmpeg continues only with parts that have the parameters of the
    first one. Of concatenated MP4, WAV and AIFF files it reads only the first.
    """
    starts = _chain_starts(path) or _appended_starts(path)
    if len(starts) <= 1:
        return [path]
    ends = [*starts[1:], path.stat().st_size]
    return [FileRange(path, start, end) for start, end in zip(starts, ends, strict=True)]


def _chain_starts(path: Path) -> list[int]:
    """Return the start of each link of a chained Ogg file, in bytes; empty for other files.

    A link starts at a page that begins a stream and follows a page that continues one.
    """
    starts: list[int] = []
    in_header = False
    with path.open("rb") as file:
        for position, flags in _ogg_pages(file):
            begins = bool(flags & OGG_FIRST)
            if begins and not in_header:
                starts.append(position)
            in_header = begins
    return starts


def _appended_starts(path: Path) -> list[int]:
    """Return the start of each concatenated MP4, WAV or AIFF file, in bytes; other boxes are skipped."""
    starts: list[int] = []
    position, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while position < total:
            file.seek(position)
            header = file.read(16)
            size = _box_size(header)
            if size is None or (not starts and not _begins_file(header)):
                break
            if _begins_file(header):
                starts.append(position)
            position += size
    return starts


def _begins_file(header: bytes) -> bool:
    return header[4:8] == b"ftyp" or header[8:12] in (b"WAVE", b"AIFF", b"AIFC")


def _box_size(header: bytes) -> int | None:
    """Return the size of an MP4 box or a RIFF or IFF form, from its first 16 bytes; None if unknown or open-ended."""
    if len(header) < 8:
        return None
    kind = header[:4]
    if kind in (b"RIFF", b"FORM"):
        size = int.from_bytes(header[4:8], "little" if kind == b"RIFF" else "big")
        return 8 + size + size % 2 if 0 < size < 0xFFFFFFFF else None
    size = int.from_bytes(header[:4], "big")
    if size == 1:
        size = int.from_bytes(header[8:16], "big")
    return size if size >= 8 and header[4:8].isalnum() else None


def _ogg_pages(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield position and flags of each page, skipping damaged data; nothing for other files."""
    position = 0
    while True:
        file.seek(position)
        header = file.read(OGG_HEADER + 255)
        if not header.startswith(OGG_PAGE) and position > 0:
            position = _next_page(file, position)
            file.seek(position)
            header = file.read(OGG_HEADER + 255)
        if len(header) < OGG_HEADER or not header.startswith(OGG_PAGE):
            return
        yield position, header[5]
        segments = header[26]
        position += OGG_HEADER + segments + sum(header[OGG_HEADER : OGG_HEADER + segments])


def _next_page(file: BinaryIO, position: int) -> int:
    """Return the position of the next page at or after a position; the end of the file without one."""
    file.seek(position)
    overlap = b""
    while block := file.read(SEARCH_BYTES):
        data = overlap + block
        if (found := data.find(OGG_PAGE)) >= 0:
            return position + found
        overlap = data[1 - len(OGG_PAGE) :]
        position += len(data) - len(overlap)
    return position + len(overlap)
