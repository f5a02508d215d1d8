"""Every handler is killed after each of its writes to AWS, then its event is redelivered, or the sweeper runs.

The outcome is always one analysis, one charge, one result and one event.
"""

from typing import Any

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import queries
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord
from tests.integration.cloud import RESULTS, Cloud, put, result
from tests.integration.events import notification
from tests.integration.faults import at_every_write


def finish(cloud: Cloud, record: AnalysisRecord) -> None:
    """Bring an analysis to its end without further faults: stream, sweeper, and SageMaker's results."""
    cloud.run_stream()
    current = cloud.read(record)
    if current.status == QUEUED:
        cloud.advance(seconds=settings().queued_patience + 1)
        cloud.sweep()
        current = cloud.read(record)
    if current.status == PROCESSING:
        for made in cloud.endpoint.invocations:  # invoked twice, it produces two results
            if made.inference_id.startswith(current.id):
                put(made.output_location, result().model_dump_json().encode())
                cloud.notify(notification(made, "Completed", outputLocation=made.output_location))
    cloud.run_stream()


def check_one(cloud: Cloud, owner: str) -> AnalysisRecord:
    """Check that there is exactly one analysis, completed, with one charge and one result."""
    (record,) = cloud.records(owner)
    assert record.status == COMPLETED
    assert cloud.used(owner) == cloud.charges(owner) == 1
    assert cloud.keys(RESULTS, f"analyses/{record.id}/") == [f"analyses/{record.id}/{int(record.attempt)}.json"]
    assert queries.result(record) == result()
    assert cloud.outstanding(owner) == 0
    return record


def test_the_start_of_an_analysis(cloud: Cloud) -> None:
    keys: dict[int, str] = {}

    def prepare(number: int) -> None:
        keys[number] = cloud.upload(f"owner{number}")

    def act(number: int) -> None:
        cloud.start(f"owner{number}", keys[number])

    def check(number: int) -> None:
        finish(cloud, cloud.start(f"owner{number}", keys[number]))
        check_one(cloud, f"owner{number}")

    assert at_every_write(prepare, act, act, check) == 2  # the stage's counter, and one transaction


def test_the_retry_of_an_analysis(cloud: Cloud) -> None:
    records: dict[int, AnalysisRecord] = {}

    def prepare(number: int) -> None:
        records[number] = cloud.failed(f"owner{number}")

    def act(number: int) -> None:
        cloud.start(f"owner{number}", records[number].object_key)

    def check(number: int) -> None:
        record = cloud.read(records[number])
        assert (record.status, record.attempt) == (QUEUED, 2)
        assert cloud.used(f"owner{number}") == cloud.charges(f"owner{number}") == 1

    assert at_every_write(prepare, act, act, check) == 2


@pytest.mark.parametrize("repair", ["redelivered", "swept"])
def test_submit(cloud: Cloud, repair: str) -> None:
    records: dict[int, AnalysisRecord] = {}

    def prepare(number: int) -> None:
        records[number] = cloud.queued(f"owner{number}")

    def submit(number: int) -> None:
        cloud.submit(records[number])

    def sweep(_: int) -> None:
        cloud.advance(seconds=settings().queued_patience + 1)
        cloud.sweep()

    def check(number: int) -> None:
        assert cloud.read(records[number]).status == PROCESSING
        finish(cloud, records[number])
        check_one(cloud, f"owner{number}")
        assert cloud.keys(RESULTS, "outputs/") == []

    writes = at_every_write(prepare, submit, submit if repair == "redelivered" else sweep, check)
    assert writes == 4  # slot, copy, invocation, record


@pytest.mark.parametrize("repair", ["redelivered", "swept"])
def test_on_result_of_a_success(cloud: Cloud, repair: str) -> None:
    messages: dict[int, dict[str, Any]] = {}

    def prepare(number: int) -> None:
        messages[number] = cloud.success(cloud.processing(f"owner{number}"))

    def notify(number: int) -> None:
        cloud.notify(messages[number])

    def sweep(_: int) -> None:
        cloud.advance(seconds=settings().attempt_seconds + 1)
        cloud.sweep()

    def check(number: int) -> None:
        check_one(cloud, f"owner{number}")

    writes = at_every_write(prepare, notify, notify if repair == "redelivered" else sweep, check)
    assert writes == 4  # result, record, removal of SageMaker's object, slot
    remaining = len(cloud.keys(RESULTS, "outputs/"))
    assert remaining == (0 if repair == "redelivered" else 1)  # removed later by the bucket's lifecycle rule


@pytest.mark.parametrize("repair", ["redelivered", "swept"])
def test_on_result_of_a_failure(cloud: Cloud, repair: str) -> None:
    messages: dict[int, dict[str, Any]] = {}

    def prepare(number: int) -> None:
        messages[number] = cloud.failure(cloud.processing(f"owner{number}"), b"{}")

    def notify(number: int) -> None:
        cloud.notify(messages[number])

    def sweep(_: int) -> None:
        cloud.advance(seconds=settings().attempt_seconds + 1)
        cloud.sweep()

    def check(number: int) -> None:
        (record,) = cloud.records(f"owner{number}")
        assert (record.status, record.error.code) == (FAILED, "inference-failed")
        assert cloud.used(f"owner{number}") == cloud.charges(f"owner{number}") == 0

    # Record with refund, removal of SageMaker's object, slot.
    assert at_every_write(prepare, notify, notify if repair == "redelivered" else sweep, check) == 3


def test_on_drop(cloud: Cloud) -> None:
    events: dict[int, dict[str, Any]] = {}

    def prepare(number: int) -> None:
        profiles.ensure(f"owner{number}", None, cloud.now)
        events[number] = cloud.drop(f"drop/owner{number}/a.mp4")

    def process(number: int) -> None:
        cloud.process_drops(events[number])

    def check(number: int) -> None:
        process(number)  # delivered again
        (record,) = cloud.records(f"owner{number}")
        finish(cloud, record)
        check_one(cloud, f"owner{number}")
        assert cloud.document(f"results/owner{number}/a.mp4.json") == result().model_dump(mode="json")

    assert at_every_write(prepare, process, process, check) == 2


def test_on_drop_refusing(cloud: Cloud) -> None:
    events: dict[int, dict[str, Any]] = {}

    def prepare(number: int) -> None:
        events[number] = cloud.drop(f"drop/nobody{number}/a.mp4")

    def process(number: int) -> None:
        cloud.process_drops(events[number])

    def check(number: int) -> None:
        document = cloud.document(f"results/nobody{number}/a.mp4.error.json")
        assert document is not None
        assert document["type"].endswith("unknown-owner")

    assert at_every_write(prepare, process, process, check) == 1


def test_publish(cloud: Cloud) -> None:
    changes: dict[int, tuple[AnalysisRecord, AnalysisRecord]] = {}

    def prepare(number: int) -> None:
        profiles.set_webhook(f"owner{number}", "https://example.com/hook", cloud.now)
        cloud.process_drops(cloud.drop(f"drop/owner{number}/a.mp4"))
        (record,) = cloud.records(f"owner{number}")
        cloud.submit(record)
        before = cloud.read(record)
        cloud.notify(cloud.success(before))
        changes[number] = (before, cloud.read(record))

    def publish(number: int) -> None:
        cloud.publish(*changes[number])

    def check(number: int) -> None:
        assert cloud.document(f"results/owner{number}/a.mp4.json") == result().model_dump(mode="json")
        assert {event["id"] for event in cloud.events()} == {f"evt_{changes[number][1].id}_1_completed"}

    assert at_every_write(prepare, publish, publish, check) == 3  # answer, removal of an error, event
