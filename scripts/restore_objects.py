"""Copy videos and results from a restored bucket back into a stage's buckets.

Only objects that a record refers to and that the stage's bucket lacks are copied, so that newer objects are not
overwritten and deleted ones do not return. Videos in drop folders are not copied: they would be analyzed again as new.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import boto3
from botocore.exceptions import ClientError

from common import prefixes, table
from common.analyses import FAILED
from lambdas.core.aws import clients
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import DROP_SOURCE, AnalysisRecord
from lambdas.core.storage.transactions import apply

PRESENT, MISSING, LOST, DROPPED = KINDS = ("present", "missing", "lost", "drop folder")
PROGRESS_INTERVAL = 1000  # records between two lines of progress


def restore(source: str, *, write: bool, echo: Callable[[str], None] = lambda _: None) -> Counter[str]:
    """Check the objects of the stage's records and copy missing ones from `source`; return the number of each kind.

    `source` is a copy of the media or of the results bucket; only objects of that bucket are checked. Objects in
    neither the bucket nor the copy are lost. It can be interrupted and repeated.
    """
    found: Counter[str] = Counter()
    bucket = _original_of(source)
    records = AnalysisRecord.scan(AnalysisRecord.sk == table.ANALYSIS, consistent_read=True)
    for count, record in enumerate(records, start=1):
        if not record.is_deleted:
            for key in _keys(record, bucket):
                kind, version_id = _restore_object(source, bucket, key, write=write)
                found[kind] += 1
                if version_id is not None and key == record.object_key:  # the player requests the recorded version
                    apply(record, [AnalysisRecord.version_id.set(version_id)], AnalysisRecord.object_key == key)
        if count % PROGRESS_INTERVAL == 0:
            echo(f"{count} analyses")
    return found


def is_bucket(name: str) -> bool:
    """Return True when a bucket of this name exists. Raises ClientError when it belongs to another account."""
    try:
        boto3.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if clients.is_absent(error):
            return False
        raise
    return True


def _original_of(source: str) -> str:
    """Return the stage's bucket of which `source` is a copy, by its prefixes."""
    found = boto3.client("s3").list_objects_v2(Bucket=source, Delimiter="/").get("CommonPrefixes", [])
    of_media = {prefixes.UPLOADS, prefixes.DROP, prefixes.INPUTS}
    is_media = any(prefix["Prefix"] in of_media for prefix in found)
    return settings().media_bucket if is_media else settings().results_bucket


def _keys(record: AnalysisRecord, bucket: str) -> Iterator[str]:
    """Yield the keys of a bucket's objects that a record refers to."""
    if bucket == settings().media_bucket:
        yield from (record.object_key,) if record.object_key else ()
        return
    yield from (record.result_key,) if record.result_key else ()
    if record.source == DROP_SOURCE and record.is_terminal and record.object_key:
        answer = object_keys.drop_error if record.status == FAILED else object_keys.drop_result
        yield answer(record.object_key)


def _restore_object(source: str, bucket: str, key: str, *, write: bool) -> tuple[str, str | None]:
    """Copy an object if it is missing and `write` is set; return its kind and the version of its copy."""
    if objects.exists(bucket, key):
        return PRESENT, None
    if key.startswith(prefixes.DROP):
        return DROPPED, None
    if not objects.exists(source, key):
        return LOST, None
    if not write:
        return MISSING, None
    made = clients.s3(copies=True).copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": source, "Key": key})
    return MISSING, made.get("VersionId")
