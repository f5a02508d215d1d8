"""Check that a request's path is in its normal form, which every program reads in the same way.

Two programs that read a path in two ways (one decodes `%2e%2e`, another resolves `..`) can be led around each other's
rules. Nothing is mended here, therefore: a path that is not in its normal form (RFC 3986, 6.2.2) is refused, and so is
one with an encoded character that ends or means a segment for somebody.
"""

import re
from urllib.parse import unquote_to_bytes

# RFC 3986: a path of segments of pchar; a segment may be empty at the end alone.
SEGMENTS = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*/?")
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NEVER = frozenset(b"/\\%").union(range(0x20), [0x7F])  # encoded: a separator, a second encoding, a control character


def is_normal(path: bytes) -> bool:
    """Return True when a path, as received, is in its normal form and cannot be read in two ways."""
    if SEGMENTS.fullmatch(path) is None or path == b"":
        return False
    escaped = {int(digits, 16) for digits in ESCAPE.findall(path)}
    if escaped & (NEVER | UNRESERVED) or {b".", b".."} & set(path.split(b"/")):
        return False
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
