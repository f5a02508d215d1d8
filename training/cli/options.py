"""Options of several commands."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

TrainedOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="Work folder of the encoders' training (its --work).")
]
EvenIfWorseOption: TypeAlias = Annotated[
    bool, typer.Option(help="Replace the bundle in --out even if it does better on out-of-corpus data.")
]
