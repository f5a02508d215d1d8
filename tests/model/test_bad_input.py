"""Realistic bad input: each file gets an analysis with warnings or a one-line error, and never a NaN."""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.contract import Analysis
from model.features import FloatArray
from model.media import MediaError
from model.pipeline import Models, Options, TooLongError, analyze
from tests.conftest import MEDIA
from tests.model.media_files import (
    Picture,
    Sound,
    frames_of,
    gray_frames,
    music,
    noise,
    silence,
    speech_of,
    write,
)


def check(analysis: Analysis) -> Analysis:
    """Check the invariants of every analysis."""
    for utterance in analysis.utterances:
        shares = utterance.modalities.values()
        emotions = [utterance.emotions, *(share.emotions for share in shares)]
        each = [[score.confidence for score in scores] for scores in emotions]
        for confidences in (*each, [score.confidence for score in utterance.sentiments]):
            assert all(math.isfinite(c) for c in confidences)
            assert sum(confidences) == pytest.approx(1.0, abs=1e-4)
            assert confidences == sorted(confidences, reverse=True)
        assert sum(share.weight for share in shares) == pytest.approx(1.0, abs=1e-4)
        assert 0.0 <= utterance.start_time <= utterance.end_time <= analysis.video.duration_s + 0.1
    for before, after in zip(analysis.utterances, analysis.utterances[1:], strict=False):
        assert before.end_time <= after.start_time + 1e-6
    assert Analysis.model_validate_json(analysis.model_dump_json()) == analysis
    return analysis


def warned(analysis: Analysis, words: str) -> bool:
    return any(words in warning for warning in analysis.warnings)


# --- files that cannot be analyzed: a one-line error


def test_missing_path(models: Models, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nowhere\.mp4 does not exist"):
        analyze(tmp_path / "nowhere.mp4", models)


def test_folder(models: Models, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a folder"):
        analyze(tmp_path, models)


def test_empty_file(models: Models, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaError, match=r"is empty \(0 bytes\)"):
        analyze(tmp_path / "empty.mp4", models)


def test_pipe(models: Models, tmp_path: Path) -> None:
    """Rejected immediately, without waiting for a writer."""
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MediaError, match=r"pipe\.mp4 is a pipe or a device, not a file"):
        analyze(tmp_path / "pipe.mp4", models)


def test_text_renamed(models: Models, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("Dear diary,\n" * 500)
    with pytest.raises(MediaError, match="not a readable video"):
        analyze(tmp_path / "notes.mp4", models)


def test_unreadable_permissions(models: Models, sample: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.mp4"
    locked.write_bytes(sample.read_bytes())
    locked.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything, so switch the user temporarily
        tmp_path.chmod(0o755)
        for parent in list(tmp_path.parents)[:3]:
            parent.chmod(parent.stat().st_mode | 0o055)
        os.seteuid(65534)
    try:
        with pytest.raises(MediaError, match="cannot be read: Permission denied"):
            analyze(locked, models)
    finally:
        os.seteuid(user)


def test_moov_missing(models: Models, sample: Path, tmp_path: Path) -> None:
    """A recording that ended before its index was written."""
    frames = frames_of(sample, seconds=2.0)
    whole = write(tmp_path / "whole.mp4", frames, [Sound(speech_of(sample, 2.0))])  # index at the end
    data = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(MediaError, match="header is missing or damaged"):
        analyze(tmp_path / "cut.mp4", models)


def test_playlist_does_not_open_other_files(models: Models, sample: Path, tmp_path: Path) -> None:
    """An HLS playlist named .mp4 would make the demuxer read files of its author's choice."""
    (tmp_path / "list.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:19,\nfile://{sample.absolute()}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(MediaError, match="not a readable video"):
        analyze(tmp_path / "list.mp4", models)


def test_too_long(models: Models, sample: Path) -> None:
    with pytest.raises(TooLongError, match="the limit is 5 s"):
        analyze(sample, models, Options(max_duration=5.0))


# --- damaged files: analyzed as far as possible


def test_truncated(models: Models, sample: Path, tmp_path: Path) -> None:
    data = sample.read_bytes()  # its index comes first
    (tmp_path / "cut.mp4").write_bytes(data[: int(len(data) * 0.6)])
    analysis = check(analyze(tmp_path / "cut.mp4", models))
    assert analysis.utterances[0].text.startswith("And Mr. John Dashwood")
    assert analysis.video.duration_s < 16.0
    assert warned(analysis, "it was probably cut off")


def test_corrupt_packets(models: Models, sample: Path, tmp_path: Path) -> None:
    data = bytearray(sample.read_bytes())
    start = data.index(b"mdat") + 4
    rng = np.random.default_rng(3)
    middle = slice(start + (len(data) - start) // 3, start + (len(data) - start) // 2)
    data[middle] = rng.integers(0, 256, middle.stop - middle.start, dtype=np.uint8).tobytes()
    (tmp_path / "hurt.mp4").write_bytes(data)
    analysis = check(analyze(tmp_path / "hurt.mp4", models))
    assert analysis.utterances
    assert warned(analysis, "packets are damaged (")


# --- incomplete files: analyzed from the available inputs


def test_audio_only(models: Models, sample: Path, tmp_path: Path) -> None:
    analysis = check(analyze(write(tmp_path / "a.mp3", [], [Sound(speech_of(sample, 9.0))]), models))
    assert "John Dashwood" in analysis.utterances[0].text
    assert set(analysis.utterances[0].modalities) == {"text", "audio"}
    assert warned(analysis, "has no video")


def test_without_audio(models: Models, sample: Path, tmp_path: Path) -> None:
    analysis = check(analyze(write(tmp_path / "a.mp4", frames_of(sample, seconds=4.0)), models))
    assert [u.text for u in analysis.utterances] == [""]
    assert set(analysis.utterances[0].modalities) == {"face"}
    assert not analysis.video.has_audio and analysis.language is None
    assert warned(analysis, "The file has no audio track; based on the face only.")


def test_silent_audio(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = frames_of(sample, seconds=4.0)
    analysis = check(analyze(write(tmp_path / "a.mp4", frames, [Sound(silence(4.0))]), models))
    assert set(analysis.utterances[0].modalities) == {"face"}
    assert warned(analysis, "No audible sound; based on the face only.")


@pytest.mark.parametrize("make", [music, noise, silence])
def test_no_text_is_made_up(models: Models, tmp_path: Path, make: Callable[[float], FloatArray]) -> None:
    """Whisper by itself transcribes all of these as "Thank you for watching"."""
    analysis = check(analyze(write(tmp_path / "a.wav", [], [Sound(make(40.0))]), models))
    assert analysis.utterances == [] and analysis.overall.emotions == []
    assert analysis.language is None and analysis.model.speech == ""


def test_music_under_a_picture(models: Models, tmp_path: Path) -> None:
    analysis = check(analyze(write(tmp_path / "a.mp4", gray_frames(24.0), [Sound(music(24.0))]), models))
    assert analysis.utterances == []  # instruments are not a voice
    assert warned(analysis, "No speech was detected") and warned(analysis, "No face was detected")
    assert warned(analysis, "24.0 s with neither voice nor face")


def test_nothing_to_analyze(models: Models, tmp_path: Path) -> None:
    analysis = check(analyze(write(tmp_path / "a.mp4", gray_frames(3.0), [Sound(silence(3.0))]), models))
    assert analysis.utterances == [] and analysis.overall.emotions == []
    assert warned(analysis, "skipped")


# --- unusual but valid files


def test_one_frame(models: Models, sample: Path, tmp_path: Path) -> None:
    analysis = check(analyze(write(tmp_path / "a.mp4", frames_of(sample, seconds=0.0)), models))
    assert [set(u.modalities) for u in analysis.utterances] == [{"face"}]


def test_a_fifth_of_a_second(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = frames_of(sample, 25.0, 0.2)
    analysis = check(analyze(write(tmp_path / "a.mp4", frames, [Sound(speech_of(sample)[16000:19200])]), models))
    assert len(analysis.utterances) == 1


def test_portrait_with_rotation_flag(models: Models, sample: Path, tmp_path: Path) -> None:
    """Phones record sideways with a rotation flag; without the rotation no face would be detected."""
    upright = frames_of(sample, seconds=4.0)
    sideways = [(time, np.rot90(image)) for time, image in upright]
    analysis = check(analyze(write(tmp_path / "a.mp4", sideways, picture=Picture(rotation=-90)), models))
    assert (analysis.video.width, analysis.video.height) == (640, 360)
    assert set(analysis.utterances[0].modalities) == {"face"}


def test_variable_frame_rate(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = [f for i, f in enumerate(frames_of(sample, 20.0, 9.0)) if i % 7 in (0, 1, 4) or f[0] > 6.0]
    analysis = check(analyze(write(tmp_path / "a.mkv", frames, [Sound(speech_of(sample, 9.0))]), models))
    assert "face" in analysis.utterances[0].modalities
    assert analysis.utterances[0].end_time == pytest.approx(7.0, abs=1.0)


def test_ten_bit(models: Models, sample: Path, tmp_path: Path) -> None:
    picture = Picture(codec="libx264", pixels="yuv420p10le")
    analysis = check(analyze(write(tmp_path / "a.mkv", frames_of(sample, seconds=2.0), picture=picture), models))
    assert set(analysis.utterances[0].modalities) == {"face"}


def test_odd_size(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = [(time, image[:359, :637]) for time, image in frames_of(sample, seconds=2.0)]
    path = write(tmp_path / "a.mkv", frames, picture=Picture(pixels="yuv444p"))
    analysis = check(analyze(path, models))
    assert (analysis.video.width, analysis.video.height) == (637, 359)
    assert set(analysis.utterances[0].modalities) == {"face"}


@pytest.mark.slow
def test_huge_resolution(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = [(time, image.repeat(12, 0).repeat(12, 1)) for time, image in frames_of(sample, 3.0, 1.0)]  # 7680x4320
    analysis = check(analyze(write(tmp_path / "a.mp4", frames), models))
    assert analysis.video.width == 7680
    assert set(analysis.utterances[0].modalities) == {"face"}


def test_surround_sound(models: Models, sample: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", gray_frames(9.0), [Sound(speech_of(sample, 9.0), 48_000, "5.1")])
    assert "John Dashwood" in check(analyze(path, models)).utterances[0].text


def test_two_audio_tracks(models: Models, sample: Path, tmp_path: Path) -> None:
    """The default track is used, as in players."""
    tracks = [Sound(music(9.0)), Sound(speech_of(sample, 9.0), default=True)]
    analysis = check(analyze(write(tmp_path / "a.mkv", gray_frames(9.0), tracks), models))
    assert "John Dashwood" in analysis.utterances[0].text


def test_sound_that_starts_late(models: Models, sample: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", gray_frames(12.0), [Sound(speech_of(sample, 9.0), offset=2.5)])
    spoken = next(u for u in check(analyze(path, models)).utterances if u.text)
    assert spoken.start_time == pytest.approx(0.7 + 2.5, abs=0.4)


def test_picture_that_outlasts_its_sound(models: Models, sample: Path, tmp_path: Path) -> None:
    frames = frames_of(sample, seconds=15.0)
    analysis = check(analyze(write(tmp_path / "a.mp4", frames, [Sound(speech_of(sample, 8.0))]), models))
    assert analysis.utterances[-1].end_time == pytest.approx(15.0, abs=0.5)
    assert set(analysis.utterances[-1].modalities) == {"face"}


def test_path_with_spaces_and_unicode(models: Models, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "Gespräch mit 山田 (1) #2 % 100?.mp4"
    path.write_bytes(sample.read_bytes())
    assert check(analyze(path, models)).utterances


def test_speech_in_another_language(multilingual: Models) -> None:
    """Transcribed in its own language, and not used by an English text encoder."""
    french = check(analyze(MEDIA / "french.flac", multilingual))
    assert french.language == "fr" and "français" in " ".join(u.text for u in french.utterances)
    assert all("text" not in u.modalities for u in french.utterances)
    assert warned(french, "Speech is in French; this model reads English, so the words were not used.")
    english = check(analyze(MEDIA / "french.flac", multilingual, Options(translate=True)))
    assert any("text" in u.modalities for u in english.utterances)
    assert "music" in " ".join(u.text for u in english.utterances).lower()
