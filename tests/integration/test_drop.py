"""The drop folder: any name, any version, in any order; whoever may not is told so, and nothing is lost."""

import json

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING
from lambdas.core.analyses import deletion, queries
from lambdas.core.aws import clients
from lambdas.core.owners import profiles, quota
from tests.integration.cloud import VIDEO, Cloud, put, result
from tests.integration.events import MEDIA, RESULTS, drop_event, sqs_event

OK: dict[str, list[str]] = {"batchItemFailures": []}
NAMES = [
    "a.mp4",
    "a folder/with spaces & more/clip one.MP4",
    "plus+plus%20percent%2Bsign.mp4",
    "Привет/日本語/ünï.mp4",
    "emoji \N{GRINNING FACE}.mp4",
    "no extension",
    "../../alice/x.mp4",
    'quote\'s "double" <tag>.mp4',
]


@pytest.fixture
def alice(cloud: Cloud) -> str:
    profiles.ensure("alice", "alice@example.com", cloud.now)
    return "alice"


def events_of_the_bucket(cloud: Cloud) -> None:
    """The bucket's events go to the queue, by the rule that the stack makes."""
    clients.s3().put_bucket_notification_configuration(
        Bucket=MEDIA, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [MEDIA]}, "object": {"key": [{"prefix": "drop/"}]}},
    }
    events = clients.client("events")
    events.put_rule(Name="drops", EventPattern=json.dumps(pattern))
    arn = clients.client("sqs").get_queue_attributes(QueueUrl=cloud.drop_queue, AttributeNames=["QueueArn"])
    events.put_targets(Rule="drops", Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}])


def messages(cloud: Cloud) -> list[str]:
    found: list[str] = []
    sqs = clients.client("sqs")
    while got := sqs.receive_message(QueueUrl=cloud.drop_queue, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in got]
        for message in got:
            sqs.delete_message(QueueUrl=cloud.drop_queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_real_events_of_any_name(cloud: Cloud, alice: str) -> None:
    """Through S3, EventBridge and SQS: keys arrive as they are, not URL-encoded."""
    events_of_the_bucket(cloud)
    for number, name in enumerate(NAMES):
        clients.s3().put_object(Bucket=MEDIA, Key=f"drop/{alice}/{name}", Body=VIDEO + bytes([number]))
    bodies = messages(cloud)
    assert len(bodies) == len(NAMES)
    assert cloud.call("on_drop", sqs_event(*bodies)) == OK
    cloud.flow()
    records = cloud.records(alice)
    assert {record.object_key for record in records} == {f"drop/{alice}/{name}" for name in NAMES}
    for _ in records:  # one after the other, as the plan has it
        (record,) = (record for record in cloud.records(alice) if record.status == PROCESSING)
        copy = clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["Body"].read()
        assert copy == VIDEO + bytes([NAMES.index(record.object_key.removeprefix(f"drop/{alice}/"))])
        cloud.hear(cloud.success(record))
        cloud.flow()
    assert sorted(cloud.keys(RESULTS, "results/")) == sorted(f"results/{alice}/{name}.json" for name in NAMES)
    assert messages(cloud) == []  # no answer is a drop


def test_tags_stay_with_the_object(cloud: Cloud, alice: str) -> None:
    """Copying them would take a permission that no Lambda has."""
    event = cloud.drop("drop/alice/a.mp4")
    clients.s3().put_object_tagging(
        Bucket=MEDIA, Key="drop/alice/a.mp4", Tagging={"TagSet": [{"Key": "project", "Value": "x"}]}
    )
    cloud.take_drop(event)
    cloud.flow()
    (record,) = cloud.records(alice)
    assert clients.s3().get_object_tagging(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["TagSet"] == []


def test_the_answer_is_the_result(cloud: Cloud, alice: str) -> None:
    cloud.take_drop(cloud.drop("drop/alice/a/b.mp4"))
    cloud.flow()
    (record,) = cloud.records(alice)
    cloud.hear(cloud.success(record))
    cloud.flow()
    assert cloud.document("results/alice/a/b.mp4.json") == result().model_dump(mode="json")
    assert queries.page(alice).records[0].source == "drop"
    assert cloud.events() == []  # nobody wants any


def test_a_failure_is_answered_and_not_charged_again(cloud: Cloud, alice: str) -> None:
    event = cloud.drop("drop/alice/a.mp4")
    cloud.take_drop(event)
    cloud.flow()
    (record,) = cloud.records(alice)
    problem = {"type": "urn:video-sentiment:problem:unreadable-video", "status": 400, "error": "the video is broken"}
    told = cloud.failure(record, json.dumps(problem).encode())
    cloud.hear(told)
    cloud.flow()
    document = cloud.document("results/alice/a.mp4.error.json")
    assert document is not None
    assert (document["error"], document["object"]) == ("the video is broken", "drop/alice/a.mp4")
    cloud.take_drop(event)  # once more, much later
    cloud.flow()
    (record,) = cloud.records(alice)
    assert (record.status, record.attempt, cloud.used(alice)) == (FAILED, 1, 0)


def test_a_late_success_replaces_the_error(cloud: Cloud, alice: str) -> None:
    cloud.take_drop(cloud.drop("drop/alice/a.mp4"))
    cloud.flow()
    (record,) = cloud.records(alice)
    late = cloud.success(record)
    cloud.hear(cloud.failure(record))
    cloud.flow()
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.error.json"]
    cloud.hear(late)
    cloud.flow()
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.json"]


def test_events_come_twice_and_in_any_order(cloud: Cloud, alice: str) -> None:
    """Two versions of one object are two analyses; the answer is the newer one's, whichever ends last."""
    profiles.set_plan(alice, "pro", cloud.now)
    old, new = cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/a.mp4", VIDEO + b"newer")
    cloud.take_drop(new, old, new)
    cloud.take_drop(old)
    cloud.flow()
    records = {record.version_id: record for record in cloud.records(alice)}
    assert len(records) == cloud.used(alice) == 2
    older, newer = (records[event["detail"]["object"]["version-id"]] for event in (old, new))
    assert clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{older.id}/1.mp4")["Body"].read() == VIDEO
    cloud.hear(cloud.success(newer, result(20).model_dump_json().encode()))
    cloud.flow()
    cloud.hear(cloud.success(older, result(10).model_dump_json().encode()))
    cloud.flow()
    assert {cloud.read(record).status for record in (older, newer)} == {COMPLETED}
    answer = cloud.document("results/alice/a.mp4.json")
    assert answer is not None
    assert answer["video"]["duration_s"] == 20


def test_deleting_one_version_leaves_the_other(cloud: Cloud, alice: str) -> None:
    profiles.set_plan(alice, "pro", cloud.now)
    cloud.take_drop(cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/a.mp4", VIDEO + b"newer"))
    cloud.flow()
    older, newer = sorted(cloud.records(alice), key=lambda record: int(record.size))
    for record in (newer, older):
        cloud.hear(cloud.success(record))
        cloud.flow()
    for record, left in ((older, 1), (newer, 0)):
        deletion.delete(alice, record.id, cloud.now)
        cloud.later(seconds=600)
        cloud.sweep()
        assert len(cloud.versions(MEDIA, "drop/alice/")) == left
        assert len(cloud.keys(RESULTS, "results/alice/")) == left


@pytest.mark.parametrize("key", ["drop/alice/", "drop/alice/folder/", "drop/", "uploads/alice/x.mp4", "other"])
def test_what_is_no_drop_is_left_alone(cloud: Cloud, alice: str, key: str) -> None:
    event = cloud.drop(key, b"" if key.endswith("/") else VIDEO)
    assert cloud.take_drop(event) == OK
    assert cloud.records(alice) == []
    assert cloud.keys(RESULTS) == []


def test_other_events_are_left_alone(cloud: Cloud, alice: str) -> None:
    event = cloud.drop("drop/alice/a.mp4")
    other = {**event, "detail": {**event["detail"], "bucket": {"name": "another-bucket"}}}
    assert cloud.take_drop({**event, "detail-type": "Object Deleted"}, other) == OK
    assert cloud.records(alice) == []


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("drop/nobody/a.mp4", "results/nobody/a.mp4.error.json"),
        ("drop/a.mp4", "results/!nobody/"),
        ("drop/../alice/a.mp4", "results/!nobody/"),
        (f"drop/{'x' * 65}/a.mp4", "results/!nobody/"),
        ("drop/al ice/a.mp4", "results/!nobody/"),
    ],
)
def test_an_unknown_owner_is_told(cloud: Cloud, alice: str, key: str, answer: str) -> None:
    assert cloud.take_drop(cloud.drop(key)) == OK
    (found,) = cloud.keys(RESULTS)
    assert found.startswith(answer)
    document = cloud.document(found)
    assert document is not None
    assert (document["type"], document["object"]) == ("urn:video-sentiment:problem:unknown-owner", key)
    assert cloud.keys(MEDIA) == [key]  # nothing is lost
    assert cloud.records(alice) == []


def test_an_account_that_ended_is_told(cloud: Cloud, alice: str) -> None:
    profiles.delete_account(alice, cloud.now)
    assert cloud.take_drop(cloud.drop("drop/alice/a.mp4")) == OK
    document = cloud.document("results/alice/a.mp4.error.json")
    assert document is not None
    assert (document["type"], cloud.records(alice)) == ("urn:video-sentiment:problem:account-deleted", [])


def test_over_quota_is_told_and_counted(
    cloud: Cloud, alice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(quota.PLANS, "free", quota.PLANS["free"]._replace(requests_per_month=1))
    capsys.readouterr()
    cloud.take_drop(cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/b.mp4"))
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [(line["DropRefusals"], line["QuotaRefusals"]) for line in written] == [([1.0], [1.0])]
    assert cloud.keys(RESULTS, "results/") == ["results/alice/b.mp4.error.json"]
    assert cloud.keys(MEDIA, "drop/") == ["drop/alice/a.mp4", "drop/alice/b.mp4"]
    assert cloud.used(alice) == 1


def test_what_is_no_video_is_told(cloud: Cloud, alice: str) -> None:
    cloud.take_drop(cloud.drop("drop/alice/a.mp4", b"text"), cloud.drop("drop/alice/empty.mp4", b""))
    assert len(cloud.keys(RESULTS, "results/alice/")) == 2
    assert (cloud.records(alice), cloud.used(alice)) == ([], 0)


def test_the_refusal_of_an_older_version_is_no_answer_to_the_newer(cloud: Cloud, alice: str) -> None:
    old, new = cloud.drop("drop/alice/a.mp4", b"text"), cloud.drop("drop/alice/a.mp4")
    cloud.take_drop(new)
    cloud.flow()
    (record,) = cloud.records(alice)
    cloud.hear(cloud.success(record))
    cloud.flow()
    cloud.take_drop(old)
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.json"]


@pytest.mark.usefixtures("alice")
def test_what_is_gone_again_is_nothing(cloud: Cloud) -> None:
    assert cloud.take_drop(drop_event("drop/alice/a.mp4", None), drop_event("drop/alice/b.mp4", "no-such")) == OK
    assert cloud.keys(RESULTS) == []


def test_an_event_without_a_version_means_the_newest(cloud: Cloud, alice: str) -> None:
    version = cloud.drop("drop/alice/a.mp4")["detail"]["object"]["version-id"]
    cloud.take_drop(drop_event("drop/alice/a.mp4", None))
    cloud.take_drop(drop_event("drop/alice/a.mp4", version))
    (record,) = cloud.records(alice)
    assert record.version_id == version


def test_a_name_too_long_for_its_answer(cloud: Cloud, alice: str) -> None:
    """S3 takes 1024 bytes, and the answer's name is longer than the object's."""
    key = "drop/alice/" + "x" * (1024 - len("drop/alice/") - 4) + ".mp4"
    cloud.take_drop(cloud.drop(key))
    cloud.flow()
    (record,) = cloud.records(alice)
    cloud.hear(cloud.success(record))
    cloud.flow()
    (answer,) = cloud.keys(RESULTS, "results/alice/renamed/")
    assert cloud.document(answer) == result().model_dump(mode="json")


def test_sagemakers_objects_are_read_only_where_it_writes_for_us(cloud: Cloud, alice: str) -> None:
    """A notification that names another bucket is not believed."""
    cloud.take_drop(cloud.drop("drop/alice/a.mp4"))
    cloud.flow()
    (record,) = cloud.records(alice)
    told = cloud.success(record)
    elsewhere = f"s3://{MEDIA}/outputs/x.out"
    put(elsewhere, result().model_dump_json().encode())
    told["responseParameters"]["outputLocation"] = elsewhere
    assert len(cloud.hear(told)["batchItemFailures"]) == 1
    assert cloud.keys(MEDIA, "outputs/") == ["outputs/x.out"]
