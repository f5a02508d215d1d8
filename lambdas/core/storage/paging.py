"""Pages of the lists of an owner, newest first. Their cursors are opaque to clients, and untrusted when they return."""

import base64
import binascii
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from pynamodb.expressions.condition import Condition

from common import table
from lambdas.core.errors import BadRequestError
from lambdas.core.storage.tables import Item

RecordT = TypeVar("RecordT", bound=Item)
Position = dict[str, dict[str, str]]  # key in the index `by_owner`


class Page(NamedTuple, Generic[RecordT]):
    """Page of a list."""

    records: list[RecordT]
    cursor: str | None  # of the next page; None on the last


def page(
    model: type[RecordT],
    owner: str,
    prefix: str,
    limit: int,
    *,
    after: Position | None,
    position: Callable[[RecordT], str],
    condition: Condition | None = None,
    read: int | None = None,
) -> Page[RecordT]:
    """Return a page of an owner's items whose `listed` begins with `prefix`. Eventually consistent.

    `after`: where it continues, by `start_key`; `position`: what the cursor holds of the last record. `read`: items
    read at a time, if `condition` may drop most of them.
    """
    found = model.by_owner.query(
        owner,
        model.listed.startswith(prefix),
        filter_condition=condition,
        scan_index_forward=False,
        limit=limit,
        page_size=read or limit,
        last_evaluated_key=after,
    )
    records: list[RecordT] = list(found)
    return Page(records, encode(position(records[-1])) if found.last_evaluated_key and records else None)


def encode(position: str) -> str:
    """Return the URL-safe cursor for a position in a list."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """Return the position in a cursor, unchecked. Raises BadRequestError if it cannot be decoded."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise invalid_cursor() from error


def start_key(keys: tuple[str, str], owner: str, listed: str) -> Position:
    """Return the key after which a query of the index `by_owner` continues; `keys` are those of the item there."""
    pk, sk = keys
    return {
        table.PARTITION_KEY: {"S": pk},
        table.SORT_KEY: {"S": sk},
        table.OWNER: {"S": owner},
        table.LISTED: {"S": listed},
    }


def invalid_cursor() -> BadRequestError:
    """Return the error for a cursor that is not a position in the list."""
    return BadRequestError("Invalid cursor. Use the `cursor` of the previous page.")
