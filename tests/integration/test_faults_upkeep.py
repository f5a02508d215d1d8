"""Uploads, API keys and the purge are killed after each of their writes; the sweeper completes or undoes them."""

import pytest

from lambdas.core.analyses import deletion
from lambdas.core.aws import clients
from lambdas.core.errors import NotUploadedError, UnauthorizedError, UploadExpiredError
from lambdas.core.owners import api_keys, profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.uploads import uploads
from tests.integration.cloud import MEDIA, RESULTS, Cloud
from tests.integration.faults import at_every_write, killed_after

# Attributes that remain in the tombstone of a purged analysis.
TOMBSTONE = {
    *("pk", "sk", "owner", "id", "status", "attempt", "source", "created_at", "updated_at"),
    *("charge_month", "charge_day", "deleted_at", "purged", "ttl"),
}


def test_the_purge(cloud: Cloud) -> None:
    records: dict[int, AnalysisRecord] = {}

    def prepare(number: int) -> None:
        records[number] = cloud.completed(f"owner{number}")
        deletion.delete(f"owner{number}", records[number].id, cloud.now)
        cloud.advance(seconds=settings().undo_seconds)

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        record = records[number]
        for prefix in (f"uploads/{record.owner}/", f"inputs/{record.id}/"):
            assert cloud.versions(MEDIA, prefix) == []
        assert cloud.versions(RESULTS, f"analyses/{record.id}/") == []
        tombstone = cloud.read(record)
        assert tombstone.purged
        known = {name for name, value in tombstone.attribute_values.items() if value is not None}
        assert known == TOMBSTONE

    # The record closed; upload, copy and result with their versions; the record emptied.
    assert at_every_write(prepare, sweep, sweep, check) == 5


def test_an_upload_url(cloud: Cloud) -> None:
    """Killed after it was counted, an upload stops counting when it expires."""
    with killed_after(1) as kill:
        uploads.create("alice", ".mp4", now=cloud.now)
    assert kill.happened
    assert cloud.outstanding("alice") == 1
    cloud.advance(hours=2)
    cloud.sweep()
    assert cloud.outstanding("alice") == 0


def test_the_expiry_of_an_upload(cloud: Cloud) -> None:
    keys: dict[int, str] = {}

    def prepare(number: int) -> None:
        keys[number] = cloud.upload(f"owner{number}")
        cloud.advance(hours=2)

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        assert cloud.versions(MEDIA, keys[number]) == []
        assert cloud.outstanding(f"owner{number}") == 0
        with pytest.raises(NotUploadedError):
            cloud.start(f"owner{number}", keys[number])

    assert at_every_write(prepare, sweep, sweep, check) == 3  # closing, objects, record


def test_no_analysis_starts_from_an_upload_being_removed(cloud: Cloud) -> None:
    """Otherwise the analysis would lose its file."""
    key = cloud.upload("alice")
    cloud.advance(hours=2)
    with killed_after(1) as kill:
        cloud.sweep()
    assert kill.happened
    assert cloud.keys(MEDIA, "uploads/") == [key]
    with pytest.raises(UploadExpiredError):
        cloud.start("alice", key)
    cloud.sweep()
    assert (cloud.keys(MEDIA), cloud.outstanding("alice"), cloud.used("alice")) == ([], 0, 0)


def test_an_api_key(cloud: Cloud) -> None:
    """A key whose creation was killed is invalid and leaves nothing behind."""
    gateway = clients.client("apigateway")

    def create(number: int) -> None:
        api_keys.create(f"owner{number}", "mine", cloud.now)

    def sweep(_: int) -> None:
        cloud.advance(seconds=api_keys.PENDING_SECONDS + 1)
        cloud.sweep()

    def check(number: int) -> None:
        listed = api_keys.list_active(f"owner{number}")
        assert int(profiles.profile(f"owner{number}").api_keys or 0) == len(listed)
        made = [key for key in gateway.get_api_keys(includeValues=True)["items"] if key["value"] not in active]
        assert [key["value"] for key in made] == [key.id for key in listed]
        active.update(key.id for key in listed)

    active: set[str] = set()
    # Profile, key with its count, gateway key, usage plan, activation.
    assert at_every_write(lambda _: None, create, sweep, check) == 5


def test_the_revocation_of_an_api_key(cloud: Cloud) -> None:
    gateway = clients.client("apigateway")
    made: dict[int, api_keys.NewKey] = {}

    def prepare(number: int) -> None:
        made[number] = api_keys.create(f"owner{number}", "mine", cloud.now)

    def revoke(number: int) -> None:
        api_keys.revoke(f"owner{number}", made[number].record.id, cloud.now)

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        assert gateway.get_api_keys()["items"] == []
        assert int(profiles.profile(f"owner{number}").api_keys) == 0
        with pytest.raises(UnauthorizedError):
            api_keys.verify(made[number].token, "read", cloud.now)

    assert at_every_write(prepare, revoke, sweep, check) == 3  # record, gateway key, tombstone
