"""Sign-ins that are pending a second factor: their tokens, users and expiry."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

LIFETIME = 180.0  # seconds; Cognito's default for an authentication session


@dataclass(frozen=True)
class PendingSignIn:
    """Sign-in whose password was correct.

    `owner`: the user; `end`: expiry in seconds, by the clock of its `Sessions`.
    """

    owner: Hashable
    end: float


class Sessions:
    """Pending sign-ins by their tokens; each can be used once, by its own user.

    Thread-safe without a lock, since only single operations of a dict are used.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pending: dict[str, PendingSignIn] = {}

    def begin(self, token: str, owner: Hashable) -> None:
        """Record a sign-in whose password was correct; drop expired ones."""
        now = self._clock()
        for other, pending in list(self._pending.items()):
            if pending.end <= now:
                self._pending.pop(other, None)
        self._pending[token] = PendingSignIn(owner, now + LIFETIME)

    def take(self, token: object, owner: Hashable) -> PendingSignIn | None:
        """Return the session and remove it; None when it is missing, another owner's or expired."""
        pending = self._pending.get(token) if isinstance(token, str) else None
        if pending is None or pending.owner != owner or pending.end <= self._clock():
            return None
        return self._pending.pop(str(token), None)

    def give_back(self, token: str, pending: PendingSignIn) -> None:
        """Restore a session after a wrong code, with its expiry unchanged, so that another code may be tried."""
        self._pending[token] = pending
