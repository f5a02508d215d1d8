"""The states of an analysis: every rule of how it is charged, answered, failed, retried, and who comes too late."""

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
    record = cloud.ask("alice", cloud.upload("alice"), webhook_url="https://example.com/hook")
    assert (record.status, record.attempt, cloud.used("alice")) == (QUEUED, 1, 1)
    cloud.flow()
    record = cloud.read(record)
    assert record.status == PROCESSING
    cloud.hear(cloud.success(record))
    cloud.flow()
    record = queries.get("alice", record.id)
    assert record.status == COMPLETED
    assert queries.result(record) == result()
    assert record.summary["duration_s"] == 90.0
    assert record.summary["utterances"] == 1
    assert record.summary["emotions"][0]["label"] == "joy"
    assert [event["type"] for event in cloud.events()] == ["analysis.completed"]
    assert cloud.used("alice") == cloud.charges("alice") == 1


def test_an_analysis_of_one_upload_is_one_however_often_it_is_asked_for(cloud: Cloud) -> None:
    key = cloud.upload("alice")
    first = cloud.ask("alice", key)
    cloud.flow()
    again = cloud.ask("alice", key)
    assert (again.id, again.status, cloud.used("alice")) == (first.id, PROCESSING, 1)
    cloud.hear(cloud.success(again))
    assert cloud.ask("alice", key).status == COMPLETED
    assert (cloud.used("alice"), len(cloud.records("alice"))) == (1, 1)


def test_the_endpoint_gets_the_copy_and_our_terms(cloud: Cloud) -> None:
    record = cloud.processing()
    (made,) = cloud.endpoint.invocations
    assert made.inference_id == f"{record.id}.1"
    assert made.input_location == f"s3://{MEDIA}/inputs/{record.id}/1.mp4"
    assert (made.content_type, made.timeout, made.ttl) == ("video/mp4", 3600, 6 * 3600)
    assert clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/1.mp4")["Body"].read() == VIDEO
    assert record.output_location == made.output_location
    assert record.failure_location == made.failure_location


def test_what_is_told_twice_is_submitted_once(cloud: Cloud) -> None:
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
    cloud.flow()
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
        cloud.later(seconds=settings().queued_patience)
        cloud.sweep()
    else:
        cloud.submit(record)
    assert cloud.read(record).status == PROCESSING
    assert objects.read(MEDIA, f"inputs/{record.id}/1.mp4") == VIDEO


def test_a_failed_submission_comes_again(cloud: Cloud) -> None:
    record = cloud.queued()
    cloud.endpoint.failing = True
    (failure,) = cloud.submit(record)["batchItemFailures"]
    assert cloud.read(record).status == QUEUED
    cloud.endpoint.failing = False
    assert failure["itemIdentifier"] == f"{1:021}"
    assert cloud.submit(record) == OK
    assert cloud.read(record).status == PROCESSING


def test_failure_gives_the_charge_back_once(cloud: Cloud) -> None:
    record = cloud.processing()
    told = cloud.failure(record)
    cloud.hear(told, told)
    cloud.hear(told)
    record = cloud.read(record)
    assert (record.status, record.error.code) == (FAILED, "inference-failed")
    assert cloud.used("alice") == cloud.charges("alice") == 0


def test_a_failure_after_the_result_changes_nothing(cloud: Cloud) -> None:
    record = cloud.processing()
    told = [cloud.success(record), cloud.failure(record)]
    cloud.hear(*told)
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1


def test_the_charge_goes_back_to_the_month_it_came_from(cloud: Cloud) -> None:
    cloud.later(days=6, hours=11, minutes=50)  # ten minutes before December
    record = cloud.processing()
    cloud.later(minutes=20)
    cloud.queued()
    cloud.hear(cloud.failure(record))
    assert (cloud.used("alice", "2026-11"), cloud.used("alice", "2026-12")) == (0, 1)


def test_a_retry_is_another_attempt_and_is_charged(cloud: Cloud) -> None:
    record = cloud.failed()
    again = cloud.ask("alice", record.object_key)
    assert (again.id, again.status, again.attempt) == (record.id, QUEUED, 2)
    assert again.error is None
    assert cloud.used("alice") == cloud.charges("alice") == 1
    cloud.flow()
    assert cloud.invocation(again).input_location.endswith(f"{record.id}/2.mp4")
    cloud.hear(cloud.success(again))
    assert cloud.read(record).status == COMPLETED
    assert cloud.used("alice") == 1


def test_a_retry_takes_the_upload_as_it_is_now(cloud: Cloud) -> None:
    record = cloud.failed()
    clients.s3().put_object(Bucket=MEDIA, Key=record.object_key, Body=VIDEO + b"another")
    again = cloud.ask("alice", record.object_key)
    cloud.flow()
    assert cloud.read(again).status == PROCESSING
    copy = clients.s3().get_object(Bucket=MEDIA, Key=f"inputs/{record.id}/2.mp4")["Body"].read()
    assert copy == VIDEO + b"another"


def test_a_late_success_of_the_failed_attempt_is_free(cloud: Cloud) -> None:
    record = cloud.processing()
    late = cloud.success(record)
    transitions.fail(record, TIMED_OUT, cloud.now)
    cloud.hear(late)
    record = cloud.read(record)
    assert record.status == COMPLETED
    assert record.attribute_values.get("error") is None
    assert cloud.used("alice") == cloud.charges("alice") == 0
    assert queries.result(record) == result()


@pytest.mark.parametrize("kind", ["success", "failure"])
def test_an_earlier_attempt_has_no_say(cloud: Cloud, kind: str) -> None:
    record = cloud.processing()
    late = cloud.success(record) if kind == "success" else cloud.failure(record, b"{}")
    transitions.fail(record, TIMED_OUT, cloud.now)
    again = cloud.ask("alice", record.object_key)
    cloud.flow()
    before = cloud.read(again).attribute_values
    cloud.hear(late)
    assert cloud.read(again).attribute_values == before
    assert cloud.keys(RESULTS) == []  # what it brought is gone
    assert cloud.used("alice") == 1


def test_a_result_may_overtake_the_note_that_it_was_asked_for(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    record = cloud.queued()
    with monkeypatch.context() as patch:  # killed just before the note
        patch.setattr(transitions, "mark_processing", lambda *_: False)
        cloud.submit(record)
    assert cloud.read(record).status == QUEUED
    cloud.hear(cloud.success(record))
    done = cloud.read(record)
    assert done.status == COMPLETED
    cloud.submit(record)
    assert cloud.read(record).attribute_values == done.attribute_values
    assert transitions.mark_processing(record, "s3://b/o", None, cloud.now) is False


def test_any_order_and_any_number_of_events_end_alike(cloud: Cloud) -> None:
    """The stream's event, the result and a failure of a second invocation, each twice, in every order."""
    for number, order in enumerate(itertools.permutations(["stream", "success", "failure"])):
        owner = f"owner{number}"
        record = cloud.processing(owner)
        told = {"success": cloud.success(record), "failure": cloud.failure(record)}
        for name in (*order, *order):
            if name == "stream":
                cloud.submit(record)
            else:
                assert cloud.hear(told[name]) == OK
        assert cloud.read(record).status == COMPLETED, order
        # Free where the failure came first and gave the charge back.
        free = order.index("failure") < order.index("success")
        assert cloud.used(owner) == cloud.charges(owner) == (0 if free else 1), order
    assert cloud.keys(RESULTS, "outputs/") == []


def test_a_result_that_is_none_fails(cloud: Cloud) -> None:
    for body in (b"", b"{}", b"\xff\xfe", b'{"utterances": []}'):
        record = cloud.processing()
        assert cloud.hear(cloud.success(record, body)) == OK
        assert cloud.read(record).error.code == "invalid-result"
    assert cloud.used("alice") == 0


def test_a_notification_that_comes_before_its_output_comes_again(cloud: Cloud) -> None:
    record = cloud.processing()
    told = cloud.success(record)
    clients.s3().delete_object(Bucket=RESULTS, Key=record.output_location.partition(f"{RESULTS}/")[2])
    assert len(cloud.hear(told)["batchItemFailures"]) == 1
    assert cloud.read(record).status == PROCESSING
    cloud.hear(cloud.success(record))
    assert cloud.read(record).status == COMPLETED


def test_what_is_wrong_with_the_video_is_told_in_the_servers_words(cloud: Cloud) -> None:
    message = "the video is longer than 3600 s"
    problem = {"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": message}
    record = cloud.processing()
    cloud.hear(cloud.failure(record, json.dumps(problem).encode()))
    record = cloud.read(record)
    assert (record.error.code, record.error.message) == ("too-long", message)
    assert cloud.keys(RESULTS, "failures/") == []


def test_a_failure_whose_notice_lacks_the_answers_place_is_read_from_the_record(cloud: Cloud) -> None:
    """SageMaker may report a failure without `responseParameters`; the record has the location by then."""
    problem = {"type": "urn:video-sentiment:problem:too-long", "status": 422, "error": "too long"}
    record = cloud.processing()
    told = cloud.failure(record, json.dumps(problem).encode())
    del told["responseParameters"]
    cloud.hear(told)
    record = cloud.read(record)
    assert (record.error.code, record.error.message) == ("too-long", "too long")
    assert cloud.keys(RESULTS, "failures/") == []


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (b'{"type": "urn:video-sentiment:problem:internal", "status": 500, "error": "secret"}', "", "inference-failed"),
        (b'{"type": "urn:other:problem", "status": 422, "error": "secret"}', "", "inference-failed"),
        (b"\xff<html>", "ClientError: arn:aws:secret", "inference-failed"),
        (None, "ClientError: Your invocation timed out while waiting for a response", "timed-out"),
        (None, "InternalServerError: the request expired", "timed-out"),
    ],
)
def test_what_is_wrong_with_us_is_not(cloud: Cloud, answer: bytes | None, reason: str, code: str) -> None:
    record = cloud.processing()
    cloud.hear(cloud.failure(record, answer, reason))
    record = cloud.read(record)
    assert record.error.code == code
    assert "secret" not in record.error.message


def test_a_message_that_is_none_of_ours_is_left_alone(cloud: Cloud) -> None:
    record = cloud.processing()
    told = cloud.success(record)
    assert cloud.hear({**told, "inferenceId": "11111111-2222-3333-4444-555555555555"}) == OK
    assert len(cloud.hear({"no": "message"})["batchItemFailures"]) == 1
    assert cloud.read(record).status == PROCESSING


def test_one_bad_message_does_not_keep_its_batch(cloud: Cloud) -> None:
    record = cloud.processing()
    answer = cloud.hear({"no": "message"}, cloud.success(record))
    assert len(answer["batchItemFailures"]) == 1
    assert cloud.read(record).status == COMPLETED


def test_each_ending_is_counted_once(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """However often it is told."""
    done, failed = cloud.processing("alice"), cloud.processing("bob")
    capsys.readouterr()
    told = (cloud.success(done), cloud.failure(failed))
    cloud.hear(*told, *told)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == NAMESPACE
    assert (line["AnalysesCompleted"], line["MinutesAnalyzed"], line["AnalysesFailed"]) == ([1.0], [1.5], [1.0])


def test_who_read_the_record_too_early_changes_nothing(cloud: Cloud) -> None:
    """Between reading and writing, another attempt began."""
    stale = [cloud.queued()]
    cloud.flow()
    stale.append(cloud.read(stale[0]))
    cloud.hear(cloud.failure(stale[1]))
    again = cloud.ask("alice", stale[0].object_key)
    for record in stale:
        assert not transitions.mark_processing(record, "s3://b/o", None, cloud.now)
        assert not transitions.fail(record, TIMED_OUT, cloud.now)
        assert not transitions.complete(record, cloud.summary(), cloud.now)
        assert not transitions.put_off(record, cloud.now)
    assert cloud.read(again).attribute_values == again.attribute_values
    assert cloud.used("alice") == cloud.charges("alice") == 1
