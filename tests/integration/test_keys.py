"""API keys: shown once, stored as a hash, throttled by the gateway, refused as soon as they are revoked."""

import pytest

from lambdas.core.aws import clients
from lambdas.core.errors import BadRequestError, InsufficientScopeError, NotFoundError, UnauthorizedError
from lambdas.core.owners import api_keys, profiles
from lambdas.core.owners.api_keys import NewKey, Scope
from lambdas.core.storage.tables import KeyRecord
from tests.integration.cloud import Cloud


@pytest.fixture
def key(cloud: Cloud) -> NewKey:
    return api_keys.create("alice", "mine", cloud.now)


def test_a_key_works_and_is_on_the_usage_plan(cloud: Cloud, key: NewKey) -> None:
    assert api_keys.verify(key.token, "read", cloud.now) == "alice"
    (listed,) = api_keys.list_active("alice")
    assert (listed.name, listed.prefix, listed.id) == ("mine", key.token[:11], key.record.id)
    gateway = clients.client("apigateway")
    (known,) = gateway.get_usage_plan_keys(usagePlanId=cloud.usage_plan)["items"]
    found = gateway.get_api_key(apiKey=known["id"], includeValue=True)
    value = found["value"]
    assert value == key.record.id
    assert found["tags"] == {"video-sentiment": "video-sentiment-test"}  # permissions to delete depend on it
    assert len(value) >= 20  # the gateway's minimum


def test_the_secret_is_not_stored(cloud: Cloud, key: NewKey) -> None:
    secret = key.token.rpartition("_")[2]
    stored = str(cloud.items("alice"))
    gateway = str(clients.client("apigateway").get_api_keys(includeValues=True))
    assert secret not in stored + gateway
    assert key.record.secret_hash in stored


def test_a_revoked_key_is_refused_at_once(cloud: Cloud, key: NewKey) -> None:
    api_keys.revoke("alice", key.record.id, cloud.now)
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, "read", cloud.now)
    assert api_keys.list_active("alice") == []
    assert clients.client("apigateway").get_api_keys()["items"] == []


def test_rotation_ends_the_old_secret(cloud: Cloud, key: NewKey) -> None:
    rotated = api_keys.rotate("alice", key.record.id, cloud.now)
    assert rotated.record.id == key.record.id
    assert rotated.token != key.token
    assert api_keys.verify(rotated.token, "read", cloud.now) == "alice"
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, "read", cloud.now)


def test_other_tokens_are_refused(cloud: Cloud, key: NewKey) -> None:
    last = "0" if key.token[-1] != "0" else "1"
    other = api_keys.create("bob", "his", cloud.now)
    mixed = f"vs_{key.record.id}_{other.token.rpartition('_')[2]}"
    wrong = ["", "vs_", key.record.id, key.token[:-1], key.token[:-1] + last, key.token + "0", key.token.upper(), mixed]
    for token in (*wrong, f"vs_{'a' * 24}_{'0' * 48}", f"{key.token}\n", f" {key.token}"):
        with pytest.raises(UnauthorizedError):
            api_keys.verify(token, "read", cloud.now)


def test_a_pending_key_does_not_work(cloud: Cloud, key: NewKey) -> None:
    key.record.update(actions=[KeyRecord.status.set(api_keys.PENDING)])
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, "read", cloud.now)


def test_keys_of_other_owners_cannot_be_changed(cloud: Cloud, key: NewKey) -> None:
    for act in (api_keys.revoke, api_keys.rotate):
        for key_id in (key.record.id, "x", "a" * 24):
            with pytest.raises(NotFoundError):
                act("mallory", key_id, cloud.now)
    assert api_keys.verify(key.token, "read", cloud.now) == "alice"


def test_the_last_use_is_recorded_once_an_hour(cloud: Cloud, key: NewKey) -> None:
    def last_use() -> str | None:
        return api_keys.list_active("alice")[0].last_used_at

    assert last_use() is None
    api_keys.verify(key.token, "read", cloud.now)
    first = last_use()
    assert first is not None
    cloud.advance(minutes=59)
    api_keys.verify(key.token, "read", cloud.now)
    assert last_use() == first
    cloud.advance(minutes=2)
    api_keys.verify(key.token, "read", cloud.now)
    assert last_use() != first


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_key_has_a_name(cloud: Cloud, name: str) -> None:
    with pytest.raises(BadRequestError):
        api_keys.create("alice", name, cloud.now)


def test_concurrent_revocations_count_once(cloud: Cloud, key: NewKey) -> None:
    stale = key.record
    api_keys.revoke("alice", key.record.id, cloud.now)
    api_keys.remove(stale, cloud.now)
    assert int(profiles.profile("alice").api_keys) == 0


@pytest.mark.parametrize("scope, other", [("read", "analyze"), ("analyze", "read")])
def test_scopes_limit_a_key(cloud: Cloud, scope: Scope, other: Scope) -> None:
    key = api_keys.create("alice", "narrow", cloud.now, scopes=[scope])
    assert api_keys.verify(key.token, scope, cloud.now) == "alice"
    with pytest.raises(InsufficientScopeError):
        api_keys.verify(key.token, other, cloud.now)
    rotated = api_keys.rotate("alice", key.record.id, cloud.now)
    with pytest.raises(InsufficientScopeError):
        api_keys.verify(rotated.token, other, cloud.now)


def test_a_key_without_stored_scopes_has_all_scopes(cloud: Cloud, key: NewKey) -> None:
    key.record.update(actions=[KeyRecord.scopes.remove()])
    for scope in api_keys.SCOPES:
        assert api_keys.verify(key.token, scope, cloud.now) == "alice"


def test_a_scope_in_the_legacy_spelling_is_valid(cloud: Cloud) -> None:
    key = api_keys.create("alice", "narrow", cloud.now, scopes=["read"])
    key.record.update(actions=[KeyRecord.scopes.set({"analyse"})])
    assert api_keys.verify(key.token, "analyze", cloud.now) == "alice"
    with pytest.raises(InsufficientScopeError):
        api_keys.verify(key.token, "read", cloud.now)


def test_a_key_expires_to_the_second_and_is_then_removed(cloud: Cloud) -> None:
    key = api_keys.create("alice", "for a week", cloud.now, days=7)
    cloud.advance(days=7, seconds=-1)
    cloud.sweep()
    assert api_keys.verify(key.token, "read", cloud.now) == "alice"
    cloud.advance(seconds=1)
    with pytest.raises(UnauthorizedError, match="expired"):
        api_keys.verify(key.token, "read", cloud.now)
    with pytest.raises(NotFoundError):
        api_keys.rotate("alice", key.record.id, cloud.now)
    cloud.sweep()
    assert api_keys.list_active("alice") == []
    assert clients.client("apigateway").get_api_keys()["items"] == []
    assert int(profiles.profile("alice").api_keys) == 0


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_an_expiry_out_of_bounds_is_refused(cloud: Cloud, days: int) -> None:
    with pytest.raises(BadRequestError):
        api_keys.create("alice", "x", cloud.now, days=days)


def test_missing_and_unknown_scopes_are_refused(cloud: Cloud) -> None:
    for scopes in ([], ["everything"]):
        with pytest.raises(BadRequestError):
            api_keys.create("alice", "x", cloud.now, scopes=scopes)  # type: ignore[arg-type]
