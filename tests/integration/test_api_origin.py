"""API behind an edge: requests without the edge's secret are refused, whatever their credentials."""

import boto3
import pytest

from lambdas.core.aws import clients
from lambdas.core.settings import settings
from tests.integration.api_client import PROBLEM, by_key, by_session
from tests.integration.cloud import Cloud

SECRET = "s" * 48


@pytest.fixture
def edge(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Return a deployment whose edge has a secret."""
    arn = boto3.client("secretsmanager").create_secret(Name="edge", SecretString=SECRET)["ARN"]
    monkeypatch.setenv("ORIGIN_SECRET", arn)
    settings.cache_clear()
    clients.secret.cache_clear()
    return cloud


@pytest.mark.parametrize("headers", [{}, {"X-Origin-Secret": ""}, {"X-Origin-Secret": SECRET[:-1]}])
def test_requests_that_bypass_the_edge_are_refused(edge: Cloud, headers: dict[str, str]) -> None:
    for caller in (by_key(edge, "alice"), by_session("alice")):
        response = caller.get("/usage", headers=headers)
        assert (response.status, response.json()["code"]) == (403, "forbidden")
        assert response.headers["content-type"] == PROBLEM
        assert SECRET not in response.text


def test_requests_through_the_edge_are_accepted(edge: Cloud) -> None:
    for caller in (by_key(edge, "alice"), by_session("alice")):
        assert caller.get("/usage", headers={"x-origin-secret": SECRET}).status == 200


def test_without_an_edge_no_secret_is_required(cloud: Cloud) -> None:
    assert cloud.now
    assert by_session("alice").get("/usage").status == 200
