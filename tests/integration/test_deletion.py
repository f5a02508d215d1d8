"""Deletion: hidden at once, restored as if nothing had been, and in the end gone with everything that belongs to it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from common.analyses import COMPLETED
from lambdas.core.analyses import deletion, queries, result_ingest, transitions
from lambdas.core.analyses.sagemaker_events import Notice
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
        cloud.ask("alice", record.object_key)
    assert queries.page("alice").records == []
    cloud.later(seconds=settings().undo_seconds - 1)
    cloud.sweep()
    restored = deletion.restore("alice", record.id, cloud.now)
    assert queries.result(restored) == result()
    assert [found.id for found in queries.page("alice").records] == [record.id]
    assert restored.due_at == record.expires_at
    cloud.later(seconds=2)
    cloud.sweep()
    assert queries.get("alice", record.id).status == COMPLETED


def test_everything_of_a_purged_analysis_is_gone_with_its_versions(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.ask("alice", record.object_key)
    cloud.flow()
    record = cloud.read(record)
    put(f"s3://{RESULTS}/progress/{record.id}.1.json", b"{}")
    put(f"s3://{RESULTS}/progress/{record.id}.2.json", b"{}")
    cloud.hear(cloud.success(record))
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=b"put again with the old URL")
    other = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    assert set(cloud.versions(MEDIA)) == {other.object_key, f"inputs/{other.id}/1.mp4"}
    assert set(cloud.versions(RESULTS, "analyses/") + cloud.versions(RESULTS, "progress/")) == {other.result_key}
    with pytest.raises(DeletedError):
        deletion.restore("alice", record.id, cloud.now)
    tombstone = cloud.read(record)
    assert tombstone.ttl >= int(cloud.now.timestamp()) + 15 * 86_400
    assert cloud.used("alice") == 2  # deletion gives nothing back


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_what_comes_for_a_tombstone_is_removed(cloud: Cloud, kind: str) -> None:
    record = cloud.processing()
    told = cloud.success(record) if kind == "success" else cloud.failure(record, b"{}")
    deletion.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    put(f"s3://{RESULTS}/progress/{record.id}.1.json", b"{}")
    invocation = cloud.invocation(record)
    put(invocation.output_location if kind == "success" else invocation.failure_location, b"late")
    cloud.hear(told)
    assert cloud.keys(RESULTS) == []
    assert cloud.read(record).purged
    assert cloud.used("alice") == 1


def test_a_result_for_a_deleted_analysis_is_there_when_it_is_restored(cloud: Cloud) -> None:
    record = cloud.processing()
    deletion.delete("alice", record.id, cloud.now)
    before = cloud.read(record)
    cloud.hear(cloud.success(record))
    after = cloud.read(record)
    cloud.publish(before, after)
    assert cloud.events() == []
    assert after.due_at == before.due_at  # still to be purged
    restored = deletion.restore("alice", record.id, cloud.now)
    assert (restored.status, queries.result(restored)) == (COMPLETED, result())


def test_what_nobody_was_told_is_told_after_the_restoration(cloud: Cloud) -> None:
    record = cloud.ask("alice", cloud.upload("alice"), webhook_url="https://example.com/hook")
    cloud.flow()
    deletion.delete("alice", record.id, cloud.now)
    cloud.hear(cloud.success(record))
    cloud.flow()
    assert cloud.events() == []
    deletion.restore("alice", record.id, cloud.now)
    cloud.flow()
    assert [event["id"] for event in cloud.events()] == [f"evt_{record.id}_1_completed"]


def test_deletion_and_result_at_once(cloud: Cloud) -> None:
    """Whoever read the record before the other wrote: it is completed, and it is purged."""
    record = cloud.processing()
    stale = cloud.read(record)
    told = cloud.success(record)
    deletion.delete("alice", record.id, cloud.now)

    with pytest.MonkeyPatch.context() as patch:
        genuine, answers = queries.find, iter([stale])
        patch.setattr(queries, "find", lambda analysis_id: next(answers, None) or genuine(analysis_id))
        result_ingest.receive(Notice.model_validate(told), cloud.now)
    done = cloud.read(record)
    assert (done.status, done.is_deleted) == (COMPLETED, True)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    assert cloud.read(record).purged
    assert cloud.versions(RESULTS) == []


def test_a_purge_that_fails_is_tried_again(cloud: Cloud) -> None:
    record = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    with failing("DeleteObjects", "SlowDown", 1):
        cloud.sweep()
    assert cloud.read(record).due_at is not None
    with pytest.raises(DeletedError):  # it has begun
        deletion.restore("alice", record.id, cloud.now)
    cloud.sweep()
    assert cloud.read(record).due_at is None
    assert cloud.versions(MEDIA) == []


@pytest.mark.parametrize("state", ["queued", "processing"])
def test_an_analysis_restored_under_way_goes_on(cloud: Cloud, state: str) -> None:
    record = getattr(cloud, state)()
    deletion.delete("alice", record.id, cloud.now)
    before = len(cloud.endpoint.invocations)
    cloud.flow()
    assert len(cloud.endpoint.invocations) == before  # a deleted one is not submitted
    cloud.later(seconds=settings().undo_seconds - 1)
    deletion.restore("alice", record.id, cloud.now)
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    assert len(cloud.endpoint.invocations) == 1
    cloud.hear(cloud.success(cloud.read(record)))
    assert queries.get("alice", record.id).status == COMPLETED


def test_nothing_changes_a_purged_analysis(cloud: Cloud) -> None:
    """Nor does who read it while it was only deleted."""
    record = cloud.processing()
    deletion.delete("alice", record.id, cloud.now)
    stale = cloud.read(record)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    tombstone = cloud.read(record).attribute_values
    assert not transitions.complete(stale, cloud.summary(), cloud.now)
    assert not transitions.fail(stale, TIMED_OUT, cloud.now)
    assert cloud.read(record).attribute_values == tombstone
    assert cloud.used("alice") == 1


def in_between(operation: str, act: Callable[[], object]) -> AbstractContextManager[None]:
    """`act` runs right before the first call of an operation, after all that was read for it."""
    turns = iter([act])

    def call(name: str, genuine: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if name == operation and (turn := next(turns, None)):
            turn()
        return genuine()

    return intercepted(call)


def test_a_restoration_that_the_purge_overtakes(cloud: Cloud) -> None:
    record = cloud.completed()
    deletion.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    with in_between("TransactWriteItems", cloud.sweep), pytest.raises(DeletedError):
        deletion.restore("alice", record.id, cloud.now)
    assert cloud.read(record).purged


@pytest.mark.parametrize("event", ["purge", "retry"])
def test_a_result_that_is_overtaken_while_it_is_stored_is_withdrawn(cloud: Cloud, event: str) -> None:
    record = cloud.processing()
    told = cloud.success(record)

    def overtake() -> None:
        if event == "purge":
            deletion.end(cloud.read(record), cloud.now)
        else:
            transitions.fail(record, TIMED_OUT, cloud.now)
            cloud.ask("alice", record.object_key)

    with in_between("TransactWriteItems", overtake):
        cloud.hear(told)
    assert cloud.keys(RESULTS) == []
    assert cloud.read(record).result_key is None


def test_what_only_begins_like_it_stays(cloud: Cloud) -> None:
    for key in ("a/b", "a/b", "a/bc", "a/b/c"):
        put(f"s3://{MEDIA}/{key}", b"x")
    objects.delete_versions(MEDIA, "a/b")
    assert cloud.versions(MEDIA) == ["a/b/c", "a/bc"]
