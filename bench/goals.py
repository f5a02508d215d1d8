"""What was promised, and whether it is kept."""

from dataclasses import dataclass

from bench.memory import growth
from bench.results import Contender, Results

MOST_MEMORY = 1.6 * 1024  # MiB
MOST_GROWTH = 0.15
MOST_DELAY = 3.0  # times the wait alone


@dataclass(frozen=True)
class Goal:
    """A promise and what was measured, in words; `kept` is None where the run did not measure it."""

    what: str
    promised: str
    measured: str
    kept: bool | None


@dataclass(frozen=True)
class Comparison:
    """One of ours beside a reference: at least `least` times as fast, and `aim` is hoped for; 0: not promised."""

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
    """How many times as long the reference takes, by its best run; None where one was not measured."""
    a, b = results.best(ours), results.best(reference)
    if a is None or b is None:
        return None
    return float(getattr(b.analysis, clock) / getattr(a.analysis, clock))


def goals(results: Results) -> list[Goal]:
    """Every promise, with what the results say about it."""
    return [*_speed(results), *_memory(results), _fairness(results)]


def _speed(results: Results) -> list[Goal]:
    found = []
    for goal in COMPARISONS:
        if goal.least:
            measured = ratio(results, goal.ours, goal.reference)
            found.append(
                Goal(
                    f"{goal.ours} against {goal.reference}",
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
        kept = peak <= MOST_MEMORY if peak else None
        found.append(Goal(f"peak memory, {contender}", "1.6 GB", _gigabytes(peak) if peak else "-", kept))
    more = growth(results.long_runs)
    found.append(
        Goal(
            "an hour's peak memory over five minutes'",
            f"at most {MOST_GROWTH:+.0%}",
            "-" if more is None else f"{more:+.1%}",
            None if more is None else more <= MOST_GROWTH,
        )
    )
    return found


def _fairness(results: Results) -> Goal:
    fairness = results.api.fairness if results.api is not None else None
    return Goal(
        "a second owner's clip beside a flood, p95",
        f"at most {MOST_DELAY:g} x its time alone",
        "-" if fairness is None else f"{fairness.ratio:.1f} x",
        None if fairness is None else fairness.ratio <= MOST_DELAY,
    )


def _gigabytes(mib: float) -> str:
    return f"{mib / 1024:.2f} GB"
