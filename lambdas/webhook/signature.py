"""Signature of webhook events, by which receivers verify origin and freshness as shown in docs/webhooks.md."""

import hashlib
import hmac
from collections.abc import Sequence

SIGNATURE_HEADER = "VideoSentiment-Signature"
EVENT_ID_HEADER = "VideoSentiment-Event-Id"


def sign(secrets: Sequence[str], body: bytes, timestamp: int) -> str:
    """Return the value of the signature header: `t=SECONDS,v1=HEX`, an HMAC-SHA256 over `SECONDS.BODY`.

    There is one `v1` per secret, the current secret's last: receivers that expect a single signature read the last
    one. The timestamp is signed as well, which prevents replay attacks.
    """
    signed = f"{timestamp}.".encode() + body
    signatures = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])
