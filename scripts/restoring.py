"""Way back of records from a table that DynamoDB restored into the table of a stage, which stays the stack's own.

DynamoDB restores into a new table only. Its items are written into the stage's table one by one, so streams, indexes
and permissions stay what they are, and what came after the moment of the restored table is not lost.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from scripts.deployed import DeployedError

Item = dict[str, Any]
NOTHING, MISSING, ALL = WRITES = ("nothing", "missing", "all")  # which items are written
EVERY = 1000  # items between two lines of progress


@dataclass
class Restored:
    """Items of a restored table: those that the stage's table lacks, has as they are, and has otherwise."""

    missing: int = 0
    same: int = 0
    other: int = 0


def restore(source: str, target: str, write: str, say: Callable[[str], None] = lambda _: None) -> Restored:
    """Compare the items of `source` with those of `target`, and write some of them there: `write` is one of WRITES.

    May be interrupted and begun again. Raises DeployedError where `source` is no restored copy of `target`.
    """
    dynamodb = boto3.client("dynamodb")
    _check(dynamodb, source, target)
    found = Restored()
    for count, item in enumerate(_items(dynamodb, source), start=1):
        keys = {name: item[name] for name in ("pk", "sk")}
        current = dynamodb.get_item(TableName=target, Key=keys, ConsistentRead=True).get("Item")
        if current == item:
            found.same += 1
        elif current is None:
            found.missing += 1
            if write in (MISSING, ALL):
                _put_missing(dynamodb, target, item)
        else:
            found.other += 1
            if write == ALL:
                dynamodb.put_item(TableName=target, Item=item)
        if count % EVERY == 0:
            say(f"{count} items")
    return found


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


def _put_missing(dynamodb: Any, table: str, item: Item) -> None:
    """Write an item unless somebody wrote it in the meantime."""
    try:
        dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
