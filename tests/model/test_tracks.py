"""Track selection, downmix, and frames as a player shows them."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.stream import Disposition
from hypothesis import given
from hypothesis import strategies as st

from model.features import SAMPLE_RATE, ByteArray, FloatArray, rms
from model.media import MediaError, read_audio
from model.media.downmix import Downmix, channel_weights
from model.pipeline import Models, analyze
from tests.model.broken_files import remux, with_tag
from tests.model.media_files import Picture, Sound, frames_of, music, noise, silence, speech_of, write
from tests.model.test_bad_input import check, warned
from tests.model.test_one_clock import Content, same_sound

OPENING = "dashwood had then leisure"
CENC = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
    "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
}

Frames = list[tuple[float, ByteArray]]


@pytest.fixture(scope="module")
def faces(sample: Path) -> Frames:
    return frames_of(sample, seconds=4.0)


@pytest.fixture(scope="module")
def speech(sample: Path) -> FloatArray:
    return speech_of(sample, 9.0)


def sized(frames: Sequence[tuple[float, ByteArray]], width: int, height: int, rate: int | None = None) -> Frames:
    """Resize frames; with `rate`, also change their times to that rate."""
    times = [time if rate is None else i / rate for i, (time, _) in enumerate(frames)]
    return [(t, np.asarray(cv2.resize(f, (width, height)), np.uint8)) for t, (_, f) in zip(times, frames, strict=True)]


# --- track selection


def test_first_audio_track_that_nothing_decodes(
    models: Models, faces: Frames, speech: FloatArray, tmp_path: Path
) -> None:
    """For example spatial audio before AAC."""
    plain = write(tmp_path / "plain.mp4", faces, [Sound(music(9.0)), Sound(speech)])
    analysis = check(analyze(with_tag(plain, tmp_path / "apac.mp4", b"mp4a", b"apac", also=b"esds"), models))
    assert OPENING in analysis.utterances[0].text.lower()
    assert warned(analysis, "Audio track 1 (apac) cannot be decoded") and not warned(analysis, "silent")
    assert not warned(analysis, "No audible sound")


def test_second_track_speaks_while_the_first_is_silent(
    models: Models, faces: Frames, speech: FloatArray, tmp_path: Path
) -> None:
    """Screen recorders separate the audio of desktop and microphone."""
    path = write(tmp_path / "a.mkv", faces, [Sound(silence(9.0)), Sound(speech)])
    analysis = check(analyze(path, models))
    assert OPENING in analysis.utterances[0].text.lower()
    assert warned(analysis, "Audio track 2 (aac) was used") and not warned(analysis, "No audible sound")


def test_a_track_that_begins_to_speak_late(speech: FloatArray, tmp_path: Path) -> None:
    """The first track is used for five minutes, then the second."""
    minutes = np.concatenate([noise(295.0), silence(14.0)])
    late = np.concatenate([silence(300.0), speech])
    signal = read_audio(write(tmp_path / "a.mkv", [], [Sound(minutes), Sound(late)]))
    assert same_sound(signal[: 290 * SAMPLE_RATE], minutes[: 290 * SAMPLE_RATE]) > 0.9
    assert same_sound(signal[300 * SAMPLE_RATE : 309 * SAMPLE_RATE], speech) > 0.9


def test_versions_of_the_same_are_not_mixed(speech: FloatArray, tmp_path: Path) -> None:
    """A film in two languages of equal loudness: only the first is used, even in its short pauses."""
    other = np.ascontiguousarray(speech[::-1])
    signal = read_audio(write(tmp_path / "a.mkv", [], [Sound(speech), Sound(other)]))
    spoken = slice(1 * SAMPLE_RATE, 7 * SAMPLE_RATE)
    assert same_sound(signal[spoken], speech[spoken]) > 0.95


def test_an_audio_description_does_not_speak_in_the_pauses(tmp_path: Path) -> None:
    film = np.concatenate([noise(4.0), silence(4.0), noise(2.0)])
    described = Sound(noise(10.0, 1), disposition=Disposition.visual_impaired)
    signal = read_audio(write(tmp_path / "a.mkv", [], [Sound(film, default=True), described]))
    assert rms(signal[5 * SAMPLE_RATE : 7 * SAMPLE_RATE]) < 0.001
    assert rms(read_audio(write(tmp_path / "b.mkv", [], [described]))) > 0.05  # used if there is no other audio


def test_a_dub_does_not_speak_in_the_pauses(tmp_path: Path) -> None:
    film = np.concatenate([noise(4.0), silence(2.5), noise(3.5)])
    pause = slice(5 * SAMPLE_RATE, 6 * SAMPLE_RATE)
    for language, speaks in (("fra", False), ("eng", True), (None, True)):
        tracks = [Sound(film, language="eng", default=True), Sound(noise(10.0, 1), language=language)]
        signal = read_audio(write(tmp_path / f"{language}.mkv", [], tracks))
        assert (rms(signal[pause]) > 0.05) == speaks, language


@pytest.mark.parametrize("sounding", range(4))
def test_four_mono_tracks(models: Models, faces: Frames, speech: FloatArray, tmp_path: Path, sounding: int) -> None:
    """Broadcasters record one channel per track; any of them may be the microphone."""
    tracks = [Sound(speech if i == sounding else silence(9.0), 48_000) for i in range(4)]
    frames = [(i / 25, faces[i % len(faces)][1]) for i in range(225)]
    path = write(tmp_path / "a.mxf", frames, tracks, Picture(codec="mpeg2video", rate=25))
    content = Content(path)
    assert content.info.has_audio and same_sound(content.audio, speech) > 0.95
    if sounding == 2:
        analysis = check(analyze(path, models))
        assert OPENING in analysis.utterances[0].text.lower() and not warned(analysis, "No audible sound")


def test_tracks_that_pause_and_end_at_different_times(speech: FloatArray, tmp_path: Path) -> None:
    """All of the longer track is used, and the file has its duration."""
    tracks = [Sound(noise(3.0)), Sound(np.concatenate([speech, silence(20.0), speech]), offset=2.0)]
    content = Content(write(tmp_path / "a.mkv", [], tracks))
    assert content.seconds == pytest.approx(40.0, abs=0.2)
    assert same_sound(content.audio[2 * SAMPLE_RATE : 11 * SAMPLE_RATE], speech) > 0.7  # beside a second of noise
    assert same_sound(content.audio[31 * SAMPLE_RATE :], speech) > 0.95


# --- channels with inverted polarity


@pytest.mark.parametrize("suffix", ["mp4", "wav"])
def test_inverted_right_channel(models: Models, faces: Frames, speech: FloatArray, tmp_path: Path, suffix: str) -> None:
    sound = Sound(np.stack([speech, -speech]), 48_000, "stereo")
    path = write(tmp_path / f"a.{suffix}", faces if suffix == "mp4" else [], [sound])
    assert rms(read_audio(path)) == pytest.approx(rms(speech), rel=0.1)
    analysis = check(analyze(path, models))
    assert OPENING in analysis.utterances[0].text.lower() and not warned(analysis, "silent")


@given(st.integers(2, 6), st.integers(0, 63), st.floats(0.0, 0.3), st.integers(0, 2**31))
def test_no_wiring_silences_a_signal(channels: int, inverted: int, hiss: float, seed: int) -> None:
    """One signal in several channels, any of them inverted, each with independent noise."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(4000).astype(np.float32)
    signs = np.array([-1.0 if inverted >> i & 1 else 1.0 for i in range(channels)], np.float32)
    samples = signs[:, None] * signal + hiss * rng.standard_normal((channels, 4000)).astype(np.float32)
    names = ("FL", "FR") if channels == 2 else tuple(["NONE"] * channels)
    mixed = Downmix(names)(samples.astype(np.float32))
    assert rms(mixed) >= 0.9 * rms(signal)
    assert abs(float(np.corrcoef(mixed, signal)[0, 1])) > 0.9


def test_signals_in_single_channels_are_kept() -> None:
    """Two speakers in separate channels: both are kept, and neither is attenuated when the other starts."""
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, 8000)).astype(np.float32)
    left[4000:], right[:4000] = 0.0, 0.0
    mix = Downmix(("FL", "FR"))
    mixed = np.concatenate([mix(np.stack([left, right])[:, i : i + 1000]) for i in range(0, 8000, 1000)])
    assert np.allclose(mixed, 0.5 * (left + right), atol=1e-6)


@pytest.mark.parametrize("layout", ["mono", "stereo", "2.1", "5.1", "7.1", "quad", "hexagonal"])
def test_every_layout_is_audible(speech: FloatArray, tmp_path: Path, layout: str) -> None:
    signal = read_audio(write(tmp_path / "a.wav", [], [Sound(speech[:48_000], 48_000, layout)]))
    assert rms(signal) > 0.3 * rms(speech[:48_000])


def test_weights_of_unusual_layouts() -> None:
    assert channel_weights(("AMBI0", "AMBI1", "AMBI2", "AMBI3")).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert channel_weights(("NONE",) * 8).tolist() == [0.5] * 8
    assert channel_weights(("LFE",)).tolist() == [1.0]


def test_samples_that_are_no_numbers(tmp_path: Path, models: Models, speech: FloatArray) -> None:
    broken = speech.copy()
    broken[::1000], broken[1::1000] = np.nan, np.inf
    path = write(tmp_path / "a.wav", [], [Sound(np.zeros(9 * SAMPLE_RATE, np.float32), codec="pcm_f32le")])
    data = path.read_bytes()
    path.write_bytes(data[: -4 * len(broken)] + broken.astype("<f4").tobytes())
    assert np.isfinite(read_audio(path)).all()
    assert OPENING in check(analyze(path, models)).utterances[0].text.lower()


# --- unsupported codecs and encrypted content


def test_video_in_an_unknown_codec(models: Models, sample: Path, tmp_path: Path) -> None:
    path = with_tag(sample, tmp_path / "a.mp4", b"avc1", b"zzz1")
    analysis = check(analyze(path, models))
    assert OPENING in analysis.utterances[0].text.lower() and analysis.video.has_audio
    assert all(set(u.modalities) <= {"text", "audio"} for u in analysis.utterances)
    assert warned(analysis, "Video track 1 (zzz1) cannot be decoded: its codec is not supported.")
    assert not warned(analysis, "has no video") and not warned(analysis, "damaged")


def test_nothing_but_unknown_codecs(models: Models, faces: Frames, tmp_path: Path) -> None:
    path = with_tag(write(tmp_path / "plain.mp4", faces), tmp_path / "a.mp4", b"avc1", b"zzz1")
    with pytest.raises(MediaError, match=r"the codec of video track 1 \(zzz1\) is not supported"):
        analyze(path, models)


def test_encrypted(models: Models, faces: Frames, speech: FloatArray, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", faces, [Sound(speech)], options=CENC)
    with pytest.raises(MediaError, match=r"Audio track 1 \(aac\) is encrypted.*Video track 1 \(h264\) is encrypted"):
        analyze(path, models)


@pytest.mark.parametrize("suffix", ["aiff", "caf", "ac3", "amr", "dv", "w64", "au", "eac3"])
def test_plain_audio_formats_and_dv(
    models: Models, faces: Frames, speech: FloatArray, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "dv":
        frames = sized([faces[i % len(faces)] for i in range(225)], 720, 576, 25)
        sound = Sound(np.stack([speech, speech]), 48_000, "stereo")
        write(path, frames, [sound], Picture(codec="dvvideo", rate=25))
    else:
        codec = {"eac3": "eac3", "au": "pcm_s16be", "w64": "pcm_s16le"}.get(suffix)
        write(path, [], [Sound(speech, 8000 if suffix == "amr" else 48_000, codec=codec)])
    content = Content(path)
    assert content.seconds == pytest.approx(9.0, abs=0.1)
    assert same_sound(content.audio, speech) > (0.4 if suffix == "amr" else 0.9)  # with telephone bandwidth
    assert content.summary.warnings == []
    if suffix == "dv":
        assert (content.info.width, content.info.height) == (768, 576)
        analysis = check(analyze(path, models))
        assert set(analysis.utterances[0].modalities) == {"text", "audio", "face"}


def test_a_format_that_is_refused_is_named(models: Models, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    with pytest.raises(MediaError, match="the format png_pipe is not supported"):
        analyze(tmp_path / "a.mp4", models)


# --- frames as a player shows them


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_pixels_that_are_not_square(models: Models, faces: Frames, tmp_path: Path, suffix: str) -> None:
    square = check(analyze(write(tmp_path / f"square.{suffix}", faces), models))
    squeezed = Picture(aspect=Fraction(8, 3))
    path = write(tmp_path / f"narrow.{suffix}", sized(faces, 240, 360), picture=squeezed)
    analysis = check(analyze(path, models))
    assert (analysis.video.width, analysis.video.height) == (640, 360)
    expected = {e.label: e.confidence for e in square.utterances[0].emotions}
    found = {e.label: e.confidence for e in analysis.utterances[0].emotions}
    assert analysis.utterances[0].emotions[0].label == square.utterances[0].emotions[0].label
    assert max(abs(expected[label] - found[label]) for label in expected) < 0.2


def test_a_still_picture_stays(models: Models, faces: Frames, sample: Path, tmp_path: Path) -> None:
    """A podcast with a single frame, whose face is used for every utterance."""
    speech = speech_of(sample)
    analysis = check(analyze(write(tmp_path / "a.mp4", faces[-1:], [Sound(speech)]), models))
    assert len(analysis.utterances) >= 3
    assert all("face" in u.modalities for u in analysis.utterances)


def test_frames_that_are_far_apart(models: Models, faces: Frames, sample: Path, tmp_path: Path) -> None:
    """Slides of several seconds: a face is used exactly while its frame is shown."""
    gray = np.full_like(faces[0][1], 90)
    slides = [(0.0, faces[-1][1]), (8.2, gray), (11.9, faces[-1][1]), (19.0, gray)]
    analysis = check(analyze(write(tmp_path / "a.mp4", slides, [Sound(speech_of(sample))]), models))
    spoken = [u for u in analysis.utterances if u.text]
    assert [(8.2 < u.start_time < 11.9) for u in spoken] == ["face" not in u.modalities for u in spoken]
    assert len(spoken) == 3


@pytest.mark.parametrize("suffix", ["mkv", "webm"])
def test_frame_rate_of_a_container_that_states_its_clock(faces: Frames, tmp_path: Path, suffix: str) -> None:
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    frames = [(i / 10, faces[i % len(faces)][1]) for i in range(40)]
    content = Content(write(tmp_path / f"a.{suffix}", frames, picture=Picture(codec=codec, rate=1000)))
    assert content.info.fps == pytest.approx(10.0, abs=0.2)
    assert len(content.times) == pytest.approx(16, abs=1)


def test_exact_frame_rates_stay_exact(sample: Path) -> None:
    assert Content(sample).info.fps == pytest.approx(24_000 / 1001, abs=1e-9)


def test_a_copy_in_another_container_is_the_same(sample: Path, tmp_path: Path) -> None:
    plain = Content(sample)
    for suffix in ("mkv", "ts", "mov", "flv"):
        copy = Content(remux(sample, tmp_path / f"a.{suffix}"))
        assert copy.seconds == pytest.approx(plain.seconds, abs=0.2), suffix
        assert same_sound(copy.audio, plain.audio) > 0.99, suffix
        assert len(copy.times) == pytest.approx(len(plain.times), abs=1), suffix
        assert copy.summary.warnings == [], suffix
