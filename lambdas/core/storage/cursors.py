"""Pagination cursors: opaque to clients, and untrusted when they come back."""

import base64
import binascii

from common import table
from lambdas.core.errors import BadRequestError


def encode(position: str) -> str:
    """Return the URL-safe cursor for a position in a list."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """Return the position in a cursor, unchecked. Raises BadRequestError if it cannot be decoded."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise invalid_cursor() from error


def start_key(keys: tuple[str, str], owner: str, listed: str) -> dict[str, dict[str, str]]:
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
