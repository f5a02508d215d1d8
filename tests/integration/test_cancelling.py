"""Cancellation: the charge is refunded once, and late results are discarded."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import creation, submission, transitions
from lambdas.core.aws import clients
from lambdas.core.errors import TIMED_OUT, NotCancellableError, NotFoundError, NotRetriableError
from lambdas.core.storage import objects
from lambdas.core.storage.tables import AnalysisRecord
from tests.integration.api_client import by_session
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud
from tests.integration.faults import at_every_write

OK: dict[str, list[str]] = {"batchItemFailures": []}


def check_cancelled(cloud: Cloud, record: AnalysisRecord) -> None:
    """Check the record, the charge and the quota of a cancelled analysis."""
    found = cloud.read(record)
    assert (found.status, found.error.code) == (FAILED, "cancelled")
    assert cloud.used(found.owner) == cloud.charges(found.owner) == 0


@pytest.mark.parametrize("state", [QUEUED, PROCESSING])
def test_repeated_cancellations_refund_once(cloud: Cloud, state: str) -> None:
    record = cloud.queued() if state == QUEUED else cloud.processing()
    for _ in range(3):
        assert transitions.cancel("alice", record.id, cloud.now).is_cancelled
        check_cancelled(cloud, record)
    cloud.run_stream()
    assert len(cloud.endpoint.invocations) == (0 if state == QUEUED else 1)
    assert cloud.keys(MEDIA, "inputs/") == []


def test_cancelled_while_its_video_is_copied(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is invoked nevertheless, and stops once the copy is removed."""
    record = cloud.queued()
    ask = submission.invoke

    def cancel_and_ask(found: AnalysisRecord) -> submission.Invocation:
        transitions.cancel("alice", record.id, cloud.now)
        return ask(found)

    monkeypatch.setattr(submission, "invoke", cancel_and_ask)
    cloud.run_stream()
    check_cancelled(cloud, record)
    assert len(cloud.endpoint.invocations) == 1
    assert cloud.keys(MEDIA, "inputs/") == []


def test_a_cancelled_analysis_accepts_no_late_result(cloud: Cloud) -> None:
    record = cloud.processing()
    late = cloud.success(record)
    transitions.cancel("alice", record.id, cloud.now)
    assert cloud.notify(late, late) == OK
    check_cancelled(cloud, record)
    assert cloud.keys(RESULTS) == []


def test_a_result_that_arrives_during_the_cancellation(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner cancels between reading and writing the record: the result stored in between is removed."""
    record = cloud.processing()
    message = cloud.success(record)
    keep = objects.put_json

    def keep_and_cancel(*arguments: Any, **more: Any) -> None:
        keep(*arguments, **more)
        transitions.cancel("alice", record.id, cloud.now)

    with monkeypatch.context() as patch:
        patch.setattr(objects, "put_json", keep_and_cancel)
        assert cloud.notify(message) == OK
    check_cancelled(cloud, record)
    assert cloud.keys(RESULTS) == []


def test_stale_reads_of_a_cancelled_analysis_change_nothing(cloud: Cloud) -> None:
    stale = [cloud.queued()]
    cloud.submit(stale[0])
    stale.append(cloud.read(stale[0]))
    transitions.cancel("alice", stale[0].id, cloud.now)
    for record in stale:
        assert not transitions.mark_processing(record, "s3://b/o", None, cloud.now)
        assert not transitions.fail(record, TIMED_OUT, cloud.now)
        assert not transitions.complete(record, cloud.summary(), cloud.now)
    check_cancelled(cloud, stale[0])


def test_any_order_of_cancellation_and_results_charges_consistently(cloud: Cloud) -> None:
    for number, order in enumerate(itertools.permutations(["cancel", "success", "failure"])):
        owner = f"owner{number}"
        record = cloud.processing(owner)
        message = {"success": cloud.success(record), "failure": cloud.failure(record)}
        for name in (*order, *order):
            if name == "cancel":
                try:
                    transitions.cancel(owner, record.id, cloud.now)
                except NotCancellableError:
                    assert cloud.read(record).status in (COMPLETED, FAILED)
            else:
                assert cloud.notify(message[name]) == OK
        found = cloud.read(record)
        # Cancelled only if that came first. A failure that came first was refunded, and a late result is free.
        assert found.is_cancelled == (order[0] == "cancel"), order
        assert found.status == (FAILED if order[0] == "cancel" else COMPLETED), order
        assert cloud.used(owner) == cloud.charges(owner) == (1 if order[0] == "success" else 0), order


@pytest.mark.parametrize("state", [QUEUED, PROCESSING])
def test_killed_after_any_write(cloud: Cloud, state: str) -> None:
    records: dict[int, AnalysisRecord] = {}

    def prepare(number: int) -> None:
        make: Callable[[str], AnalysisRecord] = cloud.queued if state == QUEUED else cloud.processing
        records[number] = make(f"owner{number}")

    def cancel(number: int) -> None:
        transitions.cancel(f"owner{number}", records[number].id, cloud.now)

    assert at_every_write(prepare, cancel, cancel, lambda number: check_cancelled(cloud, records[number])) == 1


def test_a_cancelled_analysis_can_be_retried(cloud: Cloud) -> None:
    record = cloud.processing()
    late = cloud.success(record)
    transitions.cancel("alice", record.id, cloud.now)
    again = creation.retry("alice", record.id, cloud.now)
    assert (again.status, again.attempt, cloud.used("alice")) == (QUEUED, 2, 1)
    cloud.run_stream()
    assert cloud.read(again).status == QUEUED  # the endpoint is still working on the previous attempt
    cloud.notify(late)
    cloud.run_stream()
    assert cloud.read(again).status == PROCESSING
    cloud.notify(cloud.success(again))
    assert (cloud.read(again).status, cloud.used("alice"), cloud.charges("alice")) == (COMPLETED, 1, 1)


def test_ended_and_foreign_analyses_cannot_be_cancelled(cloud: Cloud) -> None:
    for record in (cloud.completed(), cloud.failed()):
        before = cloud.items("alice")
        with pytest.raises(NotCancellableError):
            transitions.cancel("alice", record.id, cloud.now)
        assert cloud.items("alice") == before
    record = cloud.queued()
    with pytest.raises(NotFoundError):
        transitions.cancel("mallory", record.id, cloud.now)
    assert cloud.read(record).status == QUEUED


def test_the_route(cloud: Cloud) -> None:
    alice, bob = by_session("alice"), by_session("bob")
    record = cloud.processing("alice")
    assert bob.post(f"/analyses/{record.id}/cancel").status == 404
    response = alice.post(f"/analyses/{record.id}/cancel")
    assert (response.status, response.json()["status"], response.json()["error"]["code"]) == (
        200,
        "failed",
        "cancelled",
    )
    assert alice.get("/usage").json()["used"] == 0
    cloud.notify(cloud.failure(record))
    done = cloud.completed("alice")
    refused = alice.post(f"/analyses/{done.id}/cancel")
    assert (refused.status, refused.json()["code"]) == (409, "not-cancellable")


def test_a_cancellation_sends_an_event(cloud: Cloud) -> None:
    record = cloud.start("alice", cloud.upload("alice"), webhook_url="https://example.com/hook")
    transitions.cancel("alice", record.id, cloud.now)
    cloud.run_stream()
    assert [event["type"] for event in cloud.events()] == ["analysis.failed"]


def refused_file(cloud: Cloud, code: str) -> AnalysisRecord:
    record = cloud.processing()
    body = {"type": f"urn:video-sentiment:problem:{code}", "status": 422, "error": "no video stream"}
    cloud.notify(cloud.failure(record, json.dumps(body).encode()))
    return cloud.read(record)


@pytest.mark.parametrize("code", ["unreadable-video", "too-long", "too-demanding"])
def test_a_file_that_would_fail_again_is_not_retried(cloud: Cloud, code: str) -> None:
    record = refused_file(cloud, code)
    with pytest.raises(NotRetriableError, match="no video stream"):
        creation.retry("alice", record.id, cloud.now)
    with pytest.raises(NotRetriableError, match="no video stream"):
        cloud.start("alice", record.object_key)
    assert (cloud.read(record).attempt, cloud.used("alice")) == (1, 0)


def test_a_replaced_file_is_retried(cloud: Cloud) -> None:
    record = refused_file(cloud, "unreadable-video")
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=VIDEO + b"another")
    assert cloud.start("alice", record.object_key).attempt == 2


def test_attempts_are_capped_and_leave_no_copies(cloud: Cloud) -> None:
    record = cloud.processing()
    for attempt in range(1, 6):
        assert cloud.keys(MEDIA, "inputs/") == [f"inputs/{record.id}/{attempt}.mp4"]
        cloud.notify(cloud.failure(cloud.read(record)))
        cloud.run_stream()
        assert cloud.versions(MEDIA, "inputs/") == []
        if attempt < 5:
            creation.retry("alice", record.id, cloud.now)
            cloud.run_stream()
    with pytest.raises(NotRetriableError, match="5 attempts"):
        creation.retry("alice", record.id, cloud.now)
    assert (cloud.read(record).attempt, cloud.used("alice")) == (5, 0)


def test_a_late_event_of_an_attempt_leaves_the_next_ones_copy(cloud: Cloud) -> None:
    before = cloud.processing()
    cloud.notify(cloud.failure(before))
    failed = cloud.read(before)
    again = creation.retry("alice", before.id, cloud.now)
    cloud.submit(again)
    for _ in range(2):
        assert cloud.publish(before, failed) == OK
    assert cloud.keys(MEDIA, "inputs/") == [f"inputs/{before.id}/2.mp4"]


def test_publishing_a_failure_killed_after_any_write(cloud: Cloud) -> None:
    changes: dict[int, tuple[AnalysisRecord, AnalysisRecord]] = {}

    def prepare(number: int) -> None:
        before = cloud.processing(f"owner{number}")
        cloud.notify(cloud.failure(before))
        changes[number] = (before, cloud.read(before))

    def publish(number: int) -> None:
        cloud.publish(*changes[number])

    def check(number: int) -> None:
        assert cloud.versions(MEDIA, f"inputs/{changes[number][0].id}/") == []

    assert at_every_write(prepare, publish, publish, check) == 1
