"""Receivers that hang or fail delay neither other accounts' events nor other destinations."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lambdas.core import clock
from lambdas.core.aws import clients
from lambdas.core.owners import profiles
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import DeliveriesRecord
from lambdas.core.webhooks import events, url_policy
from lambdas.webhook import admission
from lambdas.webhook.admission import NotAdmittedError
from lambdas.webhook.handler import MAX_HOLD
from lambdas.webhook.sending import DeliveryError
from tests.integration.cloud import Cloud
from tests.integration.faults import intercepted, killed_after
from tests.integration.local_parts import until
from tests.integration.test_webhook_delivery import Inbox, deliver, inbox, receive, send_test_event

__all__ = ["inbox"]  # the fixture
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")
OK: dict[str, Any] = {"batchItemFailures": []}
LAMBDAS = 4  # concurrent executions


class Hanging:
    """Receiver that accepts requests and does not respond until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.asked: list[str] = []
        hanging = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hanging.asked.append(self.path)
                hanging.released.wait(60)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.close()


def test_a_hanging_receiver_does_not_delay_other_accounts(cloud: Cloud, inbox: Inbox, hanging: Hanging) -> None:
    """A dozen events of one account are ahead of it in the queue, more than there are Lambdas."""
    for owner in ("alice", "bob"):
        profiles.webhook_secret(owner, cloud.now)
    for number in range(3 * LAMBDAS):
        events.enqueue(send_test_event(cloud, f"{hanging.url}{number}"))
    first: list[dict[str, Any]] = []
    until(lambda: _collect(cloud, first, 3 * LAMBDAS))
    events.enqueue(send_test_event(cloud, inbox.url, "bob"))
    second: list[dict[str, Any]] = []
    until(lambda: _collect(cloud, second, 1))
    with ThreadPoolExecutor(LAMBDAS) as pool:
        responses = [pool.submit(cloud.call, "webhook", {"Records": [message]}) for message in (*first, *second)]
        until(lambda: bool(inbox.requests))
        assert len(hanging.asked) <= admission.IN_FLIGHT < LAMBDAS
        hanging.released.set()
    kept = [len(response.result()["batchItemFailures"]) for response in responses]
    assert sum(kept) == len(hanging.asked) and kept[-1] == 0, "what was not tried did not fail"
    assert delayed(cloud) == len(first) - len(hanging.asked), "and is tried later"


def delayed(cloud: Cloud) -> int:
    """Messages that were put into the queue for later."""
    name = "ApproximateNumberOfMessagesDelayed"
    found = clients.client("sqs").get_queue_attributes(QueueUrl=cloud.webhook_queue, AttributeNames=[name])
    return int(found["Attributes"][name])


def _collect(cloud: Cloud, found: list[dict[str, Any]], wanted: int) -> bool:
    found += receive(cloud, hidden=600)
    return len(found) >= wanted


def test_events_are_queued_in_the_group_of_their_owner(cloud: Cloud) -> None:
    """SQS prefers the events of owners without a backlog."""
    events.enqueue(events.test_event("alice", cloud.now))
    (message,) = clients.client("sqs").receive_message(
        QueueUrl=cloud.webhook_queue, MessageSystemAttributeNames=["MessageGroupId"]
    )["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "alice"


def test_a_failing_destination_is_paused(cloud: Cloud, inbox: Inbox) -> None:
    inbox.status = 500
    for _ in range(admission.FAILURES):
        assert len(deliver_one(cloud, inbox.url)["batchItemFailures"]) == 1
    assert len(inbox.requests) == admission.FAILURES
    inbox.status = 200
    for _ in range(3):
        assert deliver_one(cloud, inbox.url) == OK, "this is no attempt"
    assert len(inbox.requests) == admission.FAILURES, "not even asked"
    assert delayed(cloud) == 3
    cloud.advance(seconds=admission.FIRST_PAUSE)
    for number in (1, 2):
        assert deliver_one(cloud, inbox.url) == OK
        assert len(inbox.requests) == admission.FAILURES + number


def test_what_is_not_admitted_comes_again_as_it_was_but_not_for_ever(cloud: Cloud, inbox: Inbox) -> None:
    inbox.status = 500
    for _ in range(admission.FAILURES):
        deliver_one(cloud, inbox.url)
    event = completed_event(cloud, inbox.url)
    events.enqueue(event)
    (message,) = receive(cloud, hidden=600)
    for copies, held, failures in (
        (1, 0, []),
        (2, MAX_HOLD - 1, []),
        (2, MAX_HOLD, [{"itemIdentifier": message["messageId"]}]),
    ):
        cloud.now = datetime.fromisoformat(event.occurred_at) + timedelta(seconds=held)
        record = DeliveriesRecord.get(*item_keys.deliveries("alice"))
        circuits = {name: [found, clock.epoch(cloud.now) + 60] for name, (found, _) in record.circuits.items()}
        record.update(actions=[DeliveriesRecord.circuits.set(circuits)])
        assert cloud.call("webhook", {"Records": [message]}) == {"batchItemFailures": failures}
        assert delayed(cloud) == copies
    assert len(inbox.requests) == admission.FAILURES


def test_pauses_grow_and_end_with_a_single_delivery(cloud: Cloud, inbox: Inbox) -> None:
    inbox.status = 500
    for _ in range(admission.FAILURES):
        deliver_one(cloud, inbox.url)
    for pause in (60, 120, 240, 480, 600, 600):
        cloud.advance(seconds=pause - 1)
        deliver_one(cloud, inbox.url)
        before = len(inbox.requests)
        cloud.advance(seconds=1)
        for _ in range(2):
            deliver_one(cloud, inbox.url)
        assert len(inbox.requests) == before + 1, pause


def test_other_destinations_and_other_accounts_are_not_affected(cloud: Cloud, inbox: Inbox) -> None:
    bad = Inbox()
    bad.status = 500
    try:
        for _ in range(admission.FAILURES + 1):
            deliver_one(cloud, bad.url)
        assert len(bad.requests) == admission.FAILURES
        assert deliver_one(cloud, inbox.url) == OK
        bad.status = 200
        assert deliver_one(cloud, bad.url, "bob") == OK
    finally:
        bad.close()


def test_a_success_resets_the_failures(cloud: Cloud, inbox: Inbox) -> None:
    for number in range(3 * admission.FAILURES):
        inbox.status = 200 if number % 3 == 0 else 500
        deliver_one(cloud, inbox.url)
    assert len(inbox.requests) == 3 * admission.FAILURES


def test_a_test_event_ignores_the_pause(cloud: Cloud, inbox: Inbox) -> None:
    inbox.status = 500
    for _ in range(admission.FAILURES):
        deliver_one(cloud, inbox.url)
    inbox.status = 200
    events.enqueue(send_test_event(cloud, inbox.url))
    assert deliver(cloud) == OK
    assert deliver_one(cloud, inbox.url) == OK, "the test event has reset the failures"


def test_killed_in_the_middle_of_a_delivery(cloud: Cloud, inbox: Inbox) -> None:
    """The event is delivered again; the account's other events wait at most for the duration of a lease."""
    profiles.webhook_secret("alice", cloud.now)
    killed = []
    for _ in range(admission.IN_FLIGHT):
        events.enqueue(send_test_event(cloud, inbox.url))
        (message,) = receive(cloud, hidden=600)
        killed.append(message)
        with killed_after(1) as kill:
            cloud.call("webhook", {"Records": [message]})
        assert kill.happened and inbox.requests == []
    assert (deliver_one(cloud, inbox.url), delayed(cloud)) == (OK, 1)
    assert cloud.call("webhook", {"Records": killed[:1]}) == OK
    assert len(inbox.requests) == 1
    cloud.advance(seconds=admission.LEASE)
    for _ in range(admission.IN_FLIGHT):
        assert deliver_one(cloud, inbox.url) == OK


def test_concurrent_deliveries_are_limited_exactly(cloud: Cloud) -> None:
    barrier, leaving = threading.Barrier(8), threading.Event()
    outcomes: list[bool] = []
    destination = url_policy.parse("https://example.com/")

    def enter(number: int) -> None:
        barrier.wait()
        try:
            with admission.admitted("alice", destination, f"evt_{number}", cloud.now, is_test=True):
                outcomes.append(True)
                leaving.wait(60)
        except NotAdmittedError:
            outcomes.append(False)

    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(enter, number)
        until(lambda: len(outcomes) == 8)
        leaving.set()
    assert outcomes.count(True) == admission.IN_FLIGHT
    assert DeliveriesRecord.get(*item_keys.deliveries("alice")).in_flight == {}


def test_a_delivery_counts_even_if_its_outcome_cannot_be_stored(cloud: Cloud, inbox: Inbox) -> None:
    profiles.webhook_secret("alice", cloud.now)
    events.enqueue(send_test_event(cloud, inbox.url))

    def fail_after_the_request(name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name == "UpdateItem" and inbox.requests:
            error = {"Error": {"Code": "InternalServerError", "Message": "injected"}}
            raise clients.client("dynamodb").exceptions.ClientError(error, name)
        return call()

    with intercepted(fail_after_the_request):
        assert deliver(cloud) == OK
    assert len(inbox.requests) == 1


@pytest.mark.usefixtures("cloud")
def test_the_number_of_stored_destinations_is_bounded() -> None:
    for number in range(admission.MAX_CIRCUITS + 10):
        destination = url_policy.parse(f"https://host{number}.example.com/")
        with (
            pytest.raises(DeliveryError),
            admission.admitted("alice", destination, "evt", clock.now(), is_test=False),
        ):
            raise DeliveryError("answered 500", "http-status", 500)
    found = DeliveriesRecord.get(*item_keys.deliveries("alice"))
    assert len(found.circuits) == admission.MAX_CIRCUITS


def completed_event(cloud: Cloud, url: str, owner: str = "alice") -> events.Event:
    """The event of an analysis that has ended, for an address; not in the queue."""
    record = cloud.start(owner, cloud.upload(owner), webhook_url=url)
    cloud.submit(record)
    cloud.notify(cloud.success(cloud.read(record)))
    ended = cloud.read(record)
    event = events.event_of(ended, cloud.now)
    assert event is not None
    return event


def deliver_one(cloud: Cloud, url: str, owner: str = "alice") -> dict[str, Any]:
    """Send an event that is no test to an address, as the queue would have the Lambda do."""
    event = completed_event(cloud, url, owner)
    events.enqueue(event)
    message = next(message for message in receive(cloud, hidden=600) if event.id in message["body"])
    response = cloud.call("webhook", {"Records": [message]})
    clients.client("sqs").delete_message(QueueUrl=cloud.webhook_queue, ReceiptHandle=message["receiptHandle"])
    return response
