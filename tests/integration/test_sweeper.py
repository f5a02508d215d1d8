"""The sweeper: whatever was lost, stuck, expired or to be removed is found and set right; nothing else is touched."""

import pytest

from lambdas.core import analyses, api_keys, aws, owners, reading, receiving, sweeping, uploads
from lambdas.core.errors import DeletedError, NotFoundError, UnauthorizedError
from lambdas.core.notices import Notice
from lambdas.core.settings import settings
from lambdas.core.tables import COMPLETED, FAILED, PROCESSING, QUEUED, AnalysisRecord, Item, owner_keys
from tests.integration.cloud import MEDIA, RESULTS, Cloud, put, result
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
        assert cloud.sweep() == {"records": 3}
    assert sorted(cloud.read(record).status for record in records) == [FAILED, FAILED, PROCESSING]
    cloud.sweep()
    assert {cloud.read(record).status for record in records} == {FAILED}


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
            analyses.get("alice", gone.id)
    assert (cloud.versions(MEDIA), cloud.versions(RESULTS)) == ([], [])


def test_a_retry_in_the_last_moment_is_not_removed(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.later(days=90, seconds=1)
    stale = cloud.read(record)
    cloud.ask("alice", record.object_key)
    analyses.end(stale, cloud.now)
    assert cloud.read(record).status == QUEUED
    assert not cloud.read(record).is_deleted


# Deletion.


def test_a_deleted_analysis_is_hidden_and_can_be_restored(cloud: Cloud) -> None:
    record = cloud.completed()
    analyses.delete("alice", record.id, cloud.now)
    with pytest.raises(NotFoundError):
        analyses.get("alice", record.id)
    with pytest.raises(DeletedError):
        cloud.ask("alice", record.object_key)
    assert analyses.page("alice").records == []
    cloud.later(seconds=settings().undo_seconds - 1)
    cloud.sweep()
    restored = analyses.restore("alice", record.id, cloud.now)
    assert analyses.result(restored) == result()
    assert [found.id for found in analyses.page("alice").records] == [record.id]
    assert restored.due_at == record.expires_at
    cloud.later(seconds=2)
    cloud.sweep()
    assert analyses.get("alice", record.id).status == COMPLETED


def test_everything_of_a_purged_analysis_is_gone_with_its_versions(cloud: Cloud) -> None:
    record = cloud.failed()
    cloud.ask("alice", record.object_key)
    cloud.flow()
    record = cloud.read(record)
    put(f"s3://{RESULTS}/progress/{record.id}.1.json", b"{}")
    put(f"s3://{RESULTS}/progress/{record.id}.2.json", b"{}")
    cloud.hear(cloud.success(record))
    aws.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=b"put again with the old URL")
    other = cloud.completed()
    analyses.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    assert set(cloud.versions(MEDIA)) == {other.object_key, f"inputs/{other.id}/1.mp4"}
    assert set(cloud.versions(RESULTS, "analyses/") + cloud.versions(RESULTS, "progress/")) == {other.result_key}
    with pytest.raises(DeletedError):
        analyses.restore("alice", record.id, cloud.now)
    tombstone = cloud.read(record)
    assert tombstone.ttl >= int(cloud.now.timestamp()) + 15 * 86_400
    assert cloud.used("alice") == 2  # deletion gives nothing back


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_what_comes_for_a_tombstone_is_removed(cloud: Cloud, kind: str) -> None:
    record = cloud.processing()
    told = cloud.success(record) if kind == "success" else cloud.failure(record, b"{}")
    analyses.delete("alice", record.id, cloud.now)
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
    analyses.delete("alice", record.id, cloud.now)
    before = cloud.read(record)
    cloud.hear(cloud.success(record))
    after = cloud.read(record)
    cloud.publish(before, after)
    assert cloud.events() == []
    assert after.due_at == before.due_at  # still to be purged
    restored = analyses.restore("alice", record.id, cloud.now)
    assert (restored.status, analyses.result(restored)) == (COMPLETED, result())


def test_deletion_and_result_at_once(cloud: Cloud) -> None:
    """Whoever read the record before the other wrote: it is completed, and it is purged."""
    record = cloud.processing()
    stale = cloud.read(record)
    told = cloud.success(record)
    analyses.delete("alice", record.id, cloud.now)

    with pytest.MonkeyPatch.context() as patch:
        genuine, answers = reading.find, iter([stale])
        patch.setattr(reading, "find", lambda analysis_id: next(answers, None) or genuine(analysis_id))
        receiving.receive(Notice.model_validate(told), cloud.now)
    done = cloud.read(record)
    assert (done.status, done.is_deleted) == (COMPLETED, True)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    assert cloud.read(record).purged
    assert cloud.versions(RESULTS) == []


def test_a_purge_that_fails_is_tried_again(cloud: Cloud) -> None:
    record = cloud.completed()
    analyses.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    with failing("DeleteObjects", "SlowDown", 1):
        cloud.sweep()
    assert cloud.read(record).due_at is not None
    with pytest.raises(DeletedError):  # it has begun
        analyses.restore("alice", record.id, cloud.now)
    cloud.sweep()
    assert cloud.read(record).due_at is None
    assert cloud.versions(MEDIA) == []


@pytest.mark.parametrize("state", ["queued", "processing"])
def test_an_analysis_restored_under_way_goes_on(cloud: Cloud, state: str) -> None:
    record = getattr(cloud, state)()
    analyses.delete("alice", record.id, cloud.now)
    cloud.flow()  # a deleted one is not submitted
    cloud.later(seconds=settings().undo_seconds - 1)
    analyses.restore("alice", record.id, cloud.now)
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    assert len(cloud.endpoint.invocations) == 1
    cloud.hear(cloud.success(cloud.read(record)))
    assert analyses.get("alice", record.id).status == COMPLETED


# Accounts.


def test_an_account_ends_without_a_trace(cloud: Cloud) -> None:
    user = aws.client("cognito-idp").admin_create_user(UserPoolId=cloud.user_pool, Username="alice")["User"]["Username"]
    owners.ensure(user, "alice@example.com", cloud.now)
    owners.set_webhook(user, "https://example.com/hook", cloud.now)
    key = api_keys.create(user, "mine", cloud.now)
    cloud.completed(user), cloud.failed(user), cloud.processing(user)
    deleted = cloud.completed(user)
    analyses.delete(user, deleted.id, cloud.now)
    cloud.upload(user)
    cloud.take_drop(cloud.drop(f"drop/{user}/a.mp4"))
    cloud.flow()
    neighbour = cloud.completed(f"{user}-too")
    owners.delete_account(user, cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.later(seconds=300)
    cloud.later(hours=2)
    cloud.sweep()
    assert {name for name in cloud.versions(MEDIA) if user + "/" in name} == set()
    assert set(cloud.versions(MEDIA)) == {neighbour.object_key, f"inputs/{neighbour.id}/1.mp4"}
    assert [name for name in cloud.versions(RESULTS) if not name.startswith("outputs/")] == [neighbour.result_key]
    assert cloud.emulator.client("cognito-idp").list_users(UserPoolId=cloud.user_pool)["Users"] == []
    assert aws.client("apigateway").get_api_keys()["items"] == []
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, cloud.now)
    left = [item for item in Item.scan(consistent_read=True) if item.owner == user or item.pk.endswith(f"#{user}")]
    assert all(item.ttl is not None and item.due_at is None for item in left)
    profile = owners.find(user)
    assert profile is not None
    assert not {"email", "webhook_url", "webhook_secret"} & {k for k, v in profile.attribute_values.items() if v}
    assert sorted({item.sk for item in left}) == ["ANALYSIS", "KEY", "OWNER"]


def test_what_slips_in_while_an_account_ends_is_found(cloud: Cloud) -> None:
    """A request that had passed its checks writes after the first look."""
    owners.ensure("alice", None, cloud.now)
    owners.delete_account("alice", cloud.now)
    cloud.sweep()
    late = cloud.queued("bob")
    late.update(actions=[AnalysisRecord.owner.set("alice")])
    cloud.later(seconds=600)
    cloud.sweep()
    assert cloud.read(late).purged
    pk, sk = owner_keys("alice")
    assert Item.get(pk, sk, consistent_read=True).due_at is not None  # it looks again
