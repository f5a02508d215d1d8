"""Accidents: a process killed right after one of its writes, and answers of AWS that an emulator never gives.

Both sit where every client of botocore passes, pynamodb's too, so no code of ours knows of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

READS = ("Get", "Head", "List", "Query", "Scan", "Describe", "Receive", "BatchGet")

MOST = 40  # writes that anything here could make; a safeguard for the loop

Step = Callable[[int], object]


class KilledError(BaseException):
    """Like SIGKILL: no handler of exceptions sees it."""


class Kill:
    """`writes`: how many writes went out, the last one being followed by death."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.writes = 0
        self.happened = False

    def __call__(self, operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if self.happened:  # who is dead asks nothing more, whatever catches what killed it (Mangum answers 500)
            raise KilledError(operation)
        answer = call()
        if not operation.startswith(READS):
            self.writes += 1
            if self.writes == self.after:
                self.happened = True
                raise KilledError(operation)
        return answer


@contextmanager
def killed_after(writes: int) -> Iterator[Kill]:
    """Whatever runs inside is killed after so many writes to AWS; goes on after the block as if in a new process."""
    kill = Kill(writes)
    with intercepted(kill), suppress(KilledError):
        yield kill


@contextmanager
def refusing(operation: str, times: int, *codes: str | None) -> Iterator[list[str]]:
    """The first so many calls of an operation are cancelled, with these reasons by position; yields all calls."""
    seen: list[str] = []

    def refuse(name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name != operation:
            return call()
        seen.append(name)
        if len(seen) > times:
            return call()
        reasons = [{"Code": code or "None"} for code in codes]
        answer = {"Error": {"Code": "TransactionCanceledException", "Message": "cancelled"}}
        raise ClientError({**answer, "CancellationReasons": reasons}, name)  # type: ignore[typeddict-item, unused-ignore]

    with intercepted(refuse):
        yield seen


@contextmanager
def failing(operation: str, code: str, times: int) -> Iterator[list[str]]:
    """The first so many calls of an operation fail with this error; yields all calls."""
    seen: list[str] = []

    def fail(name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name == operation:
            seen.append(name)
            if len(seen) <= times:
                raise ClientError({"Error": {"Code": code, "Message": "injected"}}, name)
        return call()

    with intercepted(fail):
        yield seen


@contextmanager
def intercepted(by: Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]) -> Iterator[None]:
    """Every call to AWS goes through `by`, which gets the operation's name and what makes the call."""
    genuine = BaseClient._make_api_call

    def call(self: BaseClient, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return by(operation, lambda: genuine(self, operation, arguments))

    BaseClient._make_api_call = call
    try:
        yield
    finally:
        BaseClient._make_api_call = genuine


def at_every_write(prepare: Step, act: Step, repair: Step, check: Step) -> int:
    """Kill `act` after its first write, then after its second ... each time repair and check. Returns its writes.

    Each step gets the number of the write, to have an owner of its own for every round.
    """
    for number in range(1, MOST):
        prepare(number)
        with killed_after(number) as kill:
            act(number)
        if kill.happened:
            repair(number)
        check(number)
        if not kill.happened:
            return number - 1
    raise AssertionError("that many writes were not expected")
