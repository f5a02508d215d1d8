"""Benchmarks of speed and memory: `python -m bench`.

Every analysis runs in a fresh process, and contenders take turns (A B C A B C), so that changes of the machine's
speed affect all of them. Only the analysis is timed; loading the models is reported separately. Results are printed
and saved. Parts that this run does not measure are copied from the last one, if that used the same machine and clip.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import av
from pydantic import TypeAdapter
from rich.console import Console

from bench import docs
from bench.api_load import measure_api
from bench.clip import BUILD, CLIP_FRAMES, QUICK_FRAMES, sample_clip
from bench.full_shape import full_shape
from bench.launch import BenchError, Launcher
from bench.memory import measure_long_runs
from bench.report import CONTENDERS, show
from bench.results import Api, Clip, Contender, Machine, Results, Run, Stage, now
from bench.worker import Task

STARTER = "starter"
WIDTH = 150  # columns, where the output is a file


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and save, or write the docs from saved results. Return 1 if a measurement failed."""
    options = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    saved: Path = options.out or BUILD / ("results-quick.json" if options.quick else "results.json")
    if options.write_docs:
        docs.write(Results.load(saved))
        console.print(f"wrote {docs.PAGE} from {saved}")
        return 0
    try:
        results = measure(options, Launcher(console))
    except BenchError as error:
        console.print(str(error), markup=False)
        return 1
    if saved.exists():
        results = results.with_parts_of(Results.load(saved))
    results.save(saved)
    show(results, console)
    console.print(f"saved to {saved}")
    return 0


def measure(options: argparse.Namespace, launcher: Launcher) -> Results:
    """Run the measurements that the options select. Raises BenchError."""
    clip, full = _prepare(launcher, QUICK_FRAMES if options.quick else CLIP_FRAMES)
    repeats = 1 if options.quick else options.repeats
    parts = options.only or ["speed", "stages", "api", *(["memory"] if options.long else [])]
    return Results(
        measured_at=now(),
        machine=Machine.this(),
        whisper_model=options.whisper_model,
        clip=_describe(clip),
        runs=tuple(_runs(launcher, clip, full, options.whisper_model, repeats)) if "speed" in parts else (),
        stages=tuple(_stages(launcher, clip, full, options.whisper_model, repeats)) if "stages" in parts else (),
        long_runs=tuple(measure_long_runs(launcher)) if "memory" in parts else (),
        api=_api(launcher, options.quick) if "api" in parts else None,
    )


def _runs(launcher: Launcher, clip: Path, full: Path, whisper_model: str, repeats: int) -> list[Run]:
    """Run all contenders in turns."""
    bundles: dict[Contender, str] = {
        contender: STARTER if contender.endswith("starter") else str(full) for contender in CONTENDERS
    }
    runs = []
    for turn in range(repeats):
        for contender, bundle in bundles.items():
            task = Task(kind="run", clip=clip, bundle=bundle, whisper_model=whisper_model, contender=contender)
            label = f"{contender}, run {turn + 1} of {repeats}"
            runs.append(Run.model_validate(launcher.run(task, label)))
    return runs


def _stages(launcher: Launcher, clip: Path, full: Path, whisper_model: str, repeats: int) -> list[Stage]:
    """Measure the stages of the starter bundle and the encoders of the full-shape bundle."""
    stages: list[Stage] = []
    for bundle, encoders_only in ((STARTER, False), (str(full), True)):
        task = Task(
            kind="stages",
            clip=clip,
            bundle=bundle,
            whisper_model=whisper_model,
            repeats=repeats,
            encoders_only=encoders_only,
        )
        stages += TypeAdapter(list[Stage]).validate_python(launcher.run(task, f"stages, {Path(bundle).name}"))
    return stages


def _api(launcher: Launcher, quick: bool) -> Api:
    """Start a local product and measure its API."""
    with launcher.progress() as progress:
        bar = progress.add_task("the API of a local product", total=1.0)
        found = measure_api(50, 10) if quick else measure_api()
        progress.update(bar, completed=1.0)
    return found


def _prepare(launcher: Launcher, frames: int) -> tuple[Path, Path]:
    """Return the clip and the full-shape bundle, which are created once."""
    with launcher.progress() as progress:
        bar = progress.add_task("creating the clip and the bundle", total=1.0)
        clip = sample_clip(frames, progress=lambda share: progress.update(bar, completed=0.9 * share))
        full = full_shape()
        progress.update(bar, completed=1.0)
    return clip, full


def _describe(clip: Path) -> Clip:
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        return Clip(
            seconds=(source.duration or 0) / av.time_base,
            width=video.width,
            height=video.height,
            pictures=video.frames,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a clip of 10 s, each contender once")
    parser.add_argument("--long", action="store_true", help="also the memory of 5 and 60 minutes of video")
    parser.add_argument(
        "--only", action="append", choices=["speed", "stages", "memory", "api"], help="measure only this part"
    )
    parser.add_argument("--repeats", type=int, default=2, help="runs per contender, of which the best is reported (2)")
    parser.add_argument("--whisper-model", default="base", help="a model of the catalog (base)")
    parser.add_argument("--out", type=Path, help="file for the results (build/bench/results.json)")
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/performance.md from saved results without measuring"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
