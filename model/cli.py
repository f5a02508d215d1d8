"""The command line: `video-sentiment analyze | serve | weights | info`; weights are in `model.weights_cli`.

Exit codes: 0 all went well; 2 the input or an option was bad (one clear line each, the other files
are still analysed); 1 something failed on our side.
"""

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from model import weights
from model.outputs import Job, Outputs, OutputsError, find_jobs
from model.terminal import BAD_INPUT, FAILURE, INTERRUPTED, OK, console, download_bar, errors, report_to, say_bad
from model.weights_cli import weights_app

if TYPE_CHECKING:  # torch takes seconds to load: not for --help
    from model.pipeline import Models, Options

DEBUG_VARIABLE = "VIDEO_SENTIMENT_DEBUG"

app = typer.Typer(
    name="video-sentiment",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Every utterance of a video with its emotion and sentiment, judged from text, voice and picture together.",
)
app.add_typer(weights_app, name="weights")


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class AssumedPrior(StrEnum):
    declared = "declared"
    uniform = "uniform"


class SpeechEngine(StrEnum):
    faster = "faster-whisper"
    openai = "openai-whisper"


BundleOption = Annotated[str, typer.Option(help="Which trained bundle judges: a name or a folder.")]
WhisperOption = Annotated[
    str,
    typer.Option(
        help="Whisper size (tiny.en, base, small) or a folder with a CTranslate2 model. Names in .en take whatever "
        "is spoken for English."
    ),
]
DeviceOption = Annotated[Device, typer.Option(help="Where to compute; auto takes a GPU if there is one.")]


def _output(kind: str, what: str) -> typer.models.OptionInfo:
    option = typer.Option(f"--{kind}", help=f"Write {what} here: a file, or a folder; - is standard output.")
    assert isinstance(option, typer.models.OptionInfo)
    return option


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(importlib.metadata.version("video-sentiment"), highlight=False)
        raise typer.Exit(OK)


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001  (its callback does it all)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


@app.command()
def analyze(
    paths: Annotated[list[Path], typer.Argument(help="Videos, or folders to search for them.", show_default=False)],
    json: Annotated[Path | None, _output("json", "the whole analysis as JSON")] = None,
    csv: Annotated[Path | None, _output("csv", "a table with a row per utterance")] = None,
    srt: Annotated[Path | None, _output("srt", "SubRip subtitles with emotions")] = None,
    vtt: Annotated[Path | None, _output("vtt", "WebVTT subtitles with emotions")] = None,
    html: Annotated[Path | None, _output("html", "a report with player and charts")] = None,
    bundle: BundleOption = "starter",
    whisper_model: WhisperOption = "base",
    engine: Annotated[
        SpeechEngine, typer.Option(help="Which implementation of Whisper listens.")
    ] = SpeechEngine.faster,
    language: Annotated[str | None, typer.Option(help="Language spoken (ISO 639-1, like en); else detected.")] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Write the words in English.")] = False,
    prior: Annotated[
        AssumedPrior,
        typer.Option(
            help="How often each emotion is assumed to occur before anything is seen or heard: as the bundle declares "
            "(conversation, much of it neutral), or all alike."
        ),
    ] = AssumedPrior.declared,
    device: DeviceOption = Device.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table and no progress bar.")] = False,
) -> None:
    """Analyse videos: every utterance with its time, words, emotion and sentiment.

    Without an output option, each NAME.mp4 leaves a NAME.analysis.json in the current folder.

    \b
    video-sentiment analyze talk.mp4
    video-sentiment analyze talk.mp4 --html talk.html --srt talk.srt
    video-sentiment analyze recordings/ --csv tables/ --whisper-model tiny.en
    video-sentiment analyze talk.mp4 --quiet --json - | jq .overall
    """
    outputs = Outputs({"json": json, "csv": csv, "srt": srt, "vtt": vtt, "html": html})
    try:
        jobs, refused = find_jobs(paths)
        outputs.check(jobs)
    except OutputsError as error:
        say_bad(str(error))
        raise typer.Exit(BAD_INPUT) from error
    for refusal in refused:
        say_bad(refusal)
    if not jobs:
        raise typer.Exit(BAD_INPUT)
    models = _load(bundle, whisper_model, engine, device, prior, quiet)
    from model.pipeline import Options  # seconds: not before something is to be analysed
    from model.speech import SpeechError

    options = Options(language=language, translate=translate)
    try:
        failed = [job for job in jobs if not _analyze_one(job, models, outputs, options, quiet)]
    except SpeechError as error:
        say_bad(str(error))
        raise typer.Exit(BAD_INPUT) from error
    if len(jobs) > 1 and not quiet:
        errors.print(f"{len(jobs) - len(failed)} of {len(jobs)} analysed")
    raise typer.Exit(BAD_INPUT if failed or refused else OK)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    bundle: Annotated[str | None, typer.Option(help="Which trained bundle judges: a name or a folder.")] = None,
    whisper_model: Annotated[
        str | None, typer.Option(help="Whisper size, or a folder with a CTranslate2 model.")
    ] = None,
) -> None:
    """Answer over HTTP, as a SageMaker container does: GET /ping, POST /invocations.

    \b
    video-sentiment serve &
    curl --data-binary @talk.mp4 -H 'Content-Type: video/mp4' localhost:8080/invocations

    Everything else is set by environment variables (docs/server.md lists them).
    """
    from model.bundle import BundleError
    from model.pipeline import DeviceError
    from model.server import serve as run_server
    from model.serving.settings import ServerSettings
    from model.speech import SpeechError

    chosen = {"bundle": bundle, "whisper_model": whisper_model}
    try:
        run_server(host, port, ServerSettings(**{k: v for k, v in chosen.items() if v is not None}))  # type: ignore[arg-type]
    except (BundleError, SpeechError, DeviceError) as error:
        say_bad(str(error))
        raise typer.Exit(BAD_INPUT) from error


@app.command()
def info() -> None:
    """Versions, devices, the bundle, and where weights are kept: what to put into a bug report."""
    from model.about import describe

    for name, value in describe():
        console.print(f"[bold]{name:<14}[/] {value}", soft_wrap=True, highlight=False)


def _load(
    bundle: str, whisper_model: str, engine: SpeechEngine, device: Device, prior: AssumedPrior, quiet: bool
) -> "Models":
    """Load the models, with a bar where something must be downloaded first."""
    with errors.status("loading the models", spinner="dots") if not quiet else _Nothing():
        from model.bundle import BundleError, find_bundle, read_manifest
        from model.pipeline import DeviceError, load_models, needed_weights
        from model.speech import SpeechError
    try:
        missing = [
            n for n in needed_weights(read_manifest(find_bundle(bundle)), whisper_model) if not weights.is_fetched(n)
        ]
        if missing:
            with download_bar() as bar:
                for name in missing:
                    weights.fetch(name, report_to(bar))
        with errors.status("loading the models", spinner="dots") if not quiet else _Nothing():
            return load_models(bundle, whisper_model, engine.value, device.value, prior.value)
    except (BundleError, SpeechError, DeviceError) as error:
        say_bad(str(error))
        raise typer.Exit(BAD_INPUT) from error


def _analyze_one(job: Job, models: "Models", outputs: Outputs, options: "Options", quiet: bool) -> bool:
    """Analyse one file, print and write what was asked for; False (said why) for bad input."""
    from model.media import MediaError
    from model.pipeline import analyze
    from model.table import print_analysis

    columns = (SpinnerColumn(), TextColumn("{task.fields[name]}"), BarColumn(), TaskProgressColumn())
    try:
        with Progress(
            *columns, TextColumn("{task.fields[stage]}"), TimeElapsedColumn(),
            console=errors, transient=True, disable=quiet or not errors.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task("", total=1.0, name=job.path.name, stage="")
            analysis = analyze(
                job.path,
                models,
                options,
                lambda stage, share: bar.update(task, completed=share, stage=stage),
            )
        if not quiet:
            print_analysis(analysis, job.path, errors if outputs.takes_standard_output else console)
        for written in outputs.write(analysis, job):
            if not quiet:
                errors.print(f"written: {written}", highlight=False, soft_wrap=True)
    except MediaError as error:
        say_bad(str(error))
        return False
    return True


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever happens, no traceback (unless VIDEO_SENTIMENT_DEBUG is set)."""
    try:
        app(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        say_bad(str(error) or type(error).__name__)
        if not isinstance(error, weights.WeightsError | OSError):
            errors.print(f"This is a fault of ours. {DEBUG_VARIABLE}=1 shows where it happened.")
        sys.exit(FAILURE)


if __name__ == "__main__":
    main()
