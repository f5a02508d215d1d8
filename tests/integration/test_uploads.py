"""Pending uploads: counted, listed, abandoned, bounded in size, versions and time, whatever a client sends."""

from datetime import timedelta

import httpx
import pytest

from lambdas.core.analyses import deletion, queries
from lambdas.core.aws import clients
from lambdas.core.errors import BadRequestError, NotFoundError, TooManyUploadsError
from lambdas.core.settings import settings
from lambdas.core.storage import objects
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.uploads import multipart, uploads
from lambdas.core.uploads.multipart import Part
from tests.integration.api_client import by_session
from tests.integration.cloud import MEDIA, VIDEO, Cloud
from tests.integration.events import drop_event
from tests.integration.test_api_routes import problem

SMALLEST = 5 << 20  # bytes of a part that S3 takes, but for the last


@pytest.fixture
def few(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> int:  # noqa: ARG001  (first the cloud, then its settings)
    monkeypatch.setenv("MAX_OUTSTANDING_UPLOADS", "2")
    settings.cache_clear()
    return 2


def arrive(key: str, body: bytes = VIDEO) -> str:
    """An object that a client PUTs; returns its version, of which nobody has been told yet."""
    return str(clients.s3().put_object(Bucket=MEDIA, Key=key, Body=body)["VersionId"])


def tell(cloud: Cloud, key: str, version: str | None, size: int = len(VIDEO)) -> None:
    """Deliver S3's event of a version, twice, as SQS may."""
    event = drop_event(key, version)
    event["detail"]["object"]["size"] = size
    assert cloud.take_drop(event, event) == {"batchItemFailures": []}


def kept(key: str) -> list[str]:
    """The versions of an object that are there, newest first."""
    answer = clients.s3().list_object_versions(Bucket=MEDIA, Prefix=key)
    return [version["VersionId"] for version in answer.get("Versions", [])]


def test_an_event_without_a_version_is_about_the_newest(cloud: Cloud) -> None:
    """The emulator's events are such. An upload that is being analyzed stays, one that is no longer wanted goes."""
    record = cloud.queued("alice")
    assert record.object_key is not None
    (version,) = kept(record.object_key)
    tell(cloud, record.object_key, None)
    assert kept(record.object_key) == [version] and objects.exists(MEDIA, record.object_key)
    unwanted = uploads.create("alice", ".mp4", now=cloud.now)
    uploads.abandon("alice", unwanted.file_id, cloud.now)
    arrive(unwanted.key)
    tell(cloud, unwanted.key, None)
    assert kept(unwanted.key) == []
    tell(cloud, unwanted.key, None)


def test_the_refusal_tells_the_real_time_to_wait(cloud: Cloud, few: int) -> None:
    uploads.create("alice", ".mp4", now=cloud.now)
    cloud.later(minutes=20)
    for _ in range(few - 1):
        uploads.create("alice", ".mp4", now=cloud.now)
    cloud.later(minutes=10)
    with pytest.raises(TooManyUploadsError) as refused:
        uploads.create("alice", ".mp4", now=cloud.now)
    seconds = refused.value.retry_after
    assert seconds == 45 * 60 + uploads.SWEEP_SECONDS  # the first one's URL and an hour, from 30 minutes ago
    cloud.later(seconds=seconds - uploads.SWEEP_SECONDS - 1)
    cloud.sweep()
    with pytest.raises(TooManyUploadsError):
        uploads.create("alice", ".mp4", now=cloud.now)
    cloud.later(seconds=uploads.SWEEP_SECONDS + 1)
    cloud.sweep()
    uploads.create("alice", ".mp4", now=cloud.now)


@pytest.mark.usefixtures("few")
def test_pending_uploads_are_listed_and_abandoned(cloud: Cloud) -> None:
    alice, mallory = by_session("alice"), by_session("mallory")
    single = alice.post("/upload-url", {"fileType": ".mp4", "fileSize": len(VIDEO)}).json()
    cloud.later(seconds=1)
    parts = alice.post("/multipart-uploads", {"fileType": ".mov", "fileSize": SMALLEST}).json()
    arrive(single["key"])
    listed = alice.get("/uploads").json()["uploads"]
    assert [(found["id"], found["inParts"], found["size"]) for found in listed] == [
        (parts["fileId"], True, SMALLEST),
        (single["fileId"], False, len(VIDEO)),
    ]
    expiry = cloud.now - timedelta(seconds=1) + timedelta(seconds=900 + uploads.GRACE_SECONDS)
    assert listed[1]["expiresAt"] == expiry.isoformat().replace("+00:00", "Z")
    assert mallory.get("/uploads").json() == {"uploads": []}

    assert int(alice.post("/upload-url", {"fileType": ".mp4"}).headers["retry-after"]) > 0
    for identifier in ("x", "0" * 32, "..", single["fileId"].upper()):
        problem(alice.delete(f"/uploads/{identifier}"), 404, "not-found")
    problem(mallory.delete(f"/uploads/{single['fileId']}"), 404, "not-found")
    for made in (single, parts):
        assert alice.delete(f"/uploads/{made['fileId']}").status == 204
        problem(alice.delete(f"/uploads/{made['fileId']}"), 404, "not-found")
    assert (alice.get("/uploads").json(), cloud.outstanding("alice")) == ({"uploads": []}, 0)
    assert cloud.versions(MEDIA) == []
    assert clients.s3().list_multipart_uploads(Bucket=MEDIA).get("Uploads", []) == []
    assert alice.post("/upload-url", {"fileType": ".mp4"}).status == 200


def test_one_whose_analysis_has_started_is_no_longer_pending(cloud: Cloud) -> None:
    record = cloud.queued("alice")
    assert uploads.pending("alice") == []
    with pytest.raises(NotFoundError):
        uploads.abandon("alice", record.object_key.split("/")[2].partition(".")[0], cloud.now)
    assert cloud.keys(MEDIA, "uploads/") == [record.object_key]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(multipart, "PART_BYTES", SMALLEST)
    return SMALLEST


def send(key: str, number: int, body: bytes, cloud: Cloud) -> Part:
    url = multipart.sign("alice", key, [number], now=cloud.now)[number]
    answer = httpx.put(url, content=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    return Part(number, answer.headers["etag"])


def test_the_announced_size_holds_for_parts(cloud: Cloud, small_parts: int) -> None:
    size = small_parts + len(VIDEO)
    made = multipart.create("alice", ".mp4", size, now=cloud.now)
    assert made.parts == 2
    for number in (0, 3):
        with pytest.raises(BadRequestError, match="from 1 to 2"):
            multipart.sign("alice", made.key, [number], now=cloud.now)
    signed = multipart.sign("alice", made.key, [1, 2], now=cloud.now)
    assert all("content-length" in url for url in signed.values())
    for number, length in ((1, small_parts + 1), (2, len(VIDEO) + 1), (2, len(VIDEO) - 1)):
        assert httpx.put(signed[number], content=bytes(length), trust_env=False).status_code == 403
    one, two = send(made.key, 1, VIDEO + bytes(small_parts - len(VIDEO)), cloud), send(made.key, 2, VIDEO, cloud)
    for parts in ([one], [two], [one, one], [one, two, two], [one, Part(3, two.etag)]):
        with pytest.raises(BadRequestError, match="2 parts once"):
            multipart.complete("alice", made.key, parts, now=cloud.now)
    for _ in range(2):
        multipart.complete("alice", made.key, [one, two], now=cloud.now)
    assert uploads.check("alice", made.key).size == size


def test_parts_that_hold_other_bytes_than_announced_are_not_put_together(cloud: Cloud, small_parts: int) -> None:
    """Even where S3 took them: by a URL of before, or by another way."""
    made = multipart.create("alice", ".mp4", small_parts + len(VIDEO), now=cloud.now)
    address = {"Bucket": MEDIA, "Key": made.key, "UploadId": uploads.find("alice", made.key).multipart_id}  # type: ignore[union-attr]
    parts = []
    for number, body in ((1, VIDEO + bytes(small_parts)), (2, VIDEO)):
        etag = clients.s3().upload_part(**address, PartNumber=number, Body=body)["ETag"]
        parts.append(Part(number, etag))
    with pytest.raises(BadRequestError, match="announced"):
        multipart.complete("alice", made.key, parts, now=cloud.now)
    assert cloud.keys(MEDIA, "uploads/") == []


def test_an_upload_in_parts_is_not_put_off_for_ever(cloud: Cloud, small_parts: int) -> None:
    made = multipart.create("alice", ".mp4", small_parts, now=cloud.now)
    for _ in range(23):
        cloud.later(hours=1)
        cloud.sweep()
        multipart.sign("alice", made.key, [1], now=cloud.now)
    cloud.later(hours=1)
    for act in (
        lambda: multipart.sign("alice", made.key, [1], now=cloud.now),
        lambda: multipart.complete("alice", made.key, [Part(1, '"e"')], now=cloud.now),
    ):
        with pytest.raises(NotFoundError):
            act()
    cloud.sweep()
    assert (cloud.outstanding("alice"), uploads.pending("alice")) == (0, [])


def test_an_upload_that_is_being_removed_is_not_put_off(cloud: Cloud, small_parts: int) -> None:
    made = multipart.create("alice", ".mp4", small_parts, now=cloud.now)
    record = uploads.find("alice", made.key)
    assert record is not None
    record.update(actions=[type(record).expiring.set(True)])
    with pytest.raises(NotFoundError):
        multipart.sign("alice", made.key, [1], now=cloud.now)


def test_of_a_pending_upload_the_newest_version_is_kept(cloud: Cloud) -> None:
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    versions = [arrive(key, VIDEO + bytes([number])) for number in range(4)]
    tell(cloud, key, versions[1])
    assert kept(key) == [versions[3]]
    for version in versions:
        tell(cloud, key, version)
    assert kept(key) == [versions[3]]
    assert cloud.ask("alice", key).version_id == versions[3]


def test_what_is_too_large_goes_at_once(cloud: Cloud) -> None:
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    good, bomb = arrive(key), arrive(key, VIDEO * 2)
    tell(cloud, key, bomb, size=settings().max_upload_bytes + 1)
    assert kept(key) == [good]


def test_what_replaces_the_video_of_an_analysis_is_removed(cloud: Cloud) -> None:
    record = cloud.queued("alice")
    for state in ("queued", "processing", "completed"):
        version = arrive(record.object_key, VIDEO + b"another")
        tell(cloud, record.object_key, version)
        tell(cloud, record.object_key, record.version_id)
        assert kept(record.object_key) == [record.version_id]
        assert cloud.read(record).status == state
        if state == "queued":
            cloud.submit(record)
        elif state == "processing":
            cloud.hear(cloud.success(record))


def test_an_analysis_that_starts_while_its_upload_is_looked_at_keeps_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = cloud.upload("alice")
    (version,) = kept(key)
    find = queries.find

    def find_and_start(analysis_id: str) -> AnalysisRecord | None:
        found = find(analysis_id)
        monkeypatch.setattr(queries, "find", find)
        cloud.ask("alice", key)
        return found

    monkeypatch.setattr(queries, "find", find_and_start)
    tell(cloud, key, version)
    assert kept(key) == [version] == [record.version_id for record in cloud.records("alice")]


def test_a_failed_analysis_may_get_another_file(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    versions = [arrive(record.object_key, VIDEO + bytes([number])) for number in range(3)]
    for version in versions:
        tell(cloud, record.object_key, version)
    assert kept(record.object_key) == [versions[-1], record.version_id]
    again = cloud.ask("alice", record.object_key)
    tell(cloud, record.object_key, versions[-1])
    assert (again.attempt, again.version_id, kept(record.object_key)[0]) == (2, versions[-1], versions[-1])


def test_what_arrives_after_the_end_leaves_nothing(cloud: Cloud) -> None:
    """By a URL that still works: of an abandoned upload, of a purged analysis, of an account that was deleted."""
    abandoned = uploads.create("alice", ".mp4", now=cloud.now)
    uploads.abandon("alice", abandoned.file_id, cloud.now)
    record = cloud.completed("alice")
    deletion.delete("alice", record.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    for key in (abandoned.key, record.object_key):
        tell(cloud, key, arrive(key))
        assert kept(key) == []


def test_a_version_that_is_gone_or_never_ours_does_no_harm(cloud: Cloud) -> None:
    other = cloud.upload("bob")
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    version = arrive(key)
    clients.s3().delete_object(Bucket=MEDIA, Key=key, VersionId=version)
    tell(cloud, key, version)
    tell(cloud, "uploads/readme.txt", "v")
    assert cloud.keys(MEDIA, "uploads/") == [other]
