"""Correction of timestamps: maps those of all streams of a file to one continuous timeline in seconds.

In concatenated recordings timestamps restart or jump by hours, 33-bit counters wrap around, and single packets have
invalid timestamps. `Timeline.place` corrects each packet before it is used, with the same offset for audio and video,
so that they stay in sync.

A packet is plausible if it continues its own stream, or is close to the file's current position. Other packets are held
until their successors show which of two cases applies:

- a **jump**: the successors continue from there. The new part gets its own offset, which places it at the end of the
  previous one; all streams with the same jump use the same offset.
- an **outlier**: the successors are where they were expected. The packet loses its presentation time and follows its
  predecessor in presentation order.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from av.packet import Packet

if TYPE_CHECKING:  # generic only in PyAV's stubs
    AnyPacket = Packet[Any]
else:
    AnyPacket = Packet

BACKWARD = 0.1  # seconds that a stream's decoding times may step back without a restart (as in ffmpeg)
MAX_GAP = (
    10.0  # seconds; in containers whose clock may jump, a longer gap with continuing audio is a jump (as in ffmpeg)
)
MAX_HOLD = 300.0  # seconds of a gap otherwise: a single frame may be shown for that long
AUDIO_LAG = 2.0  # seconds that the audio of a part may start after its video in file order
MAX_REORDER = 17  # frames between decoding and presentation of a video packet: 16, and itself
MAX_FIRST_LAG = 10.0  # seconds between decoding and presentation of a stream's first packet, whose rate is unknown
WRAP = 2**33 / 90_000  # seconds after which MPEG timestamps wrap around
MAX_HELD = 1000  # held packets per stream
MAX_HELD_BYTES = 32 << 20
CONFIRMING = 3  # consecutive packets that confirm a jump; a single one is an outlier
HOLE = 0.5  # seconds without packets of any stream that count as missing
HOLE_FRAMES = 4.0  # the same, as a multiple of the largest interval between frames so far; both must be exceeded
LAGGING_HOLES = 8  # most recent holes that a lagging stream may still fill
MIN_REPORTED = 1.0  # seconds; smaller corrections are jitter and need no warning
KNOWN_PARTS = 16  # most recent parts that a lagging stream may still belong to


class Gap(NamedTuple):
    """A span of the file, in seconds, without media."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Jump:
    """A jump of the file's clock: its position on the corrected timeline and its size, in seconds."""

    at: float
    by: float


@dataclass(frozen=True)
class _Part:
    """A part of the file with consistent timestamps, which `offset` maps to `start` onward, in seconds."""

    offset: float
    start: float


@dataclass
class _Stream:
    """State of one stream's timestamps; times in seconds of the corrected timeline."""

    part: _Part
    tick: float  # seconds, of its time base
    is_video: bool
    start: float = 0.0  # of its last packet
    end: float | None = None  # of its last packet; None before the first
    duration: float = 0.0  # stated by its last packet
    step: float = 0.0  # typical duration of a packet
    longest: float = 0.0  # interval between two packets so far
    lag: float = 0.0  # of its last packet, from decoding to presentation
    held: deque[AnyPacket] = field(default_factory=deque)
    held_from: float = 0.0  # position of the file when the first held packet arrived

    def raw(self, packet: AnyPacket) -> float | None:
        """Return a packet's decoding time, in seconds of the file's own timestamps; None if it has none."""
        ticks = packet.pts if packet.dts is None else packet.dts
        return None if ticks is None else ticks * self.tick

    def first_held(self) -> float:
        """Return the decoding time of the first held packet, in seconds of the file's own timestamps."""
        return next(raw for packet in self.held if (raw := self.raw(packet)) is not None)

    def held_seconds(self) -> float:
        """Return the time between the first and the last held packet, in seconds."""
        times = [raw for packet in self.held if (raw := self.raw(packet)) is not None]
        return times[-1] - times[0]

    def first_presented(self) -> float:
        """Return the presentation time of the first frame in the held packets, as far as it is known."""
        first = self.first_held()
        times = (p.pts * self.tick for p in self.held if p.pts is not None)
        return min((time for time in times if 0.0 <= time - first <= MAX_FIRST_LAG), default=first)


class Timeline:
    """Corrected clock of one file, to which every packet must be passed in file order.

    `start` is the file's start in its own timestamps, in seconds. `discontinuous`: the container's clock may jump.
    `has_audio`: there is a stream that normally has no long gaps. `end` is the file's current position, in seconds.
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
        self._gaps: list[Gap] = []  # that become holes if audio resumes only after them
        self._empty = True

    def append(self, start: float) -> None:
        """Start another file, with new streams, at the end of this one; `start` is its start in its own timestamps."""
        self._streams.clear()
        self._parts = deque([_Part(self.end - start, self.end)], maxlen=KNOWN_PARTS)

    def place(self, packet: AnyPacket) -> list[AnyPacket]:
        """Correct a packet's timestamps and duration in place; return the packets of its stream that are ready.

        They are in order: none if this packet is held, or several if it releases others. A flush packet comes last.
        """
        stream = self._streams.get(packet.stream.index)
        if stream is None:
            stream = _Stream(self._parts[-1], float(packet.time_base), packet.stream.type == "video")
            self._streams[packet.stream.index] = stream
        ready = self._released(stream, MIN_REPORTED) if stream.held else []
        if is_flush(packet):
            return [*ready, *self._settled(stream), packet]
        raw = stream.raw(packet)
        if raw is None or packet.is_discard:
            return [*ready, *self._place_untimed(stream, packet)]
        if packet.dts is None and stream.is_video and not stream.held and self._place_undated(stream, packet, raw):
            return [*ready, packet]
        part = self._part_of(stream, raw, MIN_REPORTED)
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
        """Return the longest gap before a stream's next packet, in seconds; after a longer one the clock has jumped.

        Without audio a frame is shown until the next one, so longer gaps are plausible.
        """
        if self._discontinuous and not (stream.is_video and self._audio_is_absent(stream)):
            return MAX_GAP
        return MAX_HOLD

    def _audio_is_absent(self, stream: _Stream) -> bool:
        """Return True when no audio has continued since a stream's packets were held."""
        if not self._has_audio:
            return True
        audio = [other for other in self._streams.values() if not other.is_video]
        continues = any(other.held or (other.end or 0.0) > stream.held_from + MIN_REPORTED for other in audio)
        return bool(stream.held) and not continues

    def _may_await_audio(self, stream: _Stream) -> bool:
        """Return True when audio after the held packets may still show that the clock has jumped."""
        undecided = self._discontinuous and self._has_audio and stream.is_video and self._audio_is_absent(stream)
        if (
            not undecided
            or len(stream.held) >= MAX_HELD
            or sum(packet.size for packet in stream.held) >= MAX_HELD_BYTES
        ):
            return False
        return stream.held_seconds() < AUDIO_LAG

    def _place_untimed(self, stream: _Stream, packet: AnyPacket) -> list[AnyPacket]:
        """Place a packet without timestamps, or one that is decoded only as a reference and never presented."""
        if stream.held:
            stream.held.append(packet)
            return self._outliers(stream) if len(stream.held) >= CONFIRMING else []
        _shift(packet, stream.part.offset, stream.tick)
        if not packet.is_discard and stream.end is not None:
            stream.end += stream.step
        return [packet]

    def _place_undated(self, stream: _Stream, packet: AnyPacket, presented: float) -> bool:
        """Place a video packet without a decoding time, and so without a known order; return False if implausible."""
        for part in (stream.part, self._parts[-1]):
            if -MAX_FIRST_LAG <= presented + part.offset - self.end <= self._max_gap(stream):
                stream.part = part
                _shift(packet, part.offset, stream.tick)
                self.end = max(self.end, presented + part.offset)
                self._empty = False
                return True
        return False

    def _part_of(self, stream: _Stream, raw: float, leap: float) -> _Part | None:
        """Return the part in which a packet at `raw` is plausible: its stream's current part or a later one.

        `leap` is the permitted distance from the file's current position, in seconds.
        """
        if self._is_plausible(stream, raw, stream.part, leap):
            return stream.part
        later = (part for part in self._parts if part.start > stream.part.start)
        return next((part for part in later if self._is_plausible(stream, raw, part, leap)), None)

    def _is_plausible(self, stream: _Stream, raw: float, part: _Part, leap: float) -> bool:
        earliest = part.start - MAX_GAP
        if stream.end is not None:
            earliest = max(earliest, stream.end - BACKWARD)
        shown = stream.start + min(stream.duration, MAX_HOLD)  # the packet of a still image states its duration
        return earliest <= raw + part.offset <= max(self.end, shown) + leap

    def _follows(self, stream: _Stream, held: AnyPacket, raw: float) -> bool:
        """Return True when `raw` continues a held packet."""
        before = stream.raw(held)
        return before is None or -BACKWARD <= raw - before <= self._max_gap(stream)

    def _released(self, stream: _Stream, leap: float) -> list[AnyPacket]:
        """Release held packets that became plausible because other streams advanced or a new part began."""
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
        """Release held packets that continue each other, after a gap or as a new part."""
        leap = self._max_gap(stream)
        ready = self._released(stream, leap)
        if stream.held:
            self._parts.append(self._new_part(stream))
        return [*ready, *self._released(stream, leap)]

    def _new_part(self, stream: _Stream) -> _Part:
        """Return a part that starts with the held packets, at the end of the file so far; record a clock jump."""
        first = stream.first_held()
        for wrapped in (stream.part.offset + WRAP, stream.part.offset - WRAP):
            if self._is_plausible(stream, first, part := _Part(wrapped, self.end), self._max_gap(stream)):
                return part
        starts = [s.first_presented() for s in self._streams.values() if s.held and _near(s.first_held(), first)]
        by = first + stream.part.offset - (self.end if stream.end is None else stream.end)
        if not self._empty and abs(by) >= MIN_REPORTED:
            self.jumps.append(Jump(self.end, by))
        return _Part(self.end - min(starts), self.end)  # the earliest of several streams

    def _settled(self, stream: _Stream) -> list[AnyPacket]:
        """Release the held packets of a stream that ends: a single one is an outlier, several are a part."""
        if len(stream.held) > 1:
            return self._confirmed(stream)
        return [*self._released(stream, self._max_gap(stream)), *self._outliers(stream)]

    def _outliers(self, stream: _Stream) -> list[AnyPacket]:
        """Release held packets as outliers: each is decoded right after its predecessor.

        Presentation times are kept only if they are close to the expected ones.
        """
        held, stream.held = list(stream.held), deque()
        for packet in held:
            expected = self.end if stream.end is None else stream.end
            raw = stream.raw(packet)
            _shift(packet, stream.part.offset, stream.tick)
            if raw is None or abs(raw + stream.part.offset - expected) >= MIN_REPORTED:
                self.outliers += raw is not None
                packet.pts = None
            elif packet.pts is not None and not -MIN_REPORTED < packet.pts * stream.tick - expected < _max_lag(stream):
                packet.pts = None
            packet.dts = round(expected / stream.tick)
            stream.end = expected + stream.step
        return held

    def _accept(self, stream: _Stream, packet: AnyPacket, part: _Part) -> AnyPacket:
        """Assign a packet to `part` and correct its timestamps."""
        stream.part = part
        _shift(packet, part.offset, stream.tick)
        time = stream.raw(packet)
        assert time is not None
        presented = time if packet.pts is None else packet.pts * stream.tick
        if not -MIN_REPORTED <= presented - time <= _max_lag(stream):
            self.outliers += 1
            presented = time + stream.lag
            packet.pts = None  # the decoder determines its order
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
        """Return a packet's duration in seconds: the stated one, unless it is implausible given earlier packets.

        The last packet of a damaged file may state a duration of hours.
        """
        stream.duration = (packet.duration or 0) * stream.tick
        first = stream.end is None
        interval = 0.0 if first else time - stream.start
        if not any(gap.end > stream.start for gap in (*self.holes[-1:], *self._gaps[-1:])):
            stream.longest = max(stream.longest, interval)
        if interval > 0:
            stream.step = min(stream.step, interval) if stream.step > 0 else interval
        if 0 < stream.duration <= (MAX_GAP if first else max(MIN_REPORTED, 2 * stream.longest)):
            stream.step = stream.step or stream.duration
            return stream.duration
        return stream.step

    def _note_gap(self, time: float) -> None:
        """Record the gap before `time`, if there is one.

        Without audio, or with long intervals between frames, a frame is shown until the next one: nothing is missing.
        """
        if time - self.end <= HOLE or self._empty or not self._has_audio:
            return
        usual = [stream.longest for stream in self._streams.values() if stream.is_video]
        if 0.0 not in usual and time - self.end > HOLE_FRAMES * max(usual, default=0.0):
            self._gaps.append(Gap(self.end, time))

    def _note_holes(self, time: float) -> None:
        """Turn recorded gaps without audio before `time`, at which audio resumes, into holes; drop the others."""
        ends = [s.end for s in self._streams.values() if not s.is_video and s.end is not None]
        if not ends:
            return
        silent = ((max(gap.start, *ends), min(gap.end, time)) for gap in self._gaps)
        self.holes += [Gap(start, end) for start, end in silent if end - start > HOLE]
        self._gaps = [Gap(max(gap.start, time), gap.end) for gap in self._gaps if gap.end > time]

    def _trim_gaps(self, start: float, end: float) -> None:
        """Remove the span from gaps and holes, because a lagging stream filled it."""
        if self._gaps and start < self._gaps[-1].end:
            self._gaps[-LAGGING_HOLES:] = _without(self._gaps[-LAGGING_HOLES:], start, end)
        if self.holes and start < self.holes[-1].end:
            self.holes[-LAGGING_HOLES:] = _without(self.holes[-LAGGING_HOLES:], start, end)


def is_flush(packet: AnyPacket) -> bool:
    """Return True for the empty packet that ends a stream."""
    return packet.size == 0 and packet.pts is None and packet.dts is None


def _without(gaps: Iterable[Gap], start: float, end: float) -> Iterator[Gap]:
    """Yield the gaps without [start, end]; remainders shorter than HOLE are dropped."""
    for gap in gaps:
        if end <= gap.start or start >= gap.end:
            yield gap
        else:
            yield from (g for g in (Gap(gap.start, start), Gap(end, gap.end)) if g.seconds > HOLE)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= MAX_GAP


def _max_lag(stream: _Stream) -> float:
    """Return the maximum time between decoding and presentation of a packet, in seconds; audio is never reordered."""
    if not stream.is_video:
        return MIN_REPORTED / 2
    return MIN_REPORTED + MAX_REORDER * stream.longest if stream.longest else MAX_FIRST_LAG


def _shift(packet: AnyPacket, seconds: float, tick: float) -> None:
    ticks = round(seconds / tick)
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks
