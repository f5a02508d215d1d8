"""Signature that proves to a receiver that an event is ours and fresh; docs/webhooks.md shows its verification."""

import hashlib
import hmac

SIGNATURE_HEADER = "VideoSentiment-Signature"
EVENT_ID_HEADER = "VideoSentiment-Event-Id"


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """The signature header's value: `t=SECONDS,v1=HEX`, an HMAC-SHA256 over `SECONDS.BODY`.

    The time is signed too, so that nobody can send an old event again as a new one.
    """
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"
