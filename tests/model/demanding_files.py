"""Generators of small files that take much memory: by their tables, their attachments, or growing frames."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
FRAME = b"\xff\xd8\xff\xd9" * 64  # an empty JPEG


def mp4_of_samples(target: Path, samples: int, fragmented: bool) -> Path:
    """Write an MP4 of less than 1000 bytes that declares `samples` one-byte samples, in its header or a fragment."""
    data = _box(b"ftyp", b"isom\0\0\2\0isomiso2")
    if fragmented:
        run = _full(b"trun", struct.pack(">Ii", samples, 100), flags=1)
        track = _full(b"tfhd", struct.pack(">I", 1), flags=0x20000) + _full(b"tfdt", struct.pack(">I", 0)) + run
        fragment = _full(b"mfhd", struct.pack(">I", 1)) + _box(b"traf", track)
        data += _movie(0) + _box(b"moof", fragment) + _box(b"mdat", FRAME)
    else:
        data += _box(b"mdat", FRAME) + _movie(samples)
    target.write_bytes(data)
    return target


def _movie(samples: int) -> bytes:
    """Return the index of an MP4; without samples, that of a fragmented one."""
    header = struct.pack(">IIII", 0, 0, 1000, samples) + struct.pack(">IH", 0x10000, 0x100)
    movie = _full(b"mvhd", header + bytes(10) + MATRIX + bytes(24) + struct.pack(">I", 2))
    shown = struct.pack(">IIIII", 0, 0, 1, 0, samples) + bytes(16) + MATRIX + struct.pack(">II", 320 << 16, 240 << 16)
    times = struct.pack(">IIII", 0, 0, 1000, samples) + b"\x55\xc4\0\0"
    kind = _full(b"mdhd", times) + _full(b"hdlr", b"\0\0\0\0vide" + bytes(12) + b"v\0")
    reference = _box(b"dinf", _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1)))
    media = _full(b"vmhd", bytes(8), flags=1) + reference + _box(b"stbl", _sample_table(samples))
    track = _box(b"trak", _full(b"tkhd", shown, flags=7) + _box(b"mdia", kind + _box(b"minf", media)))
    extends = b"" if samples else _box(b"mvex", _full(b"trex", struct.pack(">IIIII", 1, 1, 1, 1, 0)))
    return _box(b"moov", movie + track + extends)


def _sample_table(samples: int) -> bytes:
    entry = bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HH", 320, 240)
    entry += struct.pack(">II", 0x480000, 0x480000) + bytes(4) + struct.pack(">H", 1) + bytes(32)
    table = _full(b"stsd", struct.pack(">I", 1) + _box(b"jpeg", entry + struct.pack(">Hh", 24, -1)))
    if not samples:
        empty = [(b"stts", b""), (b"stsc", b""), (b"stsz", bytes(4)), (b"stco", b"")]
        return table + b"".join(_full(name, bytes(4) + more) for name, more in empty)
    table += _full(b"stts", struct.pack(">III", 1, samples, 1))
    table += _full(b"stsc", struct.pack(">IIII", 1, 1, samples, 1))
    return table + _full(b"stsz", struct.pack(">II", 1, samples)) + _full(b"stco", struct.pack(">II", 1, 40))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _full(name: bytes, body: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + body)


def matroska_with_attachments(target: Path, count: int, size: int, kind: str = "application/x-font") -> Path:
    """Write a one-frame Matroska file with `count` attachments of `size` bytes; FFmpeg treats images as cover art."""
    head = _element("1a45dfa3", _element("4282", b"matroska") + _element("4287", b"\4") + _element("4285", b"\2"))
    info = _element("1549a966", _element("2ad7b1", _number(1_000_000)))
    picture = _element("e0", _element("b0", _number(320)) + _element("ba", _number(240)))
    names = _element("d7", _number(1)) + _element("73c5", _number(1)) + _element("83", _number(1))
    track = _element("1654ae6b", _element("ae", names + _element("86", b"V_MJPEG") + picture))
    attached = b"".join(
        _element("61a7", _element("466e", f"{i}.bin".encode()) + _element("4660", kind.encode())
                 + _element("46ae", _number(i + 5)) + _element("465c", bytes(size)))
        for i in range(count)
    )  # fmt: skip
    cluster = _element("1f43b675", _element("e7", _number(0)) + _element("a3", b"\x81\0\0\x80" + FRAME))
    target.write_bytes(head + _element("18538067", info + track + _element("1941a469", attached) + cluster))
    return target


def _element(identity: str, body: bytes) -> bytes:
    """Return an EBML element with an eight-byte size."""
    return bytes.fromhex(identity) + struct.pack(">Q", len(body) | 1 << 56) + body


def _number(value: int) -> bytes:
    return struct.pack(">I", value)


def wav_of_rate(target: Path, rate: int, samples: int) -> Path:
    """Write 8-bit silence at any sample rate."""
    head = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
    target.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + samples) + b"WAVEfmt " + head + b"data" + struct.pack("<I", samples)
        + b"\x80" * samples
    )  # fmt: skip
    return target


def growing_video(target: Path, width: int, height: int, frames: int, references: int = 16, small: int = 1) -> Path:
    """Write an MPEG-TS whose H.264 starts with `small` frames of 320x240 and continues at another size.

    Its decoder must hold `references` frames of that size.
    """
    with av.open(str(target), "w", format="mpegts") as container:
        stream = container.add_stream("h264", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        number = 0
        for size, count, kept in (((320, 240), small, 1), ((width, height), frames, references)):
            for data in _encoded(*size, count, kept):
                packet = av.Packet(data)
                packet.stream = stream
                packet.pts = packet.dts = number * 9000
                packet.time_base = Fraction(1, 90_000)
                container.mux(packet)
                number += 1
    return target


def _encoded(width: int, height: int, frames: int, references: int) -> list[bytes]:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 10), Fraction(10, 1)
    parameters = f"ref={references}:keyint=1000:scenecut=0:rc-lookahead=0:bframes=0:threads=1:level=6.2"
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": parameters}
    frame = av.VideoFrame.from_ndarray(np.full((height * 3 // 2, width), 100, np.uint8), format="yuv420p")
    packets = []
    for i in range(frames):
        frame.pts, frame.time_base = i, Fraction(1, 10)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets + [bytes(packet) for packet in context.encode(None)]
