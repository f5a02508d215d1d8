"""The API behind an edge: what does not carry the edge's secret is refused, whatever credentials it has."""

import boto3
import pytest

from lambdas.core.aws import clients
from lambdas.core.settings import settings
from tests.integration.api_client import PROBLEM, by_key, by_session
from tests.integration.cloud import Cloud

SECRET = "s" * 48


@pytest.fixture
def edge(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A deployment whose edge has a secret."""
    arn = boto3.client("secretsmanager").create_secret(Name="edge", SecretString=SECRET)["ARN"]
    monkeypatch.setenv("ORIGIN_SECRET", arn)
    settings.cache_clear()
    clients.secret.cache_clear()
    return cloud


@pytest.mark.parametrize("headers", [{}, {"X-Origin-Secret": ""}, {"X-Origin-Secret": SECRET[:-1]}])
def test_who_comes_by_the_gateways_own_address_is_refused(edge: Cloud, headers: dict[str, str]) -> None:
    for caller in (by_key(edge, "alice"), by_session("alice")):
        answer = caller.get("/usage", headers=headers)
        assert (answer.status, answer.json()["code"]) == (403, "forbidden")
        assert answer.headers["content-type"] == PROBLEM
        assert SECRET not in answer.text


def test_what_comes_through_the_edge_is_answered(edge: Cloud) -> None:
    for caller in (by_key(edge, "alice"), by_session("alice")):
        assert caller.get("/usage", headers={"x-origin-secret": SECRET}).status == 200


def test_without_an_edge_nobody_is_asked(cloud: Cloud) -> None:
    assert cloud.now
    assert by_session("alice").get("/usage").status == 200
