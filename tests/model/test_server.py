"""The model server's HTTP interface, against the process that the container runs."""

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

from model.contract import Analysis
from tests.agreement import assert_same_answer
from tests.model.media_files import Sound, gray_frames, speech_of, write
from tests.model.serving import MP4, Line, Process, check_problem, files_in, lay_out_image, shorten, until

MAX_BYTES = 1_000_000
MAX_DURATION = 30.0  # seconds
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """Emulated S3 with the buckets `videos`, `private` and `progress`."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        for name, value in (AWS | {"AWS_ENDPOINT_URL_S3": f"http://{host}:{port}"}).items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        for bucket in ("videos", "private", "progress"):
            client.create_bucket(Bucket=bucket)
        yield client
    server.stop()


class Launcher:
    """Launcher of one server for the module, which is restarted if a test has stopped it."""

    def __init__(self, image: Path, temp_dir: Path) -> None:
        self._image, self._temp_dir = image, temp_dir
        self._current: Process | None = None

    def launch(self) -> Process:
        if self._current is None or not self._current.alive:
            settings = {
                "VIDEO_SENTIMENT_TRANSCRIBER": "tiny.en",
                "VIDEO_SENTIMENT_DEVICE": "cpu",
                "VIDEO_SENTIMENT_MAX_BYTES": str(MAX_BYTES),
                "VIDEO_SENTIMENT_MAX_DURATION": str(MAX_DURATION),
                "VIDEO_SENTIMENT_ALLOWED_BUCKETS": "others, videos",
                "PROGRESS_S3_URI": "s3://progress/of/analyses",
                "AWS_ENDPOINT_URL_S3": os.environ["AWS_ENDPOINT_URL_S3"],
            }
            self._current = Process(self._image, self._temp_dir, AWS | settings)
        return self._current

    def end(self) -> None:
        if self._current is not None:
            self._current.kill()


@pytest.fixture(scope="module")
def launcher(s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    assert s3 is not None
    launcher = Launcher(lay_out_image(tmp_path_factory.mktemp("image")), tmp_path_factory.mktemp("videos"))
    launcher.launch()
    yield launcher
    launcher.end()


@pytest.fixture
def server(launcher: Launcher) -> Process:
    return launcher.launch().wait_until_ready()


@pytest.fixture(scope="module")
def short(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's first seconds."""
    return shorten(sample, tmp_path_factory.mktemp("short") / "short.mp4")


@pytest.fixture(scope="module")
def spoken(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video with nearly the maximum duration of speech."""
    speech = speech_of(sample, 7.0)
    path = tmp_path_factory.mktemp("spoken") / "spoken.mp4"
    return write(path, gray_frames(28.0, rate=4.0), [Sound(np.tile(speech, 4))]).read_bytes()


def test_a_posted_video_gets_the_same_result_as_analyze(
    server: Process, sample: Path, analysis: Analysis, s3: Any
) -> None:
    assert server.client.get("/ping").status_code == 200
    headers = MP4 | {ATTRIBUTES: "trace=a; tenant=b", INFERENCE_ID: "analysis-1.1"}
    response = server.client.post("/invocations", content=sample.read_bytes(), headers=headers)

    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers[ATTRIBUTES] == "trace=a; tenant=b"
    assert_same_answer(Analysis.model_validate_json(response.content), analysis)
    assert files_in(server.temp_dir) == []

    answered = server.wait_for_line(message="request answered", inference_id="analysis-1.1")
    assert answered["request_id"] == response.headers["X-Request-Id"]
    assert answered["bytes"] == sample.stat().st_size
    assert answered["video_seconds"] == analysis.video.duration_s
    assert answered["status"] == 200
    assert answered["seconds"] > 0

    def progress() -> Line:
        found = s3.get_object(Bucket="progress", Key="of/analyses/analysis-1.1.json")
        return dict(json.load(found["Body"]))

    until(lambda: progress()["stage"] == "done")
    assert progress()["fraction"] == 1.0
    assert progress()["updated"].endswith("+00:00")


def test_the_log_is_json_without_a_word_of_the_transcript(server: Process, short: Path) -> None:
    headers = MP4 | {INFERENCE_ID: "for-the-log"}
    response = server.client.post("/invocations", content=short.read_bytes(), headers=headers)
    server.wait_for_line(message="request answered", inference_id="for-the-log")
    log = json.dumps(server.lines)
    assert "not json" not in log
    utterances = Analysis.model_validate_json(response.content).utterances
    spoken = {word for utterance in utterances for word in utterance.text.split() if len(word) > 5}
    assert spoken
    assert not [word for word in spoken if word in log]


def test_an_analysis_ends_when_its_input_is_removed(server: Process, spoken: bytes, short: Path, s3: Any) -> None:
    """The analysis stops in the middle of speech, and the next request gets the worker."""
    s3.put_object(Bucket="videos", Key="inputs/a/1.mp4", Body=spoken)
    headers = MP4 | {INFERENCE_ID: "cancelled", ATTRIBUTES: "trace=a; input=s3://videos/inputs/a/1.mp4"}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.client.post, "/invocations", content=spoken, headers=headers)
        server.wait_for_line(message="analysis started", inference_id="cancelled")
        s3.delete_object(Bucket="videos", Key="inputs/a/1.mp4")
        problem = check_problem(asked.result(), 410, "its input was removed")
    assert problem["type"].endswith(":cancelled")
    assert server.client.post("/invocations", content=short.read_bytes(), headers=MP4).status_code == 200
    answered = server.wait_for_line(message="request answered", inference_id="cancelled")
    assert (answered["problem"], answered["video_seconds"]) == ("cancelled", None)


def test_other_types_are_refused(server: Process) -> None:
    refused = server.client.post("/invocations", content=b"x", headers={"Content-Type": "text/plain"})
    assert "video/mp4" in check_problem(refused, 415, "'text/plain' is not supported")["detail"]
    check_problem(server.client.post("/invocations", content=b"x"), 415, "Content-Type is missing")


@pytest.mark.parametrize("media_type", ["video/quicktime", "Video/WebM; codecs=vp9", "video/x-matroska"])
def test_an_invalid_video_is_rejected_without_internal_paths(server: Process, media_type: str) -> None:
    text = b"This is not a video at all. " * 100
    response = server.client.post("/invocations", content=text, headers={"Content-Type": media_type})
    problem = check_problem(response, 400, "the video is not a readable video")
    assert str(server.temp_dir) not in json.dumps(problem)
    assert files_in(server.temp_dir) == []


def test_an_audio_file_is_analyzed(server: Process, sample: Path, tmp_path: Path) -> None:
    sound = write(tmp_path / "speech.mp3", [], [Sound(speech_of(sample, 6.0))])
    response = server.client.post("/invocations", content=sound.read_bytes(), headers={"Content-Type": "audio/mpeg"})
    assert response.status_code == 200
    analysis = Analysis.model_validate_json(response.content)
    assert (analysis.video.width, analysis.video.has_audio) == (0, True)
    assert any("audio" in utterance.modalities for utterance in analysis.utterances)
    assert not any("face" in utterance.modalities for utterance in analysis.utterances)


def test_an_empty_body_is_refused(server: Process) -> None:
    check_problem(server.client.post("/invocations", content=b"", headers=MP4), 400, "empty")


def test_a_video_beyond_the_longest_is_refused(server: Process, tmp_path: Path) -> None:
    video = write(tmp_path / "long.mp4", gray_frames(MAX_DURATION + 10, rate=1.0))
    response = server.client.post("/invocations", content=video.read_bytes(), headers=MP4)
    check_problem(response, 422, f"the limit is {MAX_DURATION:.0f} s")


def test_a_body_beyond_the_largest_is_refused_before_it_is_sent(server: Process) -> None:
    url = server.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(
            b"POST /invocations HTTP/1.1\r\nHost: test\r\nContent-Type: video/mp4\r\n"
            b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (MAX_BYTES + 1)
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_length_is_refused_once_it_is_beyond_the_largest(server: Process) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(3):
            yield bytes(MAX_BYTES // 2)

    check_problem(server.client.post("/invocations", content=chunks(), headers=MP4), 413, str(MAX_BYTES))
    assert files_in(server.temp_dir) == []


def test_other_paths_and_methods_are_problems_too(server: Process) -> None:
    check_problem(server.client.get("/nothing"), 404, "Not Found")
    wrong = server.client.get("/invocations")
    check_problem(wrong, 405, "Method Not Allowed")
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize(("header", "longest"), [(ATTRIBUTES, 1024), (INFERENCE_ID, 64)])
def test_headers_that_are_passed_on_are_checked(server: Process, header: str, longest: int) -> None:
    for value in ("é", "x" * (longest + 1)):
        headers = httpx.Headers([(header, value), ("Content-Type", "video/mp4")], encoding="latin-1")
        response = server.client.post("/invocations", content=b"x", headers=headers)
        check_problem(response, 400, header)
        assert header not in response.headers


def test_a_video_in_an_allowed_bucket_is_analyzed(server: Process, s3: Any, short: Path) -> None:
    key = "films/für dich+50%.mp4"
    s3.upload_file(str(short), "videos", key)
    response = server.client.post("/invocations", json={"s3_uri": f"s3://videos/{key}"})
    assert response.status_code == 200, response.text
    found = Analysis.model_validate_json(response.content)
    posted = server.client.post("/invocations", content=short.read_bytes(), headers=MP4)
    assert found == Analysis.model_validate_json(posted.content)
    assert files_in(server.temp_dir) == []


def test_objects_that_cannot_be_taken_are_refused(server: Process, s3: Any) -> None:
    s3.put_object(Bucket="private", Key="secret.mp4", Body=b"secret")
    s3.put_object(Bucket="videos", Key="large.mp4", Body=bytes(MAX_BYTES + 1))
    s3.put_object(Bucket="videos", Key="empty.mp4", Body=b"")

    def post(uri: str) -> httpx.Response:
        return server.client.post("/invocations", json={"s3_uri": uri})

    check_problem(post("s3://private/secret.mp4"), 403, "'private'")
    check_problem(post("s3://videos/absent.mp4"), 404, "s3://videos/absent.mp4 does not exist")
    check_problem(post("s3://others/absent.mp4"), 404, "does not exist")  # allowed, but there is no such bucket
    check_problem(post("s3://videos/large.mp4"), 413, str(MAX_BYTES))
    check_problem(post("s3://videos/empty.mp4"), 400, "empty")
    assert files_in(server.temp_dir) == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "JSON"),
        (b"{not json", "JSON"),
        (b"{}", "s3_uri: Field required"),
        (b'{"s3_uri": 7}', "s3_uri: Input should be a valid string"),
        (b'{"s3_uri": "https://videos/a.mp4"}', "s3://bucket/key"),
        (b'{"s3_uri": "s3://videos"}', "s3://bucket/key"),
    ],
)
def test_json_that_names_no_object_is_refused(server: Process, body: bytes, detail: str) -> None:
    response = server.client.post("/invocations", content=body, headers={"Content-Type": "application/json"})
    check_problem(response, 400, detail)


def test_shutdown_answers_running_requests_and_leaves_no_files(
    server: Process, sample: Path, analysis: Analysis
) -> None:
    headers = MP4 | {INFERENCE_ID: "the-last"}
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(server.client.post, "/invocations", content=sample.read_bytes(), headers=headers)
        server.wait_for_line(message="analysis started", inference_id="the-last")
        server.terminate()
        response = pending.result()
    assert response.status_code == 200, response.text
    assert_same_answer(Analysis.model_validate_json(response.content), analysis)
    assert server.exit_code() == 0
    assert list(server.temp_dir.iterdir()) == []
