"""Generators of media files for tests, from the committed sample or synthesized."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from model.features import SAMPLE_RATE, ByteArray, FloatArray
from model.media import AnyPacket, FrameDecoder, Reader, read_audio

TIME_BASE = Fraction(1, 90_000)
CODECS = {
    **{
        "wav": "pcm_s16le",
        "flac": "flac",
        "webm": "libopus",
        "mp3": "libmp3lame",
        "ogg": "libopus",
        "oga": "libopus",
        "opus": "libopus",
        "ac3": "ac3",
    },
    **{"caf": "pcm_s16le", "aiff": "pcm_s16be", "amr": "libopencore_amrnb", "dv": "pcm_s16le", "mxf": "pcm_s16le"},
}


@dataclass(frozen=True)
class Picture:
    """Options of a video track."""

    codec: str = "libx264"
    pixels: str = "yuv420p"
    rotation: int = 0  # degrees, the rotation flag
    rate: int = 30  # frames per second stated by the header
    aspect: Fraction | None = None  # width of a pixel over its height
    reordered: bool = False  # H.264 with B-frames


@dataclass(frozen=True)
class Sound:
    """Options of an audio track.

    `samples` float32 [n] in [-1, 1] at SAMPLE_RATE, or [channels, n]; they are converted to `rate` and `layout`.
    """

    samples: FloatArray
    rate: int = SAMPLE_RATE
    layout: str = "mono"
    offset: float = 0.0  # seconds after the file's start
    default: bool = False
    language: str | None = None  # ISO 639-2
    disposition: av.stream.Disposition = av.stream.Disposition(0)
    codec: str | None = None  # None for the container's usual one


def write(
    path: Path,
    frames: Iterable[tuple[float, ByteArray]] = (),
    sounds: Sequence[Sound] = (),
    picture: Picture | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write timed RGB frames (seconds, uint8 [h, w, 3]) and audio tracks; the suffix decides the container.

    `options` are the muxer's.
    """
    frames = list(frames)
    with av.open(str(path), "w", options=dict(options or {})) as container:
        video = _add_video(container, frames, picture or Picture()) if frames else None
        tracks = [_add_audio(container, sound) for sound in sounds]
        packets = []
        if video is not None:
            packets += list(_encode_video(video, frames))
        for track, sound in zip(tracks, sounds, strict=True):
            packets += list(_encode_audio(track, sound))
        for packet in sorted(packets, key=lambda p: float((p.dts or 0) * p.time_base)):
            container.mux(packet)
    return path


def _add_video(
    container: av.container.OutputContainer, frames: list[tuple[float, ByteArray]], picture: Picture
) -> av.VideoStream:
    stream = container.add_stream(picture.codec, rate=picture.rate)
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = frames[0][1].shape[:2]
    stream.pix_fmt = picture.pixels
    stream.codec_context.time_base = TIME_BASE if picture.codec == "libx264" else Fraction(1, picture.rate)
    if picture.aspect is not None:
        stream.codec_context.sample_aspect_ratio = picture.aspect
    if picture.codec == "libx264":
        stream.options = {"preset": "ultrafast", "crf": "20"}
        if picture.reordered:
            stream.options = {"preset": "fast", "crf": "30", "bf": "3", "b_strategy": "0"}
    if picture.rotation:
        stream.set_display_rotation(picture.rotation)
    return stream


def _encode_video(stream: av.VideoStream, frames: list[tuple[float, ByteArray]]) -> Iterable[AnyPacket]:
    time_base = stream.codec_context.time_base
    for time, image in frames:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = round(time / time_base), time_base
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _add_audio(container: av.container.OutputContainer, sound: Sound) -> av.AudioStream:
    stream = container.add_stream(
        sound.codec or CODECS.get(container.format.name, "aac"), rate=sound.rate, layout=sound.layout
    )
    assert isinstance(stream, av.AudioStream)
    if sound.codec == "vorbis":
        stream.options = {"strict": "experimental"}
    stream.disposition = av.stream.Disposition.default if sound.default else sound.disposition
    if sound.language:
        stream.metadata["language"] = sound.language
    return stream


def _encode_audio(stream: av.AudioStream, sound: Sound) -> Iterable[AnyPacket]:
    pcm = np.atleast_2d(np.clip(sound.samples * 32767.0, -32768, 32767).astype(np.int16))
    source = av.AudioFrame.from_ndarray(pcm, format="s16p", layout="mono" if len(pcm) == 1 else sound.layout)
    source.sample_rate = SAMPLE_RATE
    resampler = av.AudioResampler(
        stream.format, sound.layout, sound.rate, frame_size=stream.codec_context.frame_size or 1024
    )
    position = round(sound.offset * sound.rate)
    for frame in [*resampler.resample(source), *resampler.resample(None)]:
        frame.pts, frame.time_base = position, Fraction(1, sound.rate)
        position += frame.samples
        yield from stream.encode(frame)
    yield from stream.encode(None)


def frames_of(path: Path, rate: float = 5.0, seconds: float = 1e9) -> list[tuple[float, ByteArray]]:
    """Return the frames of a file, `rate` per second."""
    decoder = FrameDecoder(path, rate)
    with Reader(path) as reader:
        return [(f.time, f.image) for c in reader for f in decoder.decode(c.packets) if f.time <= seconds]


def speech_of(path: Path, seconds: float = 1e9) -> FloatArray:
    return read_audio(path)[: round(min(seconds, 1e5) * SAMPLE_RATE)]


def gray_frames(seconds: float, rate: float = 10.0, size: tuple[int, int] = (64, 48)) -> list[tuple[float, ByteArray]]:
    """Return plain frames of increasing brightness; `size` is (width, height)."""
    times = np.arange(0.0, seconds, 1.0 / rate)
    return [(float(t), np.full((size[1], size[0], 3), 40 + 10 * (i % 16), np.uint8)) for i, t in enumerate(times)]


def music(seconds: float) -> FloatArray:
    """Synthesize a slow tune of plucked chords: decaying tones and overtones, without a voice."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros_like(time)
    for start, root in zip(np.arange(0.0, seconds, 0.5), [220.0, 277.2, 329.6, 246.9, 196.0] * 1000, strict=False):
        since = np.clip(time - start, 0.0, None)
        for harmonic in (1, 2, 3, 5):
            sound += (time >= start) * np.sin(2 * np.pi * root * harmonic * since) * np.exp(-3.0 * since) / harmonic
    return np.asarray(0.3 * sound / np.abs(sound).max(), dtype=np.float32)


def noise(seconds: float, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * SAMPLE_RATE))).astype(np.float32)


def silence(seconds: float) -> FloatArray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def hum(seconds: float) -> FloatArray:
    """Synthesize a mains hum of 50 Hz with overtones."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [level * np.sin(2 * np.pi * hertz * time) for hertz, level in ((50, 0.1), (150, 0.05), (250, 0.03))]
    return np.asarray(np.sum(tones, axis=0), dtype=np.float32)


def rain(seconds: float, seed: int = 0) -> FloatArray:
    """Synthesize rain: 200 drops per second, each a short tone, over a hiss."""
    rng = np.random.default_rng(seed)
    sound = 0.02 * rng.standard_normal(round(seconds * SAMPLE_RATE))
    time = np.arange(300) / SAMPLE_RATE
    for _ in range(round(200 * seconds)):
        start, tone = rng.integers(0, len(sound) - 300), rng.uniform(500, 4000)
        sound[start : start + 300] += rng.uniform(0, 0.1) * np.sin(2 * np.pi * tone * time) * np.exp(-300 * time)
    return sound.astype(np.float32)


def room_tone(seconds: float) -> FloatArray:
    """Synthesize a webcam microphone's noise in a quiet room, at -50 dBFS."""
    return np.asarray(0.03 * noise(seconds) + 0.01 * hum(seconds), dtype=np.float32)


def laughter(seconds: float, pitch: float = 280.0) -> FloatArray:
    """Synthesize five "ha" per second: a sawtooth of falling pitch, filtered by vocal resonances (source-filter)."""
    count, rng = round(seconds * SAMPLE_RATE), np.random.default_rng(0)
    time = np.arange(count) / SAMPLE_RATE
    beat = (5.0 * time) % 1.0
    drift = 1 + 0.01 * np.cumsum(rng.standard_normal(count)) / np.sqrt(SAMPLE_RATE)
    cycles = np.cumsum(pitch * (1 + 0.25 * np.exp(-3 * beat)) * np.exp(-0.12 * time) * drift) / SAMPLE_RATE
    voiced = (2 * (cycles % 1.0) - 1) * np.where(beat < 0.55, np.sin(np.pi * beat / 0.55), 0.0)
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    mouth = [(1.0, 800, 90), (0.6, 1250, 110), (0.3, 2600, 160), (0.15, 3500, 200)]
    response = sum(gain / (1 + ((hertz - center) / width) ** 2) for gain, center, width in mouth)
    sound = np.asarray(np.fft.irfft(np.fft.rfft(voiced) * response, count))
    return np.asarray(0.2 * sound / np.abs(sound).max(), dtype=np.float32)


def faster(samples: FloatArray, factor: float) -> FloatArray:
    """Play samples `factor` times as fast, which raises the pitch as well."""
    count = int(len(samples) / factor)
    return np.asarray(np.interp(np.arange(count) * factor, np.arange(len(samples)), samples), dtype=np.float32)
