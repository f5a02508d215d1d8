"""Clips for benchmarks, created from the sample of `tests/media` with a real face and English speech.

`sample_clip` encodes the sample in a loop at 1280x720 and 25 fps, as a phone or a webcam records, with eleven of its
phrases as audio. Frames are scaled up from 640x360, so they have less detail than a real recording and are re-encoded
faster, which favors the reference. `looped` copies packets with shifted timestamps, so an hour is created in seconds at
the sample's own bit rate.

Clips are cached in `build/bench`, under descriptive names.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from model.features import FloatArray

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "media" / "face_and_speech.mp4"
BUILD = ROOT / "build" / "bench"

WIDTH, HEIGHT, FPS = 1280, 720, 25
CLIP_FRAMES = 1237  # 49.5 s
QUICK_FRAMES = 250  # 10 s
AUDIO_CHUNK = 1024  # samples: an AAC frame

# Phrases of the sample, in seconds, cut at pauses for breath; an order in which Whisper transcribes eleven sentences;
# and the silence between them.
PHRASES = {
    "young man": (8.65, 11.60),
    "unless": (12.45, 17.50),
    "unless, begun": (12.45, 14.33),
    "unless, ended": (14.33, 17.50),
    "leisure": (0.75, 3.97),
    "leisure, power": (0.75, 7.55),
}
SPOKEN = (
    *("young man", "unless", "young man", "leisure", "young man", "leisure, power"),
    *("young man", "unless, begun", "unless, ended", "leisure", "young man"),
)
PAUSE = 1.04  # seconds

Progress = Callable[[float], None]
"""Called with the completed fraction, 0 to 1."""


def sample_clip(frames: int = CLIP_FRAMES, folder: Path = BUILD, progress: Progress | None = None) -> Path:
    """Return the sample looped to `frames` frames at FPS, WIDTH x HEIGHT, H.264 and AAC; created if missing."""
    path = folder / f"clip-{WIDTH}x{HEIGHT}-{frames}.mp4"
    return path if path.exists() else _create(path, lambda out: _encode(out, frames, progress or (lambda _: None)))


def looped(minutes: float, folder: Path = BUILD, progress: Progress | None = None) -> Path:
    """Return the unchanged sample, repeated for at least `minutes` by copying packets; created if missing."""
    path = folder / f"looped-{minutes:g}min.mp4"
    return path if path.exists() else _create(path, lambda out: _remux(out, minutes * 60, progress or (lambda _: None)))


def read_sound(path: Path, rate: int) -> FloatArray:
    """Read a file's audio as mono float32 [n] at `rate`."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with av.open(str(path)) as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32)


def _create(path: Path, write: Callable[[OutputContainer], None]) -> Path:
    """Write a clip to a temporary name and rename it, so that an incomplete clip is never used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    with av.open(str(partial), "w", format="mp4") as out:
        write(out)
    partial.replace(path)
    return path


def _encode(out: OutputContainer, frames: int, progress: Progress) -> None:
    with av.open(str(SAMPLE)) as source:
        rate = source.streams.audio[0].rate
    video = out.add_stream("libx264", rate=FPS)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    audio = out.add_stream("aac", rate=rate, layout="mono")
    sound = _speech(rate, round(frames / FPS * rate))
    written = 0
    for index, picture in enumerate(_looped_pictures(frames)):
        picture.pts, picture.time_base = index, Fraction(1, FPS)
        out.mux(video.encode(picture))
        until = round((index + 1) / FPS * rate)  # interleaves audio and video
        written = _encode_sound(out, audio, sound, written, until)
        progress((index + 1) / frames)
    _encode_sound(out, audio, sound, written, len(sound) + AUDIO_CHUNK)
    out.mux(video.encode(None))
    out.mux(audio.encode(None))


def _encode_sound(out: OutputContainer, stream: AudioStream, sound: FloatArray, start: int, until: int) -> int:
    """Encode complete chunks of `sound` from `start` to `until`; return the index of the next sample."""
    while start + AUDIO_CHUNK <= until and start < len(sound):
        chunk = sound[None, start : start + AUDIO_CHUNK]
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = stream.rate, start, Fraction(1, stream.rate)
        out.mux(stream.encode(frame))
        start += AUDIO_CHUNK
    return start


def _looped_pictures(count: int) -> Iterator[VideoFrame]:
    """Yield `count` frames at FPS and full size, each the sample's latest one at that time."""
    made = 0
    while made < count:
        loop_start = made
        with av.open(str(SAMPLE)) as source:
            for frame in source.decode(video=0):
                large = frame.reformat(WIDTH, HEIGHT, "yuv420p")
                shown_until = float(frame.time or 0.0) + 1 / float(source.streams.video[0].average_rate or FPS)
                while made < count and (made - loop_start) / FPS < shown_until:
                    yield _copy(large)
                    made += 1
                if made == count:
                    return


def _copy(frame: VideoFrame) -> VideoFrame:
    """Copy a frame, because one that is shown twice is encoded twice, with two times."""
    return VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")


def _speech(rate: int, samples: int) -> FloatArray:
    """Return the phrases of SPOKEN, PAUSE apart, truncated or padded to `samples`."""
    sample = read_sound(SAMPLE, rate)
    silence = np.zeros(round(PAUSE * rate), np.float32)
    parts: list[FloatArray] = []
    for start, end in (PHRASES[name] for name in SPOKEN):
        parts += [sample[round(start * rate) : round(end * rate)], silence]
    speech = np.concatenate(parts)[:samples]
    return np.pad(speech, (0, samples - len(speech)))


def _period(source: InputContainer) -> Fraction:
    """Return the loop's period in seconds: the duration of the sample's video."""
    video = source.streams.video[0]
    if video.duration is None or video.time_base is None:
        raise ValueError(f"{source.name} does not state the duration of its video")
    return video.duration * video.time_base


def _remux(out: OutputContainer, seconds: float, progress: Progress) -> None:
    with av.open(str(SAMPLE)) as source:
        period = _period(source)
        streams: dict[int, Stream] = {s.index: out.add_stream_from_template(s) for s in _media(source)}
        packets = [packet for packet in source.demux(*_media(source)) if packet.dts is not None]
        rounds = int(-(-seconds // period))
        for turn in range(rounds):
            for packet in packets:
                out.mux(_shifted(packet, turn * period, streams[packet.stream.index]))
            progress((turn + 1) / rounds)


def _media(source: InputContainer) -> list[VideoStream | AudioStream]:
    return [source.streams.video[0], source.streams.audio[0]]


def _shifted(packet: "Packet[Stream]", seconds: Fraction, stream: Stream) -> "Packet[Stream]":
    """Copy a packet, `seconds` later, for another file's stream."""
    if packet.time_base is None or packet.pts is None or packet.dts is None:
        raise ValueError("a packet of the sample has no timestamps")
    shift = round(seconds / packet.time_base)
    copy: Packet[Stream] = Packet(bytes(packet))
    copy.pts, copy.dts, copy.duration = packet.pts + shift, packet.dts + shift, packet.duration
    copy.time_base, copy.is_keyframe, copy.stream = packet.time_base, packet.is_keyframe, stream
    return copy
