"""Uploads of the Python client, before a store whose connections break."""

import io
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Both
from tests.clients.server import Answer, Server, problem
from video_sentiment_client import NetworkError, RateLimitError, StorageError

VIDEO = bytes(range(256)) * 4096  # 1 MiB
PART = 400_000
PART_COUNT = 3


def ticket(server: Server, name: str, expires_in: int = 900) -> Answer:
    headers = {"Content-Type": "video/mp4", "Content-Length": str(len(VIDEO)), "x-extra": "kept"}
    body = {"url": f"{server.url}/store/{name}?signature=s", "key": f"uploads/{name}", "fileId": name}
    return Answer(200, body | {"fileType": ".mp4", "headers": headers, "expiresIn": expires_in})


def in_parts(server: Server) -> None:
    """Have the API begin an upload in parts, sign whatever part is asked for, and complete it."""
    begun = {"fileId": "f", "key": "uploads/f", "partSize": PART, "parts": PART_COUNT, "expiresIn": 900}
    server.on("POST /api/multipart-uploads", Answer(201, begun))
    signed = [{"parts": [{"partNumber": n, "url": f"{server.url}/store/part"}], "expiresIn": 900} for n in (1, 2, 3)]
    server.on("POST /api/multipart-uploads/parts", *(Answer(200, body) for body in signed))
    server.on("POST /api/multipart-uploads/complete", Answer(200, {"key": "uploads/f"}))
    server.on("POST /api/multipart-uploads/abort", Answer(204))
    server.on("PUT /store/part", Answer(headers={"ETag": '"e"'}))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(VIDEO)
    return path


@pytest.mark.parametrize("form", ["path", "text", "bytes", "file"])
def test_a_file_arrives_whole(client: Both, server: Server, video: Path, form: str) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer())
    forms: dict[str, Any] = {"path": video, "text": str(video), "bytes": VIDEO, "file": io.BytesIO(VIDEO)}
    named = {} if form in ("path", "text") else {"file_name": "talk.mp4"}
    upload = client.do("upload", forms[form], part_threshold=len(VIDEO), **named)
    assert (upload.key, upload.file_name) == ("uploads/a", "talk.mp4")
    asked, sent = server.seen
    assert asked.json == {"fileType": ".mp4", "fileSize": len(VIDEO)}
    assert sent.body == VIDEO
    assert sent.path.endswith("?signature=s")
    assert (sent.headers["content-type"], sent.headers["x-extra"]) == ("video/mp4", "kept")
    assert "authorization" not in sent.headers and "transfer-encoding" not in sent.headers


def test_progress_rises_to_the_whole(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer())
    told: list[tuple[int, int]] = []
    client.do("upload", video, part_threshold=len(VIDEO), on_progress=lambda sent, total: told.append((sent, total)))
    assert told[0] == (0, len(VIDEO)) and told[-1] == (len(VIDEO), len(VIDEO))
    assert told == sorted(told) and len(told) > 3


def test_a_broken_upload_is_sent_again_to_the_same_url(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer(cut_after=100_000), Answer(503, "<Error/>"), Answer())
    client.do("upload", video, part_threshold=len(VIDEO))
    assert len(server.asked("POST /api/upload-url")) == 1
    assert server.asked("PUT /store/a")[-1].body == VIDEO


def test_an_upload_that_always_breaks_is_an_error(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer(cut_after=100_000))
    with pytest.raises(NetworkError):
        client.do("upload", video, part_threshold=len(VIDEO))


def test_another_url_is_asked_for_once_one_has_expired(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", ticket(server, "a", expires_in=0), ticket(server, "b"))
    server.on("PUT /store/a", Answer(403, "<Error>expired</Error>"))
    server.on("PUT /store/b", Answer())
    assert client.do("upload", video, part_threshold=len(VIDEO)).key == "uploads/b"


def test_what_the_store_refuses_is_refused(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer(403, "<Error>signature</Error>"))
    with pytest.raises(StorageError, match="403") as refused:
        client.do("upload", video, part_threshold=len(VIDEO))
    assert refused.value.status == 403
    assert len(server.asked("PUT /store/a")) == 1


def test_a_large_file_goes_in_parts(client: Both, server: Server, video: Path) -> None:
    in_parts(server)
    told: list[int] = []
    upload = client.do("upload", video, on_progress=lambda sent, _total: told.append(sent))
    assert upload.key == "uploads/f"
    bodies = sorted((seen.body for seen in server.asked("PUT /store/part")), key=VIDEO.find)
    assert sorted(map(len, bodies)) == sorted([PART, PART, len(VIDEO) - 2 * PART])
    assert all(body in VIDEO for body in bodies)
    assert sum(map(len, bodies)) == len(VIDEO) == max(told)
    (completed,) = server.asked("POST /api/multipart-uploads/complete")
    assert completed.json["parts"] == [{"partNumber": n, "etag": '"e"'} for n in (1, 2, 3)]
    assert not server.asked("POST /api/multipart-uploads/abort")


def test_a_part_that_breaks_off_is_sent_again_alone(client: Both, server: Server, video: Path) -> None:
    in_parts(server)
    server.on("PUT /store/part", Answer(cut_after=100_000), Answer(headers={"ETag": '"e"'}))
    client.do("upload", video)
    assert len(server.asked("PUT /store/part")) == PART_COUNT


def test_parts_that_were_sent_in_vain_are_given_up(client: Both, server: Server, video: Path) -> None:
    in_parts(server)
    server.on("PUT /store/part", Answer(headers={"ETag": '"e"'}), Answer(400, "<Error/>"))
    with pytest.raises(StorageError):
        client.do("upload", video)
    assert [seen.json for seen in server.asked("POST /api/multipart-uploads/abort")] == [{"key": "uploads/f"}]


def test_too_many_uploads_are_said_at_once(client: Both, server: Server, video: Path) -> None:
    server.on("POST /api/upload-url", problem(429, "too-many-uploads", retry_after="900"))
    with pytest.raises(RateLimitError):
        client.do("upload", video, part_threshold=len(VIDEO))
    assert len(server.seen) == 1


def test_a_file_that_shrinks_meanwhile_is_an_error_and_not_half_a_video(
    client: Both, server: Server, video: Path
) -> None:
    server.on("POST /api/upload-url", ticket(server, "a"))
    server.on("PUT /store/a", Answer())

    def shrink(sent: int, _total: int) -> None:
        if sent:
            video.write_bytes(b"")

    with pytest.raises(StorageError, match="changed while it was being sent"):
        client.do("upload", video, part_threshold=len(VIDEO), on_progress=shrink)
    assert not server.asked("PUT /store/a")


def test_a_file_needs_a_name_and_must_be_there(client: Both, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="file_name"):
        client.do("upload", VIDEO)
    with pytest.raises(FileNotFoundError):
        client.do("upload", tmp_path / "none.mp4")
