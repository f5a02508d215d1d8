"""API keys follow their owner's billing plan, also after interruptions and repetitions."""

import pytest

from lambdas.core.aws import clients
from lambdas.core.errors import AccountDeletedError, BadRequestError
from lambdas.core.owners import api_keys, plan_changes, profiles
from lambdas.core.owners.quota import PlanName
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import PlanChangeRecord
from tests.integration.cloud import Cloud
from tests.integration.faults import at_every_write, failing


def _plans(cloud: Cloud, owner: str) -> list[set[str]]:
    """Return the usage plans of each of an owner's keys."""
    gateway = clients.client("apigateway")
    on = {
        name: {key["id"] for key in gateway.get_usage_plan_keys(usagePlanId=plan)["items"]}
        for name, plan in cloud.usage_plans.items()
    }
    return [{name for name, keys in on.items() if key.gateway_key_id in keys} for key in api_keys.list_active(owner)]


def _is_open(owner: str) -> bool:
    """Return True while the sweeper still has a change to finish."""
    return bool(list(PlanChangeRecord.query(item_keys.plan_change(owner)[0], PlanChangeRecord.sk == "PLAN")))


def _settled(cloud: Cloud, owner: str) -> None:
    """Run the sweeper every minute until the change is complete."""
    for _ in range(20):
        if not _is_open(owner):
            return
        cloud.advance(minutes=1)
        cloud.sweep()
    pytest.fail("the change never settles")


def test_a_key_is_created_on_its_owners_plan(cloud: Cloud) -> None:
    profiles.set_plan("alice", "business", cloud.now)
    api_keys.create("alice", "first", cloud.now)
    api_keys.create("bob", "first", cloud.now)
    assert (_plans(cloud, "alice"), _plans(cloud, "bob")) == ([{"business"}], [{"free"}])


def test_a_plan_change_moves_only_the_owners_keys(cloud: Cloud) -> None:
    keys = [api_keys.create("alice", name, cloud.now) for name in ("first", "second")]
    api_keys.create("mallory", "first", cloud.now)
    assert plan_changes.change("alice", "pro", cloud.now).plan == "pro"
    assert _plans(cloud, "alice") == [{"pro"}, {"pro"}]
    assert _plans(cloud, "mallory") == [{"free"}]
    plan_changes.change("alice", "pro", cloud.now)  # repeated
    assert _plans(cloud, "alice") == [{"pro"}, {"pro"}]
    plan_changes.change("alice", "free", cloud.now)
    assert _plans(cloud, "alice") == [{"free"}, {"free"}]
    assert all(api_keys.verify(key.token, "read", cloud.now) == "alice" for key in keys)
    _settled(cloud, "alice")
    assert _plans(cloud, "alice") == [{"free"}, {"free"}]


def test_the_sweeper_completes_a_change_killed_after_any_write(cloud: Cloud) -> None:
    """Between its removal from one plan and its addition to the other, the gateway refuses a key."""

    def prepare(number: int) -> None:
        api_keys.create(f"owner{number}", "first", cloud.now)

    def change(number: int) -> None:
        plan_changes.change(f"owner{number}", "pro", cloud.now)

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        assert _plans(cloud, f"owner{number}") == [{"pro"}]
        assert profiles.profile(f"owner{number}").plan == "pro"
        _settled(cloud, f"owner{number}")
        assert _plans(cloud, f"owner{number}") == [{"pro"}]

    # The change, two removals, one addition.
    assert at_every_write(prepare, change, sweep, check) == 4


def test_a_key_created_during_a_plan_change_follows(cloud: Cloud) -> None:
    """Its creation read the plan before the change, and it was listed after the keys had been moved."""
    plan_changes.change("alice", "pro", cloud.now)
    key = api_keys.create("alice", "late", cloud.now)
    gateway, moved = clients.client("apigateway"), key.record.gateway_key_id
    gateway.delete_usage_plan_key(usagePlanId=cloud.usage_plans["pro"], keyId=moved)
    gateway.create_usage_plan_key(usagePlanId=cloud.usage_plans["free"], keyId=moved, keyType="API_KEY")
    assert _plans(cloud, "alice") == [{"free"}]
    cloud.sweep()
    assert _plans(cloud, "alice") == [{"pro"}]
    _settled(cloud, "alice")


@pytest.mark.parametrize(("first", "second"), [("pro", "business"), ("business", "free")])
def test_the_last_of_two_changes_counts(cloud: Cloud, first: PlanName, second: PlanName) -> None:
    """AWS refuses to add a key that is already on another plan; the current plan is then read again."""
    api_keys.create("alice", "first", cloud.now)
    plan_changes.change("alice", first, cloud.now)
    cloud.advance(seconds=300)
    with failing("CreateUsagePlanKey", "ConflictException", 1) as seen:
        plan_changes.change("alice", second, cloud.now)
    assert len(seen) == 2
    assert _plans(cloud, "alice") == [{second}]
    cloud.advance(seconds=301)  # the first change would be complete by now
    cloud.sweep()
    assert _is_open("alice")
    _settled(cloud, "alice")
    assert _plans(cloud, "alice") == [{second}]


def test_plan_changes_ignore_revoked_keys_and_deleted_accounts(cloud: Cloud) -> None:
    key = api_keys.create("alice", "first", cloud.now)
    api_keys.create("alice", "second", cloud.now)
    profiles.set_plan("alice", "pro", cloud.now)
    api_keys.revoke("alice", key.record.id, cloud.now)
    cloud.sweep()
    assert _plans(cloud, "alice") == [{"pro"}]
    profiles.delete_account("alice", cloud.now)
    cloud.advance(minutes=2)
    cloud.sweep()
    assert not _is_open("alice")


def test_unknown_plans_and_deleted_accounts_are_refused(cloud: Cloud) -> None:
    with pytest.raises(BadRequestError):
        plan_changes.change("alice", "golden", cloud.now)  # type: ignore[arg-type]
    profiles.delete_account("alice", cloud.now)
    with pytest.raises(AccountDeletedError):
        plan_changes.change("alice", "pro", cloud.now)
    assert not _is_open("alice")
