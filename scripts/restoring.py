"""Way back of records from a table that DynamoDB restored into the table of a stage, which stays the stack's own.

DynamoDB and AWS Backup restore into a new table only. Its items are written into the stage's table one by one, so
streams, indexes and permissions stay what they are, and what came after the moment of the restored table is not lost.
Nor is what ended after it undone: who deleted an analysis or an account, or revoked a key, has that done for good.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambdas.core import clock
from lambdas.core.owners import profiles
from lambdas.core.storage import item_keys
from scripts.deployed import DeployedError

Item = dict[str, Any]
NOTHING, MISSING, ALL = WRITES = ("nothing", "missing", "all")  # which items are written
# Kinds of items of a restored table, as compared with the stage's own.
SAME, LACKING, OTHER, ENDED, PASSING = KINDS = ("same", "missing", "different", "ended", "passing")
WRITTEN = {NOTHING: (), MISSING: (LACKING,), ALL: (LACKING, OTHER)}
# An upload's waiting is over within the hour. Written back, it would be removed by the sweeper as one that nobody had
# analyzed, with its video, which may have been analyzed since.
# Requests and deliveries are counted for minutes. A place in the fair queue belongs to an attempt that may have run
# since: it would be given another slot, and free that of the attempt. The sweeper has queued records wait again.
PASSING_KINDS = ("UPLOAD", "PLAN", "REQUESTS#", "DELIVERIES", item_keys.WAITING_PREFIX)
# Of a profile: set back, a sign-out or the rotation of a secret would be undone.
KEPT = (
    *("api_keys", "sessions_ended_at", "last_sign_in"),
    *("webhook_secret", "webhook_secret_before", "webhook_secret_before_until"),
)
ENDINGS = ("deleted_at", "deleting_since")  # attributes of what has been deleted
EVERY = 1000  # items between two lines of progress


def restore(source: str, target: str, write: str, say: Callable[[str], None] = lambda _: None) -> Counter[str]:
    """Compare the items of `source` with those of `target`, and write some of them there: `write` is one of WRITES.

    Returns how many there were of each kind. May be interrupted and begun again. Raises DeployedError where `source`
    is no restored copy of `target`.
    """
    dynamodb = boto3.client("dynamodb")
    _check(dynamodb, source, target)
    is_deleted = cache(partial(_is_deleted, dynamodb, target))
    found: Counter[str] = Counter()
    for count, item in enumerate(_items(dynamodb, source), start=1):
        found[_bring_back(dynamodb, target, item, WRITTEN[write], is_deleted)] += 1
        if count % EVERY == 0:
            say(f"{count} items")
    return found


def _bring_back(
    dynamodb: Any, target: str, item: Item, written: tuple[str, ...], is_deleted: Callable[[str], bool]
) -> str:
    """Write an item where its kind is to be written, unless somebody changed it in between; return its kind."""
    keys = {name: item[name] for name in ("pk", "sk")}
    while True:
        current = dynamodb.get_item(TableName=target, Key=keys, ConsistentRead=True).get("Item")
        item = _with_later_state(item, current)
        kind = _kind(item, current, is_deleted)
        if kind not in written:
            return kind
        if item["sk"]["S"] == "OWNER" and item["plan"] != (current or {}).get("plan"):
            profiles.plan_change(_owner(item), clock.now()).save()  # first: twice is better than never
        if _put(dynamodb, target, item, current):
            return kind


def _kind(item: Item, current: Item | None, is_deleted: Callable[[str], bool]) -> str:
    if item["sk"]["S"].startswith(PASSING_KINDS) or (item["sk"]["S"] == "SLOTS" and current is not None):
        return PASSING
    if current == item:
        return SAME
    if any(name in (current or {}) for name in ENDINGS) or is_deleted(_owner(item)):
        return ENDED
    if current is None:
        return LACKING
    return ENDED if current.get("status") == {"S": "revoked"} else OTHER


def _owner(item: Item) -> str:
    """Return whose item it is; empty for the stage's own."""
    return str(item["owner"]["S"] if "owner" in item else item["pk"]["S"].partition("#")[2])


def _is_deleted(dynamodb: Any, table: str, owner: str) -> bool:
    """Return True for an owner whose account has been deleted."""
    pk, sk = item_keys.owner(owner)
    found = dynamodb.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
    return "deleting_since" in found.get("Item", {})


def _with_later_state(item: Item, current: Item | None) -> Item:
    """Return an item with what was counted since, of a month and of an owner's keys, and with secrets as they are now.

    A month's counts that are set back would let owners start more than their plan holds, and the stage more than its
    ceiling.
    """
    if current is None:
        return item
    if item["sk"]["S"] == "OWNER":
        return {**item, **{name: value for name, value in current.items() if name in KEPT}}
    if item["sk"]["S"] == "KEY" and "rotated_at" in current:
        return {**item, "secret_hash": current["secret_hash"], "rotated_at": current["rotated_at"]}
    if not item["sk"]["S"].startswith(item_keys.QUOTA_PREFIX):
        return item
    later = {
        name: value
        for name, value in current.items()
        if "N" in value and float(value["N"]) > float(item.get(name, {"N": "0"})["N"])
    }
    return item | later


def _check(dynamodb: Any, source: str, target: str) -> None:
    if source == target:
        raise DeployedError(f"{source} is the stage's own table; name the one that was restored")
    try:
        found = dynamodb.describe_table(TableName=source)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException as error:
        raise DeployedError(f"there is no table {source}") from error
    if found["TableStatus"] != "ACTIVE":
        raise DeployedError(f"table {source} is {found['TableStatus']}; wait until it is ACTIVE")
    if found["KeySchema"] != dynamodb.describe_table(TableName=target)["Table"]["KeySchema"]:
        raise DeployedError(f"table {source} has other keys than {target}: it is no copy of it")


def _items(dynamodb: Any, table: str) -> Iterator[Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _put(dynamodb: Any, target: str, item: Item, current: Item | None) -> bool:
    """Write an item over the one that was read. Returns False, and writes nothing, where that has changed since."""
    try:
        dynamodb.put_item(TableName=target, Item=item, **_unchanged(current or {}))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _unchanged(current: Item) -> dict[str, Any]:
    """Return the condition of a write that the item is still what was read, with no ending; or still not there."""
    absent = [name for name in (*ENDINGS, "pk") if name not in current]
    names = {f"#a{at}": name for at, name in enumerate((*current, *absent))}
    values = {f":a{at}": value for at, value in enumerate(current.values())}
    terms = [
        f"{place} = :{place[1:]}" if name in current else f"attribute_not_exists({place})"
        for place, name in names.items()
    ]
    condition = {"ConditionExpression": " AND ".join(terms), "ExpressionAttributeNames": names}
    return condition | ({"ExpressionAttributeValues": values} if values else {})
