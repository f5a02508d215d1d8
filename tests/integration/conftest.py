"""Fixtures of the integration tests: one emulator per session, with empty state for each test."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from lambdas.core import clock
from lambdas.core.aws import clients
from lambdas.core.aws.observability import logger, metrics
from lambdas.core.owners import quota
from lambdas.core.settings import settings
from lambdas.core.storage.tables import Item
from tests.integration import cloud as clouds
from tests.integration import emulator as emulators
from tests.integration import endpoint as endpoints
from tests.integration.cloud import Cloud
from tests.integration.emulator import Emulator
from tests.integration.endpoint import Endpoint


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulators.running(tmp_path_factory.mktemp("emulator")) as running:
        yield running
    # Creating clients is slow, so they are cached as long as the emulator runs.
    clients.client.cache_clear()
    clients.s3.cache_clear()
    Item._connection = None


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with endpoints.serving() as serving:
        yield serving


@pytest.fixture(autouse=True)
def event_loop_of_a_lambda() -> Iterator[None]:
    """Set an event loop for Mangum, as in a Lambda's main thread; `asyncio.run` of other tests unsets it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def cloud(emulator: Emulator, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty cloud in the emulator, with the Lambdas running in this process."""
    emulator.reset()
    endpoint.reset(clouds.RESULTS)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    fixed = {
        "STAGE": "test",
        "TABLE_NAME": clouds.TABLE,
        "MEDIA_BUCKET": clouds.MEDIA,
        "RESULTS_BUCKET": clouds.RESULTS,
        "ENDPOINT_NAME": clouds.ENDPOINT,
        "USAGE_PLAN_PARAMETER": clouds.USAGE_PLAN_PARAMETER,
        "PUBLIC_URL_PARAMETER": clouds.PUBLIC_URL_PARAMETER,
        # Set below, once they exist; nothing reads them before.
        "WEBHOOK_QUEUE_URL": "unset",
        "USER_POOL_ID": "unset",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint.url,
        "POWERTOOLS_METRICS_NAMESPACE": clouds.NAMESPACE,
        **emulator.environment,
    }
    for name, value in fixed.items():
        monkeypatch.setenv(name, value)
    clear_caches()
    deployed = deploy(emulator, endpoint)
    monkeypatch.setenv("WEBHOOK_QUEUE_URL", deployed.webhook_queue)
    monkeypatch.setenv("USER_POOL_ID", deployed.user_pool)
    settings.cache_clear()
    monkeypatch.setattr(clock, "now", lambda: deployed.now)
    logger.setLevel("ERROR")
    yield deployed
    clear_caches()


def clear_caches() -> None:
    """Clear a Lambda process's caches, which depend on its environment."""
    settings.cache_clear()
    clients.parameter.cache_clear()
    metrics.cache_clear()


def deploy(emulator: Emulator, endpoint: Endpoint) -> Cloud:
    """Create the resources of a stage in the emulator."""
    clouds.make_table()
    clouds.make_buckets()
    pool = clients.client("cognito-idp").create_user_pool(PoolName="test")["UserPool"]["Id"]
    plans = {name: clients.client("apigateway").create_usage_plan(name=name)["id"] for name in quota.PLANS}
    for name, plan in plans.items():
        clients.client("ssm").put_parameter(Name=f"{clouds.USAGE_PLAN_PARAMETER}/{name}", Value=plan, Type="String")
    clients.client("ssm").put_parameter(Name=clouds.PUBLIC_URL_PARAMETER, Value="https://test.example", Type="String")
    return Cloud(
        emulator,
        endpoint,
        clouds.make_queue("webhooks"),
        clouds.make_queue("drops"),
        user_pool=pool,
        usage_plan=plans[quota.DEFAULT_PLAN],
        usage_plans={str(name): plan for name, plan in plans.items()},
    )
