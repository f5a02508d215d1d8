"""Command line of the local product: `python -m local`."""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import shlex
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from local.errors import LocalError
from local.processes import Record, wait_for_end
from local.settings import HOST, HOST_IPV6, LocalSettings, Ports

MARK = ".video-sentiment"  # file that marks a state folder, which `reset` may remove
STOP_TIMEOUT = 60.0  # seconds that a running product has to stop

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Run the complete product on one machine, without an AWS account or Docker.

    It consists of an AWS emulator with the same stacks and functions as on AWS, the real model server, and one web
    origin: the site, /api for developers, /app for the web app, and /docs with the API reference.

    \b
    python -m local up        start in the foreground; Ctrl-C stops everything
    python -m local down      stop a product that runs elsewhere
    python -m local env       print the environment for AWS tools
    python -m local reset     remove all data
    """,
)
State = Annotated[Path, typer.Option(help="Folder for data, logs and the demo user.", file_okay=False)]
DEFAULT = LocalSettings()


@app.command()
def up(
    state: State = DEFAULT.state,
    port: Annotated[int, typer.Option(help="TCP port of the web origin.")] = DEFAULT.ports.web,
    emulator_port: Annotated[int, typer.Option(help="TCP port of the AWS emulator.")] = DEFAULT.ports.emulator,
    bundle: Annotated[str | None, typer.Option(help="Trained bundle to use: a name or a folder.")] = None,
    transcriber: Annotated[
        str | None,
        typer.Option(
            "--transcriber",
            "--whisper-model",
            help="Whisper size (tiny.en, base, small), a folder with a CTranslate2 model, or ENGINE:MODEL "
            "(openai-whisper:small). Sizes ending in .en support English only.",
        ),
    ] = None,
    enforce_iam: Annotated[bool, typer.Option(help="Check signatures and policies as AWS does.")] = False,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", help="NAME=VALUE, a setting of the stacks (stacks/config.py). Repeatable."),
    ] = None,
) -> None:
    """Start the product in the foreground.

    Prints the site's URL, a demo user and an API key once everything is ready. The CDK command line deploys the stacks
    at the first start and whenever they have changed. Data is kept until `reset`. When a part fails, everything is
    stopped and the failed part's log is named.
    """
    settings = LocalSettings(
        state=state.resolve(),
        ports=Ports(web=port, emulator=emulator_port),
        enforce_iam=enforce_iam,
        bundle=bundle,
        transcriber=transcriber,
        context=tuple(context or ()),
    )
    with _errors_reported(), _state_lock(settings):
        if stopped := Record(settings.state / "run.json").end_children():
            typer.echo(f"stopped processes of an earlier run: {', '.join(stopped)}")
        check_ports(settings.ports)
        _begin_logs(settings)
        logging.basicConfig(filename=settings.log("up"), format="%(asctime)s %(levelname)s %(name)s %(message)s")
        asyncio.run(_run(settings))


@app.command()
def down(state: State = DEFAULT.state) -> None:
    """Stop a running product; its data is kept.

    Also stops the remaining processes of a killed one.
    """
    with _errors_reported():
        typer.echo("stopped" if _stop(state.resolve()) else "nothing is running")


@app.command()
def reset(
    state: State = DEFAULT.state,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Stop the product and remove all its data.

    That is: videos, results, users, API keys and the deployed stacks.
    """
    state = state.resolve()
    with _errors_reported():
        if not state.exists():
            typer.echo("nothing to remove")
            return
        if not (state / MARK).exists():
            raise LocalError(f"{state} is not the state folder of a local product; nothing was removed")
        if not yes:
            typer.confirm(f"Remove all data in {state}?", abort=True)
        _stop(state)
        shutil.rmtree(state)
        typer.echo("removed")


@app.command()
def env(state: State = DEFAULT.state) -> None:
    """Print the environment for AWS tools.

    With these variables, AWS tools use the running product. For a shell: (eval "$(python -m local env)"; aws s3 ls).
    The credentials are valid until the product stops.
    """
    from local.emulator import aws_environment

    with _errors_reported():
        for name, value in aws_environment(LocalSettings(state=state.resolve())).items():
            typer.echo(f"export {name}={shlex.quote(value)}")


def _begin_logs(settings: LocalSettings) -> None:
    """Create an empty folder for logs; keep the previous run's as logs.previous."""
    logs = settings.log("up").parent
    earlier = logs.with_name("logs.previous")
    shutil.rmtree(earlier, ignore_errors=True)
    if logs.exists():
        logs.rename(earlier)
    logs.mkdir()


def check_ports(ports: Ports) -> None:
    """Raise LocalError when another program listens on one of the ports, at either address of `localhost`."""
    for name, port in ports.named().items():
        try:
            _bind(socket.AF_INET, HOST, port)
            with _without_ipv6():
                _bind(socket.AF_INET6, HOST_IPV6, port)
        except OSError as error:
            option = "--port" if name == "web" else f"--{name}-port"
            raise LocalError(
                f"port {port} ({name}) is in use; stop the other program or choose another port: {option} NUMBER"
            ) from error


def _bind(family: socket.AddressFamily, host: str, port: int) -> None:
    """Bind a port and release it. Raises OSError."""
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


@contextlib.contextmanager
def _without_ipv6() -> Iterator[None]:
    """Ignore the error of binding an IPv6 address that this machine does not have."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise


async def _run(settings: LocalSettings) -> None:
    from local.product import Product

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGHUP: the terminal was closed
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Product(settings, typer.echo).run(stop)


def _stop(state: Path) -> bool:
    """Stop the product that uses this state folder; return False when nothing ran. Raises LocalError."""
    record = Record(state / "run.json")
    parent = record.running().get("up")
    if parent is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(parent, signal.SIGTERM)
        if not wait_for_end([parent], STOP_TIMEOUT):
            raise LocalError(f"process {parent} did not stop within {STOP_TIMEOUT:g} s")
    return bool(record.end_children()) or parent is not None


@contextlib.contextmanager
def _state_lock(settings: LocalSettings) -> Iterator[None]:
    """Hold the lock of the state folder, creating the folder if absent.

    Raises LocalError when another `up` holds it.
    """
    mark = settings.state / MARK
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not mark.exists() and any(settings.state.iterdir()):
        raise LocalError(f"{settings.state} is not empty; choose an empty folder or a new one")
    mark.touch()
    with (settings.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LocalError(f"already running with its data in {settings.state}; stop it with `make down`") from error
        yield


@contextlib.contextmanager
def _errors_reported() -> Iterator[None]:
    """Print a LocalError as one line and exit with code 1."""
    try:
        yield
    except LocalError as error:
        typer.echo(f"local: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
