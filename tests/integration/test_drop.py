"""Drop folder: any key, any version, any order of events; refusals get an error file, and no object is lost."""

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


def enable_events(cloud: Cloud) -> None:
    """Send the bucket's events to the queue, by the same rule as in the stack."""
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


def test_real_events_with_special_characters_in_keys(cloud: Cloud, alice: str) -> None:
    """Through S3, EventBridge and SQS: keys arrive without URL encoding."""
    enable_events(cloud)
    for number, name in enumerate(NAMES):
        clients.s3().put_object(Bucket=MEDIA, Key=f"drop/{alice}/{name}", Body=VIDEO + bytes([number]))
    bodies = messages(cloud)
    assert len(bodies) == len(NAMES)
    assert cloud.call("on_drop", sqs_event(*bodies)) == OK
    cloud.run_stream()
    records = cloud.records(alice)
    assert {record.object_key for record in records} == {f"drop/{alice}/{name}" for name in NAMES}
    for _ in records:  # one at a time, by the limit of the plan
        (record,) = (record for record in cloud.records(alice) if record.status == PROCESSING)
        copy = clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["Body"].read()
        assert copy == VIDEO + bytes([NAMES.index(record.object_key.removeprefix(f"drop/{alice}/"))])
        cloud.notify(cloud.success(record))
        cloud.run_stream()
    assert sorted(cloud.keys(RESULTS, "results/")) == sorted(f"results/{alice}/{name}.json" for name in NAMES)
    assert messages(cloud) == []  # answers do not trigger drop events


def test_tags_stay_with_the_object(cloud: Cloud, alice: str) -> None:
    """Copying the tags would need a permission that no Lambda has."""
    event = cloud.drop("drop/alice/a.mp4")
    clients.s3().put_object_tagging(
        Bucket=MEDIA, Key="drop/alice/a.mp4", Tagging={"TagSet": [{"Key": "project", "Value": "x"}]}
    )
    cloud.process_drops(event)
    cloud.run_stream()
    (record,) = cloud.records(alice)
    assert clients.s3().get_object_tagging(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["TagSet"] == []


def test_the_result_is_written_to_the_results_folder(cloud: Cloud, alice: str) -> None:
    cloud.process_drops(cloud.drop("drop/alice/a/b.mp4"))
    cloud.run_stream()
    (record,) = cloud.records(alice)
    cloud.notify(cloud.success(record))
    cloud.run_stream()
    assert cloud.document("results/alice/a/b.mp4.json") == result().model_dump(mode="json")
    assert queries.page(alice).records[0].source == "drop"
    assert cloud.events() == []  # no webhook is set


def test_a_failure_gets_an_error_file_and_no_further_charge(cloud: Cloud, alice: str) -> None:
    event = cloud.drop("drop/alice/a.mp4")
    cloud.process_drops(event)
    cloud.run_stream()
    (record,) = cloud.records(alice)
    problem = {"type": "urn:video-sentiment:problem:unreadable-video", "status": 400, "error": "the video is broken"}
    message = cloud.failure(record, json.dumps(problem).encode())
    cloud.notify(message)
    cloud.run_stream()
    document = cloud.document("results/alice/a.mp4.error.json")
    assert document is not None
    assert (document["error"], document["object"]) == ("the video is broken", "drop/alice/a.mp4")
    cloud.process_drops(event)  # delivered again, much later
    cloud.run_stream()
    (record,) = cloud.records(alice)
    assert (record.status, record.attempt, cloud.used(alice)) == (FAILED, 1, 0)


def test_a_late_success_replaces_the_error(cloud: Cloud, alice: str) -> None:
    cloud.process_drops(cloud.drop("drop/alice/a.mp4"))
    cloud.run_stream()
    (record,) = cloud.records(alice)
    late = cloud.success(record)
    cloud.notify(cloud.failure(record))
    cloud.run_stream()
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.error.json"]
    cloud.notify(late)
    cloud.run_stream()
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.json"]


def test_duplicate_and_reordered_events(cloud: Cloud, alice: str) -> None:
    """Two versions of one object are two analyses; the answer is the newer version's, whichever ends last."""
    profiles.set_plan(alice, "pro", cloud.now)
    old, new = cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/a.mp4", VIDEO + b"newer")
    cloud.process_drops(new, old, new)
    cloud.process_drops(old)
    cloud.run_stream()
    records = {record.version_id: record for record in cloud.records(alice)}
    assert len(records) == cloud.used(alice) == 2
    older, newer = (records[event["detail"]["object"]["version-id"]] for event in (old, new))
    assert clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{older.id}/1.mp4")["Body"].read() == VIDEO
    cloud.notify(cloud.success(newer, result(20).model_dump_json().encode()))
    cloud.run_stream()
    cloud.notify(cloud.success(older, result(10).model_dump_json().encode()))
    cloud.run_stream()
    assert {cloud.read(record).status for record in (older, newer)} == {COMPLETED}
    answer = cloud.document("results/alice/a.mp4.json")
    assert answer is not None
    assert answer["video"]["duration_s"] == 20


def test_deleting_one_version_leaves_the_other(cloud: Cloud, alice: str) -> None:
    profiles.set_plan(alice, "pro", cloud.now)
    cloud.process_drops(cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/a.mp4", VIDEO + b"newer"))
    cloud.run_stream()
    older, newer = sorted(cloud.records(alice), key=lambda record: int(record.size))
    for record in (newer, older):
        cloud.notify(cloud.success(record))
        cloud.run_stream()
    for record, remaining in ((older, 1), (newer, 0)):
        deletion.delete(alice, record.id, cloud.now)
        cloud.advance(seconds=600)
        cloud.sweep()
        assert len(cloud.versions(MEDIA, "drop/alice/")) == remaining
        assert len(cloud.keys(RESULTS, "results/alice/")) == remaining


@pytest.mark.parametrize("key", ["drop/alice/", "drop/alice/folder/", "drop/", "uploads/alice/x.mp4", "other"])
def test_other_keys_are_ignored(cloud: Cloud, alice: str, key: str) -> None:
    event = cloud.drop(key, b"" if key.endswith("/") else VIDEO)
    assert cloud.process_drops(event) == OK
    assert cloud.records(alice) == []
    assert cloud.keys(RESULTS) == []


def test_other_events_are_ignored(cloud: Cloud, alice: str) -> None:
    event = cloud.drop("drop/alice/a.mp4")
    other = {**event, "detail": {**event["detail"], "bucket": {"name": "another-bucket"}}}
    assert cloud.process_drops({**event, "detail-type": "Object Deleted"}, other) == OK
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
def test_an_unknown_owner_gets_an_error_file(cloud: Cloud, alice: str, key: str, answer: str) -> None:
    assert cloud.process_drops(cloud.drop(key)) == OK
    (found,) = cloud.keys(RESULTS)
    assert found.startswith(answer)
    document = cloud.document(found)
    assert document is not None
    assert (document["type"], document["object"]) == ("urn:video-sentiment:problem:unknown-owner", key)
    assert cloud.keys(MEDIA) == [key]  # the object is kept
    assert cloud.records(alice) == []


def test_a_deleted_account_gets_an_error_file(cloud: Cloud, alice: str) -> None:
    profiles.delete_account(alice, cloud.now)
    assert cloud.process_drops(cloud.drop("drop/alice/a.mp4")) == OK
    document = cloud.document("results/alice/a.mp4.error.json")
    assert document is not None
    assert (document["type"], cloud.records(alice)) == ("urn:video-sentiment:problem:account-deleted", [])


def test_a_used_up_quota_gets_an_error_file_and_is_counted(
    cloud: Cloud, alice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(quota.PLANS, "free", quota.PLANS["free"]._replace(requests_per_month=1))
    capsys.readouterr()
    cloud.process_drops(cloud.drop("drop/alice/a.mp4"), cloud.drop("drop/alice/b.mp4"))
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [(line["DropRefusals"], line["QuotaRefusals"]) for line in written] == [([1.0], [1.0])]
    assert cloud.keys(RESULTS, "results/") == ["results/alice/b.mp4.error.json"]
    assert cloud.keys(MEDIA, "drop/") == ["drop/alice/a.mp4", "drop/alice/b.mp4"]
    assert cloud.used(alice) == 1


def test_a_file_that_is_not_a_video_gets_an_error_file(cloud: Cloud, alice: str) -> None:
    cloud.process_drops(cloud.drop("drop/alice/a.mp4", b"text"), cloud.drop("drop/alice/empty.mp4", b""))
    assert len(cloud.keys(RESULTS, "results/alice/")) == 2
    assert (cloud.records(alice), cloud.used(alice)) == ([], 0)


def test_the_refusal_of_an_older_version_does_not_replace_the_newer_result(cloud: Cloud, alice: str) -> None:
    old, new = cloud.drop("drop/alice/a.mp4", b"text"), cloud.drop("drop/alice/a.mp4")
    cloud.process_drops(new)
    cloud.run_stream()
    (record,) = cloud.records(alice)
    cloud.notify(cloud.success(record))
    cloud.run_stream()
    cloud.process_drops(old)
    assert cloud.keys(RESULTS, "results/") == ["results/alice/a.mp4.json"]


@pytest.mark.usefixtures("alice")
def test_events_of_missing_objects_are_ignored(cloud: Cloud) -> None:
    assert cloud.process_drops(drop_event("drop/alice/a.mp4", None), drop_event("drop/alice/b.mp4", "no-such")) == OK
    assert cloud.keys(RESULTS) == []


def test_an_event_without_a_version_refers_to_the_newest(cloud: Cloud, alice: str) -> None:
    version = cloud.drop("drop/alice/a.mp4")["detail"]["object"]["version-id"]
    cloud.process_drops(drop_event("drop/alice/a.mp4", None))
    cloud.process_drops(drop_event("drop/alice/a.mp4", version))
    (record,) = cloud.records(alice)
    assert record.version_id == version


def test_a_key_too_long_for_its_answer_is_hashed(cloud: Cloud, alice: str) -> None:
    """Keys are limited to 1024 bytes, and the answer's key is longer than the object's."""
    key = "drop/alice/" + "x" * (1024 - len("drop/alice/") - 4) + ".mp4"
    cloud.process_drops(cloud.drop(key))
    cloud.run_stream()
    (record,) = cloud.records(alice)
    cloud.notify(cloud.success(record))
    cloud.run_stream()
    (answer,) = cloud.keys(RESULTS, "results/alice/renamed/")
    assert cloud.document(answer) == result().model_dump(mode="json")


def test_output_in_another_bucket_is_ignored(cloud: Cloud, alice: str) -> None:
    """A notification with a location in another bucket is not trusted."""
    cloud.process_drops(cloud.drop("drop/alice/a.mp4"))
    cloud.run_stream()
    (record,) = cloud.records(alice)
    message = cloud.success(record)
    elsewhere = f"s3://{MEDIA}/outputs/x.out"
    put(elsewhere, result().model_dump_json().encode())
    message["responseParameters"]["outputLocation"] = elsewhere
    assert len(cloud.notify(message)["batchItemFailures"]) == 1
    assert cloud.keys(MEDIA, "outputs/") == ["outputs/x.out"]
