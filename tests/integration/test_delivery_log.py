"""Delivery log of webhooks: one entry per attempt, visible to its owner only, and repeated deliveries."""

import json
from datetime import timedelta
from typing import Any

import pytest

from common import webhooks
from lambdas.core.clock import DAY
from lambdas.core.errors import BusyError
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage import paging
from lambdas.core.storage.tables import DeliveryRecord
from lambdas.core.webhooks import deliveries, events
from lambdas.core.webhooks.deliveries import Attempt
from tests.integration.api_client import Caller, by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.test_api_routes import problem
from tests.integration.test_webhook_delivery import Inbox, completed, deliver, inbox, receive, send_test_event, session

__all__ = ["inbox"]  # the fixture
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def log(caller: Caller) -> list[dict[str, Any]]:
    """Return the delivery log, newest first."""
    found: list[dict[str, Any]] = caller.get("/webhook/deliveries").json()["deliveries"]
    return found


def test_a_delivery_is_logged_with_its_outcome(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    analysis = completed(cloud)
    deliver(cloud)
    (entry,) = log(alice)
    assert (entry["outcome"], entry["status"], entry["error"], entry["attempt"]) == ("delivered", 200, None, 1)
    assert (entry["eventType"], entry["analysisId"]) == ("analysis.completed", analysis)
    assert entry["destination"] == inbox.url.rstrip("/")
    assert entry["eventId"] == json.loads(inbox.requests[0][1])["id"]
    assert entry["nextAttemptAt"] is None
    assert 0 <= entry["durationMs"] < 60_000
    assert log(by_key(cloud, "alice")) == [entry], "readable with a key"
    assert log(by_session("bob")) == []


def test_a_failed_attempt_names_the_status_and_the_next_one(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    inbox.status = 503
    completed(cloud)
    deliver(cloud)
    (entry,) = log(alice)
    assert (entry["outcome"], entry["status"], entry["error"]) == ("retrying", 503, "http-status")
    assert entry["at"] < entry["nextAttemptAt"]


def test_the_last_attempt_has_no_next_one(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    inbox.status = 500
    completed(cloud)
    (message,) = receive(cloud)
    for number in (1, webhooks.ATTEMPTS):
        message["attributes"]["ApproximateReceiveCount"] = str(number)
        cloud.call("webhook", {"Records": [message]})
        cloud.advance(seconds=1)
    assert [(entry["attempt"], entry["outcome"]) for entry in log(alice)] == [(8, "failed"), (1, "retrying")]


def test_an_unreachable_receiver_and_a_refused_url_are_logged(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    inbox.close()
    completed(cloud)
    deliver(cloud)
    events.enqueue(send_test_event(cloud, "https://10.0.0.1/in?token=secret"))
    cloud.advance(seconds=1)
    deliver(cloud)
    refused, failed = log(alice)
    assert (failed["error"], failed["status"], failed["outcome"]) == ("connection", None, "retrying")
    assert (refused["error"], refused["outcome"]) == ("url-not-allowed", "failed")
    assert refused["destination"] == "https://10.0.0.1", "no path and no query, which may hold secrets"


def test_a_message_that_is_delivered_twice_has_one_entry_per_attempt(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    messages = receive(cloud)
    for _ in range(2):
        cloud.call("webhook", {"Records": messages})
        cloud.advance(seconds=1)
    assert len(inbox.requests) == 2
    assert len(log(alice)) == 1
    messages[0]["attributes"]["ApproximateReceiveCount"] = "2"  # the queue's own second delivery
    cloud.call("webhook", {"Records": messages})
    assert [entry["attempt"] for entry in log(alice)] == [2, 1]


def test_a_log_that_cannot_be_written_does_not_repeat_the_delivery(
    cloud: Cloud, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(inbox)
    completed(cloud)

    def busy(*_: object) -> None:
        raise BusyError

    monkeypatch.setattr(deliveries, "record", busy)
    assert deliver(cloud) == {"batchItemFailures": []}
    assert len(inbox.requests) == 1


def test_a_test_event_is_found_by_its_delivery_id(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    inbox.status = 404
    sent = alice.post("/webhook/test").json()
    deliver(cloud)
    (entry,) = log(alice)
    assert (entry["id"], entry["eventId"]) == (sent["deliveryId"], sent["eventId"])
    assert (entry["eventType"], entry["status"], entry["analysisId"]) == ("webhook.test", 404, None)


def test_an_attempt_is_redelivered_once_with_the_same_event(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    deliver(cloud)
    (entry,) = log(alice)
    path = f"/webhook/deliveries/{entry['id']}/redeliver"
    cloud.advance(seconds=1)
    answers = [alice.post(path), by_key(cloud, "alice").post(path)]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    deliver(cloud)
    assert receive(cloud) == [], "queued once"
    first, second = (body for _, body in inbox.requests)
    assert first == second
    newest, oldest = log(alice)
    assert newest["id"] == answers[0].json()["deliveryId"]
    assert (newest["eventId"], newest["redelivered"], oldest["redelivered"]) == (entry["eventId"], False, True)
    assert alice.post(f"/webhook/deliveries/{newest['id']}/redeliver").status == 202, "and again from there"


def test_an_interrupted_redelivery_can_be_repeated(cloud: Cloud, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = session(inbox)
    completed(cloud)
    deliver(cloud)
    path = f"/webhook/deliveries/{log(alice)[0]['id']}/redeliver"
    with monkeypatch.context() as context:
        context.setattr(events, "enqueue", _killed)
        assert alice.post(path).status == 500
    cloud.advance(seconds=deliveries.REDELIVERY_LEASE + 1)
    assert alice.post(path).status == 202
    deliver(cloud)
    assert len(inbox.requests) == 2


def _killed(*_: object) -> None:
    raise ConnectionError("killed")


def test_others_and_unknown_deliveries_cannot_be_redelivered(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    deliver(cloud)
    (entry,) = log(alice)
    problem(by_session("bob").post(f"/webhook/deliveries/{entry['id']}/redeliver"), 404, "not-found")
    for unknown in ("0" * 24, "x", f"{entry['id']}%20"):
        problem(alice.post(f"/webhook/deliveries/{unknown}/redeliver"), 404, "not-found")
    problem(
        by_key(cloud, "alice", scopes=["read"]).post(f"/webhook/deliveries/{entry['id']}/redeliver"),
        403,
        "insufficient-scope",
    )


@pytest.mark.parametrize("change", ["deleted", "retried"])
def test_an_obsolete_event_is_not_redelivered(cloud: Cloud, inbox: Inbox, change: str) -> None:
    alice = session(inbox)
    record = cloud.start("alice", cloud.upload("alice"))
    cloud.run_stream()
    cloud.notify(cloud.failure(cloud.read(record)))
    cloud.run_stream()
    deliver(cloud)
    (entry,) = log(alice)
    changed = (
        alice.delete(f"/analyses/{record.id}") if change == "deleted" else alice.post(f"/analyses/{record.id}/retry")
    )
    assert changed.status < 300
    problem(alice.post(f"/webhook/deliveries/{entry['id']}/redeliver"), 409, "event-obsolete")
    assert receive(cloud) == []


def test_redeliveries_are_limited(cloud: Cloud, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_REDELIVERIES_PER_HOUR", "1")
    alice = session(inbox)
    for _ in "ab":
        completed(cloud)
        deliver(cloud)
    first, second = log(alice)
    settings.cache_clear()
    assert alice.post(f"/webhook/deliveries/{first['id']}/redeliver").status == 202
    problem(alice.post(f"/webhook/deliveries/{second['id']}/redeliver"), 429, "too-many-requests")
    assert alice.post(f"/webhook/deliveries/{first['id']}/redeliver").status == 202, "a repeated request costs nothing"


def test_the_log_is_deleted_with_the_webhook(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    (message,) = receive(cloud)
    cloud.call("webhook", {"Records": [message]})
    assert len(log(alice)) == 1
    alice.delete("/webhook")
    assert entries(cloud) == []
    attempt = Attempt(1, cloud.now, 0.1, "https://hooks.example.com", 200)
    deliveries.record(events.test_event("alice", cloud.now), attempt)
    assert entries(cloud) == [], "a delivery that ends after the deletion leaves nothing"


def test_the_log_is_deleted_with_the_account(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    alice.post("/webhook/test")
    deliver(cloud)
    assert len(entries(cloud)) == 1
    profiles.delete_account("alice", cloud.now)
    deliveries.record(send_test_event(cloud, inbox.url), Attempt(1, cloud.now, 0.1, "https://hooks.example.com", 200))
    assert len(entries(cloud)) == 1
    cloud.call("sweeper", {})
    assert entries(cloud) == []


def entries(cloud: Cloud) -> list[str]:
    """Return the sort keys of the entries of the log in the table."""
    return [item["sk"]["S"] for item in cloud.items("alice") if item["sk"]["S"].startswith("DELIVERY#")]


def fill(cloud: Cloud, count: int) -> None:
    for number in range(count):
        event = send_test_event(cloud, "https://hooks.example.com/")
        at = cloud.now + timedelta(seconds=number)
        deliveries.record(event, Attempt(1, at, 0.1, "https://hooks.example.com", 200))


def test_pages_and_expiry(cloud: Cloud) -> None:
    alice = by_session("alice")
    fill(cloud, 5)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = alice.get("/webhook/deliveries", query=query).json()
        seen += [entry["at"] for entry in page["deliveries"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    for invalid in ("!", paging.encode("ANALYSIS#x"), paging.encode("DELIVERY#../#x")):
        problem(alice.get("/webhook/deliveries", query={"cursor": invalid}), 400, "bad-request")
    (newest, *_) = log(alice)
    cloud.advance(seconds=deliveries.RETENTION_DAYS * DAY + 60)
    assert log(alice) == []
    problem(alice.post(f"/webhook/deliveries/{newest['id']}/redeliver"), 404, "not-found")


def test_the_log_keeps_the_newest_entries(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MAX_ENTRIES", 3)
    monkeypatch.setattr(deliveries, "TRIMMED_BY", "")  # every entry trims
    fill(cloud, 6)
    assert len(entries(cloud)) == 3
    newest = [entry["at"] for entry in log(by_session("alice"))]
    assert newest[0].startswith((cloud.now + timedelta(seconds=5)).isoformat()[:19])


def test_the_log_holds_no_secrets(cloud: Cloud, inbox: Inbox) -> None:
    alice = by_session("alice")
    secret = alice.put("/webhook", {"url": f"{inbox.url}hook?token=hidden"}).json()["secret"]
    completed(cloud)
    deliver(cloud)
    (item,) = [item for item in cloud.items("alice") if item["sk"]["S"].startswith("DELIVERY#")]
    text = json.dumps(item, default=str)
    assert secret not in text
    assert "hidden" not in text
    assert DeliveryRecord.find(item["pk"]["S"], item["sk"]["S"]) is not None


def test_an_event_that_waited_continues_to_count(cloud: Cloud, inbox: Inbox) -> None:
    """An event that is queued again, because it is not admitted, is a new message with its own count."""
    alice = session(inbox)
    event = events.test_event("alice", cloud.now).model_copy(update={"tries": 3})
    events.enqueue(event)
    deliver(cloud)
    assert [entry["attempt"] for entry in log(alice)] == [4]
