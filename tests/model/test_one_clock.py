"""Files with jumps, invalid timestamps or holes: nothing is lost or lengthened, and holes are not analyzed."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from model import pipeline
from model.contract import Analysis
from model.features import SAMPLE_RATE, FloatArray
from model.media import FrameDecoder, MediaInfo, Reader, Summary
from model.pipeline import Models, Options, TooLongError, analyze
from model.vision.video_worker import VideoWorker
from tests.model.broken_files import (
    a_hole,
    joined,
    random_losses,
    remux,
    shift,
    with_edits,
    with_long_last_frame,
    without_packets,
)
from tests.model.media_files import Picture, Sound, frames_of, gray_frames, noise, silence, speech_of, write
from tests.model.test_bad_input import check, warned

HALF = 8.2  # seconds of the sample in a half; its video is a few frames longer than its audio
GRID = 0.25  # seconds that an utterance's edge may differ from its words
OPENING = "dashwood had then leisure to consider"


class Content:
    """Decoded contents of a file."""

    def __init__(self, path: Path, rate: float = 4.0) -> None:
        decoder = FrameDecoder(path, rate)
        with Reader(path) as reader:
            audio, self.times, self.largest = [], [], 0
            for chunk in reader:
                audio.append(chunk.audio)
                self.largest = max(self.largest, len(chunk.audio))
                self.times += [frame.time for frame in decoder.decode(chunk.packets)]
            self.audio: FloatArray = np.concatenate(audio)
            self.summary: Summary = reader.summary(decoder)
            self.holes = [gap for gap in reader.missing(decoder) if gap.end < 1e9]

    @property
    def info(self) -> MediaInfo:
        return self.summary.info

    @property
    def seconds(self) -> float:
        return self.info.duration

    def warns(self, text: str) -> bool:
        return any(text in warning for warning in self.summary.warnings)


@pytest.fixture(scope="module")
def half(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return remux(sample, tmp_path_factory.mktemp("half") / "half.ts", HALF - 0.2)


def late_half(sample: Path, folder: Path, seconds: float) -> Path:
    """Return the same half with another start of its timestamps."""
    return remux(sample, folder / f"at{seconds:g}.ts", HALF - 0.2, starts_at=seconds)


def same_sound(one: FloatArray, other: FloatArray) -> float:
    """Return the maximum correlation of two signals of nearly the same length."""
    size = min(len(one), len(other))
    spectrum = np.fft.rfft(one[:size], 2 * size) * np.conj(np.fft.rfft(other[:size], 2 * size))
    return float(np.fft.irfft(spectrum).max() / (np.linalg.norm(one[:size]) * np.linalg.norm(other[:size])))


def has_opening_twice(analysis: Analysis) -> bool:
    words = " ".join(u.text for u in analysis.utterances).lower()
    return words.count(OPENING) == 2


# --- concatenated parts


@pytest.mark.parametrize("starts_at", [0.0, 3000.0, 79200.0, 95_443.0])
def test_a_second_part_with_another_clock(sample: Path, half: Path, tmp_path: Path, starts_at: float) -> None:
    """The clock restarts, or continues 50 minutes or 22 hours later, or just before its 33 bits overflow."""
    second = half if not starts_at else late_half(sample, tmp_path, starts_at)
    content = Content(joined(tmp_path / "both.ts", half, second))
    assert content.seconds == pytest.approx(2 * HALF, abs=0.3)
    assert len(content.audio) == pytest.approx(2 * HALF * SAMPLE_RATE, rel=0.03)
    middle = len(content.audio) // 2
    assert same_sound(content.audio[:middle], content.audio[middle:]) > 0.95
    assert np.diff(content.times).max() < 0.6 and content.times == sorted(content.times)
    assert content.warns("Timestamps jump once") and not content.warns("missing")


def test_both_halves_are_analyzed(models: Models, half: Path, tmp_path: Path) -> None:
    analysis = check(analyze(joined(tmp_path / "both.ts", half, half), models))
    assert has_opening_twice(analysis)
    assert all("face" in u.modalities for u in analysis.utterances)
    assert warned(analysis, "Timestamps jump once")


def test_six_jumps_there_and_back(sample: Path, tmp_path: Path) -> None:
    starts = [0.0, 3000.0, 10.0, 40_000.0, 39_000.0, 5.0, 79_200.0]
    parts = [remux(sample, tmp_path / f"{i}.ts", 2.0, starts_at=start) for i, start in enumerate(starts)]
    one = Content(parts[0])
    content = Content(joined(tmp_path / "all.ts", *parts))
    assert content.seconds == pytest.approx(7 * one.seconds, abs=1.0)
    assert content.warns("Timestamps jump 6 times")
    assert content.largest < 25 * SAMPLE_RATE


def test_sound_and_picture_stay_together_behind_a_jump(tmp_path: Path) -> None:
    """A flash and a beep occur simultaneously in the second of two parts."""

    def part(name: str, start: float) -> Path:
        frames = [(i / 25, np.full((48, 64, 3), 255 if 50 <= i < 55 else 16, np.uint8)) for i in range(100)]
        beep = silence(4.0)
        beep[2 * SAMPLE_RATE : round(2.2 * SAMPLE_RATE)] = noise(0.2)
        plain = write(tmp_path / f"{name}.mkv", frames, [Sound(beep)])
        return remux(plain, tmp_path / f"{name}.ts", starts_at=start)

    path = joined(tmp_path / "both.ts", part("a", 0.0), part("b", 7000.0))
    decoder, audio, flash = FrameDecoder(path, 25.0), [], []
    with Reader(path) as reader:
        for chunk in reader:
            audio.append(chunk.audio)
            flash += [frame.time for frame in decoder.decode(chunk.packets) if frame.image.mean() > 128]
    loud = np.flatnonzero(np.abs(np.concatenate(audio)) > 0.02) / SAMPLE_RATE
    second_flash, second_beep = min(t for t in flash if t > 4.0), loud[loud > 4.0].min()
    assert second_flash == pytest.approx(second_beep, abs=0.1)
    assert second_beep == pytest.approx(6.0, abs=0.4)


@pytest.mark.parametrize(("codec", "layouts", "rates"), [
    ("libopus", ("mono", "mono"), (48_000, 48_000)),
    ("libopus", ("mono", "stereo"), (48_000, 48_000)),
    ("vorbis", ("stereo", "stereo"), (48_000, 48_000)),
    ("vorbis", ("stereo", "stereo"), (48_000, 32_000)),
    ("flac", ("stereo", "mono"), (48_000, 16_000)),
])  # fmt: skip
def test_chained_ogg(
    sample: Path, tmp_path: Path, codec: str, layouts: tuple[str, str], rates: tuple[int, int]
) -> None:
    sound = speech_of(sample, 8.0)
    links = [
        write(tmp_path / f"{i}.ogg", [], [Sound(sound, rate, layout, codec=codec)])
        for i, (layout, rate) in enumerate(zip(layouts, rates, strict=True))
    ]
    content = Content(joined(tmp_path / "chain.ogg", *links))
    assert content.seconds == pytest.approx(16.0, abs=0.1)
    for part in (content.audio[: 8 * SAMPLE_RATE], content.audio[8 * SAMPLE_RATE :]):
        assert same_sound(part, sound) > 0.9
    assert content.summary.warnings == []  # Ogg is meant to be chained


@pytest.mark.parametrize(("suffix", "first", "second"), [
    ("mp3", (44_100, "stereo"), (24_000, "mono")),
    ("mp3", (24_000, "mono"), (44_100, "stereo")),
    ("ac3", (48_000, "5.1"), (48_000, "stereo")),
    ("aac", (48_000, "stereo"), (32_000, "mono")),
    ("ts", (48_000, "stereo"), (48_000, "mono")),
])  # fmt: skip
def test_audio_that_changes_inside_a_file(
    sample: Path, tmp_path: Path, suffix: str, first: tuple[int, str], second: tuple[int, str]
) -> None:
    sound = speech_of(sample, 8.0)
    parts = [write(tmp_path / f"{i}.{suffix}", [], [Sound(sound, *how)]) for i, how in enumerate((first, second))]
    content = Content(joined(tmp_path / f"both.{suffix}", *parts))
    assert content.seconds == pytest.approx(16.1, abs=0.2)
    for part in (content.audio[: 8 * SAMPLE_RATE], content.audio[-8 * SAMPLE_RATE :]):
        assert same_sound(part, sound) > 0.9


def test_words_of_both_when_the_audio_changes(models: Models, sample: Path, tmp_path: Path) -> None:
    sound = speech_of(sample, 8.5)
    parts = [write(tmp_path / f"{rate}.mp3", [], [Sound(sound, rate)]) for rate in (44_100, 24_000)]
    assert has_opening_twice(check(analyze(joined(tmp_path / "both.mp3", *parts), models)))


def test_frames_that_change_their_size(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = frames_of(sample, seconds=4.0)
    small = [(time, np.ascontiguousarray(image[::2, ::2])) for time, image in frames]
    parts = [write(tmp_path / f"{len(f[0][1])}.ts", f, [Sound(noise(4.0))]) for f in (frames, small)]
    analysis = check(analyze(joined(tmp_path / "both.ts", *parts), models))
    assert analysis.video.duration_s == pytest.approx(8.1, abs=0.3)
    assert all("face" in u.modalities for u in analysis.utterances) and len(analysis.utterances) >= 1


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_joined_parts_with_reordered_frames(tmp_path: Path, suffix: str) -> None:
    """Matroska stores only presentation times; after a restart FFmpeg uses them as decoding times."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    frames = [(i / 25, np.roll(image, i, 1)) for i in range(100)]
    part = write(tmp_path / f"part.{suffix}", frames, [Sound(noise(4.0))], Picture(rate=25, reordered=True))
    content = Content(joined(tmp_path / f"both.{suffix}", part, part), 100.0)
    assert len(content.times) == 200 and content.info.fps == pytest.approx(25.0, abs=0.5)
    steps = np.diff(content.times)
    assert ((steps > 0.03) & (steps < 0.05)).sum() >= 198


def test_a_link_of_a_chain_that_cannot_be_opened(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.ogg", [], [Sound(noise(4.0))])
    cut = tmp_path / "cut.ogg"
    cut.write_bytes(whole.read_bytes()[:60])
    content = Content(joined(tmp_path / "chain.ogg", whole, cut))
    assert content.seconds == pytest.approx(4.0, abs=0.1) and content.warns("could not be opened")


def test_a_chain_with_damage_between_its_links(tmp_path: Path) -> None:
    parts = [write(tmp_path / f"{x}.ogg", [], [Sound(noise(4.0), 48_000, x)]) for x in ("mono", "stereo")]
    (tmp_path / "zeros").write_bytes(bytes(100))
    chain = joined(tmp_path / "chain.ogg", parts[0], tmp_path / "zeros", parts[1])
    assert Content(chain).seconds == pytest.approx(8.0, abs=0.1)


def test_a_relative_name_with_a_colon(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "2024-05-01T10:30:00.mp4").write_bytes(sample.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert Content(Path("2024-05-01T10:30:00.mp4")).seconds == pytest.approx(19.7, abs=0.2)


def test_damage_that_a_decoder_conceals(sample: Path, tmp_path: Path) -> None:
    data = bytearray(sample.read_bytes())
    with av.open(str(sample)) as container:
        spots = [(p.pos, p.size) for p in container.demux(video=0) if p.pos is not None and p.size > 300]
    rng = np.random.default_rng(0)
    for position, size in spots[1::3]:
        for _ in range(10):
            data[position + rng.integers(60, size)] ^= 0xFF
    (tmp_path / "hurt.mp4").write_bytes(data)
    assert Content(tmp_path / "hurt.mp4").warns("packets are damaged (")


@pytest.mark.parametrize("suffix", ["mp4", "wav", "aiff"])
def test_files_that_were_appended_to_one_another(tmp_path: Path, suffix: str) -> None:
    """FFmpeg reads only the first one."""
    frames = gray_frames(4.0) if suffix == "mp4" else []
    part = write(tmp_path / f"a.{suffix}", frames, [Sound(noise(4.0))], Picture(rate=10))
    content = Content(joined(tmp_path / f"both.{suffix}", part, part))
    assert content.seconds == pytest.approx(8.0, abs=0.3)
    middle = len(content.audio) // 2
    assert same_sound(content.audio[:middle], content.audio[middle:]) > 0.9


# --- video that is longer than its audio


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4", "flv", "avi", "ts"])
@pytest.mark.parametrize("last", [(20, 32, 33, 70, 71, 72, 110), (60,), (20, 20.1, 20.2, 20.3, 290)])
def test_slides_behind_the_sound(tmp_path: Path, suffix: str, last: tuple[float, ...]) -> None:
    """A frame is shown until the next one: nothing is missing, and nothing is dropped."""
    if suffix == "avi":
        last = tuple(sorted({round(time) for time in last if time < 280}))  # its muxer supports no longer gaps
    frames = [*gray_frames(8.0), *((time, np.full((48, 64, 3), 99, np.uint8)) for time in last)]
    picture = Picture(codec="libvpx" if suffix == "webm" else "libx264", rate=10)
    content = Content(write(tmp_path / f"a.{suffix}", frames, [Sound(noise(8.0))], picture))
    assert content.seconds == pytest.approx(last[-1], abs=1.0)
    assert content.holes == [] and not content.warns("missing") and not content.warns("jump")
    if suffix == "avi":
        return  # FFmpeg derives the frames' decoding times, which are wrong after a gap
    assert {round(time) for time in content.times if time > 9.0} == {round(time) for time in last}
    assert content.summary.warnings == []


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_few_frames_and_the_last_one_late(tmp_path: Path, suffix: str) -> None:
    frames = [(float(time), np.full((48, 64, 3), 99, np.uint8)) for time in (0, 1, 2, 60)]
    content = Content(write(tmp_path / f"a.{suffix}", frames, [Sound(noise(8.0))], Picture(rate=10)))
    assert content.seconds == pytest.approx(60.0, abs=1.1) and content.summary.warnings == []


# --- single timestamps


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("seconds", [10_800.0, 5.0])
@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_timestamp_that_is_far_off(sample: Path, tmp_path: Path, suffix: str, seconds: float, kind: str) -> None:
    plain = Content(remux(sample, tmp_path / f"plain.{suffix}", 8.0), 24.0)
    content = Content(remux(sample, tmp_path / f"off.{suffix}", 8.0, edit=shift(kind, seconds, 60, 60)), 24.0)
    assert content.seconds == pytest.approx(plain.seconds, abs=0.1)
    assert len(content.times) >= len(plain.times) - 3 and content.times == sorted(content.times)
    assert len(content.audio) == pytest.approx(len(plain.audio), abs=0.1 * SAMPLE_RATE)
    assert (kind, suffix) == ("audio", "mp4") or content.warns("Implausible timestamps were ignored (1)")


def test_a_frame_off_by_hours_takes_no_others_with_it(models: Models, sample: Path, tmp_path: Path) -> None:
    path = remux(sample, tmp_path / "off.mkv", edit=shift("video", 10_800.0, 50, 50))
    analysis = check(analyze(path, models))
    assert analysis.video.duration_s == pytest.approx(19.7, abs=0.2)
    assert len([u for u in analysis.utterances if "face" in u.modalities]) == len(analysis.utterances) == 4


def test_a_clock_that_wraps_around(sample: Path, tmp_path: Path) -> None:
    content = Content(remux(sample, tmp_path / "wrap.ts", 8.0, starts_at=2**33 / 90_000 - 4.0))
    assert content.seconds == pytest.approx(HALF, abs=0.2) and content.summary.warnings == []


# --- stated durations without content


def test_strange_edit_lists(sample: Path, tmp_path: Path) -> None:
    """An MP4 whose tables state minutes for 0.6 s of video."""
    plain = remux(sample, tmp_path / "plain.mp4", 0.42)
    strange = [
        with_edits(plain, tmp_path / "long.mp4", (448_000, 2002)),
        with_edits(plain, tmp_path / "late.mp4", (447_600, -1), (420, 2002)),
        with_edits(plain, tmp_path / "pause.mp4", (210, 2002), (447_000, -1), (210, 7000)),
        with_long_last_frame(plain, tmp_path / "stays.mp4", 447.6),
    ]
    for path in strange:
        assert Content(path).seconds < 1.5, path.name
    assert Content(strange[0]).seconds == pytest.approx(Content(plain).seconds, abs=0.05)
    assert Content(strange[3]).seconds == pytest.approx(Content(plain).seconds, abs=0.05)


def test_a_limit_is_held_against_content(models: Models, sample: Path, half: Path, tmp_path: Path) -> None:
    both = joined(tmp_path / "both.ts", half, late_half(sample, tmp_path, 3000.0))
    assert analyze(both, models, Options(max_duration=60.0)).video.duration_s < 17.0  # its header says 50 minutes
    with pytest.raises(TooLongError, match="is 16 s long; the limit is 10 s"):
        analyze(both, models, Options(max_duration=10.0))


# --- missing content


@pytest.mark.parametrize("suffix", ["flv", "asf"])
def test_unread_data_is_warned_about(tmp_path: Path, suffix: str) -> None:
    """Two concatenated recordings, in containers of which FFmpeg reads only the first."""
    part = write(tmp_path / f"part.{suffix}", gray_frames(8.0), [Sound(noise(8.0))])
    whole = tmp_path / f"whole.{suffix}"
    whole.write_bytes(2 * part.read_bytes())
    assert unread_warnings(part) == [] and len(unread_warnings(whole)) == 1


def unread_warnings(path: Path) -> list[str]:
    with Reader(path) as reader:
        frames = FrameDecoder(path, 4.0)
        for chunk in reader:
            list(frames.decode(chunk.packets))
        return [warning for warning in reader.summary(frames).warnings if "were not read" in warning]


def test_an_mp3_that_was_cut_off_is_warned_about(tmp_path: Path) -> None:
    """Its first frame states the number of frames."""
    path = write(tmp_path / "a.mp3", [], [Sound(noise(8.0))])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Reader(path) as reader:
        list(reader)
        assert any("probably cut off" in warning for warning in reader.summary(None).warnings)


def test_a_hole_is_warned_about_and_not_analyzed(models: Models, sample: Path, tmp_path: Path) -> None:
    whole = remux(sample, tmp_path / "whole.ts", 16.0)
    content = Content(without_packets(whole, tmp_path / "hole.ts", a_hole(0.4, 0.65)))
    (hole,) = content.holes
    assert hole.seconds == pytest.approx(4.0, abs=0.5) and content.info.fps == pytest.approx(23.976, abs=0.01)
    analysis = check(analyze(tmp_path / "hole.ts", models))
    assert warned(analysis, "4.0 s of the file are missing, first at 6.1 s")
    for u in analysis.utterances:
        assert u.end_time <= hole.start + GRID or u.start_time >= hole.end - GRID
    assert analysis.utterances[-1].start_time >= hole.end - GRID


def test_lost_packets_everywhere(sample: Path, tmp_path: Path) -> None:
    whole = remux(sample, tmp_path / "whole.ts", 16.0)
    content = Content(without_packets(whole, tmp_path / "loss.ts", random_losses(0.25)))
    assert content.warns("packets are damaged (") and content.warns("data was lost")
    assert content.seconds == pytest.approx(16.2, abs=0.5)


def test_damage_in_the_video_alone(sample: Path, tmp_path: Path) -> None:
    """Frames are decoded after the demuxer has finished, so warnings must include them."""
    plain = tmp_path / "plain.mkv"
    write(plain, frames_of(sample, 10.0, 6.0), [Sound(noise(6.0))], Picture(codec="mjpeg", pixels="yuvj420p"))
    data = bytearray(plain.read_bytes())
    starts = [i for i in range(len(data) - 3) if data[i : i + 3] == b"\xff\xd8\xff"]
    for start in starts[5:40]:
        data[start : start + 2000] = bytes(2000)
    (tmp_path / "hurt.mkv").write_bytes(bytes(data))
    content = Content(tmp_path / "hurt.mkv")
    assert content.warns("packets are damaged (") and content.warns(" video)")


# --- memory


@pytest.mark.parametrize("audio", [0.0, 8.0])
def test_memory_of_a_video_without_audio_does_not_grow(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audio: float
) -> None:
    """Windows are predicted while the file is read, even if it has no audio or its audio ends early."""
    kept: list[int] = []

    class Watched(VideoWorker):
        def wait(self, meanwhile: Callable[[], None] = lambda: None) -> None:
            super().wait(meanwhile)
            kept.append(len(self._times))

    monkeypatch.setattr(pipeline, "VideoWorker", Watched)
    sounds = [Sound(noise(audio))] if audio else []
    picture = Picture(codec="mpeg4", rate=1)
    path = write(tmp_path / "a.mkv", gray_frames(1200.0, 1.0), sounds, picture)
    analysis = check(analyze(path, models))
    assert analysis.video.duration_s == pytest.approx(1200.0, abs=1.1)
    assert warned(analysis, "1200.0 s with neither") or warned(analysis, "1199.") or warned(analysis, "1200.")
    assert max(kept) <= (450 if audio else 260)


def test_a_pause_of_the_audio_is_filled_piece_by_piece(tmp_path: Path) -> None:
    """A microphone that was muted for twenty minutes while the camera recorded."""
    plain = write(tmp_path / "plain.mp4", gray_frames(1210.0, 1.0), [Sound(noise(8.0))])
    muted = remux(plain, tmp_path / "muted.mkv", edit=shift("audio", 1200.0, 60), in_order=True)
    content = Content(muted)
    assert content.largest <= 21 * SAMPLE_RATE
    assert len(content.audio) == pytest.approx(1208 * SAMPLE_RATE, rel=0.001)
    assert content.seconds == pytest.approx(1210.0, abs=1.1) and not content.holes
