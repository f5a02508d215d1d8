"""Killed emulator: acknowledged writes survive the restart, and other writes are complete or absent."""

import itertools
import json
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local import emulator
from local.guard.store import FILE
from local.processes import Child, signal_group
from local.settings import ACCOUNT, LocalSettings
from tests.integration.local_parts import Loop, create_function, free_ports, loop, until

TABLE = "records"
KEY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
SCHEMA: dict[str, Any] = KEY | {
    "TableName": TABLE,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
KILLS = 3  # during writes
# Fails until the object `open` exists; then writes an object for each stream record it gets.
READER = """
import boto3, json
def handler(event, context):
    s3 = boto3.client("s3")
    s3.get_object(Bucket="bucket", Key="open")
    for record in event["Records"]:
        s3.put_object(Bucket="bucket", Key="read/" + record["dynamodb"]["Keys"]["id"]["S"], Body=b"1")
"""


class Killable:
    """Emulator with persistent state that can be killed and restarted."""

    def __init__(self, state: Path, running: Loop) -> None:
        self.settings = LocalSettings(state=state, ports=free_ports())
        self._loop = running
        self.child = running.do(emulator.start(self.settings))

    def client(self, service: str) -> Any:
        return emulator.client(self.settings, service, retries={"total_max_attempts": 1})

    def keep(self) -> None:
        self._loop.do(emulator.enable_saving(self.settings))

    def kill(self) -> None:
        signal_group(self.child.pid, signal.SIGKILL)
        self._loop.do(gone(self.child))

    def start(self) -> None:
        self.child = self._loop.do(emulator.start(self.settings))

    def stop(self) -> None:
        self._loop.do(self.child.stop())


async def gone(child: Child) -> None:
    await child.wait()
    await child.stop()


@contextmanager
def killable(state: Path) -> Iterator[Killable]:
    with loop() as running:
        made = Killable(state, running)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killable]:
    """Start an emulator with a deployed table and bucket."""
    with killable(tmp_path) as made:
        made.client("dynamodb").create_table(**SCHEMA)
        made.client("s3").create_bucket(Bucket="bucket")
        made.keep()
        yield made


def put(dynamodb: Any, name: str, **more: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item={"id": {"S": name}} | more)


def items(dynamodb: Any) -> dict[str, Any]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


def test_acknowledged_writes_survive(killed: Killable) -> None:
    """Covers every service that the product writes to at run time; the kill follows immediately."""
    dynamodb, s3, sqs = (killed.client(name) for name in ("dynamodb", "s3", "sqs"))
    cognito, gateway = killed.client("cognito-idp"), killed.client("apigateway")
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    pool = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    topic = killed.client("sns").create_topic(Name="topic")["TopicArn"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
    killed.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    put(dynamodb, "changed", number={"N": "1"})
    put(dynamodb, "removed")
    update = {"Key": {"id": {"S": "changed"}}, "UpdateExpression": "ADD #n :one"}
    names = {"ExpressionAttributeNames": {"#n": "number"}, "ExpressionAttributeValues": {":one": {"N": "1"}}}
    dynamodb.update_item(TableName=TABLE, **update, **names)
    dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": "removed"}})
    s3.put_object(Bucket="bucket", Key="a", Body=b"content", ContentType="video/mp4")
    key = gateway.create_api_key(name="key", enabled=True)["id"]
    cognito.admin_create_user(UserPoolId=pool, Username="alice", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="alice", Password="A-long-passw0rd", Permanent=True)
    killed.client("ssm").put_parameter(Name="name", Value="value", Type="String")
    for body in ("deleted", "sent"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    (first,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    killed.client("sns").publish(TopicArn=topic, Message="published")

    killed.kill()
    killed.start()
    dynamodb, s3, sqs = (killed.client(name) for name in ("dynamodb", "s3", "sqs"))
    found = items(dynamodb)
    assert set(found) == {"changed"} and found["changed"]["number"] == {"N": "2"}
    assert dynamodb.describe_table(TableName=TABLE)["Table"]["ItemCount"] == 1
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"content"
    assert killed.client("apigateway").get_api_key(apiKey=key)["name"] == "key"
    user = killed.client("cognito-idp").admin_get_user(UserPoolId=pool, Username="alice")
    assert user["UserStatus"] == "CONFIRMED"
    assert killed.client("ssm").get_parameter(Name="name")["Parameter"]["Value"] == "value"
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 2 and messages[0]["Body"] == "sent" and "published" in messages[1]["Body"]


def test_killed_in_the_middle_of_writing(killed: Killable) -> None:
    """Concurrent writers record the acknowledged writes; of a transaction, both items exist or neither."""
    answered: set[str] = set()
    numbers = itertools.count()

    def write(stop: threading.Event) -> None:
        dynamodb, s3 = killed.client("dynamodb"), killed.client("s3")
        with suppress(BotoCoreError, ClientError):
            while not stop.is_set():
                name = str(next(numbers))
                both = [{"Put": {"TableName": TABLE, "Item": {"id": {"S": f"{name}{side}"}}}} for side in "ab"]
                dynamodb.transact_write_items(TransactItems=both)
                s3.put_object(Bucket="bucket", Key=name, Body=name.encode())
                answered.add(name)

    for _ in range(KILLS):
        before = len(answered)
        stop = threading.Event()
        writers = [threading.Thread(target=write, args=(stop,)) for _ in range(4)]
        for writer in writers:
            writer.start()
        until(lambda before=before: len(answered) > before + 20)  # type: ignore[misc]
        killed.kill()
        stop.set()
        for writer in writers:
            writer.join()
        killed.start()
        found = set(items(killed.client("dynamodb")))
        assert {f"{name}{side}" for name in answered for side in "ab"} <= found
        assert {name[:-1] for name in found if name[-1] == "a"} == {name[:-1] for name in found if name[-1] == "b"}
        s3 = killed.client("s3")
        assert all(s3.get_object(Bucket="bucket", Key=n)["Body"].read() == n.encode() for n in answered)
        assert all(item["Key"].isdigit() for item in s3.list_objects_v2(Bucket="bucket")["Contents"])


def test_a_partially_written_object_is_discarded(killed: Killable) -> None:
    s3 = killed.client("s3")
    for key in ("whole.mp4", "whole.tmp"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"content", ContentType="video/mp4")
    killed.kill()
    (folder,) = (killed.settings.state / "emulator" / "s3").glob("*/bucket")
    whole = set(folder.rglob("*"))
    for name in ("half.mp4.tmp", "undescribed.mp4", "whole.mp4.tmp", "whole.mp4.meta.json.tmp"):
        (folder / name).write_bytes(b"cont")
    killed.start()
    assert set(folder.rglob("*")) == whole
    listed = killed.client("s3").list_objects_v2(Bucket="bucket")["Contents"]
    assert [item["Key"] for item in listed] == ["whole.mp4", "whole.tmp"]
    assert killed.client("s3").get_object(Bucket="bucket", Key="whole.mp4")["ContentType"] == "video/mp4"


def test_unread_stream_records_are_processed_after_a_restart(killed: Killable) -> None:
    functions, dynamodb = killed.client("lambda"), killed.client("dynamodb")
    create_function(functions, "reader", READER)
    stream = dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    functions.create_event_source_mapping(FunctionName="reader", EventSourceArn=stream, StartingPosition="LATEST")
    s3 = killed.client("s3")
    s3.put_object(Bucket="bucket", Key="open", Body=b"1")

    def read() -> list[str]:
        listed = killed.client("s3").list_objects_v2(Bucket="bucket", Prefix="read/")
        return [item["Key"].removeprefix("read/") for item in listed.get("Contents", [])]

    put(dynamodb, "before")
    until(lambda: read() == ["before"])
    s3.delete_object(Bucket="bucket", Key="open")
    put(dynamodb, "after")
    killed.kill()
    killed.start()
    killed.keep()
    s3 = killed.client("s3")
    s3.put_object(Bucket="bucket", Key="open", Body=b"1")
    until(lambda: sorted(read()) == ["after", "before"])
    # Processed records are not kept.
    store = killed.settings.state / "emulator" / FILE
    until(lambda: not rows(store, "SELECT * FROM records"))


def rows(store: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(store)) as database:
        return database.execute(query).fetchall()


def test_an_interrupted_deployment_starts_from_the_previous_state(tmp_path: Path) -> None:
    with killable(tmp_path) as made:
        made.client("sqs").create_queue(QueueName="deployed")
        made.keep()
        made.kill()
        made.start()
        made.client("sqs").create_queue(QueueName="half-deployed")
        made.kill()
        made.start()
        queues = made.client("sqs").list_queues()["QueueUrls"]
        assert [url.rpartition("/")[2] for url in queues] == ["deployed"]


def test_the_state_of_an_earlier_version_is_migrated(tmp_path: Path) -> None:
    """It has one file per service, with the items of all tables in one of them."""
    with killable(tmp_path) as made:
        made.client("dynamodb").create_table(**SCHEMA)
        made.keep()
        made.stop()
        folder = tmp_path / "emulator"
        services = folder / "services"
        services.mkdir(exist_ok=True)
        for name, text in rows(folder / FILE, "SELECT name, state FROM services"):
            state = json.loads(text)
            if name == "dynamodb":
                (table,) = state["payload"]["tables"]["data"].values()
                table["items"] = {"old": {"__no_sort__": {"id": {"S": "old"}}}}
            (services / f"{name}.json").write_text(json.dumps(state))
        for file in folder.glob(f"{FILE}*"):
            file.unlink()
        made.start()
        assert set(items(made.client("dynamodb"))) == {"old"}
        made.keep()
        put(made.client("dynamodb"), "new")
        made.kill()
        made.start()
        assert set(items(made.client("dynamodb"))) == {"old", "new"}


def test_saved_queues_work_at_another_port(tmp_path: Path) -> None:
    with killable(tmp_path) as made:
        sqs = made.client("sqs")
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        made.keep()
        sqs.send_message(QueueUrl=url, MessageBody="before")
        made.kill()
        made.settings = LocalSettings(state=tmp_path, ports=free_ports())
        made.start()
        sqs = made.client("sqs")
        url = sqs.get_queue_url(QueueName="queue")["QueueUrl"]
        assert str(made.settings.ports.emulator) in url
        sqs.send_message(QueueUrl=url, MessageBody="after")
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert [message["Body"] for message in received] == ["before", "after"]


def test_resources_created_by_cloudformation_survive(killed: Killable) -> None:
    """By a user's own deployment to the running product, which polls until the stack is complete."""
    cloudformation = killed.client("cloudformation")
    made = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made"}}}
    cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps({"Resources": made}))

    def done() -> bool:
        return bool(cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")

    until(done)
    killed.kill()
    killed.start()
    stacks = killed.client("cloudformation").describe_stacks(StackName="stack")["Stacks"]
    assert [stack["StackStatus"] for stack in stacks] == ["CREATE_COMPLETE"]
    assert "/made" in killed.client("sqs").get_queue_url(QueueName="made")["QueueUrl"]
