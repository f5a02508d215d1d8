"""Sign-ins that wait for a second factor: which are under way, whose they are, and for how long."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

LIFETIME = 180.0  # seconds; Cognito's default for an authentication session


@dataclass(frozen=True)
class Waiting:
    """A sign-in whose password was right. `owner`: the user; `end`: by the clock of its `Sessions`, in seconds."""

    owner: Hashable
    end: float


class Sessions:
    """By their tokens. Each lets in its own user, once; a dict's single operations need no lock among threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Waiting] = {}

    def begin(self, token: str, owner: Hashable) -> None:
        """A password was right; forgets those that have run out."""
        now = self._clock()
        for other, waiting in list(self._waiting.items()):
            if waiting.end <= now:
                self._waiting.pop(other, None)
        self._waiting[token] = Waiting(owner, now + LIFETIME)

    def take(self, token: object, owner: Hashable) -> Waiting | None:
        """The session, used up; None where there is none, or none of this owner, or it has run out."""
        waiting = self._waiting.get(token) if isinstance(token, str) else None
        if waiting is None or waiting.owner != owner or waiting.end <= self._clock():
            return None
        return self._waiting.pop(str(token), None)

    def give_back(self, token: str, waiting: Waiting) -> None:
        """The code was wrong: another may be tried, no longer than before."""
        self._waiting[token] = waiting
