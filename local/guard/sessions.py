"""Sign-ins that are waiting for a second factor: their tokens, users and expiry."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

LIFETIME = 180.0  # seconds; Cognito's default for an authentication session


@dataclass(frozen=True)
class Waiting:
    """A sign-in whose password was correct.

    `owner`: the user; `end`: expiry in seconds, by the clock of its `Sessions`.
    """

    owner: Hashable
    end: float


class Sessions:
    """Pending sign-ins by their tokens; each can be used once, by its own user.

    Threads need no lock: only single operations of a dict are used.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Waiting] = {}

    def begin(self, token: str, owner: Hashable) -> None:
        """Record a sign-in whose password was correct; drop expired ones."""
        now = self._clock()
        for other, waiting in list(self._waiting.items()):
            if waiting.end <= now:
                self._waiting.pop(other, None)
        self._waiting[token] = Waiting(owner, now + LIFETIME)

    def take(self, token: object, owner: Hashable) -> Waiting | None:
        """Return the session and remove it; None when it is missing, another owner's or expired."""
        waiting = self._waiting.get(token) if isinstance(token, str) else None
        if waiting is None or waiting.owner != owner or waiting.end <= self._clock():
            return None
        return self._waiting.pop(str(token), None)

    def give_back(self, token: str, waiting: Waiting) -> None:
        """Restore a session after a wrong code, with its expiry unchanged, so that another code may be tried."""
        self._waiting[token] = waiting
