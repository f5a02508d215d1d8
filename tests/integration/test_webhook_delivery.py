"""Webhook delivery: signed events, identical retries with growing delays."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lambdas.core import clock
from lambdas.core.aws import clients
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.webhooks import events
from lambdas.core.webhooks.events import Event
from lambdas.webhook import handler as module
from tests.integration.api_client import Caller, by_session
from tests.integration.cloud import Cloud
from tests.unit.test_webhook_signature import python_check

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")
OK: dict[str, Any] = {"batchItemFailures": []}


class Inbox:
    """Receiver on the local machine, with the requests it got and the status it returns."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[tuple[dict[str, str], bytes]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                inbox.requests.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(inbox.status)
                self.send_header("Location", f"{inbox.url}elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def inbox(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:  # noqa: ARG001
    monkeypatch.setenv("LOCAL_WEBHOOKS", "true")
    settings.cache_clear()
    inbox = Inbox()
    yield inbox
    inbox.close()


def receive(cloud: Cloud, hidden: int = 1) -> list[dict[str, Any]]:
    """Receive messages in the format of a Lambda event. `hidden`: visibility timeout in seconds."""
    found = clients.client("sqs").receive_message(
        QueueUrl=cloud.webhook_queue,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
        VisibilityTimeout=hidden,
    )
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
        }
        for message in found.get("Messages", ())
    ]


def deliver(cloud: Cloud) -> dict[str, Any]:
    """Deliver the queue's messages once, and delete the processed ones like Lambda."""
    messages = receive(cloud)
    response = cloud.call("webhook", {"Records": messages})
    kept = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    for message in messages:
        if message["messageId"] not in kept:
            clients.client("sqs").delete_message(QueueUrl=cloud.webhook_queue, ReceiptHandle=message["receiptHandle"])
    return response


def message_counts(cloud: Cloud) -> tuple[int, int]:
    """Return the numbers of visible and of hidden messages."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = clients.client("sqs").get_queue_attributes(QueueUrl=cloud.webhook_queue, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def send_test_event(cloud: Cloud, url: str, owner: str = "alice") -> Event:
    """Create a test event with its own URL."""
    return events.test_event(owner, cloud.now).model_copy(update={"url": url})


def completed(cloud: Cloud, url: str | None = None) -> str:
    """Complete an analysis, whose event is then in the queue; return its id."""
    record = cloud.start("alice", cloud.upload("alice"), webhook_url=url)
    cloud.run_stream()
    cloud.notify(cloud.success(cloud.read(record)))
    cloud.run_stream()
    return str(record.id)


def test_an_event_arrives_signed(cloud: Cloud, inbox: Inbox) -> None:
    secret = by_session("alice").put("/webhook", {"url": inbox.url}).json()["secret"]
    analysis = completed(cloud)
    assert deliver(cloud) == OK
    ((headers, body),) = inbox.requests
    assert python_check()(secret, headers["videosentiment-signature"], body)
    assert not python_check()("whsec_other", headers["videosentiment-signature"], body)
    event = json.loads(body)
    assert headers["videosentiment-event-id"] == event["id"] == f"evt_{analysis}_1_completed"
    assert (event["type"], event["data"]["id"], event["data"]["status"]) == (
        "analysis.completed",
        analysis,
        "completed",
    )
    assert event["data"]["statusUrl"] == f"https://test.example/api/analyses/{analysis}"
    assert event["data"]["summary"]["emotions"][0]["label"] == "joy"
    assert b"hello" not in body, "events contain no words of the video"
    assert message_counts(cloud) == (0, 0)


def test_a_failure_event_has_the_reason(cloud: Cloud, inbox: Inbox) -> None:
    record = cloud.start("alice", cloud.upload("alice"), webhook_url=inbox.url)
    cloud.run_stream()
    cloud.notify(cloud.failure(cloud.read(record)))
    cloud.run_stream()
    assert deliver(cloud) == OK
    event = json.loads(inbox.requests[0][1])
    assert (event["type"], event["data"]["error"]["code"]) == ("analysis.failed", "inference-failed")


def test_an_analysis_own_url_takes_precedence_and_the_account_secret_signs(cloud: Cloud, inbox: Inbox) -> None:
    secret = by_session("alice").get("/webhook").json()["secret"]
    completed(cloud, url=f"{inbox.url}own")
    deliver(cloud)
    ((headers, body),) = inbox.requests
    assert python_check()(secret, headers["videosentiment-signature"], body)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refused_event_is_retried_unchanged(cloud: Cloud, inbox: Inbox, status: int) -> None:
    inbox.status = status
    completed(cloud, url=inbox.url)
    assert len(deliver(cloud)["batchItemFailures"]) == 1
    assert message_counts(cloud) == (0, 1), "hidden, not visible at once"
    assert len(inbox.requests) == 1, "no redirect is followed"
    (first,) = inbox.requests
    inbox.status = 204
    (message,) = _again(cloud)
    assert int(message["attributes"]["ApproximateReceiveCount"]) == 2
    assert cloud.call("webhook", {"Records": [message]}) == OK
    second = inbox.requests[-1]
    assert first[1] == second[1]
    assert first[0]["videosentiment-event-id"] == second[0]["videosentiment-event-id"]


def _again(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the hidden message as if its timeout had passed."""
    clients.client("sqs").change_message_visibility(
        QueueUrl=cloud.webhook_queue, ReceiptHandle=hidden.pop(), VisibilityTimeout=0
    )
    return receive(cloud)


hidden: list[str] = []


@pytest.fixture(autouse=True)
def record_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record the receipts of delayed messages; the delay itself is real."""
    hidden.clear()
    delay = module._delay

    def watched(message: dict[str, Any], seconds: int) -> None:
        delay(message, seconds)
        hidden.append(message["receiptHandle"])

    monkeypatch.setattr(module, "_delay", watched)


def test_delays_grow_and_stay_within_the_limit_of_sqs() -> None:
    longest = [max(module.delay_after(attempt) for _ in range(50)) for attempt in range(1, 13)]
    assert longest[:6] == sorted(longest[:6])
    assert 20 <= longest[0] <= 30
    assert max(longest) < 12 * 3600
    assert min(module.delay_after(12) for _ in range(50)) > 8 * 3600
    assert len({module.delay_after(5) for _ in range(20)}) > 1, "jitter"


def test_a_redelivered_event_has_the_same_id(cloud: Cloud, inbox: Inbox) -> None:
    """Killed after the receiver has responded and before the message is deleted."""
    completed(cloud, url=inbox.url)
    messages = receive(cloud)
    for _ in range(2):
        assert cloud.call("webhook", {"Records": messages}) == OK
    ids = {headers["videosentiment-event-id"] for headers, _ in inbox.requests}
    assert (len(inbox.requests), len(ids)) == (2, 1)


def test_obsolete_events_are_not_sent(cloud: Cloud, inbox: Inbox) -> None:
    analysis = completed(cloud, url=inbox.url)
    by_session("alice").delete(f"/analyses/{analysis}")
    assert deliver(cloud) == OK
    record = cloud.start("alice", cloud.upload("alice"), webhook_url=inbox.url)
    cloud.run_stream()
    cloud.notify(cloud.failure(cloud.read(record)))
    cloud.run_stream()
    by_session("alice").post(f"/analyses/{record.id}/retry")
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_nothing_is_sent_for_a_deleted_account(cloud: Cloud, inbox: Inbox) -> None:
    completed(cloud, url=inbox.url)
    profiles.delete_account("alice", cloud.now)
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_a_private_address_is_not_retried(cloud: Cloud) -> None:
    for url in ("https://localhost/", "https://127.0.0.1/", "http://example.com/", "https://10.0.0.1/"):
        events.enqueue(send_test_event(cloud, url))
    assert deliver(cloud) == OK
    assert message_counts(cloud) == (0, 0)


def test_localhost_is_refused_without_the_setting(cloud: Cloud, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    events.enqueue(send_test_event(cloud, inbox.url))
    monkeypatch.delenv("LOCAL_WEBHOOKS")
    settings.cache_clear()
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_an_invalid_message_goes_to_the_dead_letter_queue_alone(cloud: Cloud, inbox: Inbox) -> None:
    clients.client("sqs").send_message(QueueUrl=cloud.webhook_queue, MessageBody='{"id": "x"}')
    events.enqueue(send_test_event(cloud, inbox.url))
    messages = receive(cloud)
    assert len(messages) == 2
    response = cloud.call("webhook", {"Records": messages})
    strange = next(message["messageId"] for message in messages if message["body"] == '{"id": "x"}')
    assert response == {"batchItemFailures": [{"itemIdentifier": strange}]}
    assert json.loads(inbox.requests[0][1])["type"] == "webhook.test"


def test_an_unreachable_receiver_is_retried(cloud: Cloud, inbox: Inbox) -> None:
    inbox.close()
    event = send_test_event(cloud, inbox.url)
    events.enqueue(event)
    assert len(deliver(cloud)["batchItemFailures"]) == 1


def session(inbox: Inbox) -> Caller:
    """Return alice's session, with a webhook set."""
    alice = by_session("alice")
    assert alice.put("/webhook", {"url": inbox.url}).status == 200
    return alice


@pytest.mark.parametrize("kind", ["analysis", "test", "tried"])
def test_deleting_the_webhook_stops_queued_events(cloud: Cloud, inbox: Inbox, kind: str) -> None:
    alice = session(inbox)
    if kind == "test":
        alice.post("/webhook/test")
    else:
        completed(cloud)
    if kind == "tried":
        inbox.status = 500
        deliver(cloud)
    before = len(inbox.requests)
    alice.delete("/webhook")
    assert cloud.call("webhook", {"Records": _again(cloud) if kind == "tried" else receive(cloud)}) == OK
    assert len(inbox.requests) == before


def test_a_new_webhook_gets_no_events_of_a_deleted_one(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    cloud.advance(seconds=1)
    alice.delete("/webhook")
    alice.put("/webhook", {"url": f"{inbox.url}another"})
    assert deliver(cloud) == OK
    assert inbox.requests == []
    cloud.advance(seconds=1)
    completed(cloud)
    assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


def test_queued_events_go_to_the_url_set_at_delivery(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    alice.put("/webhook", {"url": "https://wrong.example.com/"})
    completed(cloud)
    cloud.advance(seconds=1)
    alice.put("/webhook", {"url": inbox.url})
    assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


def test_an_analysis_own_url_is_not_the_accounts_webhook(cloud: Cloud, inbox: Inbox) -> None:
    alice = by_session("alice")
    alice.put("/webhook", {"url": "https://example.com/hook"})
    completed(cloud, url=inbox.url)
    alice.delete("/webhook")
    assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


def test_an_event_queued_with_a_url_by_an_older_version_arrives(cloud: Cloud, inbox: Inbox) -> None:
    """Older versions stored the URL in the event."""
    session(inbox)
    events.enqueue(send_test_event(cloud, inbox.url))
    assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


def test_two_secrets_are_valid_for_a_day(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    before = alice.get("/webhook").json()
    assert before["secretBeforeUntil"] is None
    now = alice.post("/webhook/secret").json()
    until = clock.stamp(cloud.now + timedelta(days=1)).replace(".000", "")
    assert now["secretBeforeUntil"] == alice.get("/webhook").json()["secretBeforeUntil"] == until

    def proven() -> list[bool]:
        completed(cloud)
        assert deliver(cloud) == OK
        headers, body = inbox.requests[-1]
        secrets = (before["secret"], now["secret"])
        return [python_check()(secret, headers["videosentiment-signature"], body) for secret in secrets]

    assert proven() == [True, True]
    cloud.advance(hours=24, seconds=-1)
    assert proven() == [True, True]
    cloud.advance(seconds=1)
    assert proven() == [False, True]
    assert alice.get("/webhook").json() == {"url": inbox.url, "secret": now["secret"], "secretBeforeUntil": None}


def test_replacing_the_secret_twice_invalidates_the_first_at_once(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    secrets = [alice.get("/webhook").json()["secret"], *(alice.post("/webhook/secret").json()["secret"] for _ in "ab")]
    completed(cloud)
    deliver(cloud)
    headers, body = inbox.requests[-1]
    valid = [python_check()(secret, headers["videosentiment-signature"], body) for secret in secrets]
    assert valid == [False, True, True]


def test_the_first_secret_has_no_predecessor(cloud: Cloud) -> None:
    alice = by_session("alice")
    made = alice.post("/webhook/secret").json()
    assert (made["secretBeforeUntil"], profiles.webhook_secrets("alice", cloud.now)) == (None, [made["secret"]])
