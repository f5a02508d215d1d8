"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

TrainedOption: TypeAlias = Annotated[Path | None, typer.Option(help="Folder of the encoders' training (its --work).")]
EvenIfWorseOption: TypeAlias = Annotated[
    bool, typer.Option(help="Replace a bundle in --out that does better where neither learned.")
]
