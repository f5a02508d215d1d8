"""One clock for a file: maps the timestamps of all its streams onto one continuous line of seconds.

Timestamps are not always what they should be. Recordings that were joined restart them or jump ahead by
hours, a 33-bit counter wraps around, single packets carry nonsense. `Timeline.place` corrects each packet
before anything else sees it, with the same correction for audio and video, so that they stay in sync.

A packet is plausible where it continues its own stream, or lies close to where the file has got to. Packets
that are not are held back until their successors show which of two things they are:

- a **jump**: the successors go on from there. The part that begins gets an offset of its own, which places it
  at the end of what came before; every stream that jumps alike takes the same offset.
- an **outlier**: the successors are where they were expected. It loses its presentation time, and so follows the
  one before it in order of presentation.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from av.packet import Packet

if TYPE_CHECKING:  # generic in PyAV's stubs alone
    AnyPacket = Packet[Any]
else:
    AnyPacket = Packet

BACKWARD = 0.1  # seconds that a stream's decoding times may step back before it has restarted (as in ffmpeg)
MAX_GAP = 10.0  # seconds: where the clock may jump and audio goes on, a longer gap is a jump of it (as in ffmpeg)
MAX_HOLD = 300.0  # seconds of a gap elsewhere: one picture may be shown for so long
AUDIO_LAG = 2.0  # seconds that the audio of a part may begin behind its video in the file's order
MAX_REORDER = 17  # frames that a video packet may be presented after it was decoded: 16, and itself
MAX_FIRST_LAG = 10.0  # seconds, for the first packet of a stream, as nothing is known of its rate
WRAP = 2**33 / 90_000  # seconds after which MPEG's timestamps begin again
MAX_HELD = 1000  # packets of a stream, and bytes of them, that are held back at most
MAX_HELD_BYTES = 32 << 20
CONFIRMING = 3  # packets in a row that make a jump of what one packet alone would leave an outlier
HOLE = 0.5  # seconds without anything from any stream that count as missing,
LAGGING_HOLES = 8  # of the last ones, that a stream which lags behind may still fill
HOLE_FRAMES = 4.0  # if they are so many times what there was between two frames before, too
NOTED = 1.0  # seconds: smaller corrections are jitter and need no warning
KNOWN_PARTS = 16  # that a stream lagging behind the others may still belong to


class Gap(NamedTuple):
    """A part of the file, in seconds, that holds nothing."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Jump:
    """A jump of the file's clock: its position on the corrected line and its size, in seconds."""

    at: float
    by: float


@dataclass(frozen=True)
class _Part:
    """A part of the file with consistent timestamps: `offset` moves them to `start` and on, in seconds."""

    offset: float
    start: float


@dataclass
class _Stream:
    """State of one stream's timestamps; times in seconds of the corrected line."""

    part: _Part
    tick: float  # seconds, of its time base
    is_video: bool
    start: float = 0.0  # of its last packet
    end: float | None = None  # of its last packet; None before the first
    duration: float = 0.0  # of its last packet, as the packet says
    step: float = 0.0  # typical duration of a packet
    longest: float = 0.0  # between two packets so far
    lag: float = 0.0  # from decoding to presentation, of its last packet
    held: deque[AnyPacket] = field(default_factory=deque)
    held_from: float = 0.0  # how far the file had got when the first of them came

    def raw(self, packet: AnyPacket) -> float | None:
        """Return a packet's decoding time, in seconds of the file's own timestamps; None where it has none."""
        ticks = packet.pts if packet.dts is None else packet.dts
        return None if ticks is None else ticks * self.tick

    def first_held(self) -> float:
        """Decoding time of the first packet held back, in seconds of the file's own timestamps."""
        return next(raw for packet in self.held if (raw := self.raw(packet)) is not None)

    def held_seconds(self) -> float:
        """Time between the first and the last packet held back, in seconds."""
        times = [raw for packet in self.held if (raw := self.raw(packet)) is not None]
        return times[-1] - times[0]

    def first_presented(self) -> float:
        """Presentation time of the first packet held back, as far as it is known yet."""
        first = self.first_held()
        times = (p.pts * self.tick for p in self.held if p.pts is not None)
        return min((time for time in times if 0.0 <= time - first <= MAX_FIRST_LAG), default=first)


class Timeline:
    """The corrected clock of one file. Feed it every packet, in the file's order.

    `start` is the file's zero in its own timestamps, in seconds. `discontinuous` says that the container is
    one whose clock may jump, `has_audio` that a stream is there which has no long gaps by nature. `end` is how
    far the file has got, in seconds.
    """

    def __init__(self, start: float, discontinuous: bool, has_audio: bool) -> None:
        self.end = 0.0
        self.outliers = 0
        self.jumps: list[Jump] = []
        self.holes: list[Gap] = []
        self._parts: deque[_Part] = deque([_Part(-start, 0.0)], maxlen=KNOWN_PARTS)
        self._streams: dict[int, _Stream] = {}
        self._discontinuous = discontinuous
        self._has_audio = has_audio
        self._gaps: list[Gap] = []  # that are holes if the audio comes back only behind them
        self._empty = True

    def append(self, start: float) -> None:
        """Begin another file at the end of this one, its zero at `start`; its streams are all new."""
        self._streams.clear()
        self._parts = deque([_Part(self.end - start, self.end)], maxlen=KNOWN_PARTS)

    def place(self, packet: AnyPacket) -> list[AnyPacket]:
        """Correct a packet's timestamps and duration in place; return the packets of its stream that are ready.

        They come in order: none, where this one is held back, or several. A flushing packet comes out last.
        """
        stream = self._streams.get(packet.stream.index)
        if stream is None:
            stream = _Stream(self._parts[-1], float(packet.time_base), packet.stream.type == "video")
            self._streams[packet.stream.index] = stream
        ready = self._released(stream, NOTED) if stream.held else []
        if is_flush(packet):
            return [*ready, *self._settled(stream), packet]
        raw = stream.raw(packet)
        if raw is None or packet.is_discard:
            return [*ready, *self._place_blindly(stream, packet)]
        if packet.dts is None and stream.is_video and not stream.held and self._place_undated(stream, packet, raw):
            return [*ready, packet]
        part = self._part_of(stream, raw, NOTED)
        if part is not None:
            ready += self._outliers(stream)
            return [*ready, self._accept(stream, packet, part)]
        if stream.held and not self._follows(stream, stream.held[-1], raw):
            ready += self._outliers(stream)
        if not stream.held:
            stream.held_from = self.end
        stream.held.append(packet)
        if len(stream.held) < CONFIRMING or self._may_await_audio(stream):
            return ready
        return [*ready, *self._confirmed(stream)]

    def _max_gap(self, stream: _Stream) -> float:
        """The longest gap before a stream's next packet, in seconds; beyond it the clock has jumped.

        While no audio comes, nothing else would fill the time, and a picture is shown until the next one.
        """
        if self._discontinuous and not (stream.is_video and self._audio_is_absent(stream)):
            return MAX_GAP
        return MAX_HOLD

    def _audio_is_absent(self, stream: _Stream) -> bool:
        """Return True when no audio has continued since a stream's packets were held back."""
        if not self._has_audio:
            return True
        audio = [other for other in self._streams.values() if not other.is_video]
        goes_on = any(other.held or (other.end or 0.0) > stream.held_from + NOTED for other in audio)
        return bool(stream.held) and not goes_on

    def _may_await_audio(self, stream: _Stream) -> bool:
        """Return True when audio behind the packets held back may still show that the clock has jumped."""
        waits = self._discontinuous and self._has_audio and stream.is_video and self._audio_is_absent(stream)
        if not waits or len(stream.held) >= MAX_HELD or sum(packet.size for packet in stream.held) >= MAX_HELD_BYTES:
            return False
        return stream.held_seconds() < AUDIO_LAG

    def _place_blindly(self, stream: _Stream, packet: AnyPacket) -> list[AnyPacket]:
        """A packet that says nothing of time, or that is decoded for others only and never presented."""
        if stream.held:
            stream.held.append(packet)
            return self._outliers(stream) if len(stream.held) >= CONFIRMING else []
        _shift(packet, stream.part.offset, stream.tick)
        if not packet.is_discard and stream.end is not None:
            stream.end += stream.step
        return [packet]

    def _place_undated(self, stream: _Stream, packet: AnyPacket, presented: float) -> bool:
        """Take a video packet of which only the presentation is known, and so not its order; False if implausible."""
        for part in (stream.part, self._parts[-1]):
            if -MAX_FIRST_LAG <= presented + part.offset - self.end <= self._max_gap(stream):
                stream.part = part
                _shift(packet, part.offset, stream.tick)
                self.end = max(self.end, presented + part.offset)
                self._empty = False
                return True
        return False

    def _part_of(self, stream: _Stream, raw: float, leap: float) -> _Part | None:
        """The part in which a packet at `raw` is plausible: its stream's present one, or one that began later.

        `leap` in seconds is how far it may lie beyond all that came before.
        """
        if self._is_plausible(stream, raw, stream.part, leap):
            return stream.part
        later = (part for part in self._parts if part.start > stream.part.start)
        return next((part for part in later if self._is_plausible(stream, raw, part, leap)), None)

    def _is_plausible(self, stream: _Stream, raw: float, part: _Part, leap: float) -> bool:
        earliest = part.start - MAX_GAP
        if stream.end is not None:
            earliest = max(earliest, stream.end - BACKWARD)
        shown = stream.start + min(stream.duration, MAX_HOLD)  # a still picture's packet says how long it stays
        return earliest <= raw + part.offset <= max(self.end, shown) + leap

    def _follows(self, stream: _Stream, held: AnyPacket, raw: float) -> bool:
        """Return True when `raw` continues a packet that was held back."""
        before = stream.raw(held)
        return before is None or -BACKWARD <= raw - before <= self._max_gap(stream)

    def _released(self, stream: _Stream, leap: float) -> list[AnyPacket]:
        """Packets held back that have become plausible, as others moved on or showed a new part."""
        ready = []
        while stream.held:
            raw = stream.raw(stream.held[0])
            part = stream.part if raw is None else self._part_of(stream, raw, leap)
            if part is None:
                break
            packet = stream.held.popleft()
            ready.append(packet if raw is None else self._accept(stream, packet, part))
        return ready

    def _confirmed(self, stream: _Stream) -> list[AnyPacket]:
        """The packets held back go on from one another: behind a gap, or in a part of their own."""
        leap = self._max_gap(stream)
        ready = self._released(stream, leap)
        if stream.held:
            self._parts.append(self._new_part(stream))
        return [*ready, *self._released(stream, leap)]

    def _new_part(self, stream: _Stream) -> _Part:
        """A part that begins with the packets held back, at the end of all there is; noted where the clock jumped."""
        first = stream.first_held()
        for wrapped in (stream.part.offset + WRAP, stream.part.offset - WRAP):
            if self._is_plausible(stream, first, part := _Part(wrapped, self.end), self._max_gap(stream)):
                return part
        starts = [s.first_presented() for s in self._streams.values() if s.held and _near(s.first_held(), first)]
        by = first + stream.part.offset - (self.end if stream.end is None else stream.end)
        if not self._empty and abs(by) >= NOTED:
            self.jumps.append(Jump(self.end, by))
        return _Part(self.end - min(starts), self.end)  # of several streams, the one that begins first

    def _settled(self, stream: _Stream) -> list[AnyPacket]:
        """Release the held packets of a stream that ends: one alone is an outlier, several are a part."""
        if len(stream.held) > 1:
            return self._confirmed(stream)
        return [*self._released(stream, self._max_gap(stream)), *self._outliers(stream)]

    def _outliers(self, stream: _Stream) -> list[AnyPacket]:
        """Take packets that were held back for the ones expected: each is decoded after the one before.

        Only the presentation of those that are not far from where they were expected is believed.
        """
        held, stream.held = list(stream.held), deque()
        for packet in held:
            expected = self.end if stream.end is None else stream.end
            raw = stream.raw(packet)
            _shift(packet, stream.part.offset, stream.tick)
            if raw is None or abs(raw + stream.part.offset - expected) >= NOTED:
                self.outliers += raw is not None
                packet.pts = None
            elif packet.pts is not None and not -NOTED < packet.pts * stream.tick - expected < _max_lag(stream):
                packet.pts = None
            packet.dts = round(expected / stream.tick)
            stream.end = expected + stream.step
        return held

    def _accept(self, stream: _Stream, packet: AnyPacket, part: _Part) -> AnyPacket:
        """Take a packet as one of `part`."""
        stream.part = part
        _shift(packet, part.offset, stream.tick)
        time = stream.raw(packet)
        assert time is not None
        presented = time if packet.pts is None else packet.pts * stream.tick
        if not -NOTED <= presented - time <= _max_lag(stream):
            self.outliers += 1
            presented = time + stream.lag
            packet.pts = None  # the decoder knows its place among the others
        self._note_gap(presented)
        if not stream.is_video:
            self._note_holes(presented)
        length = self._length(stream, packet, time)
        packet.duration = round(length / stream.tick)
        stream.lag = presented - time
        stream.start, stream.end = time, time + length
        self._trim_gaps(presented, presented + length)
        self.end = max(self.end, presented + length)
        self._empty = False
        return packet

    def _length(self, stream: _Stream, packet: AnyPacket, time: float) -> float:
        """Return a packet's duration in seconds: the stated one, unless no earlier packet came near to it.

        The last packet of a broken file may ask to be shown for hours.
        """
        stream.duration = (packet.duration or 0) * stream.tick
        first = stream.end is None
        interval = 0.0 if first else time - stream.start
        if not any(gap.end > stream.start for gap in (*self.holes[-1:], *self._gaps[-1:])):
            stream.longest = max(stream.longest, interval)
        if interval > 0:
            stream.step = min(stream.step, interval) if stream.step > 0 else interval
        if 0 < stream.duration <= (MAX_GAP if first else max(NOTED, 2 * stream.longest)):
            stream.step = stream.step or stream.duration
            return stream.duration
        return stream.step

    def _note_gap(self, time: float) -> None:
        """Remember where nothing came before `time`.

        Without audio, or where frames are far apart, one is shown until the next comes, and nothing is missing.
        """
        if time - self.end <= HOLE or self._empty or not self._has_audio:
            return
        usual = [stream.longest for stream in self._streams.values() if stream.is_video]
        if 0.0 not in usual and time - self.end > HOLE_FRAMES * max(usual, default=0.0):
            self._gaps.append(Gap(self.end, time))

    def _note_holes(self, time: float) -> None:
        """Audio comes at `time`: where it paused for a gap, that is a hole. Elsewhere a picture stayed."""
        ends = [s.end for s in self._streams.values() if not s.is_video and s.end is not None]
        if not ends:
            return
        silent = ((max(gap.start, *ends), min(gap.end, time)) for gap in self._gaps)
        self.holes += [Gap(start, end) for start, end in silent if end - start > HOLE]
        self._gaps = [Gap(max(gap.start, time), gap.end) for gap in self._gaps if gap.end > time]

    def _trim_gaps(self, start: float, end: float) -> None:
        """A stream that lags in the file's order may still fill what looked like a hole."""
        if self._gaps and start < self._gaps[-1].end:
            self._gaps[-LAGGING_HOLES:] = _without(self._gaps[-LAGGING_HOLES:], start, end)
        if self.holes and start < self.holes[-1].end:
            self.holes[-LAGGING_HOLES:] = _without(self.holes[-LAGGING_HOLES:], start, end)


def is_flush(packet: AnyPacket) -> bool:
    """Return True for the empty packet that ends a stream."""
    return packet.size == 0 and packet.pts is None and packet.dts is None


def _without(gaps: Iterable[Gap], start: float, end: float) -> Iterator[Gap]:
    """The gaps less [start, end]; what is left of one must still be a hole."""
    for gap in gaps:
        if end <= gap.start or start >= gap.end:
            yield gap
        else:
            yield from (g for g in (Gap(gap.start, start), Gap(end, gap.end)) if g.seconds > HOLE)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= MAX_GAP


def _max_lag(stream: _Stream) -> float:
    """Seconds that a packet may be presented after it was decoded; audio is never reordered."""
    if not stream.is_video:
        return NOTED / 2
    return NOTED + MAX_REORDER * stream.longest if stream.longest else MAX_FIRST_LAG


def _shift(packet: AnyPacket, seconds: float, tick: float) -> None:
    ticks = round(seconds / tick)
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks
