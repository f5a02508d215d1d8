"""Sign-ins that wait for a second factor: each lets in its own user, once, within its time."""

from hypothesis import given
from hypothesis import strategies as st

from local.guard.sessions import LIFETIME, Sessions

OWNERS = st.sampled_from(["pool/a", "pool/b"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "take", "back"]), st.sampled_from(["s", "t"]), OWNERS, st.integers(0, 100)),
    max_size=30,
)


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(STEPS)
def test_a_session_is_its_owners_and_is_used_once(steps: list[tuple[str, str, str, int]]) -> None:
    clock, open_until = Clock(), {}
    sessions, taken = Sessions(clock), {}
    for step, token, owner, pause in steps:
        clock.now += pause
        if step == "begin":
            sessions.begin(token, owner)
            open_until[token] = owner, clock.now + LIFETIME
        elif step == "take":
            allowed = token in open_until and open_until[token][0] == owner and clock.now < open_until[token][1]
            waiting = sessions.take(token, owner)
            assert (waiting is not None) == allowed
            if waiting is not None:
                taken[token] = waiting, open_until.pop(token)
        elif token in taken and token not in open_until:
            waiting, open_until[token] = taken.pop(token)
            sessions.give_back(token, waiting)


def test_nothing_but_a_known_token_is_a_session() -> None:
    sessions = Sessions()
    sessions.begin("s", None)
    for token in (None, "", "t", ["s"], {"s": 1}, 1):
        assert sessions.take(token, None) is None


def test_what_has_run_out_is_forgotten() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    sessions.begin("s", "a")
    clock.now = LIFETIME
    sessions.begin("t", "a")
    assert list(sessions._pending) == ["t"]
