"""`python -m local`: the whole product on this machine."""

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

from local.problems import LocalError
from local.processes import Record, wait_for_end
from local.settings import HOST, HOST_IPV6, LocalSettings, Ports

MARK = ".video-sentiment"  # in a state folder: what `reset` may remove
PATIENCE = 60.0  # seconds that a running product has to stop

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""The whole product on one machine, without an AWS account or Docker.

    An AWS emulator with the very stacks and functions that run on AWS, the real model server, and one web origin:
    the site, /api for developers, /app for the web app, /docs with the API reference.

    \b
    python -m local up        start, and stay in the foreground; Ctrl-C stops all of it
    python -m local down      stop one that runs elsewhere
    python -m local env       what AWS's tools need to speak to it
    python -m local reset     empty its data
    """,
)
State = Annotated[Path, typer.Option(help="Folder for data, logs and the demo user.", file_okay=False)]
DEFAULT = LocalSettings()


@app.command()
def up(
    state: State = DEFAULT.state,
    port: Annotated[int, typer.Option(help="TCP port of the web origin.")] = DEFAULT.ports.web,
    emulator_port: Annotated[int, typer.Option(help="TCP port of the AWS emulator.")] = DEFAULT.ports.emulator,
    bundle: Annotated[str | None, typer.Option(help="Trained bundle to predict with: a name or a folder.")] = None,
    transcriber: Annotated[
        str | None,
        typer.Option(
            "--transcriber",
            "--whisper-model",
            help="Whisper size (tiny.en, base, small), a folder with a CTranslate2 model, or ENGINE:MODEL "
            "(openai-whisper:small). Names in .en are for English only.",
        ),
    ] = None,
    enforce_iam: Annotated[bool, typer.Option(help="Check signatures and policies as AWS does.")] = False,
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", help="NAME=VALUE for the stacks (stacks/config.py).")
    ] = None,
) -> None:
    """Start everything and say where it is: the site, a demo user, an API key.

    The stacks are deployed by the CDK command line, at the first start and when anything of them has changed. Data
    stays until `reset`. When a part dies, everything is stopped, and a line names its log.
    """
    settings = LocalSettings(
        state=state.resolve(),
        ports=Ports(web=port, emulator=emulator_port),
        enforce_iam=enforce_iam,
        bundle=bundle,
        transcriber=transcriber,
        context=tuple(context or ()),
    )
    with _reported(), _alone(settings):
        if left := Record(settings.state / "run.json").end_children():
            typer.echo(f"stopped what an earlier run had left: {', '.join(left)}")
        check_ports(settings.ports)
        _begin_logs(settings)
        logging.basicConfig(filename=settings.log("up"), format="%(asctime)s %(levelname)s %(name)s %(message)s")
        asyncio.run(_run(settings))


@app.command()
def down(state: State = DEFAULT.state) -> None:
    """Stop a product that runs in the background, or what a killed one left behind. Its data stays."""
    with _reported():
        typer.echo("stopped" if _stop(state.resolve()) else "nothing runs")


@app.command()
def reset(
    state: State = DEFAULT.state,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all data: videos, results, users, keys, and the deployed stacks. Stops what runs."""
    state = state.resolve()
    with _reported():
        if not state.exists():
            typer.echo("there is nothing to remove")
            return
        if not (state / MARK).exists():
            raise LocalError(f"{state} is not the folder of a local product; it is left as it is")
        if not yes:
            typer.confirm(f"Remove all data in {state}?", abort=True)
        _stop(state)
        shutil.rmtree(state)
        typer.echo("removed")


@app.command()
def env(state: State = DEFAULT.state) -> None:
    """Print what makes AWS's tools speak to the product that runs.

    For a shell, as in (eval "$(python -m local env)"; aws s3 ls). The credentials are those of this run alone; with
    the next start they are worth nothing.
    """
    from local.emulator import aws_environment

    with _reported():
        for name, value in aws_environment(LocalSettings(state=state.resolve())).items():
            typer.echo(f"export {name}={shlex.quote(value)}")


def _begin_logs(settings: LocalSettings) -> None:
    """Make an empty folder for logs; keep the previous run's beside it."""
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
                f"port {port} ({name}) is taken by another program; stop it, or choose another: {option} NUMBER"
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
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the last: its terminal was closed
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Product(settings, typer.echo).run(stop)


def _stop(state: Path) -> bool:
    """Stop the product that uses this state folder; return False when nothing ran. Raises LocalError."""
    record = Record(state / "run.json")
    parent = record.running().get("up")
    if parent is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(parent, signal.SIGTERM)
        if not wait_for_end([parent], PATIENCE):
            raise LocalError(f"process {parent} did not stop within {PATIENCE:g} s")
    return bool(record.end_children()) or parent is not None


@contextlib.contextmanager
def _alone(settings: LocalSettings) -> Iterator[None]:
    """Hold the lock of the state folder, creating the folder if absent.

    Raises LocalError when another `up` holds it.
    """
    mark = settings.state / MARK
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not mark.exists() and any(settings.state.iterdir()):
        raise LocalError(f"{settings.state} holds something else; name an empty folder, or a new one")
    mark.touch()
    with (settings.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LocalError(f"it runs already, with its data in {settings.state}; `make down` stops it") from error
        yield


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Print a LocalError as one line and exit with code 1."""
    try:
        yield
    except LocalError as error:
        typer.echo(f"local: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
