"""Sweeper: repairs or removes what is lost, stuck, expired or deleted, and changes nothing else."""

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


def test_a_queued_analysis_left_behind_is_submitted(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.advance(seconds=settings().queued_patience - 1)
    cloud.sweep()
    assert cloud.read(record).status == QUEUED
    cloud.advance(seconds=1)
    cloud.sweep()
    assert cloud.read(record).status == PROCESSING


@pytest.mark.parametrize("slots_first", [False, True])
def test_a_failing_submission_is_retried_and_finally_fails(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, slots_first: bool
) -> None:
    due = sweeping._due  # its order across shards depends on random identifiers
    monkeypatch.setattr(sweeping, "_due", lambda now: sorted(due(now), key=lambda item: item.sk, reverse=slots_first))
    record = cloud.queued()
    cloud.endpoint.failing = True
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    stuck = cloud.read(record)
    assert (stuck.status, stuck.due_at) == (QUEUED, int(cloud.now.timestamp()) + settings().queued_patience)
    cloud.advance(seconds=settings().attempt_seconds)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.status, record.error.code, cloud.used("alice")) == (FAILED, "not-submitted", 0)


def test_an_attempt_times_out_at_its_deadline(cloud: Cloud) -> None:
    record = cloud.processing()
    cloud.advance(seconds=settings().attempt_seconds - 1)
    cloud.sweep()
    assert cloud.read(record).status == PROCESSING
    cloud.advance(seconds=1)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.status, record.error.code) == (FAILED, "timed-out")
    assert cloud.used("alice") == cloud.charges("alice") == 0
    assert cloud.start("alice", record.object_key).attempt == 2


def test_a_result_with_a_lost_notification_is_recovered(cloud: Cloud) -> None:
    record = cloud.processing()
    cloud.success(record)
    cloud.advance(seconds=settings().attempt_seconds)
    cloud.sweep()
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1
    assert cloud.keys(RESULTS, "outputs/") == []


def test_a_failure_with_a_lost_notification_is_recovered(cloud: Cloud) -> None:
    record = cloud.processing()
    put(
        record.failure_location,
        b'{"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": "too long a video"}',
    )
    cloud.advance(seconds=settings().attempt_seconds)
    cloud.sweep()
    record = cloud.read(record)
    assert (record.error.code, record.error.message, cloud.used("alice")) == ("too-long", "too long a video", 0)


def test_a_bad_record_does_not_affect_others(cloud: Cloud) -> None:
    records = [cloud.processing(f"owner{number}") for number in range(3)]
    cloud.advance(seconds=settings().attempt_seconds)
    with failing("GetObject", "InternalError", 1):
        assert cloud.sweep() == {"records": 6}  # including the slots of three owners
    assert sorted(cloud.read(record).status for record in records) == [FAILED, FAILED, PROCESSING]
    cloud.sweep()
    assert {cloud.read(record).status for record in records} == {FAILED}


def test_records_that_are_no_longer_due_are_skipped(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is eventually consistent: here it still lists earlier states."""
    record = cloud.processing()
    gone = Item("ANALYSIS#gone", "ANALYSIS")
    monkeypatch.setattr(sweeping, "_due", lambda _: iter([gone, Item(record.pk, record.sk)]))
    assert cloud.sweep() == {"records": 2}
    assert cloud.read(record).status == PROCESSING


def test_the_sweeper_stops_before_its_timeout(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queued()
    cloud.advance(seconds=settings().queued_patience)
    turns = iter([True, False])
    assert sweeping.sweep(cloud.now, lambda: next(turns)) == 1
    assert len(cloud.endpoint.invocations) == 1


def test_an_upload_without_analysis_expires(cloud: Cloud) -> None:
    cloud.upload("alice")
    begun = cloud.upload("alice")
    record = cloud.start("alice", begun)
    cloud.advance(seconds=settings().url_seconds + uploads.GRACE_SECONDS)
    cloud.endpoint.failing = True
    cloud.sweep()
    assert cloud.versions(MEDIA, "uploads/alice/") == [begun]
    assert cloud.outstanding("alice") == 0
    assert cloud.read(record).object_key == begun


def test_analyses_past_their_retention_are_removed(cloud: Cloud) -> None:
    record = cloud.completed()
    failed = cloud.failed()
    cloud.advance(days=90, seconds=-1)
    cloud.sweep()
    assert cloud.read(record).status == COMPLETED
    cloud.advance(seconds=2)
    cloud.sweep()
    for gone in (record, failed):
        assert cloud.read(gone).purged
        with pytest.raises(NotFoundError):
            queries.get("alice", gone.id)
    assert (cloud.versions(MEDIA), cloud.versions(RESULTS)) == ([], [])


def test_a_retry_just_before_the_expiry_is_kept(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.advance(days=90, seconds=1)
    stale = cloud.read(record)
    cloud.start("alice", record.object_key)
    deletion.delete_and_purge(stale, cloud.now)
    assert cloud.read(record).status == QUEUED
    assert not cloud.read(record).is_deleted
