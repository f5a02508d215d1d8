"""Signature that proves to a receiver that an event is ours and fresh; docs/webhooks.md shows its verification."""

import hashlib
import hmac
from collections.abc import Sequence

SIGNATURE_HEADER = "VideoSentiment-Signature"
EVENT_ID_HEADER = "VideoSentiment-Event-Id"


def sign(secrets: Sequence[str], body: bytes, timestamp: int) -> str:
    """The signature header's value: `t=SECONDS,v1=HEX`, an HMAC-SHA256 over `SECONDS.BODY`; a `v1` for each secret.

    The time is signed too, so that nobody can send an old event again as a new one. The current secret's signature
    comes last: that is the one which receivers take that expect a single one.
    """
    signed = f"{timestamp}.".encode() + body
    signatures = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])
