"""The cloud in a test's hands: real table, buckets and queues, and handlers that are called when the test says so.

What SageMaker, the stream and the queues would do by themselves is done here step by step, so that each step may be
repeated, left out, swapped with another, or cut off in the middle.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import creation, queries
from lambdas.core.analyses.result_excerpt import Summary, summarize
from lambdas.core.aws import clients
from lambdas.core.owners import quota
from lambdas.core.storage import item_keys, objects
from lambdas.core.storage.tables import AnalysisRecord, Item, QuotaRecord, UploadsRecord
from lambdas.core.storage.transactions import apply
from lambdas.core.uploads import uploads
from model.contract import Analysis
from tests.integration.emulator import REGION, Emulator
from tests.integration.endpoint import Endpoint, Invocation
from tests.integration.events import MEDIA as MEDIA
from tests.integration.events import RESULTS as RESULTS
from tests.integration.events import drop_event, notice, sqs_event, stream_event
from tests.unit.analyses import analysis_of, utterance

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)  # as much of a video as the Lambdas look at
TABLE, ENDPOINT = "video-sentiment-test", "video-sentiment-test"
NAMESPACE = "Test"
USAGE_PLAN_PARAMETER, PUBLIC_URL_PARAMETER = "/video-sentiment/test/usage-plan-id", "/video-sentiment/test/public-url"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Context:
    """What Lambda hands a handler beside its event."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{REGION}:000000000000:function:test"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass
class Cloud:
    """`now` is the time in which core functions are called; tests move it. Handlers follow it too."""

    emulator: Emulator
    endpoint: Endpoint
    webhook_queue: str
    drop_queue: str
    user_pool: str
    usage_plan: str  # of the default plan
    usage_plans: dict[str, str]  # by billing plan
    now: datetime = START
    _iterators: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def later(self, **delta: float) -> None:
        """Let time pass: `seconds=`, `hours=`, `days=`."""
        self.now += timedelta(**delta)

    # What a client does.

    def upload(self, owner: str, body: bytes = VIDEO) -> str:
        """A video where a client would have put it; returns its key."""
        made = uploads.create(owner, ".mp4", now=self.now)
        clients.s3().put_object(Bucket=MEDIA, Key=made.key, Body=body)
        return made.key

    def ask(self, owner: str, key: str, webhook_url: str | None = None) -> AnalysisRecord:
        """POST /sentiment-inference."""
        return creation.start(owner, uploads.check(owner, key), source="upload", webhook_url=webhook_url, now=self.now)

    def queued(self, owner: str = "alice") -> AnalysisRecord:
        return self.ask(owner, self.upload(owner))

    def processing(self, owner: str = "alice") -> AnalysisRecord:
        record = self.queued(owner)
        self.submit(record)
        return self.read(record)

    def completed(self, owner: str = "alice") -> AnalysisRecord:
        record = self.processing(owner)
        self.hear(self.success(record))
        return self.read(record)

    def failed(self, owner: str = "alice") -> AnalysisRecord:
        record = self.processing(owner)
        self.hear(self.failure(record))
        return self.read(record)

    def drop(self, key: str, body: bytes = VIDEO) -> dict[str, Any]:
        """An object in the drop folder; returns EventBridge's event of it, with a version as AWS gives it."""
        made = clients.s3().put_object(Bucket=MEDIA, Key=key, Body=body)
        return drop_event(key, made["VersionId"])

    # What AWS does.

    def call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a handler as Lambda would."""
        handler = import_module(f"lambdas.{name}.handler").handler
        return dict(handler(event, Context()))

    def take_drop(self, *events: dict[str, Any]) -> dict[str, Any]:
        return self.call("on_drop", sqs_event(*(json.dumps(event) for event in events)))

    def submit(self, record: AnalysisRecord) -> dict[str, Any]:
        """The stream tells of a record as it is given."""
        return self.call("submit", stream_event((None, record)))

    def publish(self, before: AnalysisRecord | None, after: AnalysisRecord) -> dict[str, Any]:
        return self.call("publish", stream_event((before, after)))

    def hear(self, *notices: dict[str, Any]) -> dict[str, Any]:
        """SageMaker's notifications arrive."""
        return self.call("on_result", sqs_event(*(json.dumps(notice) for notice in notices)))

    def sweep(self) -> dict[str, Any]:
        return self.call("sweeper", {})

    def changes(self) -> list[dict[str, Any]]:
        """What the table's stream has told since it was last asked."""
        streams = clients.client("dynamodbstreams")
        arn = clients.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        found: list[dict[str, Any]] = []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            shard_id = shard["ShardId"]
            iterator = (
                self._iterators.get(shard_id)
                or streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")[
                    "ShardIterator"
                ]
            )
            answer = streams.get_records(ShardIterator=iterator)
            found += answer["Records"]
            self._iterators[shard_id] = answer["NextShardIterator"]
        return found

    def flow(self) -> None:
        """Let the stream's consumers run until nothing is new."""
        while records := self.changes():
            for name in ("submit", "publish"):
                answer = self.call(name, {"Records": records})
                assert answer == {"batchItemFailures": []}, (name, answer)

    def success(self, record: AnalysisRecord, body: bytes | None = None) -> dict[str, Any]:
        """SageMaker finishes an attempt: its output lies there, and this is its notification."""
        invocation = self.invocation(record)
        put(invocation.output_location, body if body is not None else result().model_dump_json().encode())
        return notice(invocation, "Completed", outputLocation=invocation.output_location)

    def failure(self, record: AnalysisRecord, answer: bytes | None = None, reason: str = "") -> dict[str, Any]:
        """SageMaker gives an attempt up. `answer`: of the container, where it gave one."""
        invocation = self.invocation(record)
        if answer is not None:
            put(invocation.failure_location, answer)
        told = notice(invocation, "Failed", failureLocation=invocation.failure_location)
        return {**told, "failureReason": reason or "ClientError: Received server error (500) from primary"}

    def invocation(self, record: AnalysisRecord) -> Invocation:
        """The last time that the endpoint was asked for this attempt."""
        wanted = f"{record.id}.{int(record.attempt)}"
        return next(made for made in reversed(self.endpoint.invocations) if made.inference_id == wanted)

    # What there is.

    def read(self, record: AnalysisRecord) -> AnalysisRecord:
        return queries.reload(record)

    def records(self, owner: str) -> list[AnalysisRecord]:
        """All analyses of an owner, whatever their state."""
        found = AnalysisRecord.scan(AnalysisRecord.sk == "ANALYSIS", consistent_read=True)
        return [record for record in found if record.owner == owner]

    def items(self, owner: str) -> list[dict[str, Any]]:
        """All that the table holds of an owner, as it is stored."""
        found = clients.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
        own = (item for item in found if {"S": owner} in (item.get("owner"), {"S": item["pk"]["S"].partition("#")[2]}))
        return sorted(own, key=str)

    def used(self, owner: str, month: str | None = None) -> int:
        return quota.usage(owner, month or clock.month_of(self.now)).used

    def charges(self, owner: str, month: str | None = None) -> int:
        """Analyses that are charged for: what `used` must be."""
        month = month or clock.month_of(self.now)
        return sum(record.charge_month == month for record in self.records(owner))

    def outstanding(self, owner: str) -> int:
        try:
            return int(UploadsRecord.get(*item_keys.uploads(owner), consistent_read=True).outstanding)
        except UploadsRecord.DoesNotExist:
            return 0

    def use(self, owner: str, count: int) -> None:
        """As if so many analyses had been charged this month."""
        counter = QuotaRecord(*item_keys.quota(owner, clock.month_of(self.now)))
        apply(counter, [QuotaRecord.used.set(count)], QuotaRecord.used.does_not_exist() | (QuotaRecord.used >= 0))

    def events(self) -> list[dict[str, Any]]:
        """What waits in the webhook queue; taken out of it."""
        found: list[dict[str, Any]] = []
        sqs = clients.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.webhook_queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.webhook_queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The objects that can be read."""
        pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def versions(self, bucket: str, prefix: str = "") -> list[str]:
        """Everything that is stored, old versions and markers included."""
        return [found["Key"] for found in objects._versions(bucket, prefix)]

    def summary(self) -> Summary:
        return summarize(result())

    def unique(self) -> int:
        """Another number every time, for owners of their own."""
        self._count += 1
        return self._count

    def document(self, key: str) -> dict[str, Any] | None:
        """A JSON object of the results bucket."""
        body = objects.read(RESULTS, key)
        return None if body is None else dict(json.loads(body))


def result(duration: float = 90.0) -> Analysis:
    return analysis_of(utterance(0.0, 2.0, "hello"), duration=duration)


def put(uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    clients.s3().put_object(Bucket=bucket, Key=key, Body=body)


def make_buckets() -> None:
    """The buckets; the drop folder tells versions apart."""
    for bucket in (MEDIA, RESULTS):
        clients.s3().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        clients.s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def make_queue(name: str) -> str:
    """A queue's URL."""
    return str(clients.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def make_table() -> None:
    """The table as `lambdas.core.storage.tables` has it, with its stream."""
    Item.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    clients.client("dynamodb").update_table(TableName=TABLE, StreamSpecification=stream)
