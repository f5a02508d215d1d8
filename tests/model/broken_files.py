"""Generators of broken media files: concatenated, truncated, with invalid timestamps or unknown codecs."""

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from model.media import AnyPacket

TS_PACKET = 188  # bytes
ONE = 1 << 16  # 1.0 in MP4's fixed point


def remux(
    source: Path,
    target: Path,
    seconds: float = 1e9,
    starts_at: float = 0.0,
    edit: Callable[[AnyPacket, int], None] | None = None,
    in_order: bool = False,
) -> Path:
    """Copy the first seconds of a file without re-encoding, with a clock that starts at `starts_at` seconds.

    `edit` may change each packet; it is passed the packet and its number in its stream, from 0. With `in_order` the
    packets are written in order of time, otherwise in their original order.
    """
    options = {"output_ts_offset": str(starts_at)} if starts_at else {}
    with av.open(str(source)) as read, av.open(str(target), "w", options=options) as written:
        streams = {s.index: written.add_stream_from_template(s) for s in read.streams if s.type in ("video", "audio")}
        numbers = dict.fromkeys(streams, 0)
        packets = []
        for packet in read.demux(*(read.streams[i] for i in streams)):
            if packet.size == 0 or _start(packet) >= seconds:
                continue
            index = packet.stream.index
            if edit is not None:
                edit(packet, numbers[index])
            numbers[index] += 1
            packet.stream = streams[index]
            packets.append(packet)
        for packet in sorted(packets, key=_start) if in_order else packets:
            written.mux(packet)
    return target


def _start(packet: AnyPacket) -> float:
    """Return a packet's decoding time in seconds."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return float((ticks or 0) * packet.time_base)


def shift(kind: str, seconds: float, first: int, last: int | None = None) -> Callable[[AnyPacket, int], None]:
    """Return an edit that shifts a stream's packets `first` to `last`; None for all after `first`."""

    def edit(packet: AnyPacket, number: int) -> None:
        if packet.stream.type == kind and first <= number and (last is None or number <= last):
            ticks = round(seconds / float(packet.time_base))
            packet.pts = (packet.pts or 0) + ticks
            if last is None and packet.dts is not None:
                packet.dts += ticks

    return edit


def joined(target: Path, *parts: Path) -> Path:
    """Concatenate files as `cat` does."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def without_packets(source: Path, target: Path, keep: Callable[[int, int], bool]) -> Path:
    """Write an MPEG-TS of the packets for which `keep(number, total)` is True, and the tables at its start."""
    data = source.read_bytes()
    total = len(data) // TS_PACKET
    kept = [data[i * TS_PACKET : (i + 1) * TS_PACKET] for i in range(total) if i < 20 or keep(i, total)]
    target.write_bytes(b"".join(kept))
    return target


def with_tag(source: Path, target: Path, codec: bytes, tag: bytes, track: int = 0, also: bytes = b"") -> Path:
    """Write an MP4 with another codec in the sample description of one track; the box `also` is hidden."""
    data = bytearray(source.read_bytes())
    position = data.index(b"moov")  # brands at the file's start look alike
    for _ in range(track + 1):
        position = data.index(codec, position + 1)
    data[position : position + 4] = tag
    if also:
        box = data.index(also, position)
        data[box : box + 4] = b"free"
    target.write_bytes(bytes(data))
    return target


def with_edits(source: Path, target: Path, *edits: tuple[int, int]) -> Path:
    """Write an MP4 whose first track has edits of (length in the movie's time scale, start in the track's or -1)."""
    entries = b"".join(struct.pack(">IiI", length, start, ONE) for length, start in edits)
    return _with_box(source, target, (b"moov", b"trak", b"edts", b"elst"), struct.pack(">II", 0, len(edits)) + entries)


def with_long_last_frame(source: Path, target: Path, seconds: float) -> Path:
    """Write an MP4 whose first track's last sample has a duration of `seconds`."""
    data = source.read_bytes()
    *_, (header, _) = next(_chains(data, (b"moov", b"trak", b"mdia", b"mdhd")))
    (scale,) = struct.unpack_from(">I", data, header + 20)
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts")
    *_, (table, _) = next(_chains(data, path))
    (count,) = struct.unpack_from(">I", data, table + 12)
    runs = [struct.unpack_from(">II", data, table + 16 + 8 * i) for i in range(count)]
    (last, length), earlier = runs[-1], runs[:-1]
    runs = [*earlier, *([(last - 1, length)] if last > 1 else []), (1, round(seconds * scale))]
    body = struct.pack(">II", 0, len(runs)) + b"".join(struct.pack(">II", *run) for run in runs)
    return _with_box(source, target, path, body)


def _with_box(source: Path, target: Path, path: Sequence[bytes], body: bytes) -> Path:
    """Replace the first box at a path; the index must follow the media, so that no offset changes."""
    data = bytearray(source.read_bytes())
    assert data.index(b"mdat") < data.index(b"moov")
    *parents, (position, size) = next(_chains(bytes(data), path))
    box = struct.pack(">I4s", 8 + len(body), path[-1]) + body
    data[position : position + size] = box
    for start, length in parents:
        data[start : start + 4] = struct.pack(">I", length + len(box) - size)
    target.write_bytes(bytes(data))
    return target


def _chains(
    data: bytes, path: Sequence[bytes], start: int = 0, end: int | None = None
) -> Iterator[list[tuple[int, int]]]:
    """Yield positions and sizes of the boxes along a path, for each box at its end."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if kind == path[0] and len(path) == 1:
            yield [(start, size)]
        elif kind == path[0]:
            yield from ([(start, size), *rest] for rest in _chains(data, path[1:], start + 8, start + size))
        start += size


def random_losses(share: float) -> Callable[[int, int], bool]:
    """Return a `keep` for `without_packets` that drops a random share of the packets."""
    rng = np.random.default_rng(1)
    return lambda _number, _total: bool(rng.random() >= share)


def a_hole(start: float, end: float) -> Callable[[int, int], bool]:
    """Return a `keep` for `without_packets` that drops those between two shares of the file."""
    return lambda number, total: not start * total <= number < end * total
