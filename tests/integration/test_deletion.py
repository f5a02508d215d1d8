"""Deletion of analyses: hidden at once, restorable without loss, finally purged with all their data."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from common.analyses import COMPLETED
from lambdas.core.analyses import deletion, queries, result_ingest, transitions
from lambdas.core.analyses.sagemaker_events import InferenceNotification
from lambdas.core.aws import clients
from lambdas.core.errors import TIMED_OUT, DeletedError, NotFoundError
from lambdas.core.settings import settings
from lambdas.core.storage import objects
from tests.integration.cloud import MEDIA, RESULTS, Cloud, put, result
from tests.integration.faults import failing, intercepted


def test_a_deleted_analysis_is_hidden_and_can_be_restored(cloud: Cloud) -> None:
    record = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    with pytest.raises(NotFoundError):
        queries.get("alice", record.id)
    with pytest.raises(DeletedError):
        cloud.start("alice", record.object_key)
    assert queries.page("alice").records == []
    cloud.advance(seconds=settings().undo_seconds - 1)
    cloud.sweep()
    restored = deletion.restore("alice", record.id, cloud.now)
    assert queries.result(restored) == result()
    assert [found.id for found in queries.page("alice").records] == [record.id]
    assert restored.due_at == record.expires_at
    cloud.advance(seconds=2)
    cloud.sweep()
    assert queries.get("alice", record.id).status == COMPLETED


def test_a_purge_removes_all_data_with_its_versions(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.start("alice", record.object_key)
    cloud.run_stream()
    record = cloud.read(record)
    put(f"s3://{RESULTS}/progress/{record.id}.1.json", b"{}")
    put(f"s3://{RESULTS}/progress/{record.id}.2.json", b"{}")
    cloud.notify(cloud.success(record))
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=b"put again with the old URL")
    other = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    assert set(cloud.versions(MEDIA)) == {other.object_key, f"inputs/{other.id}/1.mp4"}
    assert set(cloud.versions(RESULTS, "analyses/") + cloud.versions(RESULTS, "progress/")) == {other.result_key}
    with pytest.raises(DeletedError):
        deletion.restore("alice", record.id, cloud.now)
    tombstone = cloud.read(record)
    assert tombstone.ttl >= int(cloud.now.timestamp()) + 15 * 86_400
    assert cloud.used("alice") == 2  # a deletion refunds nothing


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_late_output_for_a_tombstone_is_removed(cloud: Cloud, kind: str) -> None:
    record = cloud.processing()
    message = cloud.success(record) if kind == "success" else cloud.failure(record, b"{}")
    deletion.delete("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    put(f"s3://{RESULTS}/progress/{record.id}.1.json", b"{}")
    invocation = cloud.invocation(record)
    put(invocation.output_location if kind == "success" else invocation.failure_location, b"late")
    cloud.notify(message)
    assert cloud.keys(RESULTS) == []
    assert cloud.read(record).purged
    assert cloud.used("alice") == 1


def test_a_result_that_arrives_while_deleted_is_available_after_the_restoration(cloud: Cloud) -> None:
    record = cloud.processing()
    deletion.delete("alice", record.id, cloud.now)
    before = cloud.read(record)
    cloud.notify(cloud.success(record))
    after = cloud.read(record)
    cloud.publish(before, after)
    assert cloud.events() == []
    assert after.due_at == before.due_at  # the purge is still scheduled
    restored = deletion.restore("alice", record.id, cloud.now)
    assert (restored.status, queries.result(restored)) == (COMPLETED, result())


def test_an_event_withheld_while_deleted_is_sent_after_the_restoration(cloud: Cloud) -> None:
    record = cloud.start("alice", cloud.upload("alice"), webhook_url="https://example.com/hook")
    cloud.run_stream()
    deletion.delete("alice", record.id, cloud.now)
    cloud.notify(cloud.success(record))
    cloud.run_stream()
    assert cloud.events() == []
    deletion.restore("alice", record.id, cloud.now)
    cloud.run_stream()
    assert [event["id"] for event in cloud.events()] == [f"evt_{record.id}_1_completed"]


def test_a_deletion_concurrent_with_a_result(cloud: Cloud) -> None:
    """With a stale read of the record, the analysis is still completed, and purged."""
    record = cloud.processing()
    stale = cloud.read(record)
    message = cloud.success(record)
    deletion.delete("alice", record.id, cloud.now)

    with pytest.MonkeyPatch.context() as patch:
        genuine, responses = queries.find, iter([stale])
        patch.setattr(queries, "find", lambda analysis_id: next(responses, None) or genuine(analysis_id))
        result_ingest.receive(InferenceNotification.model_validate(message), cloud.now)
    done = cloud.read(record)
    assert (done.status, done.is_deleted) == (COMPLETED, True)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    assert cloud.read(record).purged
    assert cloud.versions(RESULTS) == []


def test_a_failed_purge_is_retried(cloud: Cloud) -> None:
    record = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    with failing("DeleteObjects", "SlowDown", 1):
        cloud.sweep()
    assert cloud.read(record).due_at is not None
    with pytest.raises(DeletedError):  # the purge has started
        deletion.restore("alice", record.id, cloud.now)
    cloud.sweep()
    assert cloud.read(record).due_at is None
    assert cloud.versions(MEDIA) == []


@pytest.mark.parametrize("state", ["queued", "processing"])
def test_a_restored_analysis_continues(cloud: Cloud, state: str) -> None:
    record = getattr(cloud, state)()
    deletion.delete("alice", record.id, cloud.now)
    before = len(cloud.endpoint.invocations)
    cloud.run_stream()
    assert len(cloud.endpoint.invocations) == before  # deleted analyses are not submitted
    cloud.advance(seconds=settings().undo_seconds - 1)
    deletion.restore("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    assert len(cloud.endpoint.invocations) == 1
    cloud.notify(cloud.success(cloud.read(record)))
    assert queries.get("alice", record.id).status == COMPLETED


def test_nothing_changes_a_purged_analysis(cloud: Cloud) -> None:
    """Not even with a record that was read before the purge."""
    record = cloud.processing()
    deletion.delete("alice", record.id, cloud.now)
    stale = cloud.read(record)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    tombstone = cloud.read(record).attribute_values
    assert not transitions.complete(stale, cloud.summary(), cloud.now)
    assert not transitions.fail(stale, TIMED_OUT, cloud.now)
    assert cloud.read(record).attribute_values == tombstone
    assert cloud.used("alice") == 1


def in_between(operation: str, act: Callable[[], object]) -> AbstractContextManager[None]:
    """Run `act` right before the first call of an operation, after all reads for it."""
    turns = iter([act])

    def call(name: str, genuine: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name == operation and (turn := next(turns, None)):
            turn()
        return genuine()

    return intercepted(call)


def test_a_restoration_concurrent_with_the_purge(cloud: Cloud) -> None:
    record = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    with in_between("TransactWriteItems", cloud.sweep), pytest.raises(DeletedError):
        deletion.restore("alice", record.id, cloud.now)
    assert cloud.read(record).purged


@pytest.mark.parametrize("event", ["purge", "retry"])
def test_a_result_obsolete_before_it_is_recorded_is_removed(cloud: Cloud, event: str) -> None:
    record = cloud.processing()
    message = cloud.success(record)

    def overtake() -> None:
        if event == "purge":
            deletion.delete_and_purge(cloud.read(record), cloud.now)
        else:
            transitions.fail(record, TIMED_OUT, cloud.now)
            cloud.start("alice", record.object_key)

    with in_between("TransactWriteItems", overtake):
        cloud.notify(message)
    assert cloud.keys(RESULTS) == []
    assert cloud.read(record).result_key is None


def test_keys_that_share_a_prefix_are_kept(cloud: Cloud) -> None:
    for key in ("a/b", "a/b", "a/bc", "a/b/c"):
        put(f"s3://{MEDIA}/{key}", b"x")
    objects.delete_versions(MEDIA, "a/b")
    assert cloud.versions(MEDIA) == ["a/b/c", "a/bc"]
