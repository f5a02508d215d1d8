"""Files that would take gigabytes of memory are rejected early, with a one-line error that names a remedy."""

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from model.media import MediaError, Reader, TooDemandingError, check_demands, memory, reader
from model.media.opening import MAX_STREAMS
from model.media.video import FrameDecoder
from model.pipeline import Models, analyze
from model.serving.problems import problem_of
from tests.model.demanding_files import growing_video, matroska_with_attachments, mp4_of_samples, wav_of_rate
from tests.model.media_files import Sound, gray_frames, silence, write

MIB = 1 << 20


def _megabytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith(f"{name}:"))


def growth(work: Callable[[], object]) -> int:
    """Return the increase of peak memory during some work, in megabytes."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _megabytes("VmRSS")
    work()
    return _megabytes("VmHWM") - before


def refused(path: Path, models: Models) -> str:
    """Analyze a file that must be rejected for its memory use; return the message."""
    with pytest.raises(TooDemandingError, match=path.name) as found:
        analyze(path, models)
    return str(found.value)


@pytest.mark.parametrize("fragmented", [False, True])
def test_an_index_of_gigabytes_in_a_kilobyte(models: Models, tmp_path: Path, fragmented: bool) -> None:
    path = mp4_of_samples(tmp_path / "a.mp4", 50_000_000, fragmented)
    assert path.stat().st_size < 1000
    assert growth(lambda: refused(path, models)) < 100


@pytest.mark.parametrize("kind", ["application/x-font", "image/jpeg"])
def test_huge_attachments_and_cover_art(models: Models, tmp_path: Path, kind: str) -> None:
    path = matroska_with_attachments(tmp_path / "a.mkv", 3, 120 * MIB, kind)
    assert growth(lambda: refused(path, models)) < 100


def test_usual_attachments_are_accepted(tmp_path: Path) -> None:
    check_demands(matroska_with_attachments(tmp_path / "a.mkv", 4, 5 * MIB))


def test_more_tracks_than_the_limit(tmp_path: Path) -> None:
    """Each is probed by its own decoder, so those beyond the limit are ignored."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(MAX_STREAMS + 50)]
        for stream in streams:
            packet = av.Packet(bytes(320))
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1000)
            container.mux(packet)
    with Reader(path) as opened:
        assert len(opened._container.streams) <= MAX_STREAMS


@pytest.mark.parametrize("rate", [800_000, 2_000_000_000])
def test_rates_of_sound_that_no_converter_has(models: Models, tmp_path: Path, rate: int) -> None:
    path = wav_of_rate(tmp_path / "a.wav", rate, 1 << 20)
    with pytest.raises(MediaError, match=f"{rate} samples per second; the limit is 768000"):
        analyze(path, models)


def test_many_channels_are_mixed_down_in_small_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    data = wav_of_rate(path, 384_000, 200 * 400_000).read_bytes()
    path.write_bytes(data[:22] + (200).to_bytes(2, "little") + data[24:32] + (200).to_bytes(2, "little") + data[34:])

    def read() -> None:
        with Reader(path) as opened:
            for _ in opened:
                pass

    assert growth(read) < 200


def test_frames_that_grow_behind_a_small_header(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder holds sixteen frames of the new size; the test uses a smaller limit and file."""
    monkeypatch.setattr(memory, "MAX_BYTES", 150 * MIB)
    path = growing_video(tmp_path / "a.ts", 4096, 4096, 24, small=12)
    assert "Scale it down" in refused(path, models)


def test_frames_beyond_the_limit_are_not_even_probed(tmp_path: Path) -> None:
    """Opening a file decodes its first frames."""
    path = growing_video(tmp_path / "a.ts", 8192, 6144, 10)
    assert growth(lambda: _open(path)) < 150


def _open(path: Path) -> None:
    with pytest.raises(MediaError, match="the limit is 35 megapixels"), Reader(path):
        pass


def test_a_decoder_has_few_threads(tmp_path: Path) -> None:
    """Each holds a frame."""
    path = write(tmp_path / "a.mp4", gray_frames(2.0))
    frames = FrameDecoder(path, 4.0)
    with Reader(path) as opened:
        for chunk in opened:
            list(frames.decode(chunk.packets))
        stream = opened._selection.video
        assert stream is not None
        assert 1 <= stream.codec_context.thread_count <= memory.MAX_DECODER_THREADS


def test_too_many_pixels_a_second_are_decoded_by_their_key_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit targets 8K at 240 frames per second, of which five seconds would take half a minute to decode."""
    path = write(tmp_path / "a.mp4", gray_frames(12.0, rate=30.0), [Sound(silence(12.0))])

    def decoded() -> tuple[int, list[str]]:
        frames = FrameDecoder(path, 4.0)
        with Reader(path) as opened:
            for chunk in opened:
                list(frames.decode(chunk.packets))
            return frames.statistics.frames, opened.summary(frames).warnings

    usual, warnings = decoded()
    assert not any("key frames" in warning for warning in warnings)
    monkeypatch.setattr("model.media.video.MAX_PIXEL_RATE", 64 * 48 * 20.0)
    few, warnings = decoded()
    assert 0 < few < usual / 4
    assert any("only the key frames were used" in warning for warning in warnings)


def test_a_chunk_of_empty_packets_is_bounded_by_their_number(tmp_path: Path) -> None:
    """A packet has an overhead of a kilobyte, and there may be millions with the same timestamp."""
    path = write(tmp_path / "a.mkv", gray_frames(1.0, rate=20_000.0, size=(16, 16)))
    with Reader(path) as opened:
        assert max(len(chunk.packets) for chunk in opened) <= reader.CHUNK_BYTES / reader.PACKET_BYTES


def test_the_examination_can_be_aborted(tmp_path: Path) -> None:
    class GoneError(Exception):
        pass

    def leave() -> None:
        raise GoneError

    with pytest.raises(GoneError):
        check_demands(write(tmp_path / "a.mp4", gray_frames(1.0)), leave)


def test_without_a_subprocess_the_file_is_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    check_demands(write(tmp_path / "a.mp4", gray_frames(1.0)))


def test_the_server_names_it() -> None:
    problem = problem_of(TooDemandingError("too much"))
    assert (problem.status, problem.name, problem.retry_after) == (422, "too-demanding", None)
