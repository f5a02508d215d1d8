"""Pending uploads: counting, listing, abandoning, and limits of size, versions and time."""

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

SMALLEST = 5 << 20  # bytes: S3's minimum for all parts except the last


@pytest.fixture
def upload_limit(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> int:  # noqa: ARG001  (the cloud, then its settings)
    monkeypatch.setenv("MAX_OUTSTANDING_UPLOADS", "2")
    settings.cache_clear()
    return 2


def arrive(key: str, body: bytes = VIDEO) -> str:
    """PUT an object like a client; return its version, without delivering the event."""
    return str(clients.s3().put_object(Bucket=MEDIA, Key=key, Body=body)["VersionId"])


def deliver_event(cloud: Cloud, key: str, version: str | None, size: int = len(VIDEO)) -> None:
    """Deliver S3's event of a version twice, as SQS may."""
    event = drop_event(key, version)
    event["detail"]["object"]["size"] = size
    assert cloud.process_drops(event, event) == {"batchItemFailures": []}


def stored_versions(key: str) -> list[str]:
    """Return the versions of an object, newest first."""
    response = clients.s3().list_object_versions(Bucket=MEDIA, Prefix=key)
    return [version["VersionId"] for version in response.get("Versions", [])]


def test_an_event_without_a_version_refers_to_the_newest(cloud: Cloud) -> None:
    """The emulator's events have no version. An upload in use is kept, one no longer needed is removed."""
    record = cloud.queued("alice")
    assert record.object_key is not None
    (version,) = stored_versions(record.object_key)
    deliver_event(cloud, record.object_key, None)
    assert stored_versions(record.object_key) == [version] and objects.exists(MEDIA, record.object_key)
    unwanted = uploads.create("alice", ".mp4", now=cloud.now)
    uploads.abandon("alice", unwanted.file_id, cloud.now)
    arrive(unwanted.key)
    deliver_event(cloud, unwanted.key, None)
    assert stored_versions(unwanted.key) == []
    deliver_event(cloud, unwanted.key, None)


def test_the_refusal_has_the_time_until_the_next_expiry(cloud: Cloud, upload_limit: int) -> None:
    uploads.create("alice", ".mp4", now=cloud.now)
    cloud.advance(minutes=20)
    for _ in range(upload_limit - 1):
        uploads.create("alice", ".mp4", now=cloud.now)
    cloud.advance(minutes=10)
    with pytest.raises(TooManyUploadsError) as refused:
        uploads.create("alice", ".mp4", now=cloud.now)
    seconds = refused.value.retry_after
    assert (
        seconds == 45 * 60 + uploads.SWEEP_SECONDS
    )  # 75 minutes (URL and grace period) of the first upload, minus 30 that have passed
    cloud.advance(seconds=seconds - uploads.SWEEP_SECONDS - 1)
    cloud.sweep()
    with pytest.raises(TooManyUploadsError):
        uploads.create("alice", ".mp4", now=cloud.now)
    cloud.advance(seconds=uploads.SWEEP_SECONDS + 1)
    cloud.sweep()
    uploads.create("alice", ".mp4", now=cloud.now)


@pytest.mark.usefixtures("upload_limit")
def test_pending_uploads_are_listed_and_abandoned(cloud: Cloud) -> None:
    alice, mallory = by_session("alice"), by_session("mallory")
    single = alice.post("/upload-url", {"fileType": ".mp4", "fileSize": len(VIDEO)}).json()
    cloud.advance(seconds=1)
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


def test_an_upload_with_an_analysis_is_not_pending(cloud: Cloud) -> None:
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
    response = httpx.put(url, content=body, trust_env=False)
    assert response.status_code == 200, response.text
    return Part(number, response.headers["etag"])


def test_the_declared_size_is_enforced_for_parts(cloud: Cloud, small_parts: int) -> None:
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


def test_parts_of_another_size_than_declared_are_refused(cloud: Cloud, small_parts: int) -> None:
    """Even if S3 accepted them."""
    made = multipart.create("alice", ".mp4", small_parts + len(VIDEO), now=cloud.now)
    address = {"Bucket": MEDIA, "Key": made.key, "UploadId": uploads.find("alice", made.key).multipart_id}  # type: ignore[union-attr]
    parts = []
    for number, body in ((1, VIDEO + bytes(small_parts)), (2, VIDEO)):
        etag = clients.s3().upload_part(**address, PartNumber=number, Body=body)["ETag"]
        parts.append(Part(number, etag))
    with pytest.raises(BadRequestError, match="were declared"):
        multipart.complete("alice", made.key, parts, now=cloud.now)
    assert cloud.keys(MEDIA, "uploads/") == []


def test_the_expiry_of_a_multipart_upload_is_postponed_within_limits(cloud: Cloud, small_parts: int) -> None:
    made = multipart.create("alice", ".mp4", small_parts, now=cloud.now)
    for _ in range(23):
        cloud.advance(hours=1)
        cloud.sweep()
        multipart.sign("alice", made.key, [1], now=cloud.now)
    cloud.advance(hours=1)
    for act in (
        lambda: multipart.sign("alice", made.key, [1], now=cloud.now),
        lambda: multipart.complete("alice", made.key, [Part(1, '"e"')], now=cloud.now),
    ):
        with pytest.raises(NotFoundError):
            act()
    cloud.sweep()
    assert (cloud.outstanding("alice"), uploads.pending("alice")) == (0, [])


def test_the_expiry_of_an_upload_being_removed_is_not_postponed(cloud: Cloud, small_parts: int) -> None:
    made = multipart.create("alice", ".mp4", small_parts, now=cloud.now)
    record = uploads.find("alice", made.key)
    assert record is not None
    record.update(actions=[type(record).expiring.set(True)])
    with pytest.raises(NotFoundError):
        multipart.sign("alice", made.key, [1], now=cloud.now)


def test_the_newest_version_of_a_pending_upload_is_kept(cloud: Cloud) -> None:
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    versions = [arrive(key, VIDEO + bytes([number])) for number in range(4)]
    deliver_event(cloud, key, versions[1])
    assert stored_versions(key) == [versions[3]]
    for version in versions:
        deliver_event(cloud, key, version)
    assert stored_versions(key) == [versions[3]]
    assert cloud.start("alice", key).version_id == versions[3]


def test_a_file_above_the_size_limit_is_removed_on_arrival(cloud: Cloud) -> None:
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    good, bomb = arrive(key), arrive(key, VIDEO * 2)
    deliver_event(cloud, key, bomb, size=settings().max_upload_bytes + 1)
    assert stored_versions(key) == [good]


def test_a_replacement_of_an_analyzed_video_is_removed(cloud: Cloud) -> None:
    record = cloud.queued("alice")
    for state in ("queued", "processing", "completed"):
        version = arrive(record.object_key, VIDEO + b"another")
        deliver_event(cloud, record.object_key, version)
        deliver_event(cloud, record.object_key, record.version_id)
        assert stored_versions(record.object_key) == [record.version_id]
        assert cloud.read(record).status == state
        if state == "queued":
            cloud.submit(record)
        elif state == "processing":
            cloud.notify(cloud.success(record))


def test_an_analysis_started_during_the_check_keeps_its_upload(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    key = cloud.upload("alice")
    (version,) = stored_versions(key)
    find = queries.find

    def find_and_start(analysis_id: str) -> AnalysisRecord | None:
        found = find(analysis_id)
        monkeypatch.setattr(queries, "find", find)
        cloud.start("alice", key)
        return found

    monkeypatch.setattr(queries, "find", find_and_start)
    deliver_event(cloud, key, version)
    assert stored_versions(key) == [version] == [record.version_id for record in cloud.records("alice")]


def test_a_failed_analysis_may_get_another_file(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    versions = [arrive(record.object_key, VIDEO + bytes([number])) for number in range(3)]
    for version in versions:
        deliver_event(cloud, record.object_key, version)
    assert stored_versions(record.object_key) == [versions[-1], record.version_id]
    again = cloud.start("alice", record.object_key)
    deliver_event(cloud, record.object_key, versions[-1])
    assert (again.attempt, again.version_id, stored_versions(record.object_key)[0]) == (2, versions[-1], versions[-1])


def test_objects_that_arrive_after_a_deletion_are_removed(cloud: Cloud) -> None:
    """By a URL that is still valid: of an abandoned upload, a purged analysis or a deleted account."""
    abandoned = uploads.create("alice", ".mp4", now=cloud.now)
    uploads.abandon("alice", abandoned.file_id, cloud.now)
    record = cloud.completed("alice")
    deletion.delete("alice", record.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    for key in (abandoned.key, record.object_key):
        deliver_event(cloud, key, arrive(key))
        assert stored_versions(key) == []


def test_events_of_missing_versions_and_foreign_keys_are_ignored(cloud: Cloud) -> None:
    other = cloud.upload("bob")
    key = uploads.create("alice", ".mp4", now=cloud.now).key
    version = arrive(key)
    clients.s3().delete_object(Bucket=MEDIA, Key=key, VersionId=version)
    deliver_event(cloud, key, version)
    deliver_event(cloud, "uploads/readme.txt", "v")
    assert cloud.keys(MEDIA, "uploads/") == [other]
