"""Retries of the Python client: the steps themselves, and a server that fails."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.conftest import Both
from tests.clients.server import Answer, Server, problem
from video_sentiment_client import AnalysisFailedError, NetworkError, RateLimitError, ServerError
from video_sentiment_client._retries import LONGEST_PAUSE, RetryPolicy, backoff
from video_sentiment_client._steps import Request, Sleep, Step

ONCE = Request("POST", "http://x/api/upload-url", repeatable=False)
AGAIN = Request("POST", "http://x/api/sentiment-inference")
USAGE = {
    "month": "2026-11",
    "plan": "free",
    "limit": 5,
    "used": 1,
    "left": 4,
    "resetsAt": "2026-12-01T00:00:00Z",
    "minutes": 1.5,
    "concurrency": 1,
    "days": [],
}


def after(request: Request, outcome: httpx.Response | NetworkError, max_retries: int = 4) -> Step | Any:
    """The step that follows an outcome; the outcome where it is final."""
    steps = RetryPolicy(max_retries).exchange(request)
    assert next(steps) is request
    try:
        return steps.throw(outcome) if isinstance(outcome, NetworkError) else steps.send(outcome)
    except StopIteration as stop:
        return stop.value
    except NetworkError as error:
        return error


def response(status: int, retry_after: str | None = None, **body: Any) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": retry_after} if retry_after else {}, json=body)


@pytest.mark.parametrize("request_", [ONCE, AGAIN])
@pytest.mark.parametrize("status", [429, 503])
def test_what_was_refused_is_repeated_when_the_server_says(request_: Request, status: int) -> None:
    assert after(request_, response(status, "7")) == Sleep(7.0)
    assert isinstance(after(request_, response(status)), Sleep)
    assert isinstance(after(request_, response(status, "Mon, 30 Nov 2026 10:00:00 GMT")), Sleep)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_what_may_have_been_done_is_repeated_only_where_that_does_no_harm(status: int) -> None:
    assert after(AGAIN, response(status, "2")) == Sleep(2.0)
    final = response(status, "2")
    assert after(ONCE, final) is final
    lost, unsent = NetworkError("lost"), NetworkError("refused", unsent=True)
    assert isinstance(after(AGAIN, lost), Sleep)
    assert after(ONCE, lost) is lost
    assert isinstance(after(ONCE, unsent), Sleep)


@pytest.mark.parametrize("status", [200, 202, 400, 401, 403, 404, 409, 413, 422])
def test_other_answers_are_final(status: int) -> None:
    final = response(status, "1")
    assert after(AGAIN, final) is final


def test_what_takes_long_or_has_failed_is_for_the_caller() -> None:
    quota = response(429, "86400", code="quota-exceeded")
    assert after(AGAIN, quota) is quota
    failed = response(502, code="analysis-failed", id="a", reason="inference-failed", detail="it failed")
    assert after(AGAIN, failed) is failed


def test_no_retries_are_none() -> None:
    final, lost = response(503, "1"), NetworkError("lost")
    assert after(AGAIN, final, max_retries=0) is final
    assert after(AGAIN, lost, max_retries=0) is lost


@given(st.integers(0, 1000))
def test_pauses_grow_to_a_limit(failures: int) -> None:
    assert 0 < backoff(failures) <= LONGEST_PAUSE


def test_a_request_is_repeated_until_it_succeeds(client: Both, server: Server) -> None:
    server.on("GET /api/usage", problem(429, "throttled", retry_after="0"), Answer(cut_after=0), Answer(body=USAGE))
    assert client.do("usage").remaining == 4
    assert len(server.asked("GET /api/usage")) == 2  # the one between never got an answer


def test_a_request_is_repeated_only_so_often(client: Both, server: Server) -> None:
    server.on("GET /api/usage", problem(503, "busy", retry_after="0"))
    with pytest.raises(ServerError) as busy:
        client.do("usage")
    assert busy.value.code == "busy"
    assert len(server.asked("GET /api/usage")) == 5
    server.on("GET /api/usage", problem(429, "too-many-requests", retry_after="0"))
    with pytest.raises(RateLimitError):
        client.do("usage")


def test_a_start_whose_answer_was_lost_is_repeated(client: Both, server: Server) -> None:
    accepted = Answer(202, {"id": "a", "status": "queued", "statusUrl": "x"})
    server.on("POST /api/sentiment-inference", Answer(cut_after=10_000), accepted)
    assert client.do("start", "uploads/a/b.mp4").id == "a"


def test_a_failed_analysis_is_not_started_again_by_itself(client: Both, server: Server) -> None:
    failed = problem(502, "analysis-failed", detail="it failed", id="a", reason="inference-failed")
    server.on("POST /api/sentiment-inference", failed)
    with pytest.raises(AnalysisFailedError, match="it failed") as error:
        client.do("start", "uploads/a/b.mp4", wait=5)
    assert (error.value.id, error.value.code) == ("a", "inference-failed")
    assert len(server.seen) == 1
