"""Timestamp correction on packets with known timestamps, which must be restored after any corruption."""

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.media import AnyPacket
from model.media.timeline import CONFIRMING, MAX_GAP, Timeline, is_flush

TICKS = 90_000
VIDEO_STEP = 3_600  # ticks: 25 frames a second
AUDIO_STEP = 1_920  # 1024 samples at 48 kHz
REORDERED = (2, 4, 3, 5, 7, 6)  # presentation of frames in the order of decoding, in steps from the first


@dataclass(frozen=True)
class Stamped:
    """A packet with the expected part and presentation time, in seconds of that part."""

    packet: AnyPacket
    part: int
    time: float


class Muxer:
    """Generator of packets of a video and an audio stream, interleaved as in a file."""

    def __init__(self) -> None:
        self._container = av.open(io.BytesIO(), "w", format="mpegts")
        self.streams = [self._container.add_stream("mpeg2video", rate=25), self._container.add_stream("mp2", 48_000)]

    def part(self, number: int, start: float, seconds: float) -> list[Stamped]:
        """Return a part of a file whose clock starts at `start`; both streams have the same duration."""
        video = [(0, i * VIDEO_STEP, (i - i % 6 + REORDERED[i % 6]) * VIDEO_STEP) for i in range(round(seconds * 25))]
        audio = [(1, i * AUDIO_STEP, i * AUDIO_STEP) for i in range(round(seconds * TICKS / AUDIO_STEP))]
        stamped = []
        for stream, dts, pts in sorted([*video, *audio], key=lambda entry: (entry[1], entry[0])):
            packet: AnyPacket = av.Packet(b"\0")
            packet.stream, packet.time_base = self.streams[stream], Fraction(1, TICKS)
            packet.dts, packet.pts = (round(start * TICKS) + ticks for ticks in (dts, pts))
            packet.duration = (VIDEO_STEP, AUDIO_STEP)[stream]
            stamped.append(Stamped(packet, number, pts / TICKS))
        return stamped

    def flushes(self) -> Iterator[AnyPacket]:
        for stream in self.streams:
            packet: AnyPacket = av.Packet()
            packet.stream, packet.time_base = stream, Fraction(1, TICKS)
            yield packet


def placed(timeline: Timeline, packets: Sequence[Stamped], muxer: Muxer) -> list[Stamped]:
    """Place all packets and return the released ones in order, without flush packets."""
    known = {id(stamped.packet): stamped for stamped in packets}
    ready = [p for stamped in packets for p in timeline.place(stamped.packet)]
    ready += [p for flush in muxer.flushes() for p in timeline.place(flush)]
    assert [is_flush(p) for p in ready].count(True) == 2
    return [known[id(p)] for p in ready if not is_flush(p)]


def presented(stamped: Stamped) -> float:
    assert stamped.packet.pts is not None
    return stamped.packet.pts / TICKS


starts = st.floats(0.0, 80_000.0)
lengths = st.floats(1.0, 6.0)


@given(st.lists(st.tuples(starts, lengths), min_size=1, max_size=6))
def test_parts_with_clocks_of_their_own_follow_one_another(parts: list[tuple[float, float]]) -> None:
    """Every packet is released once, in order and in sync, and the file's duration is the sum of its parts'."""
    muxer = Muxer()
    for (start, seconds), (following, _) in itertools.pairwise(parts):
        gap = following - (start + seconds)
        assume(gap < -0.5 or gap > MAX_GAP + 1.5)  # otherwise it may be a gap within one recording
    packets = [s for i, (start, seconds) in enumerate(parts) for s in muxer.part(i, start, seconds)]
    timeline = Timeline(parts[0][0], discontinuous=True, has_audio=True)
    out = placed(timeline, packets, muxer)
    assert sorted(map(id, out)) == sorted(map(id, packets))
    for stream in muxer.streams:
        own = [s for s in out if s.packet.stream is stream]
        assert own == [s for s in packets if s.packet.stream is stream]
        assert all(b.packet.dts >= a.packet.dts - 0.1 * TICKS for a, b in itertools.pairwise(own))  # type: ignore[operator]
    for i in range(len(parts)):
        zeros = [presented(s) - s.time for s in out if s.part == i]
        assert max(zeros) - min(zeros) < 0.001  # the same offset for both streams of a part
    assert timeline.outliers == 0
    assert timeline.end == pytest.approx(sum(seconds for _, seconds in parts), abs=0.4 * len(parts))


@given(
    st.floats(4.0, 10.0), st.sets(st.integers(10, 90), max_size=4), st.floats(20.0, 50_000.0), st.sampled_from([-1, 1])
)
def test_single_timestamps_that_are_far_off_change_nothing_else(
    seconds: float, numbers: set[int], off: float, sign: int
) -> None:
    muxer = Muxer()
    packets = muxer.part(0, 0.0, seconds)
    video = [s for s in packets if s.packet.stream is muxer.streams[0]]
    spoiled = [video[n] for n in sorted(numbers) if n + 2 not in numbers and n + 1 not in numbers]
    for stamped in spoiled:
        assert stamped.packet.pts is not None and stamped.packet.dts is not None
        stamped.packet.pts += round(sign * off * TICKS)
        stamped.packet.dts += round(sign * off * TICKS)
    timeline = Timeline(0.0, discontinuous=True, has_audio=True)
    out = placed(timeline, packets, muxer)
    assert sorted(map(id, out)) == sorted(map(id, packets))
    assert timeline.outliers == len(spoiled) and not timeline.jumps and not timeline.holes
    for stamped in out:
        if any(stamped is other for other in spoiled):
            assert stamped.packet.pts is None
        else:
            assert presented(stamped) == pytest.approx(stamped.time, abs=0.001)
    assert timeline.end == pytest.approx(seconds, abs=0.3)


@given(st.floats(3.0, 6.0), st.floats(0.7, 9.0))
def test_a_gap_in_both_streams_is_a_hole(before: float, gap: float) -> None:
    muxer = Muxer()
    packets = [*muxer.part(0, 0.0, before), *muxer.part(1, before + gap, 3.0)]
    timeline = Timeline(0.0, discontinuous=True, has_audio=True)
    placed(timeline, packets, muxer)
    (hole,) = timeline.holes
    assert hole.start == pytest.approx(before, abs=0.3) and hole.end == pytest.approx(before + gap, abs=0.3)
    assert not timeline.jumps and timeline.end == pytest.approx(before + gap + 3.0, abs=0.3)


@given(st.floats(1.0, 200.0))
def test_a_gap_in_the_audio_alone_is_none(pause: float) -> None:
    muxer = Muxer()
    packets = muxer.part(0, 0.0, pause + 4.0)
    kept = [s for s in packets if s.packet.stream is muxer.streams[0] or not 2.0 <= s.time < 2.0 + pause]
    timeline = Timeline(0.0, discontinuous=True, has_audio=True)
    out = placed(timeline, kept, muxer)
    assert all(presented(s) == pytest.approx(s.time, abs=0.001) for s in out)
    assert not timeline.holes and not timeline.jumps


def test_streams_that_are_not_interleaved() -> None:
    """All video packets, then all audio packets: a lagging stream continues from its own position."""
    muxer = Muxer()
    packets = sorted(muxer.part(0, 5.0, 60.0), key=lambda s: s.packet.stream.index)
    timeline = Timeline(5.0, discontinuous=False, has_audio=True)
    out = placed(timeline, packets, muxer)
    assert all(presented(s) == pytest.approx(s.time, abs=0.001) for s in out)
    assert not timeline.holes and not timeline.jumps


def test_slides_without_audio_are_held() -> None:
    """Without audio, a frame that is shown for a minute is not a jump."""
    muxer = Muxer()
    packets = [s for s in muxer.part(0, 0.0, 0.2) if s.packet.stream is muxer.streams[0]]
    for i, stamped in enumerate(packets):
        stamped.packet.dts = stamped.packet.pts = i * 60 * TICKS
    timeline = Timeline(0.0, discontinuous=False, has_audio=False)
    placed(timeline, packets, muxer)
    assert timeline.end == pytest.approx(240.0, abs=61.0) and not timeline.jumps and not timeline.holes


def test_packets_without_times_pass_through() -> None:
    muxer = Muxer()
    packets = muxer.part(0, 0.0, 2.0)
    for stamped in packets[20:30]:
        stamped.packet.dts = stamped.packet.pts = None
    timeline = Timeline(0.0, discontinuous=True, has_audio=True)
    assert len(placed(timeline, packets, muxer)) == len(packets)
    assert timeline.end == pytest.approx(2.0, abs=0.3) and not timeline.jumps and not timeline.outliers


def test_packets_without_times_behind_an_implausible_one_are_not_kept() -> None:
    muxer = Muxer()
    packets = [s for s in muxer.part(0, 0.0, 40.0) if s.packet.stream is muxer.streams[0]]
    packets[10].packet.dts = packets[10].packet.pts = 10_000 * TICKS
    for stamped in packets[11:]:
        stamped.packet.dts = stamped.packet.pts = None
    timeline = Timeline(0.0, discontinuous=False, has_audio=False)
    out = 0
    for count, stamped in enumerate(packets, start=1):
        out += len(timeline.place(stamped.packet))
        assert count - out < CONFIRMING


def test_a_leap_that_is_released_beside_an_undated_packet() -> None:
    """A held packet becomes plausible as the audio catches up; the next one has no decoding time."""
    muxer = Muxer()
    packets = muxer.part(0, 0.0, 6.0)
    video = [s for s in packets if s.packet.stream is muxer.streams[0]]
    audio = [s for s in packets if s.packet.stream is muxer.streams[1]]
    ahead, undated = video[100], video[101]
    undated.packet.dts = None
    order = [*video[:50], *(a for a in audio if a.time < 2.0), ahead, *(a for a in audio if a.time >= 2.0), undated]
    out = placed(Timeline(0.0, discontinuous=True, has_audio=True), order, muxer)
    assert sorted(map(id, out)) == sorted(map(id, order))
