"""A user of the web app and a key of the API, made through the real thing and kept for the next start."""

import asyncio
import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from local.deployment import Outputs
from local.emulator import client
from local.problems import LocalError
from local.settings import LocalSettings

EMAIL = "demo@example.com"
KEY_NAME = "make up"


@dataclass(frozen=True)
class DemoUser:
    """Who may use a local product. `owner`: the name of the drop folder."""

    email: str
    password: str
    owner: str
    api_key: str


async def of(settings: LocalSettings, outputs: Outputs) -> DemoUser:
    """The demo user, made at the first start. Raises LocalError when the API does not give a key."""
    path = settings.state / "demo.json"
    async with httpx.AsyncClient(base_url=settings.web_url, trust_env=False, timeout=60) as web:
        known = _read(path.read_text()) if path.exists() else None
        if known is not None and await _works(web, known.api_key):
            return known
        password = known.password if known else f"Demo-{secrets.token_urlsafe(12)}-1"
        token, owner = await asyncio.to_thread(_sign_in, settings, outputs, password)
        user = DemoUser(EMAIL, password, owner, await _new_key(web, token))
    _write_for_us_alone(path, json.dumps(asdict(user), indent=2))
    return user


def _sign_in(settings: LocalSettings, outputs: Outputs, password: str) -> tuple[str, str]:
    """The ID token and the id of the user; made where the pool lacks it."""
    cognito = client(settings, "cognito-idp")
    user: dict[str, Any] = {"UserPoolId": outputs.user_pool_id, "Username": EMAIL}
    try:
        verified = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(**user, UserAttributes=verified, MessageAction="SUPPRESS")
    except cognito.exceptions.UsernameExistsException:
        pass
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    attributes = {a["Name"]: a["Value"] for a in cognito.admin_get_user(**user)["UserAttributes"]}
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=outputs.user_pool_id,
        ClientId=outputs.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": password},
    )
    return signed_in["AuthenticationResult"]["IdToken"], attributes["sub"]


async def _works(web: httpx.AsyncClient, key: str) -> bool:
    """Whether the API takes the key; state that was lost, or a revoked key, needs a new one."""
    answer = await web.get("/api/usage", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code == 200


async def _new_key(web: httpx.AsyncClient, token: str) -> str:
    answer = await web.post("/app/keys", headers={"Authorization": f"Bearer {token}"}, json={"name": KEY_NAME})
    if answer.is_error:
        raise LocalError(f"the API gave no key: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["key"])


def _read(text: str) -> DemoUser | None:
    try:
        return DemoUser(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _write_for_us_alone(path: os.PathLike[str], text: str) -> None:
    scratch = f"{os.fspath(path)}.new"
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.replace(scratch, path)
