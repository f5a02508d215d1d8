"""Deployment under the control of a test: real table, buckets and queues, with handlers that the test calls itself.

The test takes the steps that SageMaker, the stream and the queues would take on AWS, so that each step can be
repeated, left out, reordered, or interrupted.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import creation, queries
from lambdas.core.analyses.result_summary import Summary, summarize
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
from tests.integration.events import drop_event, notification, sqs_event, stream_event
from tests.unit.analyses import analysis_of, utterance

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)  # enough of a video for the Lambdas' checks
TABLE, ENDPOINT = "video-sentiment-test", "video-sentiment-test"
NAMESPACE = "Test"
USAGE_PLAN_PARAMETER, PUBLIC_URL_PARAMETER = "/video-sentiment/test/usage-plan-id", "/video-sentiment/test/public-url"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Context:
    """Lambda context of a handler."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{REGION}:000000000000:function:test"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass
class Cloud:
    """Deployment under test. `now` is the current time, for core functions and handlers alike; tests advance it."""

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

    def advance(self, **delta: float) -> None:
        """Advance the time by `seconds=`, `hours=` or `days=`."""
        self.now += timedelta(**delta)

    # Actions of a client.

    def upload(self, owner: str, body: bytes = VIDEO) -> str:
        """Upload a video like a client; return its key."""
        created = uploads.create(owner, ".mp4", now=self.now)
        clients.s3().put_object(Bucket=MEDIA, Key=created.key, Body=body)
        return created.key

    def start(self, owner: str, key: str, webhook_url: str | None = None) -> AnalysisRecord:
        """Start the analysis of an upload, as POST /sentiment-inference does."""
        return creation.start(owner, uploads.check(owner, key), source="upload", webhook_url=webhook_url, now=self.now)

    def queued(self, owner: str = "alice") -> AnalysisRecord:
        return self.start(owner, self.upload(owner))

    def processing(self, owner: str = "alice") -> AnalysisRecord:
        record = self.queued(owner)
        self.submit(record)
        return self.read(record)

    def completed(self, owner: str = "alice") -> AnalysisRecord:
        record = self.processing(owner)
        self.notify(self.success(record))
        return self.read(record)

    def failed(self, owner: str = "alice") -> AnalysisRecord:
        record = self.processing(owner)
        self.notify(self.failure(record))
        return self.read(record)

    def drop(self, key: str, body: bytes = VIDEO) -> dict[str, Any]:
        """Put an object into the drop folder; return EventBridge's event, with the version like on AWS."""
        created = clients.s3().put_object(Bucket=MEDIA, Key=key, Body=body)
        return drop_event(key, created["VersionId"])

    # Actions of AWS.

    def call(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a handler like Lambda."""
        handler = import_module(f"lambdas.{name}.handler").handler
        return dict(handler(event, Context()))

    def process_drops(self, *events: dict[str, Any]) -> dict[str, Any]:
        return self.call("on_drop", sqs_event(*(json.dumps(event) for event in events)))

    def submit(self, record: AnalysisRecord) -> dict[str, Any]:
        """Deliver the stream's event of a record in the given state to `submit`."""
        return self.call("submit", stream_event((None, record)))

    def publish(self, before: AnalysisRecord | None, after: AnalysisRecord) -> dict[str, Any]:
        return self.call("publish", stream_event((before, after)))

    def notify(self, *notifications: dict[str, Any]) -> dict[str, Any]:
        """Deliver SageMaker's notifications to `on_result`."""
        return self.call("on_result", sqs_event(*(json.dumps(item) for item in notifications)))

    def sweep(self) -> dict[str, Any]:
        return self.call("sweeper", {})

    def changes(self) -> list[dict[str, Any]]:
        """Return the records of the table's stream since the last call."""
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

    def run_stream(self) -> None:
        """Run the stream's consumers until there are no new records."""
        while records := self.changes():
            for name in ("submit", "publish"):
                answer = self.call(name, {"Records": records})
                assert answer == {"batchItemFailures": []}, (name, answer)

    def success(self, record: AnalysisRecord, body: bytes | None = None) -> dict[str, Any]:
        """Finish an attempt like SageMaker: write its output, and return the notification."""
        invocation = self.invocation(record)
        put(invocation.output_location, body if body is not None else result().model_dump_json().encode())
        return notification(invocation, "Completed", outputLocation=invocation.output_location)

    def failure(self, record: AnalysisRecord, answer: bytes | None = None, reason: str = "") -> dict[str, Any]:
        """Fail an attempt like SageMaker; return the notification. `answer`: the model server's response, if any."""
        invocation = self.invocation(record)
        if answer is not None:
            put(invocation.failure_location, answer)
        message = notification(invocation, "Failed", failureLocation=invocation.failure_location)
        return {**message, "failureReason": reason or "ClientError: Received server error (500) from primary"}

    def invocation(self, record: AnalysisRecord) -> Invocation:
        """Return the last invocation of the endpoint for the current attempt."""
        wanted = f"{record.id}.{int(record.attempt)}"
        return next(created for created in reversed(self.endpoint.invocations) if created.inference_id == wanted)

    # State.

    def read(self, record: AnalysisRecord) -> AnalysisRecord:
        return queries.reload(record)

    def records(self, owner: str) -> list[AnalysisRecord]:
        """Return all analyses of an owner, in any state."""
        found = AnalysisRecord.scan(AnalysisRecord.sk == "ANALYSIS", consistent_read=True)
        return [record for record in found if record.owner == owner]

    def items(self, owner: str) -> list[dict[str, Any]]:
        """Return all items of an owner, in DynamoDB's format."""
        found = clients.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
        own = (item for item in found if {"S": owner} in (item.get("owner"), {"S": item["pk"]["S"].partition("#")[2]}))
        return sorted(own, key=str)

    def used(self, owner: str, month: str | None = None) -> int:
        return quota.usage(owner, month or clock.month_of(self.now)).used

    def charges(self, owner: str, month: str | None = None) -> int:
        """Return the number of charged analyses, which `used` must equal."""
        month = month or clock.month_of(self.now)
        return sum(record.charge_month == month for record in self.records(owner))

    def outstanding(self, owner: str) -> int:
        try:
            return int(UploadsRecord.get(*item_keys.uploads(owner), consistent_read=True).outstanding)
        except UploadsRecord.DoesNotExist:
            return 0

    def use(self, owner: str, count: int) -> None:
        """Set the number of analyses charged this month."""
        counter = QuotaRecord(*item_keys.quota(owner, clock.month_of(self.now)))
        apply(counter, [QuotaRecord.used.set(count)], QuotaRecord.used.does_not_exist() | (QuotaRecord.used >= 0))

    def events(self) -> list[dict[str, Any]]:
        """Receive and delete all events in the webhook queue."""
        found: list[dict[str, Any]] = []
        sqs = clients.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.webhook_queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.webhook_queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys of the current objects."""
        pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def versions(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys of all versions and delete markers."""
        return [found["Key"] for found in objects._versions(bucket, prefix)]

    def summary(self) -> Summary:
        return summarize(result())

    def unique(self) -> int:
        """Return a different number each time, for distinct owners."""
        self._count += 1
        return self._count

    def document(self, key: str) -> dict[str, Any] | None:
        """Return a JSON object of the results bucket; None if it does not exist."""
        body = objects.read(RESULTS, key)
        return None if body is None else dict(json.loads(body))


def result(duration: float = 90.0) -> Analysis:
    return analysis_of(utterance(0.0, 2.0, "hello"), duration=duration)


def put(uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    clients.s3().put_object(Bucket=bucket, Key=key, Body=body)


def make_buckets() -> None:
    """Create the buckets, with versioning."""
    for bucket in (MEDIA, RESULTS):
        clients.s3().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        clients.s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def make_queue(name: str) -> str:
    """Create a queue; return its URL."""
    return str(clients.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def make_table() -> None:
    """Create the table of `lambdas.core.storage.tables`, with its stream."""
    Item.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    clients.client("dynamodb").update_table(TableName=TABLE, StreamSpecification=stream)
