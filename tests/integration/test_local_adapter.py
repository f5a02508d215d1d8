"""Local stand-in for SageMaker: every accepted request gets an output and a notification in AWS's format."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from starlette.responses import JSONResponse

from bench.ports import free_port
from local.sagemaker.queue import Job
from local.sagemaker.worker import CONCURRENT_JOBS
from local.settings import ENDPOINT_NAME, LocalSettings
from model.contract import Analysis
from model.pipeline import Models, analyze
from model.serving.settings import ServerSettings
from tests.integration.local_parts import BESIDE, Container, Rig, adapter_socket, invoke, running_emulator, served
from tests.model.serving import server_on_thread, shorten

OK = JSONResponse({"answer": 42})


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    with running_emulator(tmp_path_factory.mktemp("emulated")) as settings:
        yield settings


@pytest.fixture
def rig_of(emulated: LocalSettings, tmp_path: Path) -> Iterator[Callable[[Container], Rig]]:
    """Return a factory of rigs, each with a container that is served until the test ends."""
    servers = []

    def make(container: Container) -> Rig:
        server = served(container.app, free_port())
        servers.append(server)
        return Rig(emulated, server.__enter__(), tmp_path / "queue.sqlite")

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def job_of(rig: Rig, **more: Any) -> Job:
    """Return a job as stored in the queue."""
    job = Job(
        id="one",
        inference_id="analysis.1",
        input_location=rig.put(b"video"),
        output_location=f"s3://{rig.bucket}/outputs/one.out",
        failure_location=f"s3://{rig.bucket}/failures/one.out",
        content_type="video/mp4",
        accept="",
        custom_attributes="",
        received=time.time(),
        request_ttl=60,
        invocation_timeout=60,
    )
    return replace(job, **more)


def test_a_video_is_analyzed_by_the_real_server_and_the_success_is_reported(
    emulated: LocalSettings, tmp_path: Path, sample: Path, models: Models
) -> None:
    video = shorten(sample, tmp_path / "short.mp4")
    with server_on_thread(ServerSettings(temp_dir=tmp_path), models) as (_, http):
        rig = Rig(emulated, str(http.base_url), tmp_path / "queue.sqlite")
        with rig.adapter() as client:
            location = rig.put(video.read_bytes())
            answer = invoke(client, location, InferenceId="analysis.1", CustomAttributes="trace=1")
            message = rig.message("success")
            rig.idle()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "analysis.1"
    assert answer["OutputLocation"].startswith(f"s3://{rig.bucket}/outputs/")
    assert answer["FailureLocation"].startswith(f"s3://{rig.bucket}/failures/")
    assert Analysis.model_validate_json(rig.read(answer["OutputLocation"])) == analyze(video, models)
    times = message.pop("receivedTime"), message.pop("eventTime")
    assert times == tuple(sorted(times))
    assert message == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "video/mp4",
            "customAttributes": "trace=1",
            "endpointName": ENDPOINT_NAME,
            "inputLocation": location,
        },
        "responseParameters": {"contentType": "application/json", "outputLocation": answer["OutputLocation"]},
        "inferenceId": "analysis.1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    assert rig.silent("error")


def test_a_refusal_becomes_a_failure_object_and_an_error_message(
    emulated: LocalSettings, tmp_path: Path, models: Models
) -> None:
    with server_on_thread(ServerSettings(temp_dir=tmp_path), models) as (_, http):
        rig = Rig(emulated, str(http.base_url), tmp_path / "queue.sqlite")
        with rig.adapter() as client:
            answer = invoke(client, rig.put(b"this is no video"), InferenceId="analysis.1")
            message = rig.message("error")
    assert message["invocationStatus"] == "Failed"
    assert message["inferenceId"] == "analysis.1"
    assert "client error (400)" in message["failureReason"]
    assert message["responseParameters"] == {
        "contentType": "application/problem+json",
        "failureLocation": answer["FailureLocation"],
    }
    assert b'"status":400' in rig.read(answer["FailureLocation"])
    assert rig.silent("success")


def test_the_container_gets_the_object_and_the_headers_that_sagemaker_passes_on(
    rig_of: Callable[[Container], Rig],
) -> None:
    container = Container()
    rig = rig_of(container)
    video = bytes(range(256)) * 20_000  # more than one chunk
    with rig.adapter() as client:
        invoke(client, rig.put(video, "inputs/a b+c/1.mp4"), InferenceId="analysis.1", CustomAttributes="a=b")
        rig.message("success")
    ((headers, body),) = container.invocations
    assert body == video
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == str(len(video))
    assert headers["x-amzn-sagemaker-inference-id"] == "analysis.1"
    assert headers["x-amzn-sagemaker-custom-attributes"] == "a=b"


def test_a_busy_server_is_retried(rig_of: Callable[[Container], Rig]) -> None:
    container = Container(Container.busy, Container.busy, OK)
    rig = rig_of(container)
    with rig.adapter() as client:
        answer = invoke(client, rig.put(b"video"))
        assert rig.message("success")["inferenceId"] == answer["InferenceId"]
    assert len(container.invocations) == 3


def test_a_job_is_retried_after_a_crash_of_the_server(rig_of: Callable[[Container], Rig]) -> None:
    rig = rig_of(Container(Container.vanish, OK))
    with rig.adapter() as client:
        answer = invoke(client, rig.put(b"video"))
        assert rig.message("success")["responseParameters"]["outputLocation"] == answer["OutputLocation"]


def test_a_job_that_crashes_the_server_fails_and_the_next_one_succeeds(rig_of: Callable[[Container], Rig]) -> None:
    rig = rig_of(Container(deadly=b"deadly"))
    with rig.adapter() as client:
        invoke(client, rig.put(b"deadly", "inputs/first"), InferenceId="first")
        invoke(client, rig.put(b"harmless", "inputs/second"), InferenceId="second")
        failed = rig.message("error")
        assert (failed["inferenceId"], "disappeared" in failed["failureReason"]) == ("first", True)
        assert "responseParameters" not in failed
        assert rig.message("success")["inferenceId"] == "second"


@pytest.mark.parametrize("failures", [2, 3])
def test_reading_the_input_is_tried_three_times(rig_of: Callable[[Container], Rig], failures: int) -> None:
    container = Container()
    rig = rig_of(container)
    with rig.adapter(aws=lambda service: failing(rig, service, "GetObject", failures)) as client:
        invoke(client, rig.put(b"video"))
        if failures < 3:
            rig.message("success")
        else:
            assert "InternalError" in rig.message("error")["failureReason"]
            assert container.invocations == []


def test_writing_results_and_messages_is_retried(rig_of: Callable[[Container], Rig]) -> None:
    container = Container()
    rig = rig_of(container)

    def aws(service: str) -> Any:
        return failing(rig, service, {"s3": "PutObject", "sns": "Publish"}[service], 4)

    with rig.adapter(aws) as client:
        answer = invoke(client, rig.put(b"video"))
        rig.message("success")
        rig.idle()
    assert rig.read(answer["OutputLocation"]) == OK.body
    assert len(container.invocations) == 1  # the analysis is not repeated
    assert rig.silent("success")


def test_a_missing_input_fails_at_once(rig_of: Callable[[Container], Rig]) -> None:
    rig = rig_of(Container())
    with rig.adapter() as client:
        invoke(client, f"s3://{rig.bucket}/not/there.mp4")
        assert "NoSuchKey" in rig.message("error")["failureReason"]


def test_a_request_that_waited_too_long_expires_without_an_invocation(rig_of: Callable[[Container], Rig]) -> None:
    container = Container()
    rig = rig_of(container)
    rig.queue.put(job_of(rig, received=time.time() - 61, request_ttl=60))
    with rig.adapter():
        assert "RequestTTLSeconds" in rig.message("error")["failureReason"]
    assert container.invocations == []


def test_an_invocation_that_takes_too_long_is_cancelled(rig_of: Callable[[Container], Rig]) -> None:
    rig = rig_of(Container(Container.hang, OK))
    with rig.adapter() as client:
        invoke(client, rig.put(b"video"), InvocationTimeoutSeconds=1)
        assert "InvocationTimeoutSeconds" in rig.message("error")["failureReason"]
        invoke(client, rig.put(b"video"))
        rig.message("success")


def test_accepted_requests_survive_a_restart_in_order(emulated: LocalSettings, tmp_path: Path) -> None:
    port = free_port()  # no server yet: the model server is still loading
    rig = Rig(emulated, f"http://127.0.0.1:{port}", tmp_path / "queue.sqlite")
    names = [f"analysis-{number}.1" for number in range(5)]
    with rig.adapter() as client:
        for name in names:
            invoke(client, rig.put(name.encode(), f"inputs/{name}"), InferenceId=name)
    assert [job.inference_id for job in rig.queue.all()] == names
    container = Container()
    with served(container.app, port), rig.adapter():
        assert sorted(rig.message("success")["inferenceId"] for _ in names) == names
        rig.idle()
    begun = [body.decode() for _, body in container.invocations]
    assert sorted(begun) == names
    assert all(abs(begun.index(name) - place) < CONCURRENT_JOBS for place, name in enumerate(names)), (
        "but for those beside it"
    )


def test_a_job_that_crashed_the_server_is_retried_alone(rig_of: Callable[[Container], Rig]) -> None:
    """A concurrent job is not the cause; retried together, both would fail."""
    rig = rig_of(Container(deadly=b"deadly"))
    with rig.adapter() as client:
        invoke(client, rig.put(BESIDE, "inputs/beside"), InferenceId="beside")
        invoke(client, rig.put(b"deadly", "inputs/deadly"), InferenceId="deadly")
        assert rig.message("error")["inferenceId"] == "deadly"
        assert rig.message("success")["inferenceId"] == "beside"


def test_a_restart_between_result_and_message_only_sends_the_message(rig_of: Callable[[Container], Rig]) -> None:
    container = Container()
    rig = rig_of(container)
    rig.queue.put(job_of(rig, message='{"inferenceId": "analysis.1"}', succeeded=True))
    with rig.adapter():
        assert rig.message("success") == {"inferenceId": "analysis.1"}
        rig.idle()
    assert container.invocations == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"InputLocation": "https://example.com/video.mp4"},
        {"InputLocation": None},
        {"Inference-Id": "x" * 65},
        {"RequestTTLSeconds": "59"},
        {"RequestTTLSeconds": "21601"},
        {"RequestTTLSeconds": "1e3"},
        {"InvocationTimeoutSeconds": "0"},
        {"InvocationTimeoutSeconds": "3601"},
    ],
)
def test_invalid_requests_are_refused(rig_of: Callable[[Container], Rig], change: dict[str, str | None]) -> None:
    rig = rig_of(Container())
    name = change.get("name", ENDPOINT_NAME)
    headers = {"InputLocation": f"s3://{rig.bucket}/a", "Content-Type": "video/mp4"} | change
    sent = {f"X-Amzn-SageMaker-{k}": v for k, v in headers.items() if v is not None and k != "name"}
    transport = httpx.HTTPTransport(uds=str(adapter_socket(rig.settings)))  # as the SDK refuses to send such requests
    with rig.adapter() as client, httpx.Client(base_url="http://localhost", transport=transport) as http:
        answer = http.post(f"/endpoints/{name}/async-invocations", headers=sent)
        assert answer.status_code == 400
        assert answer.headers["x-amzn-errortype"] == "ValidationError"
        with pytest.raises(ClientError, match="not found") as refused:
            invoke(client, rig.put(b"video"), EndpointName="another")
        assert refused.value.response["Error"]["Code"] == "ValidationError"
        assert rig.queue.all() == []


def failing(rig: Rig, service: str, operation: str, times: int) -> Any:
    """Return a client whose first `times` calls of an operation fail with status 500."""
    client = rig.aws(service)
    left = [times]

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if left[0] == 0:
            return None
        left[0] -= 1
        body = b"<Error><Code>InternalError</Code><Message>try again</Message></Error>"
        return AWSResponse(request.url, 500, {}, Raw(body))

    client.meta.events.register(f"before-send.{service}.{operation}", answer)
    return client


class Raw:
    """Response body with urllib3's interface."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body
