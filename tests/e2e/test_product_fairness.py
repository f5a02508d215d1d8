"""One user's flood, or a file that kills the model server, beside another user's clip: in the order of what is done."""

import re
import uuid
from functools import partial

import pytest

from tests.e2e.product import Caller, Product, missing_tools, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

FLOOD = 6
STARTED = re.compile(r"analysis started.*?([a-z2-7]{26})\.\d+")


def new_user(product: Product) -> Caller:
    name, password = f"{uuid.uuid4().hex}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    client_id = product.outputs["UserPoolClientId"]
    email = [{"Name": "email", "Value": name}]
    product.cognito("SignUp", {"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": email})
    product.cognito("ConfirmSignUp", {"ClientId": client_id, "Username": name, "ConfirmationCode": "123456"})
    return product.client(product.sign_in(name, password), "/app")


def started(product: Product) -> list[str]:
    """Ids of the analyses that the model server has begun with, in order."""
    log = product.settings.log("model-server").read_text()
    return [found[1] for line in log.splitlines() if (found := STARTED.search(line))]


def has_begun(product: Product, analysis_id: str, times: int) -> bool:
    return started(product).count(analysis_id) >= times


def test_a_flood_of_one_user_does_not_keep_another_waiting(product: Product, clip: bytes) -> None:
    alice, bob = new_user(product), new_user(product)
    keys = [alice.upload(clip) for _ in range(FLOOD)]
    key = bob.upload(clip)
    flood = [alice.start(key) for key in keys]
    until(lambda: bool(set(flood) & set(started(product))))
    assert alice.get(f"/analyses/{flood[-1]}")["position"] is not None
    mine = bob.start(key)
    assert bob.finished(mine)["status"] == "completed"
    order = started(product)
    before = [analysis for analysis in order[: order.index(mine)] if analysis in flood]
    # The one that runs, and one more while the event of the other's analysis is on its way.
    assert len(set(before)) <= 2, before
    assert [alice.finished(analysis)["status"] for analysis in flood] == ["completed"] * FLOOD
    assert [analysis for analysis in started(product) if analysis in flood] == flood


def test_a_file_that_kills_the_model_server_does_not_keep_another_user_waiting(product: Product, clip: bytes) -> None:
    alice, bob = new_user(product), new_user(product)
    poison, next_poison = (alice.start(alice.upload(clip)) for _ in range(2))
    until(lambda: poison in started(product))
    mine = bob.start(bob.upload(clip))
    for attempt in (1, 2):  # as often as the adapter tries it
        until(partial(has_begun, product, poison, attempt))
        product.kill_model_server()
    assert bob.finished(mine)["status"] == "completed"
    assert alice.finished(poison)["status"] == "failed"
    alice.finished(next_poison)
    order = started(product)
    assert order.index(mine) <= order.index(next_poison) + 1, "at the latest beside it: two are analyzed at a time"
