"""Fault injection: processes killed right after a write, and errors of AWS that the emulator never returns.

They patch botocore's client, which all calls go through, pynamodb's included, so the code under test is unchanged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

READS = ("Get", "Head", "List", "Query", "Scan", "Describe", "Receive", "BatchGet")

MAX_WRITES = 40  # limit for the loop; nothing here makes so many writes

Step = Callable[[int], object]


class KilledError(BaseException):
    """Simulated SIGKILL. It is not an `Exception`, so handlers of exceptions do not catch it."""


class Kill:
    """Interceptor that kills the process after a number of writes. `writes`: writes that were made."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.writes = 0
        self.happened = False

    def __call__(self, operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if self.happened:  # a dead process calls nothing, even if the error was caught (Mangum returns 500)
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
    """Kill the block after a number of writes to AWS; the code after the block stands for a new process."""
    kill = Kill(writes)
    with intercepted(kill), suppress(KilledError):
        yield kill


@contextmanager
def refusing(operation: str, times: int, *codes: str | None) -> Iterator[list[str]]:
    """Cancel the first `times` calls of an operation, with `codes` as reasons by position. Yields all calls."""
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
    """Fail the first `times` calls of an operation with an error code. Yields all calls."""
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
    """Route every call to AWS through `by`, which gets the operation's name and a function that makes the call."""
    genuine = BaseClient._make_api_call

    def call(self: BaseClient, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return by(operation, lambda: genuine(self, operation, arguments))

    BaseClient._make_api_call = call
    try:
        yield
    finally:
        BaseClient._make_api_call = genuine


def at_every_write(prepare: Step, act: Step, repair: Step, check: Step) -> int:
    """Kill `act` after its first write, then after its second, and so on; repair and check each time.

    Each step gets the number of the write, so that every round has its own owner. Returns the number of writes.
    """
    for number in range(1, MAX_WRITES):
        prepare(number)
        with killed_after(number) as kill:
            act(number)
        if kill.happened:
            repair(number)
        check(number)
        if not kill.happened:
            return number - 1
    raise AssertionError("more writes than expected")
