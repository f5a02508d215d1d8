"""Cursors of lists: opaque to clients, who may send anything in their place."""

import base64
import binascii

from lambdas.core.errors import BadRequestError


def encode(place: str) -> str:
    """Return the cursor for a place in a list, in characters that need no escaping in a URL."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """Return the place that a cursor says, whatever it is. Raises BadRequestError for one that says none."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise refused() from error


def refused() -> BadRequestError:
    """The error for a cursor that says no place in the list."""
    return BadRequestError("the cursor is not one that a page ended with")
