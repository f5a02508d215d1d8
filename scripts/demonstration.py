"""Create the demonstration video: six clips of CREMA-D in a row, with people's votes on each.

    python -m scripts.demonstration CLIPS --out examples

CLIPS is a folder with the corpus's six recordings of one sentence by actor 1001 (`1001_DFA_*_XX.flv`) and `votes.csv`,
the votes of about ten people per clip on the voice alone, the face alone, and both. Video and audio are re-encoded,
since browsers do not play Flash video, but not cut, mixed or changed in loudness.
"""

import csv
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import numpy as np
import typer
from av.audio.resampler import AudioResampler

from model.contract import EMOTIONS
from model.reports.people import COLUMNS, CONDITION_COLUMN, Condition
from training.fusion.judgments import CREMA_VOTES

FPS = Fraction(30_000, 1_001)
RATE = 44_100
SIZE = (480, 360)
CONDITIONS: dict[str, Condition] = {"voice": "audio", "face": "face", "both": "together"}


def main(
    clips: Annotated[Path, typer.Argument(help="Folder of the clips and votes.csv.")],
    out: Annotated[Path, typer.Option(help="Folder to write six_emotions.mp4 and six_emotions.people.csv to.")],
) -> None:
    """Join the clips in the order of votes.csv, and write people's votes with their times."""
    with (clips / "votes.csv").open(encoding="utf-8", newline="") as file:
        votes = list(csv.DictReader(file))
    names = list(dict.fromkeys(row["clip"] for row in votes))
    out.mkdir(parents=True, exist_ok=True)
    ends = _join([clips / f"{name}.flv" for name in names], out / "six_emotions.mp4")
    times = dict(zip(names, zip([0.0, *ends[:-1]], ends, strict=True), strict=True))
    with (out / "six_emotions.people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in votes:
            start, end = times[row["clip"]]
            line: dict[str, object] = {"start": f"{start:.3f}", "end": f"{end:.3f}"}
            line[CONDITION_COLUMN] = CONDITIONS[row["condition"]]
            line |= dict.fromkeys(EMOTIONS, 0)
            line |= {emotion: row[letter] for letter, emotion in CREMA_VOTES.items()}
            writer.writerow(line)


def _join(clips: list[Path], out: Path) -> list[float]:
    """Write the clips in a row; return the end of each, in seconds."""
    ends, frames, samples = [], 0, 0
    with av.open(out, "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS, options={"crf": "21", "preset": "slow"})
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        audio.bit_rate = 96_000
        for clip in clips:
            images, samples_of_clip = list(_images(clip)), _audio(clip)
            for image in images:
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = frames, 1 / FPS
                frames += 1
                container.mux(video.encode(frame))
            ends.append(float(frames / FPS))
            wanted = round(frames / FPS * RATE) - samples
            part = np.pad(samples_of_clip, (0, max(0, wanted - len(samples_of_clip))))[:wanted]
            block = av.AudioFrame.from_ndarray(part[None, :], format="flt", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, samples, Fraction(1, RATE)
            samples += wanted
            container.mux(audio.encode(block))
        container.mux(video.encode())
        container.mux(audio.encode())
    return ends


def _images(clip: Path) -> Iterator[np.ndarray]:
    with av.open(clip, "r") as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24", width=SIZE[0], height=SIZE[1])


def _audio(clip: Path) -> np.ndarray:
    """Return mono samples, float32 [n], at RATE."""
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(clip, "r") as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in [*parts, *resampler.resample(None)]])


if __name__ == "__main__":
    typer.run(main)
