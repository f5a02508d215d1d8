"""Way back of videos and results from a bucket that AWS Backup restored into the stage's own buckets.

Only what a record names and what its bucket lacks comes back, so nothing newer is covered and nothing that was deleted
returns. Videos in drop folders stay away: one that appears there is a new video, and would be analyzed again.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import boto3
from botocore.exceptions import ClientError

from common import prefixes
from common.analyses import FAILED
from lambdas.core.aws import clients
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import DROP_DOOR, AnalysisRecord
from lambdas.core.storage.transactions import apply

PRESENT, MISSING, LOST, DROPPED = KINDS = ("present", "missing", "lost", "dropped")
EVERY = 1000  # records between two lines of progress


def restore(source: str, *, write: bool, say: Callable[[str], None] = lambda _: None) -> Counter[str]:
    """Compare what the stage's records name with its buckets, and copy from `source` what is missing and there.

    `source` is a copy of the media or of the results bucket; of the other one nothing is looked at. What neither the
    bucket nor the copy holds is lost. May be interrupted and begun again.
    """
    found: Counter[str] = Counter()
    bucket = _original_of(source)
    records = AnalysisRecord.scan(AnalysisRecord.sk == "ANALYSIS", consistent_read=True)
    for count, record in enumerate(records, start=1):
        if not record.is_deleted:
            for key in _named(record, bucket):
                kind, version_id = _bring_back(source, bucket, key, write=write)
                found[kind] += 1
                if version_id is not None and key == record.object_key:  # the player asks for the version it names
                    apply(record, [AnalysisRecord.version_id.set(version_id)], AnalysisRecord.object_key == key)
        if count % EVERY == 0:
            say(f"{count} analyses")
    return found


def is_bucket(name: str) -> bool:
    """Return True where a bucket of this name can be read. Raises ClientError where it is somebody else's."""
    try:
        boto3.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if clients.is_absent(error):
            return False
        raise
    return True


def _original_of(source: str) -> str:
    """Return which of the stage's buckets `source` is a copy of, by the prefixes that it has."""
    found = boto3.client("s3").list_objects_v2(Bucket=source, Delimiter="/").get("CommonPrefixes", [])
    of_media = {prefixes.UPLOADS, prefixes.DROP, prefixes.INPUTS}
    is_media = any(prefix["Prefix"] in of_media for prefix in found)
    return settings().media_bucket if is_media else settings().results_bucket


def _named(record: AnalysisRecord, bucket: str) -> Iterator[str]:
    """Keys of a bucket's objects that a record needs."""
    if bucket == settings().media_bucket:
        yield from (record.object_key,) if record.object_key else ()
        return
    yield from (record.result_key,) if record.result_key else ()
    if record.source == DROP_DOOR and record.is_terminal and record.object_key:
        answer = object_keys.drop_error if record.status == FAILED else object_keys.drop_result
        yield answer(record.object_key)


def _bring_back(source: str, bucket: str, key: str, *, write: bool) -> tuple[str, str | None]:
    """Copy an object where that is due; return what it is, and the version of its copy."""
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
