"""Retry policy: which requests are retried, how often, and after which delay."""

import random
from dataclasses import dataclass

import httpx

from video_sentiment_client._steps import Request, Sleep, Steps
from video_sentiment_client.errors import AnalysisFailedError, NetworkError, error_of, retry_after

REFUSED = frozenset({429, 503})  # not processed, so any request can be retried
UNCERTAIN = frozenset({500, 502, 504})  # perhaps processed
LONGEST_RETRY_AFTER = 60.0  # seconds; longer delays, such as a quota's, are left to the caller
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds


@dataclass(frozen=True)
class RetryPolicy:
    """Rule for retrying a request."""

    max_retries: int = 4

    def exchange(self, request: Request) -> Steps[httpx.Response]:
        """Send a request, with retries, and return the final response. Raises NetworkError."""
        failures = 0
        while True:
            try:
                response: httpx.Response = yield request
                pause = _pause_after(request, response, failures)
                if pause is None or failures >= self.max_retries:
                    return response
            except NetworkError as error:
                if not (request.repeatable or error.unsent) or failures >= self.max_retries:
                    raise
                pause = backoff(failures)
            failures += 1
            yield Sleep(pause)


def _pause_after(request: Request, response: httpx.Response, failures: int) -> float | None:
    """Return the delay in seconds before a retry; None if the request should not be retried."""
    status = response.status_code
    if status not in REFUSED and not (status in UNCERTAIN and request.repeatable):
        return None
    if isinstance(error_of(response), AnalysisFailedError):  # the result of a request that waited
        return None
    seconds = retry_after(response)
    if seconds is None:
        return backoff(failures)
    return seconds if seconds <= LONGEST_RETRY_AFTER else None


def backoff(failures: int) -> float:
    """Return the seconds to wait after a number of earlier failures: doubled each time, with jitter."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**failures) * random.uniform(0.5, 1.0)  # noqa: S311
