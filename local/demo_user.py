"""The demo user of the web app and an API key, created through the real sign-in and API and kept for later starts."""

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from local.deployment import Outputs
from local.emulator import client
from local.errors import LocalError
from local.files import write_atomic
from local.origin.cognito import CONTENT_TYPE, SERVICE
from local.settings import LocalSettings
from local.srp import sign_in

EMAIL = "demo@example.com"
KEY_NAME = "make up"
API_TIMEOUT = 120.0  # seconds until the API has to answer


@dataclass(frozen=True)
class DemoUser:
    """User account of a new local product. `owner` is also the name of its drop folder."""

    email: str
    password: str
    owner: str
    api_key: str


async def ensure(settings: LocalSettings, outputs: Outputs) -> DemoUser:
    """Return the demo user, creating it at the first start. Raises LocalError when the API does not issue a key."""
    path = settings.state / "demo.json"
    async with httpx.AsyncClient(base_url=settings.web_address, trust_env=False, timeout=60) as web:
        known = _read(path.read_text()) if path.exists() else None
        if known is not None and await _works(web, known.api_key):
            return known
        password = known.password if known else f"Demo-{secrets.token_urlsafe(12)}-1"
        owner = await asyncio.to_thread(_create, settings, outputs, password)
        token = await asyncio.to_thread(_sign_in, settings, outputs, password)
        user = DemoUser(EMAIL, password, owner, await _new_key(web, token))
    write_atomic(path, json.dumps(asdict(user), indent=2), mode=0o600)
    return user


def _create(settings: LocalSettings, outputs: Outputs, password: str) -> str:
    """Create the user unless it exists, set this password, switch off its second factor; return its id."""
    cognito = client(settings, "cognito-idp")
    user: dict[str, Any] = {"UserPoolId": outputs.user_pool_id, "Username": EMAIL}
    verified = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(**user, UserAttributes=verified, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    cognito.admin_set_user_mfa_preference(**user, SoftwareTokenMfaSettings={"Enabled": False})
    attributes = {a["Name"]: a["Value"] for a in cognito.admin_get_user(**user)["UserAttributes"]}
    return str(attributes["sub"])


def _sign_in(settings: LocalSettings, outputs: Outputs, password: str) -> str:
    """Sign in as the web app does, through the origin and without sending the password; return the ID token."""
    with httpx.Client(base_url=settings.web_address, trust_env=False, timeout=30) as web:

        def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            headers = {"x-amz-target": f"{SERVICE}{operation}", "content-type": CONTENT_TYPE}
            answer = web.post("/cognito/", headers=headers, content=json.dumps(parameters))
            if answer.is_error:
                raise LocalError(f"the demo user could not sign in: {answer.status_code} {answer.text[:300]}")
            found: dict[str, Any] = answer.json()
            return found

        return sign_in(call, outputs.user_pool_id, outputs.user_pool_client_id, EMAIL, password)["IdToken"]


async def _works(web: httpx.AsyncClient, key: str) -> bool:
    """Return True when the API accepts the key, False when it was revoked or its record was lost.

    Raises LocalError on other errors of the API.
    """
    answer = await _ask(web, "GET", "/api/usage", key)
    if answer.status_code in (401, 403):
        return False
    if answer.is_error:
        raise LocalError(f"the API failed: {answer.status_code} {answer.text[:300]}")
    return True


async def _new_key(web: httpx.AsyncClient, token: str) -> str:
    answer = await _ask(web, "POST", "/app/keys", token, {"name": KEY_NAME})
    if answer.is_error:
        raise LocalError(f"the API did not create a key: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["token"])


async def _ask(web: httpx.AsyncClient, method: str, path: str, token: str, body: object = None) -> httpx.Response:
    """Send a request, retrying gateway errors for API_TIMEOUT seconds: on a busy machine the first may time out."""
    headers = {"Authorization": f"Bearer {token}"}
    end = time.monotonic() + API_TIMEOUT
    while True:
        answer = await web.request(method, path, headers=headers, json=body)
        if answer.status_code not in (502, 503, 504) or time.monotonic() > end:
            return answer


def _read(text: str) -> DemoUser | None:
    try:
        return DemoUser(**json.loads(text))
    except (ValueError, TypeError):
        return None
