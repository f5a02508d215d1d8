"""Check that a request's path is in normal form, so that all programs interpret it in the same way.

If two programs interpret a path differently (one decodes `%2e%2e`, another resolves `..`), the rules of one can be
bypassed through the other. So paths are never normalized here: one that is not in normal form (RFC 3986, 6.2.2) is
refused, and so is one with an encoded character that some program treats as a separator.
"""

import re
from urllib.parse import unquote_to_bytes

# RFC 3986: segments of pchar; only the last one may be empty.
SEGMENTS = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*/?")
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Characters that must not be encoded: separators, a second encoding, control characters.
FORBIDDEN = frozenset(b"/\\%").union(range(0x20), [0x7F])


def is_normal(path: bytes) -> bool:
    """Return True when a path, as received, is in normal form and unambiguous."""
    if SEGMENTS.fullmatch(path) is None or path == b"":
        return False
    escaped = {int(digits, 16) for digits in ESCAPE.findall(path)}
    if escaped & (FORBIDDEN | UNRESERVED) or {b".", b".."} & set(path.split(b"/")):
        return False
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
