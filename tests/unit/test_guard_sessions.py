"""Sign-ins pending a second factor: each can be completed once, by its own user, before it expires."""

from hypothesis import given
from hypothesis import strategies as st

from local.guard.sessions import LIFETIME, Sessions

OWNERS = st.sampled_from(["pool/a", "pool/b"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "take", "back"]), st.sampled_from(["s", "t"]), OWNERS, st.integers(0, 100)),
    max_size=30,
)


class Clock:
    """Clock with a settable time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(STEPS)
def test_a_session_is_used_once_by_its_owner(steps: list[tuple[str, str, str, int]]) -> None:
    clock, open_until = Clock(), {}
    sessions, taken = Sessions(clock), {}
    for step, token, owner, pause in steps:
        clock.now += pause
        if step == "begin":
            sessions.begin(token, owner)
            open_until[token] = owner, clock.now + LIFETIME
        elif step == "take":
            allowed = token in open_until and open_until[token][0] == owner and clock.now < open_until[token][1]
            pending = sessions.take(token, owner)
            assert (pending is not None) == allowed
            if pending is not None:
                taken[token] = pending, open_until.pop(token)
        elif token in taken and token not in open_until:
            pending, open_until[token] = taken.pop(token)
            sessions.give_back(token, pending)


def test_unknown_tokens_have_no_session() -> None:
    sessions = Sessions()
    sessions.begin("s", None)
    for token in (None, "", "t", ["s"], {"s": 1}, 1):
        assert sessions.take(token, None) is None


def test_expired_sessions_are_removed() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    sessions.begin("s", "a")
    clock.now = LIFETIME
    sessions.begin("t", "a")
    assert list(sessions._pending) == ["t"]
