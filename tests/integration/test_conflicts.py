"""Conflicting writes and failing storage: nothing is charged or lost, and the error has the actual reason."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from common.analyses import COMPLETED, PROCESSING, QUEUED
from lambdas.core.analyses import creation
from lambdas.core.aws import clients
from lambdas.core.aws.observability import ANALYSES_STARTED, flush
from lambdas.core.errors import AccountDeletedError, BusyError, QuotaExceededError
from lambdas.core.owners import profiles
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import AnalysisRecord, Item, OwnerRecord
from lambdas.core.storage.transactions import FIRST_PAUSE, MAX_TRIES
from lambdas.core.uploads import multipart, uploads
from tests.integration.cloud import MEDIA, VIDEO, Cloud
from tests.integration.faults import failing, intercepted, refusing


def test_a_conflict_is_retried(cloud: Cloud) -> None:
    key = cloud.upload("alice")
    with refusing("TransactWriteItems", 3, None, None, None, "TransactionConflict", None) as calls:
        record = cloud.start("alice", key)
    assert len(calls) == 4
    assert (record.status, cloud.used("alice")) == (QUEUED, 1)


def test_a_lasting_conflict_is_503_and_charges_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdas.core.storage.transactions.FIRST_PAUSE", FIRST_PAUSE / 50)
    key = cloud.upload("alice")
    with (
        refusing("TransactWriteItems", 99, "TransactionConflict", None, None, None, None) as calls,
        pytest.raises(BusyError) as caught,
    ):
        cloud.start("alice", key)
    assert len(calls) == MAX_TRIES
    assert (caught.value.status, cloud.used("alice"), cloud.records("alice")) == (503, 0, [])
    assert caught.value.retry_after is not None
    assert cloud.start("alice", key).status == QUEUED


@pytest.mark.parametrize(
    ("position", "error"),
    [(0, "AccountDeletedError"), (1, "UploadExpiredError"), (4, "QuotaExceededError")],
)
def test_reasons_are_mapped_by_position(cloud: Cloud, position: int, error: str) -> None:
    """Positions follow the order in which pynamodb sends the parts: condition check, delete, put, updates."""
    key = cloud.upload("alice")
    reasons: list[str | None] = [None] * 6
    reasons[position] = "ConditionalCheckFailed"
    with refusing("TransactWriteItems", 99, *reasons), pytest.raises(Exception, match=".") as caught:
        cloud.start("alice", key)
    assert type(caught.value).__name__ == error


def test_a_concurrently_created_record_is_returned_despite_a_used_up_quota(cloud: Cloud) -> None:
    """If both conditions fail at once, the existing analysis takes precedence."""
    key = cloud.upload("alice")
    checked = uploads.check("alice", key)
    made: list[AnalysisRecord] = []

    def meanwhile(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if operation == "TransactWriteItems" and not made:
            made.append(AnalysisRecord())  # only once
            made[0] = creation.start("alice", checked, source="upload", now=cloud.now)
            cloud.use("alice", 10_000)
        return call()

    with intercepted(meanwhile):
        record = creation.start("alice", checked, source="upload", now=cloud.now)
    assert record.id == made[0].id
    with pytest.raises(QuotaExceededError):
        cloud.queued("alice")


def test_a_concurrent_retry_is_returned(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    failed = cloud.failed("alice")
    begun: list[AnalysisRecord] = []

    def meanwhile(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if operation == "TransactWriteItems" and not begun:
            begun.append(failed)  # only once
            begun[0] = creation.retry("alice", failed.id, cloud.now)
        return call()

    flush()
    capsys.readouterr()
    with intercepted(meanwhile):
        record = creation.retry("alice", failed.id, cloud.now)
    flush()
    assert (record.status, record.attempt) == (begun[0].status, begun[0].attempt) == (QUEUED, 2)
    assert cloud.used("alice") == cloud.charges("alice") == 1
    assert json.loads(capsys.readouterr().out)[ANALYSES_STARTED] == [1.0]


@pytest.mark.parametrize("operation", ["ListParts", "CompleteMultipartUpload"])
def test_completing_a_completed_upload_succeeds(cloud: Cloud, operation: str) -> None:
    """AWS removes a multipart upload some time after it was completed; the emulator does not."""
    key = multipart.create("alice", ".mp4", len(VIDEO), now=cloud.now).key
    url = multipart.sign("alice", key, [1], now=cloud.now)[1]
    part = multipart.Part(1, httpx.put(url, content=VIDEO, trust_env=False).headers["etag"])
    multipart.complete("alice", key, [part], now=cloud.now)
    with failing(operation, "NoSuchUpload", 1):
        multipart.complete("alice", key, [part], now=cloud.now)
    assert cloud.start("alice", key).status == QUEUED


def test_failing_storage_makes_the_message_retry(cloud: Cloud) -> None:
    record = cloud.processing()
    message = cloud.success(record)
    for operation, code in (("GetObject", "InternalError"), ("PutObject", "SlowDown"), ("TransactWriteItems", "X")):
        with failing(operation, code, 99):
            assert len(cloud.notify(message)["batchItemFailures"]) == 1
        assert cloud.read(record).status == PROCESSING
    assert cloud.notify(message) == {"batchItemFailures": []}
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == cloud.charges("alice") == 1


def test_a_completed_analysis_is_due_only_at_its_expiry(cloud: Cloud) -> None:
    """A completed analysis is due only at the end of its retention period."""
    record = cloud.completed()
    due = list(Item.scan(Item.due_at.exists(), consistent_read=True))
    assert [(item.pk, item.due_at) for item in due] == [(record.pk, record.expires_at)]
    assert clients.s3().get_object(Bucket=MEDIA, Key=record.object_key)["Body"].read() == VIDEO


def test_nothing_starts_in_an_account_deleted_between_check_and_write(cloud: Cloud) -> None:
    key = cloud.upload("alice")
    failed = cloud.failed("alice")

    def meanwhile(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            profiles.delete_account("alice", cloud.now)
        return call()

    for wanted in (key, failed.object_key):
        OwnerRecord(*item_keys.owner("alice")).delete()
        with intercepted(meanwhile), pytest.raises(AccountDeletedError):
            cloud.start("alice", wanted)
    assert cloud.used("alice") == 0
