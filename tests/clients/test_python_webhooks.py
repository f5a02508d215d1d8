"""Events as the product signs them, read by the Python client."""

import json
import time
from typing import Any

import pytest

from lambdas.webhook.signature import sign
from video_sentiment_client import SignatureError, parse_event

SECRET = "whsec_0123456789"
EVENT: dict[str, Any] = {"id": "evt_test_1", "type": "webhook.test", "createdAt": "2026-11-24T09:30:00Z", "data": {}}
BODY = json.dumps(EVENT | {"text": "schön 🙂"}, ensure_ascii=False).encode()
NOW = int(time.time())


def test_a_genuine_event_is_read() -> None:
    event = parse_event(BODY, sign([SECRET], BODY, NOW), SECRET)
    assert (event.id, event.type, event.analysis) == ("evt_test_1", "webhook.test", None)
    assert parse_event(BODY.decode(), sign([SECRET], BODY, NOW), SECRET) == event


@pytest.mark.parametrize("secret", ["whsec_before", "whsec_now"])
def test_while_two_secrets_are_valid_either_proves_it(secret: str) -> None:
    assert parse_event(BODY, sign(["whsec_before", "whsec_now"], BODY, NOW), secret).id == "evt_test_1"


@pytest.mark.parametrize(
    ("signature", "body", "message"),
    [
        (sign(["whsec_other"], BODY, NOW), BODY, "not signed with this secret"),
        (sign([SECRET], BODY, NOW), BODY + b" ", "not signed with this secret"),
        (sign([SECRET], BODY, NOW)[:-1], BODY, "not signed with this secret"),
        (sign([SECRET], BODY, NOW).partition(",")[0], BODY, "not signed with this secret"),
        (sign([SECRET], BODY, NOW - 400), BODY, "seconds old"),
        (sign([SECRET], BODY, NOW + 400), BODY, "ahead"),
        (f"t={NOW},v1=é", BODY, "not signed"),
        ("", BODY, "missing"),
        ("t=x,v1=", BODY, "missing"),
        ("t=١,v1=", BODY, "missing"),
        (sign([SECRET], b"[]", NOW), b"[]", "no event"),
    ],
)
def test_what_is_changed_old_or_no_event_is_refused(signature: str, body: bytes, message: str) -> None:
    with pytest.raises(SignatureError, match=message):
        parse_event(body, signature, SECRET)


def test_the_age_may_be_limited() -> None:
    signature = sign([SECRET], BODY, NOW - 60)
    assert parse_event(BODY, signature, SECRET)
    with pytest.raises(SignatureError, match="more than 30 seconds"):
        parse_event(BODY, signature, SECRET, tolerance=30)
