"""What happens while an analysis runs: others wait, give up, are sent away; the server is told to stop.

The transcriber is held at a gate, so that each state lasts as long as the test needs it.
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
from model.serving.problems import WithdrawnError
from model.serving.settings import ServerSettings
from model.serving.withdrawal import input_named, withdrawn
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
    """Posts the short video and does not wait for the answer."""
    with ThreadPoolExecutor(4) as pool:
        yield lambda client: pool.submit(client.post, "/invocations", content=body, headers=MP4)


def has_free_place(client: httpx.Client) -> bool:
    """An empty video is bad, but only found to be so where there is a place for it."""
    return client.post("/invocations", content=b"", headers=MP4).status_code == 400


def send(client: httpx.Client, body: bytes, length: int) -> socket.socket:
    """Send a request by hand, to hang up when we like; it claims a body of `length` bytes."""
    url = client.base_url
    connection = socket.create_connection((url.host, url.port or 80), timeout=60)
    head = f"POST /invocations HTTP/1.1\r\nHost: test\r\nContent-Type: video/mp4\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_beyond_the_queue_videos_are_sent_away(tmp_path: Path, gated: Models, gate: Gate, post: Post) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=0)
    with server_on_thread(settings, gated) as (_, client):
        running = post(client)
        assert gate.entered.wait(60)
        refused = post(client).result()
        problem = check_problem(refused, 503, "waiting")
        assert problem["type"].endswith("queue-full")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/ping").status_code == 200

        gate.opened.set()
        assert running.result().status_code == 200
        until(lambda: has_free_place(client))


def test_who_hangs_up_while_waiting_frees_the_place_and_the_file(
    tmp_path: Path, gated: Models, gate: Gate, post: Post, body: bytes
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=1)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        with send(client, body, len(body)):
            until(lambda: [path.stat().st_size for path in files_in(tmp_path)] == [len(body)] * 2)
            assert not has_free_place(client)
        until(lambda: server.service.jobs.taken == 1)
        assert len(files_in(tmp_path)) == 1
        assert has_free_place(client)

        gate.opened.set()
        assert running.result().status_code == 200


def test_who_hangs_up_later_has_the_analysis_given_up(tmp_path: Path, gated: Models, gate: Gate, body: bytes) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=0)
    with server_on_thread(settings, gated) as (server, client):
        with send(client, body, len(body)):
            assert gate.entered.wait(60)
        until(lambda: not files_in(tmp_path))
        assert not has_free_place(client)  # the thread is still at work

        gate.opened.set()
        until(lambda: has_free_place(client))
        assert not server.service.busy


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 with the buckets `videos` and `private`."""
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


def test_who_withdraws_a_request_that_waits_or_runs_frees_its_place(
    tmp_path: Path, gated: Models, gate: Gate, bucket: Any, body: bytes
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=2, allowed_buckets=("videos",))

    def send_named(client: httpx.Client, uri: str) -> httpx.Response:
        headers = MP4 | {"X-Amzn-SageMaker-Custom-Attributes": f"input={uri}"}
        return client.post("/invocations", content=body, headers=headers)

    with ThreadPoolExecutor(3) as pool, server_on_thread(settings, gated) as (server, client):
        for key in ("running", "waiting"):
            bucket.put_object(Bucket="videos", Key=key, Body=b"1")
        # What lies in a bucket that the server may not read is no input: this one is analyzed to its end.
        kept = pool.submit(send_named, client, "s3://private/none")
        assert gate.entered.wait(60)
        waiting = pool.submit(send_named, client, "s3://videos/waiting")
        until(lambda: server.service.jobs.taken == 2)
        bucket.delete_object(Bucket="videos", Key="waiting")
        check_problem(waiting.result(), 410, "cancelled")
        until(lambda: server.service.jobs.taken == 1)
        gate.opened.set()
        assert kept.result().status_code == 200

        gate.opened.clear()
        gate.entered.clear()
        running = pool.submit(send_named, client, "s3://videos/running")
        assert gate.entered.wait(60)
        bucket.delete_object(Bucket="videos", Key="running")
        check_problem(running.result(), 410, "cancelled")  # at once, whatever the thread is at
        gate.opened.set()
        until(lambda: server.service.jobs.taken == 0)
        assert not server.service.busy


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "HeadObject")


@pytest.mark.parametrize(
    ("answers", "looks"),
    [
        ([refusal("404")], 1),
        # S3 does not tell what is not there to who may not list a bucket; but one refusal may have another reason.
        ([None, *[refusal("403")] * 3], 4),
        ([None, *[refusal("AccessDenied")] * 2, None, *[refusal("403")] * 3], 7),
        ([None, refusal("403"), refusal("404")], 3),
        ([*[refusal("403")] * 4, None, refusal("404")], 6),
        ([refusal("403"), refusal("503"), EndpointConnectionError(endpoint_url=""), None, refusal("404")], 5),
    ],
)
def test_an_input_is_gone_when_s3_says_so_and_not_when_it_fails(answers: list[Exception | None], looks: int) -> None:
    left = list(answers)

    def look() -> None:
        if (answer := left.pop(0)) is not None:
            raise answer

    assert isinstance(asyncio.run(withdrawn(look, interval=0)), WithdrawnError)
    assert len(answers) - len(left) == looks


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        (None, None),
        ("trace=1", None),
        ("input=", None),
        ("input=s3://b/k", "s3://b/k"),
        ("a=1; input=s3://b/k;b", "s3://b/k"),
        ("xinput=s3://b/k", None),
    ],
)
def test_the_input_that_attributes_name(attributes: str | None, named: str | None) -> None:
    assert input_named(attributes) == named


def test_told_to_stop_it_finishes_what_runs_and_sends_away_what_waits(
    tmp_path: Path, gated: Models, gate: Gate, post: Post
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, workers=1, queue=1, grace=60.0)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        waiting = post(client)
        until(lambda: len(files_in(tmp_path)) == 2)
        server.leave()
        problem = check_problem(waiting.result(), 503, "stopped")
        assert problem["type"].endswith("stopping")

        gate.opened.set()
        assert Analysis.model_validate_json(running.result().content).utterances
    assert list(tmp_path.iterdir()) == []


def test_what_runs_longer_than_the_grace_period_is_sent_away(
    tmp_path: Path, gated: Models, gate: Gate, post: Post
) -> None:
    settings = ServerSettings(temp_dir=tmp_path, grace=0.0)
    with server_on_thread(settings, gated) as (server, client):
        running = post(client)
        assert gate.entered.wait(60)
        server.leave()
        check_problem(running.result(), 503, "stopped")
    assert list(tmp_path.iterdir()) == []
    assert server.service.busy  # which is why the process then ends itself

    gate.opened.set()
    until(lambda: not server.service.busy)


def test_an_upload_that_comes_to_a_halt_loses_its_place(tmp_path: Path, models: Models, body: bytes) -> None:
    settings = ServerSettings(temp_dir=tmp_path, queue=0, upload_patience=0.2)
    with server_on_thread(settings, models) as (_, client):
        with send(client, body[:1000], len(body)) as connection:
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert has_free_place(client)
        assert files_in(tmp_path) == []


def test_an_unexpected_failure_is_told_to_the_log_alone(
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
    app = create_app(ServerSettings())  # not started: nothing is loaded
    verb, path = method.split()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(verb, path, content=b"", headers=MP4)

    response = asyncio.run(ask())
    check_problem(response, 503, "being loaded")
    assert int(response.headers["Retry-After"]) > 0


def test_without_models_it_ends_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.serving.app.configure_logging", lambda: None)  # pytest's logging stays as it is
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(BundleError, match="no-such-bundle"):
        serve("127.0.0.1", free_port(), ServerSettings(temp_dir=tmp_path, bundle="no-such-bundle"))
    assert signal.getsignal(signal.SIGTERM) is before
    assert list(tmp_path.iterdir()) == []


def test_a_server_can_be_told_to_stop_before_it_has_started(tmp_path: Path, models: Models) -> None:
    server = Server("127.0.0.1", free_port(), ServerSettings(temp_dir=tmp_path), models)
    server.leave()
    server.run()
    assert list(tmp_path.iterdir()) == []
