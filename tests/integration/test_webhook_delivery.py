"""From the end of an analysis to a receiver: signed, the same each time, and later each time."""

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
    """A receiver on this machine: what came, and what it answers."""

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
    """The queue's messages, as Lambda would be called with them; `hidden`: seconds until they come again."""
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
    """One round of the queue: what is done with is deleted, as Lambda does it."""
    messages = receive(cloud)
    answer = cloud.call("webhook", {"Records": messages})
    kept = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    for message in messages:
        if message["messageId"] not in kept:
            clients.client("sqs").delete_message(QueueUrl=cloud.webhook_queue, ReceiptHandle=message["receiptHandle"])
    return answer


def waiting(cloud: Cloud) -> tuple[int, int]:
    """Messages that can be received, and that are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = clients.client("sqs").get_queue_attributes(QueueUrl=cloud.webhook_queue, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def trial(cloud: Cloud, url: str, owner: str = "alice") -> Event:
    """A test event to an address of its own."""
    return events.test_event(owner, cloud.now).model_copy(update={"url": url})


def completed(cloud: Cloud, url: str | None = None) -> str:
    """An analysis that ends, and whose event is in the queue; returns its id."""
    record = cloud.ask("alice", cloud.upload("alice"), webhook_url=url)
    cloud.flow()
    cloud.hear(cloud.success(cloud.read(record)))
    cloud.flow()
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
    assert b"hello" not in body, "words of the video stay with us"
    assert waiting(cloud) == (0, 0)


def test_a_failure_is_told_with_its_reason(cloud: Cloud, inbox: Inbox) -> None:
    record = cloud.ask("alice", cloud.upload("alice"), webhook_url=inbox.url)
    cloud.flow()
    cloud.hear(cloud.failure(cloud.read(record)))
    cloud.flow()
    assert deliver(cloud) == OK
    event = json.loads(inbox.requests[0][1])
    assert (event["type"], event["data"]["error"]["code"]) == ("analysis.failed", "inference-failed")


def test_an_analysis_own_url_comes_first_and_the_account_secret_signs(cloud: Cloud, inbox: Inbox) -> None:
    secret = by_session("alice").get("/webhook").json()["secret"]
    completed(cloud, url=f"{inbox.url}own")
    deliver(cloud)
    ((headers, body),) = inbox.requests
    assert python_check()(secret, headers["videosentiment-signature"], body)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_refused_stays_in_the_queue_and_comes_again_the_same(cloud: Cloud, inbox: Inbox, status: int) -> None:
    inbox.status = status
    completed(cloud, url=inbox.url)
    assert len(deliver(cloud)["batchItemFailures"]) == 1
    assert waiting(cloud) == (0, 1), "hidden, not visible at once"
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
    """The message that was hidden, as if the time had passed."""
    clients.client("sqs").change_message_visibility(
        QueueUrl=cloud.webhook_queue, ReceiptHandle=hidden.pop(), VisibilityTimeout=0
    )
    return receive(cloud)


hidden: list[str] = []


@pytest.fixture(autouse=True)
def watch_hiding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember receipts of messages that were hidden; hiding itself is the real one."""
    hidden.clear()
    hide = module._delay

    def watched(message: dict[str, Any]) -> None:
        hide(message)
        hidden.append(message["receiptHandle"])

    monkeypatch.setattr(module, "_delay", watched)


def test_delays_grow_and_stay_below_what_a_queue_can_hide() -> None:
    longest = [max(module.delay_after(attempt) for _ in range(50)) for attempt in range(1, 13)]
    assert longest[:6] == sorted(longest[:6])
    assert 20 <= longest[0] <= 30
    assert max(longest) < 12 * 3600
    assert min(module.delay_after(12) for _ in range(50)) > 8 * 3600
    assert len({module.delay_after(5) for _ in range(20)}) > 1, "not all at once"


def test_a_redelivered_event_has_the_same_id(cloud: Cloud, inbox: Inbox) -> None:
    """Killed after the receiver has answered and before the queue knows."""
    completed(cloud, url=inbox.url)
    messages = receive(cloud)
    for _ in range(2):
        assert cloud.call("webhook", {"Records": messages}) == OK
    ids = {headers["videosentiment-event-id"] for headers, _ in inbox.requests}
    assert (len(inbox.requests), len(ids)) == (2, 1)


def test_what_has_been_overtaken_is_not_sent(cloud: Cloud, inbox: Inbox) -> None:
    analysis = completed(cloud, url=inbox.url)
    by_session("alice").delete(f"/analyses/{analysis}")
    assert deliver(cloud) == OK
    record = cloud.ask("alice", cloud.upload("alice"), webhook_url=inbox.url)
    cloud.flow()
    cloud.hear(cloud.failure(cloud.read(record)))
    cloud.flow()
    by_session("alice").post(f"/analyses/{record.id}/retry")
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_nothing_is_sent_for_an_account_that_ended(cloud: Cloud, inbox: Inbox) -> None:
    completed(cloud, url=inbox.url)
    profiles.delete_account("alice", cloud.now)
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_a_private_address_is_given_up_at_once(cloud: Cloud) -> None:
    for url in ("https://localhost/", "https://127.0.0.1/", "http://example.com/", "https://10.0.0.1/"):
        events.enqueue(trial(cloud, url))
    assert deliver(cloud) == OK
    assert waiting(cloud) == (0, 0)


def test_localhost_is_refused_without_the_setting(cloud: Cloud, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    events.enqueue(trial(cloud, inbox.url))
    monkeypatch.delenv("LOCAL_WEBHOOKS")
    settings.cache_clear()
    assert deliver(cloud) == OK
    assert inbox.requests == []


def test_what_is_no_event_is_kept_for_the_dead_letters_and_stops_no_other(cloud: Cloud, inbox: Inbox) -> None:
    clients.client("sqs").send_message(QueueUrl=cloud.webhook_queue, MessageBody='{"id": "x"}')
    events.enqueue(trial(cloud, inbox.url))
    messages = receive(cloud)
    assert len(messages) == 2
    answer = cloud.call("webhook", {"Records": messages})
    strange = next(message["messageId"] for message in messages if message["body"] == '{"id": "x"}')
    assert answer == {"batchItemFailures": [{"itemIdentifier": strange}]}
    assert json.loads(inbox.requests[0][1])["type"] == "webhook.test"


def test_a_receiver_that_is_not_there(cloud: Cloud, inbox: Inbox) -> None:
    inbox.close()
    event = trial(cloud, inbox.url)
    events.enqueue(event)
    assert len(deliver(cloud)["batchItemFailures"]) == 1


def session(inbox: Inbox) -> Caller:
    """Alice, whose webhook is set."""
    alice = by_session("alice")
    assert alice.put("/webhook", {"url": inbox.url}).status == 200
    return alice


@pytest.mark.parametrize("kind", ["analysis", "test", "tried"])
def test_deleting_the_webhook_stops_what_is_queued(cloud: Cloud, inbox: Inbox, kind: str) -> None:
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


def test_another_webhook_gets_nothing_of_what_a_deleted_one_had(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    completed(cloud)
    cloud.later(seconds=1)
    alice.delete("/webhook")
    alice.put("/webhook", {"url": f"{inbox.url}another"})
    assert deliver(cloud) == OK
    assert inbox.requests == []
    cloud.later(seconds=1)
    completed(cloud)
    assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


def test_what_is_queued_goes_to_the_address_that_is_set_when_it_is_sent(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    alice.put("/webhook", {"url": "https://wrong.example.com/"})
    completed(cloud)
    cloud.later(seconds=1)
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


def test_an_event_from_before_addresses_were_looked_up_arrives(cloud: Cloud, inbox: Inbox) -> None:
    """Queued by the version before: it names the address itself."""
    session(inbox)
    events.enqueue(trial(cloud, inbox.url))
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
    cloud.later(hours=24, seconds=-1)
    assert proven() == [True, True]
    cloud.later(seconds=1)
    assert proven() == [False, True]
    assert alice.get("/webhook").json() == {"url": inbox.url, "secret": now["secret"], "secretBeforeUntil": None}


def test_replaced_twice_the_first_secret_is_gone_at_once(cloud: Cloud, inbox: Inbox) -> None:
    alice = session(inbox)
    secrets = [alice.get("/webhook").json()["secret"], *(alice.post("/webhook/secret").json()["secret"] for _ in "ab")]
    completed(cloud)
    deliver(cloud)
    headers, body = inbox.requests[-1]
    valid = [python_check()(secret, headers["videosentiment-signature"], body) for secret in secrets]
    assert valid == [False, True, True]


def test_a_first_secret_has_none_before_it(cloud: Cloud) -> None:
    alice = by_session("alice")
    made = alice.post("/webhook/secret").json()
    assert (made["secretBeforeUntil"], profiles.webhook_secrets("alice", cloud.now)) == (None, [made["secret"]])
