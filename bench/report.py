"""Results as tables, for the terminal and for `docs/performance.md`."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable

from bench.goals import COMPARISONS, goals, ratio
from bench.results import Contender, Form, Results, Stage

CONTENDERS: dict[Contender, str] = {
    "reference": "reference: BERT-base, R3D-18, openai-whisper",
    "reference-faster": "reference with faster-whisper",
    "reference-starter": "reference with the starter's weights, without R3D-18",
    "full-shape": "ours, full shape: BERT-base, R3D-18, voice, face",
    "starter": "ours, starter bundle: MiniLM, voice, face",
}
OUTCOMES = {True: "met", False: "MISSED", None: "not measured"}


@dataclass(frozen=True)
class Table:
    """A table of plain text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(results: Results) -> list[Table]:
    """Return all tables for which there are results."""
    api = [_api(results), _api_memory(results), _fairness(results)]
    made = [_runs(results), _ratios(results), _stages(results), _long_runs(results), *api, _goals(results)]
    return [table for table in made if table.rows]


def show(results: Results, console: Console) -> None:
    """Print all tables."""
    for table in tables(results):
        drawn = RichTable(*table.head, title=table.title, title_justify="left", title_style="bold")
        for column in drawn.columns[1:]:
            column.overflow = "fold"
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)


def _runs(results: Results) -> Table:
    rows = []
    for contender, what in CONTENDERS.items():
        run = results.best(contender)
        if run is not None:
            rows.append(
                (
                    what,
                    f"{run.analysis.wall:.1f}",
                    f"{run.analysis.cpu:.1f}",
                    f"{run.analysis.wall / results.clip.seconds:.2f}",
                    str(run.utterances),
                    f"{run.load.wall:.1f}",
                    f"{results.peak(contender):.0f}",
                )
            )
    head = ("contender", "s", "CPU s", "real-time factor", "utterances", "loading, s", "peak MiB")
    return Table(f"One clip of {results.clip.seconds:.1f} s, Whisper {results.whisper_model}", head, rows)


def _ratios(results: Results) -> Table:
    rows = []
    for pair in COMPARISONS:
        wall = ratio(results, pair.ours, pair.reference)
        cpu = ratio(results, pair.ours, pair.reference, "cpu")
        if wall is not None and cpu is not None:
            rows.append((CONTENDERS[pair.ours], CONTENDERS[pair.reference], f"{wall:.1f} x", f"{cpu:.1f} x"))
    return Table("Speedup", ("ours", "reference", "by wall-clock time", "by CPU time"), rows)


def _stages(results: Results) -> Table:
    rows: list[Sequence[str]] = []
    for stage in results.stages:
        rows += _stage_rows(stage, results.clip.seconds)
    head = ("stage", "form", "s", "CPU s", "real-time factor", "speedup of ours")
    return Table("Stages, timed separately", head, rows)


def _stage_rows(stage: Stage, seconds: float) -> list[Sequence[str]]:
    rows = [_form_row(f"{stage.name} ({stage.bundle})", f"ours: {stage.ours.what}", stage.ours, seconds, "")]
    for form in stage.naive:
        faster = form.timing.wall / stage.ours.timing.wall if stage.ours.timing.wall else 0.0
        rows.append(_form_row("", form.what, form, seconds, f"{faster:.1f} x"))
    return rows


def _form_row(stage: str, what: str, form: Form, seconds: float, faster: str) -> Sequence[str]:
    noted = f"{what} ({form.note})" if form.note else what
    timing = form.timing
    return (stage, noted, f"{timing.wall:.2f}", f"{timing.cpu:.2f}", f"{timing.wall / seconds:.3f}", faster)


def _long_runs(results: Results) -> Table:
    rows = [
        (
            f"{run.minutes:.1f}",
            f"{run.peak_mib:.0f}",
            f"{run.analysis.wall:.0f}",
            f"{run.analysis.cpu:.0f}",
            str(run.utterances),
        )
        for run in results.long_runs
    ]
    head = ("minutes of video", "peak MiB", "s", "CPU s", "utterances")
    return Table("Memory by length (starter bundle, Whisper tiny.en)", head, rows)


def _api(results: Results) -> Table:
    api = results.api
    rows = [
        (
            call.what,
            str(call.requests),
            str(call.errors),
            f"{call.per_second:.0f}",
            f"{call.p50_ms:.0f}",
            f"{call.p99_ms:.0f}",
            "-" if call.longest_ms is None else f"{call.longest_ms:.0f}",
        )
        for call in (api.calls if api else ())
    ]
    title = ""
    if api is not None:
        imported = f"{1000 * api.importing.wall:.0f} ms ({1000 * api.importing.cpu:.0f} ms of CPU)"
        title = f"The local API with {api.clients} concurrent clients; its Lambda imports in {imported}"
    return Table(title, ("call", "requests", "errors", "requests/s", "p50, ms", "p99, ms", "longest, ms"), rows)


def _api_memory(results: Results) -> Table:
    rows = [
        (m.what, str(m.processes_before), f"{m.mib_before:.0f}", str(m.processes_after), f"{m.mib_after:.0f}")
        for m in (results.api.memory if results.api else ())
    ]
    head = ("part", "processes before", "MiB", "processes after", "MiB")
    return Table("Memory of the local product before and after that load", head, rows)


def _fairness(results: Results) -> Table:
    fairness = results.api.fairness if results.api else None
    if fairness is None:
        return Table("", (), ())
    waits = {"alone": fairness.alone, "beside a flood": fairness.beside_a_flood}
    rows = [(what, f"{found.p50_s:.1f}", f"{found.p95_s:.1f}") for what, found in waits.items()]
    title = (
        f"Waiting for {fairness.clips} clips of {fairness.seconds:.0f} s, one after another,"
        f" alone and beside another owner's flood of {fairness.flood_seconds:.0f} s each: {fairness.ratio:.1f} x"
    )
    return Table(title, ("", "p50, s", "p95, s"), rows)


def _goals(results: Results) -> Table:
    rows = [(goal.what, goal.target, goal.measured, OUTCOMES[goal.met]) for goal in goals(results)]
    return Table("Goals", ("goal", "target", "measured", ""), rows)
