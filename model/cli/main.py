"""Command line `video-sentiment analyze | serve | weights | info`.

Exit codes: 0 for success; 2 for an invalid input, option or output location (one line each on standard error); 1 for
any other failure. A failure of one file does not affect the others.
"""

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from common.progress import Stage
from model.cli.outputs import FileOutputs, Outputs, OutputsError, find_inputs
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
    print_failure,
    replace_unencodable,
    report_to,
)
from model.cli.weights import weights_app
from model.contract import Analysis, Prior
from model.reports.people import Judgments, JudgmentsError, read_judgments
from model.weights import catalog

if TYPE_CHECKING:  # importing torch takes seconds, too long for --help
    from model.pipeline import Models, Options

app = typer.Typer(
    name="video-sentiment",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Predict the emotion and sentiment of every utterance in a video from text, voice and face.",
)
app.add_typer(weights_app, name="weights")

# Display names of the stages that `pipeline.analyze` reports.
STAGES: dict[str, str] = {
    Stage.TRANSCRIBING: "transcribing speech",
    Stage.DETECTING: "detecting faces",
    Stage.PREDICTING: "predicting emotions",
}


class Device(StrEnum):
    """Compute device."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


BundleOption = Annotated[str, typer.Option(help="Bundle to predict with: name or folder.")]
TRANSCRIBER_HELP = (
    "Whisper size (tiny.en, base, small), a folder with a CTranslate2 model, or ENGINE:MODEL (openai-whisper:small). "
    "Models ending in .en are for English only."
)
TranscriberOption = Annotated[str, typer.Option("--transcriber", "--whisper-model", help=TRANSCRIBER_HELP)]
DeviceOption = Annotated[Device, typer.Option(help="Compute device; auto uses a GPU if available.")]


def _output(kind: str, content: str) -> typer.models.OptionInfo:
    option = typer.Option(f"--{kind}", help=f"Write {content} to this file or folder, or to standard output (-).")
    assert isinstance(option, typer.models.OptionInfo)
    return option


def _print_version(requested: bool) -> None:
    if requested:
        console.print(importlib.metadata.version("video-sentiment"), highlight=False)
        raise typer.Exit(OK)


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001  (handled by its callback)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Declare the options of the program itself."""


@app.command()
def analyze(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Videos, folders of videos, or - for standard input.", show_default=False),
    ],
    json: Annotated[Path | None, _output("json", "the full analysis as JSON")] = None,
    csv: Annotated[Path | None, _output("csv", "a table with a row per utterance")] = None,
    srt: Annotated[Path | None, _output("srt", "SubRip subtitles with emotions")] = None,
    vtt: Annotated[Path | None, _output("vtt", "WebVTT subtitles with emotions")] = None,
    html: Annotated[Path | None, _output("html", "a report with video player and charts")] = None,
    people: Annotated[
        Path | None,
        typer.Option(help="CSV of people's judgments of this video, shown beside the predictions (docs/people.md)."),
    ] = None,
    bundle: BundleOption = "starter",
    transcriber: TranscriberOption = "base",
    language: Annotated[
        str | None, typer.Option(help="Spoken language (ISO 639-1 code such as en); detected by default.")
    ] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Translate speech to English.")] = False,
    prior: Annotated[
        Prior,
        typer.Option(
            help="Class frequencies assumed before the video is analyzed: those that the bundle declares "
            "(conversation, mostly neutral), or uniform ones."
        ),
    ] = "declared",
    speakers: Annotated[
        int | None, typer.Option(help="Number of people who speak; else found.", min=1, show_default=False)
    ] = None,
    no_people: Annotated[
        bool, typer.Option("--no-people", help="Do not tell people apart: no voice is compared with another.")
    ] = False,
    device: DeviceOption = Device.auto,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no table and no progress bar.")] = False,
) -> None:
    """Analyze videos: time, text, emotion and sentiment of every utterance.

    Without an output option, the analysis of NAME.mp4 is written to NAME.analysis.json in the current folder
    (NAME.mp4.analysis.json if NAME.wav is analyzed as well).

    \b
    video-sentiment analyze talk.mp4
    video-sentiment analyze talk.mp4 --html talk.html --srt talk.srt
    video-sentiment analyze recordings/ --csv tables/ --transcriber tiny.en
    video-sentiment analyze talk.mp4 --quiet --json - | jq .overall
    """  # noqa: D301  (click reads the escape)
    try:
        judgments = None if people is None else _read_judgments(people)
        outputs = Outputs({"json": json, "csv": csv, "srt": srt, "vtt": vtt, "html": html}, judgments)
        if speakers is not None and no_people:
            raise OutputsError("--speakers has no effect with --no-people; give only one of them")
        inputs, input_errors = find_inputs(paths)
        if judgments is not None and len(inputs) > 1:
            raise OutputsError(f"--people {people} applies to one video, but {len(inputs)} were given")
        files, output_errors = outputs.resolve(inputs)
    except OutputsError as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    rejected = [*input_errors, *output_errors]
    for message in rejected:
        print_error(message)
    if not files:
        raise typer.Exit(BAD_INPUT)
    models = _load(bundle, transcriber, device, prior, quiet, people=not no_people)
    from model.asr.base import SpeechError
    from model.pipeline import Options  # slow to import, so only once there is something to analyze

    options = Options(language=language, translate=translate, speakers=speakers)
    try:
        analyses = _Analyses(models, options, outputs, quiet, judgments)
        codes = [analyses.run(file) for file in files]
    except SpeechError as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    if len(inputs) > 1 and not quiet:
        errors.print(f"{codes.count(OK)} of {len(inputs)} analyzed")
    if FAILURE in codes:
        raise typer.Exit(FAILURE)
    raise typer.Exit(BAD_INPUT if BAD_INPUT in codes or rejected else OK)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all interfaces.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    socket: Annotated[
        Path | None, typer.Option(help="Unix socket to listen on instead of a host and port.", dir_okay=False)
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="Bundle to predict with: name or folder.")] = None,
    transcriber: Annotated[str | None, typer.Option("--transcriber", "--whisper-model", help=TRANSCRIBER_HELP)] = None,
) -> None:
    """Serve predictions over HTTP as a SageMaker container does: GET /ping, POST /invocations.

    \b
    video-sentiment serve &
    curl --data-binary @talk.mp4 -H 'Content-Type: video/mp4' localhost:8080/invocations

    All other settings are environment variables (see docs/server.md).
    """  # noqa: D301  (click reads the escape)
    from model.asr.base import SpeechError
    from model.bundle import BundleError
    from model.pipeline import DeviceError
    from model.serving.app import serve as run_server
    from model.serving.settings import ServerSettings

    options = {"bundle": bundle, "transcriber": transcriber}
    try:
        settings = ServerSettings(**{k: v for k, v in options.items() if v is not None})  # type: ignore[arg-type]
        run_server(host, port, settings, socket)
    except (BundleError, SpeechError, DeviceError) as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error


@app.command()
def info() -> None:
    """Show versions, devices, bundles and cached weights, for bug reports."""
    from model.cli.about import describe

    for name, value in describe():
        console.print(f"[bold]{name:<14}[/] {value}", soft_wrap=True, highlight=False)


def _read_judgments(path: Path) -> Judgments:
    """Read the file of --people. Raises OutputsError."""
    try:
        return read_judgments(path)
    except OSError as error:
        raise OutputsError(f"--people {path}: {error.strerror}") from error
    except JudgmentsError as error:
        raise OutputsError(f"--people {error}") from error


def _load(bundle: str, transcriber: str, device: Device, prior: Prior, quiet: bool, people: bool) -> "Models":
    """Load the models, with a progress bar for downloads."""
    with errors.status("loading the models", spinner="dots") if not quiet else nullcontext():
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
        with errors.status("loading the models", spinner="dots") if not quiet else nullcontext():
            return load_models(bundle, transcriber, device.value, prior, people=people)
    except (BundleError, SpeechError, DeviceError) as error:
        print_error(str(error))
        raise typer.Exit(BAD_INPUT) from error


@dataclass(frozen=True)
class _Analyses:
    """Analyses of several files with the same models and options."""

    models: "Models"
    options: "Options"
    outputs: Outputs
    quiet: bool
    judgments: Judgments | None = None

    def run(self, file: FileOutputs) -> int:
        """Analyze one file, write and print the results; return its exit code.

        Raises SpeechError for options that the transcriber does not support; other failures affect only this file.
        """
        from model.asr.base import SpeechError
        from model.media import MediaError, spooled

        try:
            with spooled(file.path) as path:
                return self._write_and_print(self._analyze(path), file, path)
        except MediaError as error:
            print_error(str(error))
            return BAD_INPUT
        except (SpeechError, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get(DEBUG_VARIABLE):
                raise
            print_failure(error, file.path)
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
                path,
                self.models,
                self.options,
                lambda stage, share: bar.update(task, completed=share, stage=STAGES.get(stage, stage)),
            )

    def _write_and_print(self, analysis: Analysis, file: FileOutputs, path: Path) -> int:
        """Write an analysis, then print it even if writing failed; return the exit code.

        `path` is the file that was read: a copy if the input is a pipe.
        """
        written: list[Path] = []
        code = OK
        try:
            written.extend(self.outputs.write(analysis, file, path))
        except OutputsError as error:
            print_error(str(error))
            code = BAD_INPUT
        if not self.quiet:
            self._print(analysis, path, written)
        return code

    def _print(self, analysis: Analysis, path: Path, written: Sequence[Path]) -> None:
        from model.reports.table import print_analysis

        print_analysis(analysis, path, errors if self.outputs.uses_standard_output else console, self.judgments)
        if not self.options.translate and any(u.text and "text" not in u.modalities for u in analysis.utterances):
            errors.print("Pass --translate to translate the speech to English and use its text.", highlight=False)
        for target in written:
            errors.print(f"written: {target}", markup=False, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Errors are printed without a traceback unless VIDEO_SENTIMENT_DEBUG is set."""
    replace_unencodable()
    try:
        app(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader closed the pipe, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        print_failure(error)
        sys.exit(FAILURE)


if __name__ == "__main__":
    main()
