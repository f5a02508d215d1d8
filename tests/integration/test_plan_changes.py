"""API keys follow their owner's billing plan, whoever is killed on the way and whatever comes twice."""

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
    """The usage plans of each of an owner's keys."""
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
    """Have the sweeper run as it does, each minute, until it no longer looks after the change."""
    for _ in range(20):
        if not _is_open(owner):
            return
        cloud.later(minutes=1)
        cloud.sweep()
    pytest.fail("the change never settles")


def test_a_key_is_made_on_its_owners_plan(cloud: Cloud) -> None:
    profiles.set_plan("alice", "business", cloud.now)
    api_keys.create("alice", "first", cloud.now)
    api_keys.create("bob", "first", cloud.now)
    assert (_plans(cloud, "alice"), _plans(cloud, "bob")) == ([{"business"}], [{"free"}])


def test_all_keys_move_and_nobody_elses(cloud: Cloud) -> None:
    keys = [api_keys.create("alice", name, cloud.now) for name in ("first", "second")]
    api_keys.create("mallory", "first", cloud.now)
    assert plan_changes.change("alice", "pro", cloud.now).plan == "pro"
    assert _plans(cloud, "alice") == [{"pro"}, {"pro"}]
    assert _plans(cloud, "mallory") == [{"free"}]
    plan_changes.change("alice", "pro", cloud.now)  # the command is given twice
    assert _plans(cloud, "alice") == [{"pro"}, {"pro"}]
    plan_changes.change("alice", "free", cloud.now)
    assert _plans(cloud, "alice") == [{"free"}, {"free"}]
    assert all(api_keys.verify(key.token, "read", cloud.now) == "alice" for key in keys)
    _settled(cloud, "alice")
    assert _plans(cloud, "alice") == [{"free"}, {"free"}]


def test_killed_after_any_write_the_sweeper_goes_on(cloud: Cloud) -> None:
    """Taken off the old plan and not yet on the new one, a key is refused by the gateway."""

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

    # The change; off two plans; on the third.
    assert at_every_write(prepare, change, sweep, check) == 4


def test_a_key_that_was_being_made_with_the_plan_of_before_follows(cloud: Cloud) -> None:
    """Its creation read the plan before the change, and its record was listed after the keys had moved."""
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
def test_of_two_changes_the_last_one_counts(cloud: Cloud, first: PlanName, second: PlanName) -> None:
    """AWS refuses a key that is on another plan already: who finds it there looks what the plan is now."""
    api_keys.create("alice", "first", cloud.now)
    plan_changes.change("alice", first, cloud.now)
    cloud.later(seconds=300)
    with failing("CreateUsagePlanKey", "ConflictException", 1) as seen:
        plan_changes.change("alice", second, cloud.now)
    assert len(seen) == 2
    assert _plans(cloud, "alice") == [{second}]
    cloud.later(seconds=301)  # the first change would have been over by now
    cloud.sweep()
    assert _is_open("alice")
    _settled(cloud, "alice")
    assert _plans(cloud, "alice") == [{second}]


def test_a_revoked_key_and_a_deleted_account_are_no_obstacle(cloud: Cloud) -> None:
    key = api_keys.create("alice", "first", cloud.now)
    api_keys.create("alice", "second", cloud.now)
    profiles.set_plan("alice", "pro", cloud.now)
    api_keys.revoke("alice", key.record.id, cloud.now)
    cloud.sweep()
    assert _plans(cloud, "alice") == [{"pro"}]
    profiles.delete_account("alice", cloud.now)
    cloud.later(minutes=2)
    cloud.sweep()
    assert not _is_open("alice")


def test_a_plan_that_is_none_or_an_account_that_ends_changes_nothing(cloud: Cloud) -> None:
    with pytest.raises(BadRequestError):
        plan_changes.change("alice", "golden", cloud.now)  # type: ignore[arg-type]
    profiles.delete_account("alice", cloud.now)
    with pytest.raises(AccountDeletedError):
        plan_changes.change("alice", "pro", cloud.now)
    assert not _is_open("alice")
