"""Creation and retry of analyses: one transaction creates the analysis, charges it and consumes the pending upload."""

from collections.abc import Callable
from datetime import datetime

from common.analyses import FAILED, QUEUED
from lambdas.core.analyses import fair_queue, people, queries
from lambdas.core.aws.observability import ANALYSES_STARTED, QUOTA_REFUSALS, count, meter
from lambdas.core.clock import epoch, month_of, stamp
from lambdas.core.errors import (
    FILE_FAULTS,
    AccountDeletedError,
    BusyError,
    DeletedError,
    NotRetriableError,
    UploadExpiredError,
)
from lambdas.core.owners import profiles, quota, stage_quota
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys, tables
from lambdas.core.storage.tables import DROP_SOURCE, AnalysisRecord
from lambdas.core.storage.transactions import RefusedError, put, update, write
from lambdas.core.uploads import uploads
from lambdas.core.uploads.uploads import CheckedObject

MAX_TRIES = 4  # optimistic writes before BusyError
MAX_ATTEMPTS = 5  # per analysis: failed attempts are refunded, but cost compute time

Source = str


def start(
    owner: str,
    upload: CheckedObject,
    *,
    source: Source,
    webhook_url: str | None = None,
    with_people: bool | None = None,
    now: datetime,
) -> AnalysisRecord:
    """Create and charge the analysis of an object, or return the existing one.

    An object has one analysis, however many requests for it arrive, concurrently or not. A failed analysis is retried
    and charged again, except for the drop folder, whose events may be delivered more than once.

    `with_people`: whether people are told apart; None for the account's default, or what a failed analysis had.

    Raises PeopleNotConfirmedError, QuotaExceededError, CeilingReachedError, DeletedError, NotRetriableError,
    UploadExpiredError, AccountDeletedError or BusyError.
    """
    analysis_id = id_of(upload, source)
    confirmed = people.is_confirmed(owner)
    people.check(with_people, confirmed)

    def attempt() -> tuple[AnalysisRecord, bool]:
        record = queries.find(analysis_id)
        if record is None:
            chosen = people.choose(with_people, None, confirmed)
            return _create(owner, analysis_id, upload, source, webhook_url, chosen, now), True
        if record.is_deleted:
            raise DeletedError("This analysis has been deleted. Restore it, or upload the file again.")
        if record.status != FAILED or source == DROP_SOURCE:
            return record, False
        chosen = people.choose(with_people, record, confirmed)
        return _retry(record, upload, webhook_url, chosen, now), True

    return _repeat(attempt, owner, now)


def retry(owner: str, analysis_id: str, now: datetime) -> AnalysisRecord:
    """Retry a failed analysis of any source, charged again; return it unchanged if it has not failed.

    Raises NotFoundError, NotUploadedError if its video is gone, and the errors of `start`.
    """

    def attempt() -> tuple[AnalysisRecord, bool]:
        record = queries.get(owner, analysis_id)
        if record.status != FAILED:
            return record, False
        version_id = record.version_id if record.source == DROP_SOURCE else None
        upload = uploads.inspect(record.object_key, version_id)
        chosen = people.choose(None, record, people.is_confirmed(owner))
        return _retry(record, upload, None, chosen, now), True

    return _repeat(attempt, owner, now)


def _repeat(attempt: Callable[[], tuple[AnalysisRecord, bool]], owner: str, now: datetime) -> AnalysisRecord:
    """Repeat an attempt until no concurrent request interferes; return its record, counted if it was started.

    `attempt` returns the analysis, and whether it has just started it.
    """
    for _ in range(MAX_TRIES):
        try:
            record, started = attempt()
        except RefusedError as error:
            if "analysis" in error.names:
                continue  # a concurrent request was first; read its result
            raise _refusal(error, owner, now) from error
        if started:
            count(ANALYSES_STARTED)
            meter("started", owner)
        return record
    raise BusyError


def id_of(upload: CheckedObject, source: Source) -> str:
    """Return the id of an object's analysis.

    Each version of a dropped object has its own analysis, while a key under `uploads/` is used only once.
    """
    version_id = upload.version_id if source == DROP_SOURCE else None
    return object_keys.analysis_id(source, settings().media_bucket, upload.key, version_id)


def _create(
    owner: str,
    analysis_id: str,
    upload: CheckedObject,
    source: Source,
    webhook_url: str | None,
    with_people: bool,
    now: datetime,
) -> AnalysisRecord:
    keys = item_keys.analysis(analysis_id)
    record = AnalysisRecord(
        *keys,
        owner=owner,
        listed=item_keys.analysis_listing(stamp(now), analysis_id),
        due_shard=item_keys.due_shard(keys[0]),
        due_at=epoch(now) + settings().queued_patience,
        id=analysis_id,
        status=QUEUED,
        attempt=1,
        source=source,
        object_key=upload.key,
        version_id=upload.version_id,
        etag=upload.etag,
        size=upload.size,
        content_type=upload.content_type,
        file_name=upload.file_name,
        webhook_url=webhook_url,
        people=with_people,
        created_at=stamp(now),
        updated_at=stamp(now),
        queued_at=stamp(now),
        charge_month=month_of(now),
        charge_day=now.day,
        deadline=epoch(now) + settings().waiting_seconds,
    )
    with stage_quota.counted(now):
        write(
            profiles.not_deleting(owner),
            put("analysis", record, AnalysisRecord.pk.does_not_exist()),
            quota.charge(owner, _limit(owner), now),
            fair_queue.enqueue(owner, stamp(now), object_keys.inference_id(analysis_id, 1)),
            *(uploads.consume(owner, upload.key) if source != DROP_SOURCE else ()),
        )
    return record


def _retry(
    record: AnalysisRecord, upload: CheckedObject, webhook_url: str | None, with_people: bool, now: datetime
) -> AnalysisRecord:
    """Start another attempt of a failed analysis, with the object in its current state. Raises NotRetriableError."""
    _check_retriable(record, upload)
    columns = AnalysisRecord
    attempt = int(record.attempt) + 1
    url = webhook_url or record.webhook_url
    actions = [
        *(columns.status.set(QUEUED), columns.attempt.set(attempt), columns.queued_at.set(stamp(now))),
        *(columns.etag.set(upload.etag), columns.size.set(upload.size)),
        *(columns.content_type.set(upload.content_type), columns.updated_at.set(stamp(now))),
        *(columns.charge_month.set(month_of(now)), columns.charge_day.set(now.day)),
        *(columns.deadline.set(epoch(now) + settings().waiting_seconds), columns.people.set(with_people)),
        columns.webhook_url.set(url) if url else columns.webhook_url.remove(),
        columns.version_id.set(upload.version_id) if upload.version_id else columns.version_id.remove(),
        *(columns.error.remove(), columns.output_location.remove(), columns.failure_location.remove()),
        columns.expires_at.remove(),
        *tables.due(record, epoch(now) + settings().queued_patience),
    ]
    same = (columns.status == FAILED) & (columns.attempt == record.attempt) & columns.deleted_at.does_not_exist()
    with stage_quota.counted(now):
        write(
            profiles.not_deleting(record.owner),
            update("analysis", record, actions, same),
            quota.charge(record.owner, _limit(record.owner), now),
            fair_queue.enqueue(record.owner, stamp(now), object_keys.inference_id(record.id, attempt)),
        )
    return queries.reload(record)


def _check_retriable(record: AnalysisRecord, upload: CheckedObject) -> None:
    """Raise NotRetriableError if the analysis would fail again for the same reason, or has failed too often."""
    if record.attempt >= MAX_ATTEMPTS:
        raise NotRetriableError(f"All {MAX_ATTEMPTS} attempts have failed. Last error: {record.error.message}")
    if record.error.code in FILE_FAULTS and upload.etag == record.etag:
        raise NotRetriableError(f"The same file would fail again: {record.error.message}")


def _limit(owner: str) -> int:
    return quota.plan(profiles.profile(owner).plan).requests_per_month


def _refusal(error: RefusedError, owner: str, now: datetime) -> Exception:
    """Return the error for the caller if the transaction failed for a reason other than a concurrent change."""
    if "owner" in error.names:
        return AccountDeletedError(profiles.ACCOUNT_DELETED)
    if "upload" in error.names:
        return UploadExpiredError("The upload has expired. Request a new URL and upload the file again.")
    count(QUOTA_REFUSALS)
    return quota.exceeded(owner, _limit(owner), now)
