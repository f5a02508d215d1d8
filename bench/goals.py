"""Performance goals, and whether the results meet them."""

from dataclasses import dataclass

from bench.memory import growth
from bench.results import Contender, Results

MAX_MEMORY = 1.6 * 1024  # MiB
MAX_GROWTH = 0.15
MAX_DELAY = 3.0  # factor over the wait alone


@dataclass(frozen=True)
class Goal:
    """A goal and the measured value, as text; `met` is None if the value was not measured."""

    what: str
    target: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Comparison:
    """Comparison with a reference: at least `least` times as fast, ideally `aim` times; 0 for no goal."""

    ours: Contender
    reference: Contender
    least: float = 0.0
    aim: float = 0.0


COMPARISONS = (
    Comparison("full-shape", "reference", 8, 12),
    Comparison("full-shape", "reference-faster"),
    Comparison("starter", "reference", 10, 15),
    Comparison("starter", "reference-starter"),
)


def ratio(results: Results, ours: Contender, reference: Contender, clock: str = "wall") -> float | None:
    """Return the reference's time divided by ours, of the best runs; None if either was not measured."""
    a, b = results.best(ours), results.best(reference)
    if a is None or b is None:
        return None
    return float(getattr(b.analysis, clock) / getattr(a.analysis, clock))


def goals(results: Results) -> list[Goal]:
    """Return all goals with their results."""
    return [*_speed(results), *_memory(results), _fairness(results)]


def _speed(results: Results) -> list[Goal]:
    found = []
    for goal in COMPARISONS:
        if goal.least:
            measured = ratio(results, goal.ours, goal.reference)
            found.append(
                Goal(
                    f"{goal.ours} versus {goal.reference}",
                    f"at least {goal.least:g} x, aim {goal.aim:g} x",
                    "-" if measured is None else f"{measured:.1f} x",
                    None if measured is None else measured >= goal.least,
                )
            )
    return found


def _memory(results: Results) -> list[Goal]:
    found = []
    contenders: tuple[Contender, ...] = ("full-shape", "starter")
    for contender in contenders:
        peak = results.peak(contender)
        met = peak <= MAX_MEMORY if peak else None
        found.append(Goal(f"peak memory, {contender}", "1.6 GB", _gigabytes(peak) if peak else "-", met))
    more = growth(results.long_runs)
    found.append(
        Goal(
            "growth of peak memory from five minutes to an hour",
            f"at most {MAX_GROWTH:+.0%}",
            "-" if more is None else f"{more:+.1%}",
            None if more is None else more <= MAX_GROWTH,
        )
    )
    return found


def _fairness(results: Results) -> Goal:
    fairness = results.api.fairness if results.api is not None else None
    return Goal(
        "p95 of a second owner's clip beside a flood",
        f"at most {MAX_DELAY:g} x its time alone",
        "-" if fairness is None else f"{fairness.ratio:.1f} x",
        None if fairness is None else fairness.ratio <= MAX_DELAY,
    )


def _gigabytes(mib: float) -> str:
    return f"{mib / 1024:.2f} GB"
