"""Routes that require a session: API keys, the webhook, the example and the account."""

import pytest

from lambdas.core.settings import settings
from tests.integration.api_client import Caller, by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.test_api_routes import problem, started, uploaded

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")
URL = "https://hooks.example.com/in"
NOT_ON_THE_INTERNET = [
    *("http://hooks.example.com/", "https://localhost/", "https://169.254.169.254/latest/meta-data"),
    *("https://[::ffff:127.0.0.1]/", "https://user:pass@hooks.example.com/", "https://2130706433/"),
    *("file:///etc/passwd", "https://hooks.example.com:22/", "https://", "https://hooks.example.com/\r\nX: y"),
]


@pytest.fixture
def alice(cloud: Cloud) -> Caller:  # noqa: ARG001  (deployed for the requests)
    return by_session("alice")


def with_token(token: str) -> Caller:
    return Caller("/api", {"Authorization": f"Bearer {token}"})


def test_a_key_is_created_used_and_revoked(cloud: Cloud, alice: Caller) -> None:
    made = alice.post("/keys", {"name": "production"})
    assert made.status == 201
    token = made.json()["token"]
    assert token.startswith(f"vs_{made.json()['id']}_")
    listed = alice.get("/keys")
    assert [key["name"] for key in listed.json()["keys"]] == ["production"]
    assert token.rpartition("_")[2] not in listed.text
    assert with_token(token).get("/usage").status == 200
    assert alice.get("/keys").json()["keys"][0]["lastUsedAt"] is not None

    path = f"/keys/{made.json()['id']}"
    rotated = alice.post(f"{path}/rotate")
    assert rotated.json()["id"] == made.json()["id"]
    problem(with_token(token).get("/usage"), 401, "unauthorized")
    assert with_token(rotated.json()["token"]).get("/usage").status == 200

    assert (alice.delete(path).status, alice.delete(path).status) == (204, 404)
    problem(with_token(rotated.json()["token"]).get("/usage"), 401, "unauthorized")
    assert alice.get("/keys").json()["keys"] == []
    assert cloud.emulator.client("apigateway").get_api_keys()["items"] == []


def test_a_key_has_scopes_and_an_expiry(cloud: Cloud, alice: Caller) -> None:
    made = alice.post("/keys", {"name": "dashboard", "scopes": ["read"], "expiresInDays": 30})
    assert (made.status, made.json()["scopes"], made.json()["expiresAt"]) == (201, ["read"], "2026-12-24T12:00:00Z")
    assert alice.get("/keys").json()["keys"] == [{name: v for name, v in made.json().items() if name != "token"}]
    program = with_token(made.json()["token"])
    assert program.get("/usage").status == 200
    refused = problem(program.post("/upload-url", {"fileType": ".mp4"}), 403, "insufficient-scope")
    assert refused["scope"] == "analyze"
    cloud.advance(days=30)
    problem(program.get("/usage"), 401, "unauthorized")
    plain = alice.post("/keys", {"name": "everything"}).json()
    assert (plain["scopes"], plain["expiresAt"]) == (["read", "analyze"], None)
    wrongs: list[dict[str, object]] = [
        {"scopes": []},
        {"scopes": ["admin"]},
        {"expiresInDays": 0},
        {"expiresInDays": 1.5},
    ]
    for wrong in wrongs:
        problem(alice.post("/keys", {"name": "x", **wrong}), 422, "invalid-request")


def test_the_gateway_does_not_store_the_secret(cloud: Cloud, alice: Caller) -> None:
    token = alice.post("/keys", {"name": "x"}).json()["token"]
    gateway = cloud.emulator.client("apigateway")
    known = gateway.get_api_keys(includeValues=True)["items"]
    assert [key["value"] for key in known] == [token.split("_")[1]]
    assert token.split("_")[2] not in str(known)


def test_the_number_of_keys_is_limited(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_API_KEYS", "1")
    settings.cache_clear()
    assert alice.post("/keys", {"name": "one"}).status == 201
    assert problem(alice.post("/keys", {"name": "two"}), 409, "too-many-keys")["limit"] == 1


def test_the_webhook_is_set_read_and_removed(alice: Caller) -> None:
    before = alice.get("/webhook").json()
    assert before["url"] is None
    assert before["secret"].startswith("whsec_")
    set_ = {"url": URL, "secret": before["secret"], "secretBeforeUntil": None}
    assert alice.put("/webhook", {"url": URL}).json() == alice.get("/webhook").json() == set_
    rotated = alice.post("/webhook/secret").json()
    assert (rotated["url"], rotated["secret"] != before["secret"]) == (URL, True)
    assert [alice.delete("/webhook").status for _ in range(2)] == [204, 204]
    assert alice.get("/webhook").json() == {**rotated, "url": None}


def test_a_test_event_is_sent(cloud: Cloud, alice: Caller) -> None:
    problem(alice.post("/webhook/test"), 409, "no-webhook")
    alice.put("/webhook", {"url": URL})
    response = alice.post("/webhook/test")
    assert response.status == 202
    (event,) = cloud.events()
    assert (event["id"], event["type"], event["owner"]) == (response.json()["eventId"], "webhook.test", "alice")


def test_webhook_urls_must_be_public(alice: Caller) -> None:
    for url in NOT_ON_THE_INTERNET:
        problem(alice.put("/webhook", {"url": url}), 400, "webhook-url")
        refused = alice.post("/sentiment-inference", {"key": "uploads/alice/x.mp4", "webhookUrl": url})
        problem(refused, 400, "webhook-url")


def test_an_analysis_has_its_own_webhook(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    response = alice.post("/sentiment-inference", {"key": key, "webhookUrl": URL}, headers={"Prefer": "respond-async"})
    assert response.status == 202
    assert cloud.records("alice")[0].webhook_url == URL


def test_a_new_account_opens_with_the_example_until_it_is_deleted(cloud: Cloud, alice: Caller) -> None:
    """The example is not an analysis of the account: it is neither listed, charged nor stored."""
    assert alice.get("/example").json() == {"deleted": False}
    assert alice.get("/usage").json()["used"] == 0
    assert alice.get("/analyses").json()["analyses"] == []
    assert cloud.records("alice") == []
    assert [alice.delete("/example").status for _ in range(2)] == [204, 204]
    assert alice.get("/example").json() == {"deleted": True}
    assert by_session("bob").get("/example").json() == {"deleted": False}
    assert alice.post("/example/restore").json() == alice.get("/example").json() == {"deleted": False}
    problem(by_key(cloud, "alice").get("/example"), 404, "no-route")


def test_the_terms_of_uploads_are_accepted_once(cloud: Cloud, alice: Caller) -> None:
    assert alice.get("/account/upload-terms").json() == {"acceptedAt": None}
    first = alice.post("/account/upload-terms").json()
    assert first["acceptedAt"] is not None
    cloud.advance(hours=1)
    assert alice.post("/account/upload-terms").json() == alice.get("/account/upload-terms").json() == first
    assert by_session("bob").get("/account/upload-terms").json() == {"acceptedAt": None}
    problem(by_key(cloud, "alice").get("/account/upload-terms"), 404, "no-route")


def test_the_account_is_deleted(cloud: Cloud, alice: Caller) -> None:
    program = by_key(cloud, "alice")
    cloud.completed("alice")
    key = uploaded(program)
    assert alice.delete("/account").status == 202
    problem(alice.get("/analyses"), 403, "account-deleted")
    problem(started(program, key), 403, "account-deleted")
    cloud.sweep()
    problem(program.get("/usage"), 401, "unauthorized")
    assert cloud.records("alice") == [] or all(record.purged for record in cloud.records("alice"))
