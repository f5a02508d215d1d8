"""State machine of an analysis: charges, results, failures, retries, and events that come too late."""

import itertools
import json

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import queries, transitions
from lambdas.core.aws import clients
from lambdas.core.errors import (
    TIMED_OUT,
)
from lambdas.core.settings import settings
from lambdas.core.storage import objects
from tests.integration.cloud import MEDIA, NAMESPACE, RESULTS, VIDEO, Cloud, result

OK: dict[str, list[str]] = {"batchItemFailures": []}


def test_the_whole_path(cloud: Cloud) -> None:
    record = cloud.start("alice", cloud.upload("alice"), webhook_url="https://example.com/hook")
    assert (record.status, record.attempt, cloud.used("alice")) == (QUEUED, 1, 1)
    cloud.run_stream()
    record = cloud.read(record)
    assert record.status == PROCESSING
    cloud.notify(cloud.success(record))
    cloud.run_stream()
    record = queries.get("alice", record.id)
    assert record.status == COMPLETED
    assert queries.result(record) == result()
    assert record.summary["duration_s"] == 90.0
    assert record.summary["utterances"] == 1
    assert record.summary["emotions"][0]["label"] == "joy"
    assert [event["type"] for event in cloud.events()] == ["analysis.completed"]
    assert cloud.used("alice") == cloud.charges("alice") == 1


def test_repeated_starts_of_one_upload_are_one_analysis(cloud: Cloud) -> None:
    key = cloud.upload("alice")
    first = cloud.start("alice", key)
    cloud.run_stream()
    again = cloud.start("alice", key)
    assert (again.id, again.status, cloud.used("alice")) == (first.id, PROCESSING, 1)
    cloud.notify(cloud.success(again))
    assert cloud.start("alice", key).status == COMPLETED
    assert (cloud.used("alice"), len(cloud.records("alice"))) == (1, 1)


def test_the_endpoint_gets_the_copy_and_the_time_limits(cloud: Cloud) -> None:
    record = cloud.processing()
    (made,) = cloud.endpoint.invocations
    assert made.inference_id == f"{record.id}.1"
    assert made.input_location == f"s3://{MEDIA}/inputs/{record.id}/1.mp4"
    assert (made.content_type, made.timeout, made.ttl) == ("video/mp4", 3600, 6 * 3600)
    assert clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["Body"].read() == VIDEO
    assert record.output_location == made.output_location
    assert record.failure_location == made.failure_location


def test_a_duplicate_event_submits_once(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.submit(record)
    cloud.submit(record)
    assert len(cloud.endpoint.invocations) == 1


@pytest.mark.parametrize("code", ["upload-replaced", "upload-missing"])
def test_an_upload_that_is_gone_after_its_check_is_never_analyzed(cloud: Cloud, code: str) -> None:
    record = cloud.queued()
    objects.delete(MEDIA, record.object_key, record.version_id)
    if code == "upload-replaced":
        clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=VIDEO + b"another")
    cloud.run_stream()
    record = cloud.read(record)
    assert (record.status, record.error.code) == (FAILED, code)
    assert cloud.endpoint.invocations == []
    assert cloud.used("alice") == 0


@pytest.mark.parametrize("by_sweeper", [False, True])
def test_a_second_put_after_the_check_changes_nothing(cloud: Cloud, *, by_sweeper: bool) -> None:
    """The version that was checked is the one that is analyzed, also before the later one has been removed."""
    record = cloud.queued()
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=VIDEO + b"another")
    if by_sweeper:
        cloud.advance(seconds=settings().queued_patience)
        cloud.sweep()
    else:
        cloud.submit(record)
    assert cloud.read(record).status == PROCESSING
    assert objects.read(MEDIA, f"inputs/{record.id}/1.mp4") == VIDEO


def test_a_failed_submission_is_retried(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.endpoint.failing = True
    (failure,) = cloud.submit(record)["batchItemFailures"]
    assert cloud.read(record).status == QUEUED
    cloud.endpoint.failing = False
    assert failure["itemIdentifier"] == f"{1:021}"
    assert cloud.submit(record) == OK
    assert cloud.read(record).status == PROCESSING


def test_a_failure_refunds_once(cloud: Cloud) -> None:
    record = cloud.processing()
    message = cloud.failure(record)
    cloud.notify(message, message)
    cloud.notify(message)
    record = cloud.read(record)
    assert (record.status, record.error.code) == (FAILED, "inference-failed")
    assert cloud.used("alice") == cloud.charges("alice") == 0


def test_a_failure_after_the_result_changes_nothing(cloud: Cloud) -> None:
    record = cloud.processing()
    message = [cloud.success(record), cloud.failure(record)]
    cloud.notify(*message)
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1


def test_a_refund_goes_to_the_month_of_the_charge(cloud: Cloud) -> None:
    cloud.advance(days=6, hours=11, minutes=50)  # ten minutes before December
    record = cloud.processing()
    cloud.advance(minutes=20)
    cloud.queued()
    cloud.notify(cloud.failure(record))
    assert (cloud.used("alice", "2026-11"), cloud.used("alice", "2026-12")) == (0, 1)


def test_a_retry_is_another_attempt_and_is_charged(cloud: Cloud) -> None:
    record = cloud.failed()
    again = cloud.start("alice", record.object_key)
    assert (again.id, again.status, again.attempt) == (record.id, QUEUED, 2)
    assert again.error is None
    assert cloud.used("alice") == cloud.charges("alice") == 1
    cloud.run_stream()
    assert cloud.invocation(again).input_location.endswith(f"{record.id}/2.mp4")
    cloud.notify(cloud.success(again))
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1


def test_a_retry_uses_the_current_upload(cloud: Cloud) -> None:
    record = cloud.failed()
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=VIDEO + b"another")
    again = cloud.start("alice", record.object_key)
    cloud.run_stream()
    assert cloud.read(again).status == PROCESSING
    copy = clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/2.mp4")["Body"].read()
    assert copy == VIDEO + b"another"


def test_a_late_success_of_the_failed_attempt_is_free(cloud: Cloud) -> None:
    record = cloud.processing()
    late = cloud.success(record)
    transitions.fail(record, TIMED_OUT, cloud.now)
    cloud.notify(late)
    record = cloud.read(record)
    assert record.status == COMPLETED
    assert record.attribute_values.get("error") is None
    assert cloud.used("alice") == cloud.charges("alice") == 0
    assert queries.result(record) == result()


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_output_of_an_earlier_attempt_is_ignored(cloud: Cloud, kind: str) -> None:
    record = cloud.processing()
    late = cloud.success(record) if kind == "success" else cloud.failure(record, b"{}")
    transitions.fail(record, TIMED_OUT, cloud.now)
    again = cloud.start("alice", record.object_key)
    cloud.run_stream()
    before = cloud.read(again).attribute_values
    cloud.notify(late)
    assert cloud.read(again).attribute_values == before
    assert cloud.keys(RESULTS) == []  # its output has been removed
    assert cloud.used("alice") == 1


def test_a_result_may_arrive_before_the_submission_is_recorded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    record = cloud.queued()
    with monkeypatch.context() as patch:  # killed just before the record is updated
        patch.setattr(transitions, "mark_processing", lambda *_: False)
        cloud.submit(record)
    assert cloud.read(record).status == QUEUED
    cloud.notify(cloud.success(record))
    done = cloud.read(record)
    assert done.status == COMPLETED
    cloud.submit(record)
    assert cloud.read(record).attribute_values == done.attribute_values
    assert transitions.mark_processing(record, "s3://b/o", None, cloud.now) is False


def test_duplicate_and_reordered_events_end_consistently(cloud: Cloud) -> None:
    """The stream's event, the result, and a failure of a second invocation, each twice, in every order."""
    for number, order in enumerate(itertools.permutations(["stream", "success", "failure"])):
        owner = f"owner{number}"
        record = cloud.processing(owner)
        message = {"success": cloud.success(record), "failure": cloud.failure(record)}
        for name in (*order, *order):
            if name == "stream":
                cloud.submit(record)
            else:
                assert cloud.notify(message[name]) == OK
        assert cloud.read(record).status == COMPLETED, order
        # Free if the failure came first and was refunded.
        free = order.index("failure") < order.index("success")
        assert cloud.used(owner) == cloud.charges(owner) == (0 if free else 1), order
    assert cloud.keys(RESULTS, "outputs/") == []


def test_an_invalid_result_fails(cloud: Cloud) -> None:
    for body in (b"", b"{}", b"\xff\xfe", b'{"utterances": []}'):
        record = cloud.processing()
        assert cloud.notify(cloud.success(record, body)) == OK
        assert cloud.read(record).error.code == "invalid-result"
    assert cloud.used("alice") == 0


def test_a_notification_before_its_output_is_retried(cloud: Cloud) -> None:
    record = cloud.processing()
    message = cloud.success(record)
    clients.s3().delete_object(Bucket=RESULTS, Key=record.output_location.partition(f"{RESULTS}/")[2])
    assert len(cloud.notify(message)["batchItemFailures"]) == 1
    assert cloud.read(record).status == PROCESSING
    cloud.notify(cloud.success(record))
    assert cloud.read(record).status == COMPLETED


def test_errors_of_the_video_keep_the_model_servers_message(cloud: Cloud) -> None:
    message = "the video is longer than 3600 s"
    problem = {"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": message}
    record = cloud.processing()
    cloud.notify(cloud.failure(record, json.dumps(problem).encode()))
    record = cloud.read(record)
    assert (record.error.code, record.error.message) == ("too-long", message)
    assert cloud.keys(RESULTS, "failures/") == []


def test_a_failure_without_a_location_is_read_from_the_records_location(cloud: Cloud) -> None:
    """SageMaker may report a failure without `responseParameters`; the record has the location."""
    problem = {"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": "too long"}
    record = cloud.processing()
    message = cloud.failure(record, json.dumps(problem).encode())
    del message["responseParameters"]
    cloud.notify(message)
    record = cloud.read(record)
    assert (record.error.code, record.error.message) == ("too-long", "too long")
    assert cloud.keys(RESULTS, "failures/") == []


@pytest.mark.parametrize(
    ("response", "reason", "code"),
    [
        (b'{"type": "urn:video-sentiment:problem:internal", "status": 500, "error": "secret"}', "", "inference-failed"),
        (b'{"type": "urn:other:problem", "status": 422, "error": "secret"}', "", "inference-failed"),
        (b"\xff<html>", "ClientError: arn:aws:secret", "inference-failed"),
        (None, "ClientError: Your invocation timed out while waiting for a response", "timed-out"),
        (None, "InternalServerError: the request expired", "timed-out"),
    ],
)
def test_internal_errors_are_not_shown(cloud: Cloud, response: bytes | None, reason: str, code: str) -> None:
    record = cloud.processing()
    cloud.notify(cloud.failure(record, response, reason))
    record = cloud.read(record)
    assert record.error.code == code
    assert "secret" not in record.error.message


def test_a_foreign_message_is_ignored(cloud: Cloud) -> None:
    record = cloud.processing()
    message = cloud.success(record)
    assert cloud.notify({**message, "inferenceId": "11111111-2222-3333-4444-555555555555"}) == OK
    assert len(cloud.notify({"no": "message"})["batchItemFailures"]) == 1
    assert cloud.read(record).status == PROCESSING


def test_a_bad_message_does_not_affect_its_batch(cloud: Cloud) -> None:
    record = cloud.processing()
    response = cloud.notify({"no": "message"}, cloud.success(record))
    assert len(response["batchItemFailures"]) == 1
    assert cloud.read(record).status == COMPLETED


def test_metrics_count_each_analysis_once(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Notifications are delivered twice."""
    done, failed = cloud.processing("alice"), cloud.processing("bob")
    capsys.readouterr()
    message = (cloud.success(done), cloud.failure(failed))
    cloud.notify(*message, *message)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == NAMESPACE
    assert (line["AnalysesCompleted"], line["MinutesAnalyzed"], line["AnalysesFailed"]) == ([1.0], [1.5], [1.0])


def test_stale_reads_of_an_earlier_attempt_change_nothing(cloud: Cloud) -> None:
    """Another attempt started between reading and writing."""
    stale = [cloud.queued()]
    cloud.run_stream()
    stale.append(cloud.read(stale[0]))
    cloud.notify(cloud.failure(stale[1]))
    again = cloud.start("alice", stale[0].object_key)
    for record in stale:
        assert not transitions.mark_processing(record, "s3://b/o", None, cloud.now)
        assert not transitions.fail(record, TIMED_OUT, cloud.now)
        assert not transitions.complete(record, cloud.summary(), cloud.now)
        assert not transitions.postpone(record, cloud.now)
    assert cloud.read(again).attribute_values == again.attribute_values
    assert cloud.used("alice") == cloud.charges("alice") == 1
