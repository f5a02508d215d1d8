"""Fair scheduling: another user's flood, or a file that kills the model server, must not delay an analysis."""

import re
import uuid
from functools import partial

import pytest

from tests.e2e.product import ApiClient, Product, missing_tools, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

FLOOD = 6
STARTED = re.compile(r"analysis started.*?([a-z2-7]{26})\.\d+")


def new_user(product: Product) -> ApiClient:
    """Sign up a user and return its API client."""
    name, password = f"{uuid.uuid4().hex}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    client_id = product.outputs["UserPoolClientId"]
    email = [{"Name": "email", "Value": name}]
    product.cognito("SignUp", {"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": email})
    product.cognito("ConfirmSignUp", {"ClientId": client_id, "Username": name, "ConfirmationCode": "123456"})
    return product.client(product.sign_in(name, password), "/app")


def started(product: Product) -> list[str]:
    """Return the ids of the analyses that the model server has started, in order."""
    log = product.settings.log("model-server").read_text()
    return [found[1] for line in log.splitlines() if (found := STARTED.search(line))]


def has_started(product: Product, analysis_id: str, times: int) -> bool:
    """Return True if the model server has started an analysis at least this many times."""
    return started(product).count(analysis_id) >= times


def test_a_flood_of_analyses_does_not_delay_another_user(product: Product, clip: bytes) -> None:
    alice, bob = new_user(product), new_user(product)
    keys = [alice.upload(clip) for _ in range(FLOOD)]
    key = bob.upload(clip)
    flood = [alice.start(key) for key in keys]
    wait_until(lambda: bool(set(flood) & set(started(product))))
    assert alice.get(f"/analyses/{flood[-1]}")["position"] is not None
    mine = bob.start(key)
    assert bob.wait_for_analysis(mine)["status"] == "completed"
    order = started(product)
    before = [analysis for analysis in order[: order.index(mine)] if analysis in flood]
    # The running one, and one more while the event of Bob's analysis is in transit.
    assert len(set(before)) <= 2, before
    assert [alice.wait_for_analysis(analysis)["status"] for analysis in flood] == ["completed"] * FLOOD
    assert [analysis for analysis in started(product) if analysis in flood] == flood


def test_a_file_that_kills_the_model_server_does_not_delay_another_user(product: Product, clip: bytes) -> None:
    alice, bob = new_user(product), new_user(product)
    poison, next_poison = (alice.start(alice.upload(clip)) for _ in range(2))
    wait_until(lambda: poison in started(product))
    mine = bob.start(bob.upload(clip))
    for attempt in (1, 2):  # the adapter's number of attempts
        wait_until(partial(has_started, product, poison, attempt))
        product.kill_model_server()
    assert bob.wait_for_analysis(mine)["status"] == "completed"
    assert alice.wait_for_analysis(poison)["status"] == "failed"
    alice.wait_for_analysis(next_poison)
    order = started(product)
    assert order.index(mine) <= order.index(next_poison) + 1, "at most concurrently: two analyses run at a time"
