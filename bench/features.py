"""Benchmark of filling the training's feature cache: `python -m bench.features`.

The benchmark's sample is cut into clips of the size and length of MELD's and decoded by one process, and by one process
per core. Processor time is reported as well, because it depends less on other load than wall-clock time.
"""

import resource
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import numpy as np
import typer
from rich.console import Console

from bench.clip import AUDIO_CHUNK, BUILD, FPS, HEIGHT, WIDTH, read_sound, sample_clip
from training.data.content_hash import hash_recording
from training.data.extraction import MediaSpan
from training.data.feature_cache import FeatureCache
from training.data.feature_cache_builder import default_workers, fill

SECONDS = 3.12  # 78 pictures; the mean of MELD's utterances by their transcripts' times is 3.13 s
SOUND_RATE = 48_000
MELD_CLIPS = 13_708  # rows of the three CSVs


def main(clips: Annotated[int, typer.Option(help="Number of clips to decode.")] = 48) -> None:
    """Measure, and extrapolate to MELD."""
    console, folder = Console(), BUILD / "features"
    wanted = {hash_recording(path): MediaSpan(path) for path in cut(sample_clip(), clips, folder / "clips")}
    for workers in sorted({1, default_workers()}):
        shutil.rmtree(folder / "cache", ignore_errors=True)
        cache, before = FeatureCache(folder / "cache"), _processor_seconds()
        filled = fill(cache, wanted, workers)
        used = (_processor_seconds() - before) / filled.decoded
        rate, size = filled.decoded / filled.seconds, cache.used_bytes / filled.decoded
        console.print(
            f"{workers} processes: {rate:.2f} clips/s ({used:.2f} s of processor time and {size / 1e6:.2f} MB a clip); "
            f"all of MELD: {MELD_CLIPS / rate / 3600:.1f} h, {MELD_CLIPS * size / 1e9:.1f} GB",
            highlight=False,
        )


def cut(source: Path, clips: int, folder: Path) -> list[Path]:
    """Cut `clips` files of SECONDS each, spread over the source and encoded like it; create missing ones."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = read_sound(source, SOUND_RATE)
    starts = np.linspace(0.0, len(sound) / SOUND_RATE - SECONDS - 0.1, clips)
    paths = [folder / f"{i:03d}.mp4" for i in range(clips)]
    for path, start in zip(paths, starts, strict=True):
        if not path.exists():
            partial = path.with_name(f".{path.name}")
            first = round(float(start) * SOUND_RATE)
            _encode(source, float(start), sound[first : first + round(SECONDS * SOUND_RATE)], partial)
            partial.replace(path)
    return paths


def _encode(source: Path, start: float, sound: np.ndarray, path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as out:
        video, audio = out.add_stream("libx264", rate=FPS), out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index, picture in enumerate(_pictures(source, start)):
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            out.mux(video.encode(picture))
        for first in range(0, len(sound), AUDIO_CHUNK):
            frame = av.AudioFrame.from_ndarray(sound[None, first : first + AUDIO_CHUNK], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
            out.mux(audio.encode(frame))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _pictures(source: Path, start: float) -> Iterator[av.VideoFrame]:
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(int(start / stream.time_base), stream=stream)  # to the preceding key frame
        for frame in container.decode(video=0):
            if frame.time is not None and start <= frame.time < start + SECONDS:
                yield av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
            elif frame.time is not None and frame.time >= start + SECONDS:
                return


def _processor_seconds() -> float:
    """Return the processor time of this process's finished children, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    typer.run(main)
