"""Requests to the API: its address, credentials and problems."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from video_sentiment_client._retries import RetryPolicy
from video_sentiment_client._steps import Request, Steps
from video_sentiment_client._version import __version__
from video_sentiment_client.errors import ConfigurationError, error_of

URL_VARIABLE, KEY_VARIABLE = "VIDEO_SENTIMENT_URL", "VIDEO_SENTIMENT_API_KEY"
KEY_FORM = re.compile(r"vs_[A-Za-z0-9]+_[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Api:
    """An API and an account's access to it. `url` ends with the API's prefix, without a slash."""

    url: str
    headers: Mapping[str, str]
    retries: RetryPolicy

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Steps[httpx.Response]:
        """Send a GET request; parameters that are None are omitted."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return (yield from self._answered(Request("GET", self.url + path, self.headers, given)))

    def delete(self, path: str) -> Steps[httpx.Response]:
        """Send a DELETE request, which is idempotent."""
        return (yield from self._answered(Request("DELETE", self.url + path, self.headers)))

    def put(self, path: str, json: Mapping[str, Any]) -> Steps[httpx.Response]:
        """Send a PUT request, which is idempotent."""
        return (yield from self._answered(Request("PUT", self.url + path, self.headers, json=json)))

    def post(
        self,
        path: str,
        json: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Steps[httpx.Response]:
        """Send a POST request."""
        all_headers = {**self.headers, **(headers or {})}
        request = Request("POST", self.url + path, all_headers, json=json, repeatable=repeatable)
        return (yield from self._answered(request))

    def _answered(self, request: Request) -> Steps[httpx.Response]:
        response = yield from self.retries.exchange(request)
        if not response.is_success:
            raise error_of(response)
        return response


def api_of(base_url: str | None, api_key: str | None, max_retries: int) -> Api:
    """Return the API at an address, by default that of the environment. Raises ConfigurationError."""
    url = (base_url or os.environ.get(URL_VARIABLE, "")).strip().rstrip("/").removesuffix("/api")
    if not re.match(r"https?://[^/]", url):
        raise ConfigurationError(
            f"set base_url or {URL_VARIABLE} to the address of your deployment, such as https://video.example.com"
        )
    key = (api_key or os.environ.get(KEY_VARIABLE, "")).strip()
    if not key:
        raise ConfigurationError(f"set api_key or {KEY_VARIABLE}; create a key at {url}/developers/")
    if not KEY_FORM.fullmatch(key):
        raise ConfigurationError(f"an API key has the form vs_ID_SECRET; create one at {url}/developers/")
    headers = {"Authorization": f"Bearer {key}", "User-Agent": f"video-sentiment-python/{__version__}"}
    return Api(f"{url}/api", headers, RetryPolicy(max_retries))
