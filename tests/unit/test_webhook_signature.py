"""Webhook signature, verified with the code snippets of docs/webhooks.md, which run unchanged."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.webhook.signature import sign

DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET = "whsec_0123456789"
BODY = '{"text":"schön 🙂"}'.encode()

Check = Callable[[str, str, bytes], bool]


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def python_check() -> Check:
    names: dict[str, object] = {}
    exec(snippet("python"), names)
    check = names["is_genuine"]
    assert callable(check)
    return lambda secret, signature, body: bool(check(secret, signature, body))


def node_check() -> Check:
    program = snippet("javascript") + (
        "const [secret, signature, body] = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));"
        "console.log(isGenuine(secret, signature, Buffer.from(body, 'base64')));"
    )

    def check(secret: str, signature: str, body: bytes) -> bool:
        import base64

        given = json.dumps([secret, signature, base64.b64encode(body).decode()])
        run = subprocess.run(["node", "-e", program], input=given, capture_output=True, text=True, check=True)
        return run.stdout.strip() == "true"

    return check


@pytest.fixture(params=["python", "javascript"])
def check(request: pytest.FixtureRequest) -> Check:
    if request.param == "javascript" and shutil.which("node") is None:
        pytest.skip("no Node here")
    return python_check() if request.param == "python" else node_check()


def test_signed_events_are_verified(check: Check) -> None:
    assert check(SECRET, sign([SECRET], BODY, int(time.time())), BODY)


def test_either_of_two_valid_secrets_verifies_an_event(check: Check) -> None:
    signature = sign(["whsec_before", "whsec_now"], BODY, int(time.time()))
    assert check("whsec_before", signature, BODY)
    assert check("whsec_now", signature, BODY)
    assert not check("whsec_other", signature, BODY)
    assert not check("whsec_now", signature, BODY + b" ")


def test_receivers_of_a_single_signature_get_the_current_secrets() -> None:
    """Receivers written to earlier docs keep the last value of a repeated name."""
    signature = sign(["whsec_before", "whsec_now"], BODY, 1795512600)
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    assert f"t=1795512600,v1={parts['v1']}" == sign(["whsec_now"], BODY, 1795512600)


def test_changed_and_old_events_are_refused(check: Check) -> None:
    now = int(time.time())
    good = sign([SECRET], BODY, now)
    wrong = [
        ("whsec_other", good, BODY),
        (SECRET, good, BODY + b" "),
        (SECRET, good.replace(f"t={now}", f"t={now + 1}"), BODY),
        (SECRET, sign([SECRET], BODY, now - 301), BODY),
        (SECRET, sign([SECRET], BODY, now + 400), BODY),
        (SECRET, good[:-1], BODY),
        (SECRET, good.partition(",")[0], BODY),
        (SECRET, "", BODY),
        (SECRET, "t=,v1=", BODY),
        (SECRET, "t=x,v1=é", BODY),
    ]
    for secret, signature, body in wrong:
        assert not check(secret, signature, body), signature


@given(st.text(), st.binary(), st.integers(0, 2**40))
def test_the_header_has_the_documented_format(secret: str, body: bytes, timestamp: int) -> None:
    assert re.fullmatch(rf"t={timestamp},v1=[0-9a-f]{{64}}", sign([secret], body, timestamp))


def test_a_signature_computed_with_openssl() -> None:
    """`printf '1795512600.{}' | openssl dgst -sha256 -hmac whsec_test`."""
    expected = "619398dbbc902774ace2c0b677a39a2c44ce3224ad5ab4eac912bb39d370e019"
    assert sign(["whsec_test"], b"{}", 1795512600) == f"t=1795512600,v1={expected}"
