"""Copy records from a restored table back into a stage's table.

DynamoDB and AWS Backup only restore into new tables. Copying items one by one keeps the stage's table with its stream,
indexes and permissions, and keeps records that are newer than the backup. Deletions of analyses and accounts and
revocations of API keys since then are not undone.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

from common.table import ANALYSIS, KEY, PARTITION_KEY, PLAN, PROFILE, SHARE, SLOTS, SORT_KEY, UPLOAD
from lambdas.core import clock
from lambdas.core.owners import profiles
from lambdas.core.storage import item_keys
from scripts.stage_outputs import DeployedError

Item = dict[str, Any]
NOTHING, MISSING, ALL = WRITES = ("nothing", "missing", "all")  # items to write
# Kinds of restored items by comparison with the stage's table.
SAME, LACKING, OTHER, ENDED, PASSING = KINDS = ("same", "missing", "different", "deleted", "temporary")
WRITTEN = {NOTHING: (), MISSING: (LACKING,), ALL: (LACKING, OTHER)}
# Prefixes of temporary items. A pending upload lasts an hour: written back, the sweeper would remove it as expired with
# its video, which may have been analyzed since. Requests and deliveries are counted for minutes. A place in the fair
# queue belongs to an attempt that may have run since: written back, it would get another slot and release the
# attempt's. The sweeper requeues queued records. A link may have been revoked, which leaves no record; owners create
# links again.
PASSING_KINDS = (UPLOAD, PLAN, SHARE, "REQUESTS#", "DELIVERIES", item_keys.WAITING_PREFIX)
# Attributes of a profile that keep their current values, so that sign-outs and rotated secrets are not undone.
CURRENT_ATTRIBUTES = (
    *("api_keys", "sessions_ended_at", "last_sign_in"),
    *("webhook_secret", "webhook_secret_before", "webhook_secret_before_until"),
)
ENDINGS = ("deleted_at", "deleting_since")  # attributes of deleted items
PROGRESS_INTERVAL = 1000  # items between two lines of progress


def restore(source: str, target: str, write: str, echo: Callable[[str], None] = lambda _: None) -> Counter[str]:
    """Compare the items of `source` with those of `target` and write some of them there; `write` is one of WRITES.

    Returns the number of items of each kind. It can be interrupted and repeated. Raises DeployedError when `source`
    is not a restored copy of `target`.
    """
    dynamodb = boto3.client("dynamodb")
    _check(dynamodb, source, target)
    is_deleted = cache(partial(_is_deleted, dynamodb, target))
    found: Counter[str] = Counter()
    for count, item in enumerate(_items(dynamodb, source), start=1):
        found[_restore_item(dynamodb, target, item, WRITTEN[write], is_deleted)] += 1
        if count % PROGRESS_INTERVAL == 0:
            echo(f"{count} items")
    return found


def _restore_item(
    dynamodb: Any, target: str, item: Item, written: tuple[str, ...], is_deleted: Callable[[str], bool]
) -> str:
    """Write an item if its kind is in `written`, retrying on concurrent changes; return its kind."""
    keys = {name: item[name] for name in (PARTITION_KEY, SORT_KEY)}
    while True:
        current = dynamodb.get_item(TableName=target, Key=keys, ConsistentRead=True).get("Item")
        item = _with_later_state(item, current)
        kind = _kind(item, current, is_deleted)
        if kind not in written:
            return kind
        if item[SORT_KEY]["S"] == PROFILE and item["plan"] != (current or {}).get("plan"):
            # Saved first, so that an interruption cannot lose it.
            profiles.plan_change(_owner(item), clock.now()).save()
        if _put(dynamodb, target, item, current):
            return kind


def _kind(item: Item, current: Item | None, is_deleted: Callable[[str], bool]) -> str:
    if item[SORT_KEY]["S"].startswith(PASSING_KINDS) or (item[SORT_KEY]["S"] == SLOTS and current is not None):
        return PASSING
    if current == item:
        return SAME
    if any(name in (current or {}) for name in ENDINGS) or is_deleted(_owner(item)):
        return ENDED
    if current is None:
        return LACKING
    return ENDED if current.get("status") == {"S": "revoked"} else OTHER


def _owner(item: Item) -> str:
    """Return an item's owner; empty for the stage's own items."""
    return str(item["owner"]["S"] if "owner" in item else item[PARTITION_KEY]["S"].partition("#")[2])


def _is_deleted(dynamodb: Any, table: str, owner: str) -> bool:
    """Return True for an owner whose account was deleted."""
    pk, sk = item_keys.owner(owner)
    found = dynamodb.get_item(TableName=table, Key={PARTITION_KEY: {"S": pk}, SORT_KEY: {"S": sk}}, ConsistentRead=True)
    return "deleting_since" in found.get("Item", {})


def _with_later_state(item: Item, current: Item | None) -> Item:
    """Return an item with the current values of secrets, sessions and counters.

    A monthly count that was set back would let owners exceed their plan, and the stage its ceiling.
    """
    if item[SORT_KEY]["S"] == ANALYSIS:  # links are not restored, so their number is the current one
        unshared = {name: value for name, value in item.items() if name != "shares"}
        return unshared | {name: value for name, value in (current or {}).items() if name == "shares"}
    if current is None:
        return item
    if item[SORT_KEY]["S"] == PROFILE:
        return {**item, **{name: value for name, value in current.items() if name in CURRENT_ATTRIBUTES}}
    if item[SORT_KEY]["S"] == KEY and "rotated_at" in current:
        return {**item, "secret_hash": current["secret_hash"], "rotated_at": current["rotated_at"]}
    if not item[SORT_KEY]["S"].startswith(item_keys.QUOTA_PREFIX):
        return item
    later = {
        name: value
        for name, value in current.items()
        if "N" in value and float(value["N"]) > float(item.get(name, {"N": "0"})["N"])
    }
    return item | later


def _check(dynamodb: Any, source: str, target: str) -> None:
    if source == target:
        raise DeployedError(f"{source} is the stage's own table; give the name of the restored one")
    try:
        found = dynamodb.describe_table(TableName=source)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException as error:
        raise DeployedError(f"table {source} not found") from error
    if found["TableStatus"] != "ACTIVE":
        raise DeployedError(f"table {source} is {found['TableStatus']}; wait until it is ACTIVE")
    if found["KeySchema"] != dynamodb.describe_table(TableName=target)["Table"]["KeySchema"]:
        raise DeployedError(f"table {source} is not a copy of {target}: their keys differ")


def _items(dynamodb: Any, table: str) -> Iterator[Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _put(dynamodb: Any, target: str, item: Item, current: Item | None) -> bool:
    """Replace the item that was read; return False, without writing, when it has changed since."""
    try:
        dynamodb.put_item(TableName=target, Item=item, **_unchanged(current or {}))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _unchanged(current: Item) -> dict[str, Any]:
    """Return the condition of a write that the item has not changed since it was read, nor ended, nor appeared."""
    absent = [name for name in (*ENDINGS, PARTITION_KEY) if name not in current]
    names = {f"#a{at}": name for at, name in enumerate((*current, *absent))}
    values = {f":a{at}": value for at, value in enumerate(current.values())}
    terms = [
        f"{place} = :{place[1:]}" if name in current else f"attribute_not_exists({place})"
        for place, name in names.items()
    ]
    condition = {"ConditionExpression": " AND ".join(terms), "ExpressionAttributeNames": names}
    return condition | ({"ExpressionAttributeValues": values} if values else {})
