"""The job queue while an analysis runs: queued, cancelled and rejected requests, and shutdown.

The transcriber is blocked by a gate, so that each state lasts as long as the test needs it.
"""

import asyncio
import dataclasses
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.server import ThreadedMotoServer

from bench.ports import free_port
from model.asr.base import Encoded, Transcript
from model.bundle import BundleError
from model.contract import Analysis
from model.pipeline import Models
from model.serving.app import Server, create_app, serve
from model.serving.attributes import Attributes, parse
from model.serving.cancellation import input_removed
from model.serving.problems import BadRequestError, InputRemovedError
from model.serving.settings import ServerSettings
from model.speakers.embedding import load_speaker_encoder
from tests.model.serving import MP4, Gate, check_problem, files_in, server_on_thread, shorten, until

Post = Callable[[httpx.Client], "Future[httpx.Response]"]


@pytest.fixture(scope="module")
def body(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A short video."""
    return shorten(sample, tmp_path_factory.mktemp("short") / "short.mp4").read_bytes()


@pytest.fixture
def gate(models: Models) -> Iterator[Gate]:
    gate = Gate(models.transcriber)
    yield gate
    gate.opened.set()


@pytest.fixture
def gated(models: Models, gate: Gate) -> Models:
    return dataclasses.replace(models, transcriber=gate)


@pytest.fixture
def post(body: bytes) -> Iterator[Post]:
    """Post the short video without waiting for the response."""
    with ThreadPoolExecutor(4) as pool:
        yield lambda client: pool.submit(client.post, "/invocations", content=body, headers=MP4)


def has_free_slot(client: httpx.Client) -> bool:
    """Return True if a slot is free: an empty video is rejected with 400 only after it got one."""
    return client.post("/invocations", content=b"", headers=MP4).status_code == 400


def send(client: httpx.Client, body: bytes, length: int) -> socket.socket:
    """Send a request over a socket, which the test can close; its header states a body of `length` bytes."""
    url = client.base_url
    connection = socket.create_connection((url.host, url.port or 80), timeout=60)
    head = f"POST /invocations HTTP/1.1\r\nHost: test\r\nContent-Type: video/mp4\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_requests_beyond_the_queue_are_rejected(tmp_path: Path, gated: Models, gate: Gate, post: Post) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=0)
    with server_on_thread(settings, gated) as (_, client):
        running = post(client)
        assert gate.entered.wait(60)
        refused = post(client).result()
        problem = check_problem(refused, 503, "queue is full")
        assert problem["type"].endswith("queue-full")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/ping").status_code == 200

        gate.opened.set()
        assert running.result().status_code == 200
        until(lambda: has_free_slot(client))


def test_disconnecting_while_queued_frees_the_slot_and_the_file(
    tmp_path: Path, gated: Models, gate: Gate, post: Post, body: bytes
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=1)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        with send(client, body, len(body)):
            until(lambda: [path.stat().st_size for path in files_in(tmp_path)] == [len(body)] * 2)
            assert not has_free_slot(client)
        until(lambda: server.service.jobs.occupied == 1)
        assert len(files_in(tmp_path)) == 1
        assert has_free_slot(client)

        gate.opened.set()
        assert running.result().status_code == 200


def test_disconnecting_later_aborts_the_analysis(tmp_path: Path, gated: Models, gate: Gate, body: bytes) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=0)
    with server_on_thread(settings, gated) as (server, client):
        with send(client, body, len(body)):
            assert gate.entered.wait(60)
        until(lambda: not files_in(tmp_path))
        assert not has_free_slot(client)  # the thread is still running

        gate.opened.set()
        until(lambda: has_free_slot(client))
        assert not server.service.busy


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Emulated S3 with the buckets `videos` and `private`."""
    s3 = ThreadedMotoServer("127.0.0.1", 0)
    s3.start()
    host, port = s3.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    for name in ("videos", "private"):
        client.create_bucket(Bucket=name)
    yield client
    s3.stop()


def test_removing_the_input_of_a_queued_or_running_request_frees_its_slot(
    tmp_path: Path, gated: Models, gate: Gate, bucket: Any, body: bytes
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=2, allowed_buckets=("videos",))

    def send_named(client: httpx.Client, uri: str) -> httpx.Response:
        headers = MP4 | {"X-Amzn-SageMaker-Custom-Attributes": f"input={uri}"}
        return client.post("/invocations", content=body, headers=headers)

    with ThreadPoolExecutor(3) as pool, server_on_thread(settings, gated) as (server, client):
        for key in ("running", "waiting"):
            bucket.put_object(Bucket="videos", Key=key, Body=b"1")
        # An input in a bucket that is not allowed is ignored, so this request is completed.
        kept = pool.submit(send_named, client, "s3://private/none")
        assert gate.entered.wait(60)
        waiting = pool.submit(send_named, client, "s3://videos/waiting")
        until(lambda: server.service.jobs.occupied == 2)
        bucket.delete_object(Bucket="videos", Key="waiting")
        check_problem(waiting.result(), 410, "cancelled")
        until(lambda: server.service.jobs.occupied == 1)
        gate.opened.set()
        assert kept.result().status_code == 200

        gate.opened.clear()
        gate.entered.clear()
        running = pool.submit(send_named, client, "s3://videos/running")
        assert gate.entered.wait(60)
        bucket.delete_object(Bucket="videos", Key="running")
        check_problem(running.result(), 410, "cancelled")  # immediately, whatever the thread is doing
        gate.opened.set()
        until(lambda: server.service.jobs.occupied == 0)
        assert not server.service.busy


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "HeadObject")


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        ([refusal("404")], 1),
        # The answer for missing objects without permission to list the bucket; a single one may have another reason.
        ([None, *[refusal("403")] * 3], 4),
        ([None, *[refusal("AccessDenied")] * 2, None, *[refusal("403")] * 3], 7),
        ([None, refusal("403"), refusal("404")], 3),
        ([*[refusal("403")] * 4, None, refusal("404")], 6),
        ([refusal("403"), refusal("503"), EndpointConnectionError(endpoint_url=""), None, refusal("404")], 5),
    ],
)
def test_an_input_is_removed_when_s3_confirms_it_and_not_when_it_fails(
    answers: list[Exception | None], requests: int
) -> None:
    remaining = list(answers)

    def head() -> None:
        if (answer := remaining.pop(0)) is not None:
            raise answer

    assert isinstance(asyncio.run(input_removed(head, interval=0)), InputRemovedError)
    assert len(answers) - len(remaining) == requests


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        (None, Attributes()),
        ("trace=1", Attributes()),
        ("input=", Attributes()),
        ("input=s3://b/k", Attributes("s3://b/k")),
        ("a=1; input=s3://b/k;b", Attributes("s3://b/k")),
        ("input=s3://b/k;people=true", Attributes("s3://b/k", people=True)),
        ("people=false; people=true", Attributes(people=False)),
        ("xinput=s3://b/k;xpeople=true", Attributes()),
    ],
)
def test_what_custom_attributes_ask_for(attributes: str | None, named: Attributes) -> None:
    assert parse(attributes) == named


def test_a_choice_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(BadRequestError, match="people must be true or false, not 'yes'"):
        parse("input=s3://b/k;people=yes")


def test_the_setting_decides_for_requests_that_do_not_choose(tmp_path: Path, models: Models, body: bytes) -> None:
    able = dataclasses.replace(models, speaker_encoder=load_speaker_encoder())
    with server_on_thread(ServerSettings(temp_dir=tmp_path, people=True), able) as (_, client):
        for more, expected in (({}, ["S1"]), ({"X-Amzn-SageMaker-Custom-Attributes": "people=false"}, [])):
            answer = client.post("/invocations", content=body, headers=MP4 | more)
            assert [person.id for person in Analysis.model_validate_json(answer.content).people] == expected


def test_shutdown_finishes_running_requests_and_rejects_queued_ones(
    tmp_path: Path, gated: Models, gate: Gate, post: Post
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=1, grace=60.0)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        waiting = post(client)
        until(lambda: len(files_in(tmp_path)) == 2)
        server.request_exit()
        problem = check_problem(waiting.result(), 503, "shut down")
        assert problem["type"].endswith("stopping")

        gate.opened.set()
        assert Analysis.model_validate_json(running.result().content).utterances
    assert list(tmp_path.iterdir()) == []


def test_requests_beyond_the_grace_period_are_aborted(tmp_path: Path, gated: Models, gate: Gate, post: Post) -> None:
    settings = ServerSettings(temp_dir=tmp_path, grace=0.0)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        server.request_exit()
        check_problem(running.result(), 503, "shut down")
    assert list(tmp_path.iterdir()) == []
    assert server.service.busy  # so the process must exit by itself

    gate.opened.set()
    until(lambda: not server.service.busy)


def test_a_stalled_upload_loses_its_slot(tmp_path: Path, models: Models, body: bytes) -> None:
    settings = ServerSettings(temp_dir=tmp_path, queue=0, upload_patience=0.2)
    with server_on_thread(settings, models) as (_, client):
        with send(client, body[:1000], len(body)) as connection:
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert has_free_slot(client)
        assert files_in(tmp_path) == []


def test_details_of_an_unexpected_failure_are_only_logged(
    tmp_path: Path, models: Models, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Gate):
        def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:  # noqa: ARG002
            raise RuntimeError("the disk /srv/models is on fire")

    broken = dataclasses.replace(models, transcriber=Broken(models.transcriber))
    with server_on_thread(ServerSettings(temp_dir=tmp_path), broken) as (_, client):
        response = post(client).result()
        problem = check_problem(response, 500, response.headers["X-Request-Id"])
        assert "fire" not in response.text
        assert "Traceback" not in response.text
        assert client.get("/ping").status_code == 200
    [logged] = [r for r in caplog.records if getattr(r, "fields", {}).get("request_id") == problem["request_id"]
                and r.levelname == "ERROR"]  # fmt: skip
    assert logged.__dict__["fields"]["trace"][0] == "RuntimeError: the disk /srv/models is on fire"


def test_storage_that_does_not_answer_is_not_the_clients_fault(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    settings = ServerSettings(temp_dir=tmp_path, allowed_buckets=("videos",))
    with server_on_thread(settings, models) as (_, client):
        response = client.post("/invocations", json={"s3_uri": "s3://videos/a.mp4"})
        check_problem(response, 502, "the connection to S3 failed")


@pytest.mark.parametrize("method", ["GET /ping", "POST /invocations"])
def test_before_the_models_are_loaded_it_is_not_ready(method: str) -> None:
    app = create_app(ServerSettings())  # not started, so no models are loaded
    verb, path = method.split()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(verb, path, content=b"", headers=MP4)

    response = asyncio.run(ask())
    check_problem(response, 503, "models are loading")
    assert int(response.headers["Retry-After"]) > 0


def test_without_models_the_server_exits_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.serving.app.configure_logging", lambda: None)  # keep pytest's logging
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(BundleError, match="no-such-bundle"):
        serve("127.0.0.1", free_port(), ServerSettings(temp_dir=tmp_path, bundle="no-such-bundle"))
    assert signal.getsignal(signal.SIGTERM) is before
    assert list(tmp_path.iterdir()) == []


def test_a_server_can_be_stopped_before_it_has_started(tmp_path: Path, models: Models) -> None:
    server = Server("127.0.0.1", free_port(), ServerSettings(temp_dir=tmp_path), models)
    server.request_exit()
    server.run()
    assert list(tmp_path.iterdir()) == []
