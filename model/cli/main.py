"""The command line: `video-sentiment analyze | serve | weights | info`; weights are in `model.cli.weights`.

Exit codes: 0 all went well; 2 an input, an option or the place for a result was bad (one clear line each);
1 something failed on our side. Whatever happens to one file, the others are still analyzed.
"""

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from model.cli.outputs import Outputs, OutputsError, Plan, find_jobs
from model.cli.terminal import (
    BAD_INPUT,
    DEBUG_VARIABLE,
    FAILURE,
    INTERRUPTED,
    OK,
    console,
    download_bar,
    errors,
    print_error,
    print_fault,
    report_to,
    tolerate_any_encoding,
)
from model.cli.weights import weights_app
from model.contract import Analysis, Prior
from model.reports.people import People, PeopleError, read_people
from model.weights import catalog

if TYPE_CHECKING:  # torch takes seconds to load: not for --help
    from model.pipeline import Models, Options

app = typer.Typer(
    name="video-sentiment",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Every utterance of a video with its emotion and sentiment, predicted from text, voice and face together.",
)
app.add_typer(weights_app, name="weights")


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


BundleOption = Annotated[str, typer.Option(help="Trained bundle to predict with: a name or a folder.")]
TRANSCRIBER_HELP = (
    "Whisper size (tiny.en, base, small), a folder with a CTranslate2 model, or ENGINE:MODEL (openai-whisper:small). "
    "Names in .en are for English only."
)
TranscriberOption = Annotated[str, typer.Option("--transcriber", "--whisper-model", help=TRANSCRIBER_HELP)]
DeviceOption = Annotated[Device, typer.Option(help="Device to compute on; auto takes a GPU if there is one.")]


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
    paths: Annotated[
        list[Path],
        typer.Argument(help="Videos, folders to search for them, or - for a video piped in.", show_default=False),
    ],
    json: Annotated[Path | None, _output("json", "the whole analysis as JSON")] = None,
    csv: Annotated[Path | None, _output("csv", "a table with a row per utterance")] = None,
    srt: Annotated[Path | None, _output("srt", "SubRip subtitles with emotions")] = None,
    vtt: Annotated[Path | None, _output("vtt", "WebVTT subtitles with emotions")] = None,
    html: Annotated[Path | None, _output("html", "a report with player and charts")] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="CSV of what people said of this one video, to show beside it (docs/people.md)."),
    ] = None,
    bundle: BundleOption = "starter",
    transcriber: TranscriberOption = "base",
    language: Annotated[str | None, typer.Option(help="Language spoken (ISO 639-1, like en); else detected.")] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Write the words in English.")] = False,
    prior: Annotated[
        Prior,
        typer.Option(
            help="Frequency of each emotion assumed before the video is analyzed: as the bundle declares "
            "(conversation, much of it neutral), or all alike."
        ),
    ] = "declared",
    speakers: Annotated[
        int | None, typer.Option(help="Number of people who speak; else found.", min=1, show_default=False)
    ] = None,
    no_people: Annotated[
        bool, typer.Option("--no-people", help="Do not tell people apart: no voice is compared with another.")
    ] = False,
    device: DeviceOption = Device.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table and no progress bar.")] = False,
) -> None:
    """Analyze videos: every utterance with its time, words, emotion and sentiment.

    Without an output option, each NAME.mp4 leaves a NAME.analysis.json in the current folder
    (NAME.mp4.analysis.json where there is a NAME.wav as well).

    \b
    video-sentiment analyze talk.mp4
    video-sentiment analyze talk.mp4 --html talk.html --srt talk.srt
    video-sentiment analyze recordings/ --csv tables/ --transcriber tiny.en
    video-sentiment analyze talk.mp4 --quiet --json - | jq .overall
    """
    try:
        said = None if people is None else _people(people)
        outputs = Outputs({"json": json, "csv": csv, "srt": srt, "vtt": vtt, "html": html}, said)
        jobs, not_found = find_jobs(paths)
        if speakers is not None and no_people:
            raise OutputsError("--speakers tells people apart, and --no-people does not: give one of them")
        if said is not None and len(jobs) > 1:
            raise OutputsError(f"--people {people} is about one video, and {len(jobs)} are to be analyzed")
        plans, no_place = outputs.plan(jobs)
    except OutputsError as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    refused = [*not_found, *no_place]
    for refusal in refused:
        print_error(refusal)
    if not plans:
        raise typer.Exit(BAD_INPUT)
    models = _load(bundle, transcriber, device, prior, quiet, people=not no_people)
    from model.asr.base import SpeechError
    from model.pipeline import Options  # takes seconds: imported only once there is something to analyze

    options = Options(language=language, translate=translate, speakers=speakers)
    try:
        analyses = _Analyses(models, options, outputs, quiet, said)
        codes = [analyses.run(plan) for plan in plans]
    except SpeechError as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    if len(jobs) > 1 and not quiet:
        errors.print(f"{codes.count(OK)} of {len(jobs)} analyzed")
    if FAILURE in codes:
        raise typer.Exit(FAILURE)
    raise typer.Exit(BAD_INPUT if BAD_INPUT in codes or refused else OK)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    socket: Annotated[
        Path | None, typer.Option(help="Unix socket to listen on, instead of a host and port.", dir_okay=False)
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="Trained bundle to predict with: a name or a folder.")] = None,
    transcriber: Annotated[str | None, typer.Option("--transcriber", "--whisper-model", help=TRANSCRIBER_HELP)] = None,
) -> None:
    """Answer over HTTP, as a SageMaker container does: GET /ping, POST /invocations.

    \b
    video-sentiment serve &
    curl --data-binary @talk.mp4 -H 'Content-Type: video/mp4' localhost:8080/invocations

    Everything else is set by environment variables (docs/server.md lists them).
    """
    from model.asr.base import SpeechError
    from model.bundle import BundleError
    from model.pipeline import DeviceError
    from model.serving.app import serve as run_server
    from model.serving.settings import ServerSettings

    chosen = {"bundle": bundle, "transcriber": transcriber}
    try:
        settings = ServerSettings(**{k: v for k, v in chosen.items() if v is not None})  # type: ignore[arg-type]
        run_server(host, port, settings, socket)
    except (BundleError, SpeechError, DeviceError) as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error


@app.command()
def info() -> None:
    """Versions, devices, the bundle, and where weights are kept: what to put into a bug report."""
    from model.cli.about import describe

    for name, value in describe():
        console.print(f"[bold]{name:<14}[/] {value}", soft_wrap=True, highlight=False)


def _people(path: Path) -> People:
    """Raises OutputsError, with what is wrong."""
    try:
        return read_people(path)
    except OSError as error:
        raise OutputsError(f"--people {path}: {error.strerror}") from error
    except PeopleError as error:
        raise OutputsError(f"--people {error}") from error


def _load(bundle: str, transcriber: str, device: Device, prior: Prior, quiet: bool, people: bool) -> "Models":
    """Load the models, with a bar where something must be downloaded first."""
    with errors.status("loading the models", spinner="dots") if not quiet else _Nothing():
        from model.asr.base import SpeechError
        from model.bundle import BundleError, find_bundle, read_manifest
        from model.pipeline import DeviceError, load_models, needed_weights
    try:
        needed = needed_weights(read_manifest(find_bundle(bundle)), transcriber, people)
        missing = [name for name in needed if not catalog.is_fetched(name)]
        if missing:
            with download_bar() as bar:
                for name in missing:
                    catalog.fetch(name, report_to(bar))
        with errors.status("loading the models", spinner="dots") if not quiet else _Nothing():
            return load_models(bundle, transcriber, device.value, prior, people)
    except (BundleError, SpeechError, DeviceError) as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error


@dataclass(frozen=True)
class _Analyses:
    """Analyses of several files by the same models and options."""

    models: "Models"
    options: "Options"
    outputs: Outputs
    quiet: bool
    people: People | None = None

    def run(self, plan: Plan) -> int:
        """Analyze one file, write and print what was asked for; return its exit code.

        A failure concerns this file alone. Raises SpeechError for options that the transcriber does not support.
        """
        from model.asr.base import SpeechError
        from model.media import MediaError, spooled

        try:
            with spooled(plan.path) as path:
                return self._give_out(self._analyze(path), plan, path)
        except MediaError as error:
            print_error(str(error))
            return BAD_INPUT
        except (SpeechError, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get(DEBUG_VARIABLE):
                raise
            print_fault(error, plan.path)
            return FAILURE

    def _analyze(self, path: Path) -> Analysis:
        """Analyze a file, with a progress bar."""
        from model.pipeline import analyze

        columns = (SpinnerColumn(), TextColumn("{task.fields[name]}"), BarColumn(), TaskProgressColumn())
        with Progress(
            *columns, TextColumn("{task.fields[stage]}"), TimeElapsedColumn(),
            console=errors, transient=True, disable=self.quiet or not errors.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task("", total=1.0, name=path.name, stage="")
            return analyze(
                path, self.models, self.options, lambda stage, share: bar.update(task, completed=share, stage=stage)
            )

    def _give_out(self, analysis: Analysis, plan: Plan, path: Path) -> int:
        """Write an analysis, then print it, also where it could not be written; return the exit code.

        `path` is the file that was read, a copy where the plan's is a pipe.
        """
        written: list[Path] = []
        code = OK
        try:
            written.extend(self.outputs.write(analysis, plan, path))
        except OutputsError as error:
            print_error(str(error))
            code = BAD_INPUT
        if not self.quiet:
            self._print(analysis, path, written)
        return code

    def _print(self, analysis: Analysis, path: Path, written: Sequence[Path]) -> None:
        from model.reports.table import print_analysis

        print_analysis(analysis, path, errors if self.outputs.takes_standard_output else console, self.people)
        if not self.options.translate and any(u.text and "text" not in u.modalities for u in analysis.utterances):
            errors.print("Pass --translate to have the words translated to English and read.", highlight=False)
        for target in written:
            errors.print(f"written: {target}", markup=False, highlight=False, soft_wrap=True)


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever happens, no traceback (unless VIDEO_SENTIMENT_DEBUG is set)."""
    tolerate_any_encoding()
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
        print_fault(error)
        sys.exit(FAILURE)


if __name__ == "__main__":
    main()
