"""`docs/performance.md`, written from saved results: no figure in it is typed by hand."""

from collections.abc import Sequence
from pathlib import Path

from bench.clip import ROOT
from bench.report import Table, tables
from bench.results import Machine, Results

PAGE = ROOT / "docs" / "performance.md"
DATA = ROOT / "docs" / "performance.json"

PARTS = {"runs": "one clip and its ratios", "stages": "the stages", "long_runs": "memory over length", "api": "the API"}

HEAD = """# Speed and memory

Written by `make bench` and then `python -m bench --write-docs`, from [performance.json](performance.json);
do not edit. Measured {measured} on {machine}.

Read the ratios rather than the seconds: they were measured side by side in one run, and carry over to other
machines better. Every analysis ran in a fresh process, contenders taking turns; its time starts when the
models are loaded. `CPU s` adds up all cores: it tells what other programs on the machine did not disturb.
The best run counts for time, the worst for memory.
"""

NOTES = """
## What is compared

**The reference** ([bench/reference.py](../bench/reference.py)) is a multimodal pipeline as it is usually written:
for each segment that Whisper gives, cut it out of the file with a re-encoding, decode the cut's first 30
pictures at 224x224, write and read a wav file, make a mel spectrogram, pad the words to 128 tokens, and run
BERT, R3D-18 and the voice encoder on a batch of one in fp32. It has the same weights as the bundle beside it and the
same Whisper. Where there was a choice it has the faster form: it seeks before it cuts, its encoder uses all
cores. It reads no faces, which ours does in the same time.

**With faster-whisper** it has our transcriber (CTranslate2, int8, greedy), one window after the other. **With the
starter's weights** it has MiniLM for BERT and no R3D-18: what is left is what the way of working costs.

**Ours** is `model.pipeline.analyze`, as the command line, the server and the cloud run it. The full shape's
weights are random (training them needs MELD), which changes neither speed nor memory.

The clip is the sample of `tests/media`, scaled up and looped, with eleven of its phrases spoken over it
([bench/clip.py](../bench/clip.py)).
"""


def write(results: Results, page: Path = PAGE, data: Path = DATA) -> None:
    """Write the page, and beside it the results it was made from."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(rendered(results), encoding="utf-8")
    results.save(data)


def rendered(results: Results) -> str:
    """The page as Markdown."""
    head = HEAD.format(measured=_dates(results), machine=_machine(results.machine))
    parts = [head, *map(_markdown, tables(results)), NOTES, _versions(results.machine)]
    return "\n".join(parts)


def _dates(results: Results) -> str:
    """When; and of parts that are kept from earlier runs, by the code as it was then, when those were."""
    kept = "".join(f"; {PARTS[name]} {date}" for name, date in results.earlier.items())
    return f"{results.measured_at}{kept},"


def _machine(machine: Machine) -> str:
    instructions = ", ".join(machine.instructions) or "unknown instruction sets"
    return f"{machine.cores} cores of {machine.cpu} ({instructions}), {machine.system}, Python {machine.python}"


def _versions(machine: Machine) -> str:
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in machine.packages.items()) + ".\n"


def _markdown(table: Table) -> str:
    lines = [f"## {table.title}", "", _row(table.head), _row(["---"] * len(table.head)), *map(_row, table.rows), ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
