"""Verification of webhook events: their signature and age."""

import hashlib
import hmac
import time

from pydantic import ValidationError

from video_sentiment_client.errors import SignatureError
from video_sentiment_client.models import Event

SIGNATURE_HEADER = "VideoSentiment-Signature"
TOLERANCE = 300.0  # seconds


def parse_event(body: bytes | str, signature: str, secret: str, *, tolerance: float = TOLERANCE) -> Event:
    """Verify a request's signature and return its event. Raises SignatureError.

    `body` as it came, before any JSON parser; `signature`: the header `VideoSentiment-Signature`; `tolerance`: the age
    in seconds that an event may have.
    """
    raw = body.encode() if isinstance(body, str) else body
    verify_signature(raw, signature, secret, tolerance=tolerance)
    try:
        return Event.model_validate_json(raw)
    except ValidationError as error:
        raise SignatureError("the signature is right, but the body is no event") from error


def verify_signature(body: bytes, signature: str, secret: str, *, tolerance: float = TOLERANCE) -> None:
    """Check a signature, `t=SECONDS,v1=HEX`, with a `v1` for each valid secret. Raises SignatureError."""
    parts = [part.partition("=")[::2] for part in signature.split(",")]
    timestamp = next((value for name, value in parts if name == "t"), "")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise SignatureError(f"the header {SIGNATURE_HEADER} is missing or not in its form")
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    given = [value.encode() for name, value in parts if name == "v1"]
    if not any(hmac.compare_digest(expected, value) for value in given):
        raise SignatureError("the event was not signed with this secret")
    if abs(time.time() - int(timestamp)) > tolerance:
        raise SignatureError(f"the event is more than {tolerance:g} seconds old, or its clock is ahead")
