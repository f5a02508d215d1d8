"""The end of an account: everything of it goes, of its neighbours nothing."""

import pytest

from lambdas.core import analyses, api_keys, aws, item_keys, owners
from lambdas.core.errors import UnauthorizedError
from lambdas.core.tables import AnalysisRecord, Item
from tests.integration.cloud import MEDIA, RESULTS, Cloud


def test_an_account_ends_without_a_trace(cloud: Cloud) -> None:
    user = aws.client("cognito-idp").admin_create_user(UserPoolId=cloud.user_pool, Username="alice")["User"]["Username"]
    owners.ensure(user, "alice@example.com", cloud.now)
    owners.set_plan(user, "business", cloud.now)
    owners.set_webhook(user, "https://example.com/hook", cloud.now)
    owners.delete_example(user, cloud.now)
    key = api_keys.create(user, "mine", cloud.now)
    cloud.completed(user), cloud.failed(user), cloud.processing(user)
    deleted = cloud.completed(user)
    analyses.delete(user, deleted.id, cloud.now)
    cloud.upload(user)
    cloud.take_drop(cloud.drop(f"drop/{user}/a.mp4"))
    cloud.flow()
    neighbour = cloud.completed(f"{user}-too")
    owners.delete_account(user, cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.later(seconds=300)
    cloud.later(hours=2)
    cloud.sweep()
    assert {name for name in cloud.versions(MEDIA) if user + "/" in name} == set()
    assert set(cloud.versions(MEDIA)) == {neighbour.object_key, f"inputs/{neighbour.id}/1.mp4"}
    assert [name for name in cloud.versions(RESULTS) if not name.startswith("outputs/")] == [neighbour.result_key]
    assert cloud.emulator.client("cognito-idp").list_users(UserPoolId=cloud.user_pool)["Users"] == []
    assert aws.client("apigateway").get_api_keys()["items"] == []
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, cloud.now)
    left = [item for item in Item.scan(consistent_read=True) if item.owner == user or item.pk.endswith(f"#{user}")]
    assert all(item.ttl is not None and item.due_at is None for item in left)
    profile = owners.find(user)
    assert profile is not None
    known = {name for name, value in profile.attribute_values.items() if value}
    assert not {"email", "webhook_url", "webhook_secret", "example_deleted"} & known
    assert sorted({item.sk for item in left}) == ["ANALYSIS", "KEY", "OWNER"]


def test_what_slips_in_while_an_account_ends_is_found(cloud: Cloud) -> None:
    """A request that had passed its checks writes after the first look."""
    owners.ensure("alice", None, cloud.now)
    owners.delete_account("alice", cloud.now)
    cloud.sweep()
    late = cloud.queued("bob")
    late.update(actions=[AnalysisRecord.owner.set("alice")])
    cloud.later(seconds=600)
    cloud.sweep()
    assert cloud.read(late).purged
    pk, sk = item_keys.owner("alice")
    assert Item.get(pk, sk, consistent_read=True).due_at is not None  # it looks again
