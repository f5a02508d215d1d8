"""Commands `video-sentiment weights list | fetch | verify`."""

from typing import Annotated

import typer

from model.cli.terminal import BAD_INPUT, FAILURE, OK, console, download_bar, print_error, report_to
from model.weights import catalog

NEEDED = ("minilm-l6", "centerface", "whisper-base", "whisper-base-encoder", "campplus")  # with the starter bundle

weights_app = typer.Typer(no_args_is_help=True, help="List, fetch and verify the public weights that the engine uses.")


@weights_app.command("list")
def weights_list() -> None:
    """List the public weights, their purpose, and whether they are cached."""
    for name, entry in catalog.CATALOG.items():
        state = f"cached, {catalog.size(name) / 1e6:.0f} MB" if catalog.is_fetched(name) else "not cached"
        line = f"[bold]{name:<20}[/] {entry.purpose} ({entry.licence}): {state}"
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"cache: {catalog.cache_folder()} (set {catalog.CACHE_VARIABLE} to change it)", highlight=False)


@weights_app.command("fetch")
def weights_fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of weights (default: those that the starter bundle needs).")
    ] = None,
) -> None:
    """Download weights and verify their SHA-256. Interrupted downloads are resumed."""
    for name in names or NEEDED:
        with download_bar(disable=catalog.is_fetched(name)) as bar:
            folder = catalog.fetch(name, report_to(bar))
        console.print(f"{name}: {folder}", highlight=False)


@weights_app.command("verify")
def weights_verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names of weights (default: those that the starter bundle needs, and all cached ones)."),
    ] = None,
) -> None:
    """Recompute the SHA-256 of cached files. Exit code 1 if any is damaged, 2 if any is missing."""
    found = set()
    for name in names or [n for n in catalog.CATALOG if n in NEEDED or catalog.size(n)]:
        for file, state in catalog.verify(name).items():
            found.add(state)
            style = {"ok": "green", "missing": "bold yellow", "damaged": "bold red"}[state]
            console.print(f"{name}/{file}: [{style}]{state}[/]", highlight=False)
    for state in sorted(found - {"ok"}):
        print_error(f"{state} files: run `video-sentiment weights fetch NAME`")
    raise typer.Exit(FAILURE if "damaged" in found else BAD_INPUT if "missing" in found else OK)
