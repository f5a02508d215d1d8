"""The sweeper: whatever was lost, stuck, expired or to be removed is found and set right; nothing else is touched."""

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import deletion, queries
from lambdas.core.errors import NotFoundError
from lambdas.core.settings import settings
from lambdas.core.storage.tables import Item
from lambdas.core.upkeep import sweeping
from lambdas.core.uploads import uploads
from tests.integration.cloud import MEDIA, RESULTS, Cloud, put
from tests.integration.faults import failing


def test_a_queued_analysis_that_nobody_took_is_submitted(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.later(seconds=settings().queued_patience - 1)
    cloud.sweep()
    assert cloud.read(record).status == QUEUED
    cloud.later(seconds=1)
    cloud.sweep()
    assert cloud.read(record).status == PROCESSING


def test_one_that_cannot_be_submitted_is_tried_again_later_and_fails_in_the_end(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.endpoint.failing = True
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    stuck = cloud.read(record)
    assert (stuck.status, stuck.due_at) == (QUEUED, int(cloud.now.timestamp()) + settings().queued_patience)
    cloud.later(seconds=settings().attempt_seconds)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.status, record.error.code, cloud.used("alice")) == (FAILED, "not-submitted", 0)


def test_an_attempt_has_until_its_deadline(cloud: Cloud) -> None:
    record = cloud.processing()
    cloud.later(seconds=settings().attempt_seconds - 1)
    cloud.sweep()
    assert cloud.read(record).status == PROCESSING
    cloud.later(seconds=1)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.status, record.error.code) == (FAILED, "timed-out")
    assert cloud.used("alice") == cloud.charges("alice") == 0
    assert cloud.ask("alice", record.object_key).attempt == 2


def test_a_lost_notification_of_a_result_is_made_up_for(cloud: Cloud) -> None:
    record = cloud.processing()
    cloud.success(record)
    cloud.later(seconds=settings().attempt_seconds)
    cloud.sweep()
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1
    assert cloud.keys(RESULTS, "outputs/") == []


def test_a_lost_notification_of_a_failure_is_made_up_for(cloud: Cloud) -> None:
    record = cloud.processing()
    put(
        record.failure_location,
        b'{"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": "too long a video"}',
    )
    cloud.later(seconds=settings().attempt_seconds)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.error.code, record.error.message, cloud.used("alice")) == ("too-long", "too long a video", 0)


def test_one_bad_record_does_not_keep_the_others(cloud: Cloud) -> None:
    records = [cloud.processing(f"owner{number}") for number in range(3)]
    cloud.later(seconds=settings().attempt_seconds)
    with failing("GetObject", "InternalError", 1):
        assert cloud.sweep() == {"records": 6}  # and the slots of three owners
    assert sorted(cloud.read(record).status for record in records) == [FAILED, FAILED, PROCESSING]
    cloud.sweep()
    assert {cloud.read(record).status for record in records} == {FAILED}


def test_what_is_no_longer_due_is_left_alone(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index lags behind the table: here, by what it said before the record moved on."""
    record = cloud.processing()
    gone = Item("ANALYSIS#gone", "ANALYSIS")
    monkeypatch.setattr(sweeping, "_due", lambda _: iter([gone, Item(record.pk, record.sk)]))
    assert cloud.sweep() == {"records": 2}
    assert cloud.read(record).status == PROCESSING


def test_it_stops_in_time(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queued()
    cloud.later(seconds=settings().queued_patience)
    turns = iter([True, False])
    assert sweeping.sweep(cloud.now, lambda: next(turns)) == 1
    assert len(cloud.endpoint.invocations) == 1


def test_an_upload_without_analysis_expires(cloud: Cloud) -> None:
    cloud.upload("alice")
    begun = cloud.upload("alice")
    record = cloud.ask("alice", begun)
    cloud.later(seconds=settings().url_seconds + uploads.GRACE)
    cloud.endpoint.failing = True
    cloud.sweep()
    assert cloud.versions(MEDIA, "uploads/alice/") == [begun]
    assert cloud.outstanding("alice") == 0
    assert cloud.read(record).object_key == begun


def test_what_the_plan_no_longer_keeps_is_removed(cloud: Cloud) -> None:
    record = cloud.completed()
    failed = cloud.failed()
    cloud.later(days=90, seconds=-1)
    cloud.sweep()
    assert cloud.read(record).status == COMPLETED
    cloud.later(seconds=2)
    cloud.sweep()
    for gone in (record, failed):
        assert cloud.read(gone).purged
        with pytest.raises(NotFoundError):
            queries.get("alice", gone.id)
    assert (cloud.versions(MEDIA), cloud.versions(RESULTS)) == ([], [])


def test_a_retry_in_the_last_moment_is_not_removed(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.later(days=90, seconds=1)
    stale = cloud.read(record)
    cloud.ask("alice", record.object_key)
    deletion.end(stale, cloud.now)
    assert cloud.read(record).status == QUEUED
    assert not cloud.read(record).is_deleted
