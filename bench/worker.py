"""Worker process of a measurement, so that contenders share neither memory nor caches.

    python -m bench.worker TASK    ->  JSON lines: {"progress": 0.25} repeatedly, then {"result": ...}

TASK is the JSON of a `Task`; `bench.launch` starts the process.
"""

import json
import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bench.measure import Stopwatch, memory, peak_memory
from bench.results import Contender, LongRun, Run, Stage
from model.bundle import load_bundle

DEVICE = "cpu"


class Task(BaseModel):
    """A measurement. `bundle` is a bundle's name or folder, `clip` a video file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["run", "stages", "long"]
    clip: Path
    bundle: str
    whisper_model: str
    contender: Contender = "starter"
    repeats: int = 1
    encoders_only: bool = False


def main() -> None:
    """Run the task that is the only argument."""
    task = Task.model_validate_json(sys.argv[1])
    if task.kind == "stages":
        result: object = [stage.model_dump() for stage in measure_stages(task)]
    elif task.kind == "long":
        result = measure_long(task).model_dump()
    else:
        result = measure_run(task).model_dump()
    _send(result=result)


def measure_run(task: Task) -> Run:
    """Load the models and analyze once, timed separately."""
    load, analysis = Stopwatch(), Stopwatch()
    if task.contender.startswith("reference"):
        from bench.reference import Reference  # imported here, because it would count as the engine's memory

        with load:
            speech: Literal["openai-whisper", "faster-whisper"] = (
                "faster-whisper" if task.contender == "reference-faster" else "openai-whisper"
            )
            reference = Reference(load_bundle(task.bundle, DEVICE), speech, task.whisper_model)
        loaded = memory()
        with analysis:
            count = len(reference.analyze(task.clip, send_progress))
    else:
        from model.pipeline import analyze, load_models

        with load:
            models = load_models(task.bundle, task.whisper_model, device=DEVICE)
        loaded = memory()
        with analysis:
            count = len(analyze(task.clip, models, progress=lambda _, share: send_progress(share)).utterances)
    return Run(
        contender=task.contender,
        load=load.timing,
        analysis=analysis.timing,
        utterances=count,
        loaded_mib=loaded,
        peak_mib=peak_memory(),
    )


def measure_long(task: Task) -> LongRun:
    """Measure the peak memory of one analysis."""
    from model.pipeline import analyze, load_models

    models = load_models(task.bundle, task.whisper_model, device=DEVICE)
    watch = Stopwatch()
    with watch:
        analysis = analyze(task.clip, models, progress=lambda _, share: send_progress(share))
    return LongRun(
        minutes=analysis.video.duration_s / 60,
        analysis=watch.timing,
        peak_mib=peak_memory(),
        utterances=len(analysis.utterances),
    )


def measure_stages(task: Task) -> list[Stage]:
    """Measure the stages of a bundle."""
    from bench.stages import measure

    return measure(task.clip, task.bundle, task.whisper_model, task.repeats, task.encoders_only, send_progress)


def send_progress(share: float) -> None:
    """Send the completed fraction to the parent process."""
    _send(progress=round(share, 3))


def _send(**message: object) -> None:
    _OUT.write(json.dumps(message) + "\n")
    _OUT.flush()


# Messages go to a copy of stdout, because libraries may print to the original.
_OUT = os.fdopen(os.dup(1), "w")

if __name__ == "__main__":
    os.dup2(2, 1)
    main()
