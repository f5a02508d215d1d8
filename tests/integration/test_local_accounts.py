"""Attacks by another user of the machine on accounts at the local web origin: none gives access without the password.

The emulator runs with its default AUTH off, behind the guard and the origin; the attacker has no credentials of AWS.
"""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.ports import free_port
from local import emulator
from local.credentials import Credentials
from local.origin.app import Upstream, create_app
from local.origin.cognito import SERVICE
from local.srp import sign_in
from tests.integration.local_parts import running_emulator, served

SIGN_UP_CODE, RESET_CODE = "123456", "654321"
PASSWORD = "Own-password-1"


class RefusedError(Exception):
    """Error response of Cognito or the origin."""


@dataclass(frozen=True)
class Local:
    """Client with the public configuration of the web page."""

    web: httpx.Client
    pool: str
    client: str

    def __call__(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        headers = {"x-amz-target": SERVICE + operation, "content-type": "application/x-amz-json-1.1"}
        answer = self.web.post("/cognito/", headers=headers, content=json.dumps(parameters))
        if answer.is_error:
            raise RefusedError(f"{answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    def of(self, name: str, **more: Any) -> dict[str, Any]:
        return {"ClientId": self.client, "Username": name} | more

    def sign_up(self) -> str:
        name = f"{uuid.uuid4().hex[:12]}@example.com"
        self("SignUp", self.of(name, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": name}]))
        self("ConfirmSignUp", self.of(name, ConfirmationCode=SIGN_UP_CODE))
        return name

    def sign_in(self, name: str, password: str = PASSWORD) -> dict[str, str]:
        return sign_in(self, self.pool, self.client, name, password)

    def challenged(self, name: str) -> str:
        """Sign in with the password; return the session of the second factor's challenge."""
        seen: list[dict[str, Any]] = []

        def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            seen.append(self(operation, parameters))
            return seen[-1]

        with pytest.raises(KeyError, match="AuthenticationResult"):
            sign_in(call, self.pool, self.client, name, PASSWORD)
        assert seen[-1]["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
        return str(seen[-1]["Session"])

    def second_factor(self, name: str, code: str, **more: Any) -> dict[str, Any]:
        responses = {"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": code}
        parameters = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "ClientId": self.client, "ChallengeResponses": responses}
        return self("RespondToAuthChallenge", parameters | more)

    def refresh(self, token: str) -> dict[str, Any]:
        return self("GetTokensFromRefreshToken", {"ClientId": self.client, "RefreshToken": token})

    def enrol(self, name: str) -> str:
        """Enroll a second factor; return its secret."""
        access = self.sign_in(name)["AccessToken"]
        secret = str(self("AssociateSoftwareToken", {"AccessToken": access})["SecretCode"])
        self("VerifySoftwareToken", {"AccessToken": access, "UserCode": totp(secret)})
        wanted = {"Enabled": True, "PreferredMfa": True}
        self("SetUserMFAPreference", {"AccessToken": access, "SoftwareTokenMfaSettings": wanted})
        return secret


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with running_emulator(tmp_path_factory.mktemp("accounts")) as settings:
        cognito = emulator.client(settings, "cognito-idp")
        pool = cognito.create_user_pool(PoolName="pool", UsernameAttributes=["email"])["UserPool"]["Id"]
        totp_on = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "MfaConfiguration": "OPTIONAL"}
        cognito.set_user_pool_mfa_config(UserPoolId=pool, **totp_on)
        flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
        client = made["UserPoolClient"]["ClientId"]
        url, token = settings.emulator_url, Credentials.read(settings.state).token
        origin = create_app(Upstream(url, url, token, pool, client))
        with served(origin, free_port()) as web, httpx.Client(base_url=web, trust_env=False, timeout=60) as browser:
            yield Local(browser, pool, client)


def totp(secret: str, step: int = 0) -> str:
    """Return an authenticator's code (RFC 6238), `step` periods of 30 s from now."""
    mac = hmac.digest(base64.b32decode(secret), (int(time.time() // 30) + step).to_bytes(8), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def wrong_code(secret: str) -> str:
    """Return a code that is valid neither in the current period nor in its neighbors."""
    good = {totp(secret, step) for step in range(-3, 10)}
    return next(code for code in (f"{number:06d}" for number in range(20)) if code not in good)


def read(part: str) -> dict[str, Any]:
    """Decode the header or the claims of a token."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def claims(token: str) -> dict[str, Any]:
    return read(token.split(".")[1])


def forgeries(token: str, **changed: Any) -> list[str]:
    """Return a token with changed claims, with every signature that is possible without the emulator's keys."""
    header, body, signature = token.split(".")
    body = encoded(json.dumps(read(body) | changed).encode())
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def signed(header: str) -> str:
        signing_input = f"{header}.{body}"
        return f"{signing_input}.{encoded(own.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    nameless, unsigned = (encoded(json.dumps(kind).encode()) for kind in ({"alg": "RS256"}, {"alg": "none"}))
    return [signed(header), signed(nameless), f"{header}.{body}.{signature}", f"{unsigned}.{body}.", f"x.{body}.x"]


def test_sign_in_works_with_and_without_a_second_factor(local: Local) -> None:
    name = local.sign_up()
    tokens = local.sign_in(name)
    assert local("GetUser", {"AccessToken": tokens["AccessToken"]})["Username"]
    assert local.refresh(tokens["RefreshToken"])["AuthenticationResult"]["IdToken"]
    secret = local.enrol(name)
    session = local.challenged(name)
    with pytest.raises(RefusedError, match="CodeMismatch"):
        local.second_factor(name, wrong_code(secret), Session=session)
    found = local.second_factor(name, totp(secret), Session=session)["AuthenticationResult"]
    assert local("GetUser", {"AccessToken": found["AccessToken"]})["Username"]


def test_a_second_factor_requires_a_session_that_is_valid_once(local: Local) -> None:
    victim, own = local.sign_up(), local.sign_up()
    with pytest.raises(RefusedError, match="Session"):
        local.second_factor(victim, "0")
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local.second_factor(victim, "0", Session="made-up")
    secret = local.enrol(own)
    session = local.challenged(own)
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local.second_factor(victim, totp(secret), Session=session)  # another user's session
    local.second_factor(own, totp(secret), Session=session)
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local.second_factor(own, totp(secret), Session=session)


def test_forged_and_misused_access_tokens_are_refused(local: Local) -> None:
    tokens = local.sign_in(local.sign_up())
    victim = claims(local.sign_in(local.sign_up())["AccessToken"])
    forged = forgeries(tokens["AccessToken"], sub=victim["sub"], username=victim["username"])
    for token in [*forged, tokens["IdToken"], tokens["RefreshToken"]]:
        with pytest.raises(RefusedError, match="NotAuthorized"):
            local("GetUser", {"AccessToken": token})
        with pytest.raises(RefusedError, match="NotAuthorized"):
            wanted = {"Enabled": True, "PreferredMfa": True}
            local("SetUserMFAPreference", {"AccessToken": token, "SoftwareTokenMfaSettings": wanted})
        with pytest.raises(RefusedError, match="NotAuthorized"):
            local("AssociateSoftwareToken", {"AccessToken": token})


def test_forged_and_misused_refresh_tokens_are_refused(local: Local) -> None:
    tokens = local.sign_in(local.sign_up())
    theirs = claims(local.sign_in(local.sign_up())["RefreshToken"])
    forged = forgeries(tokens["RefreshToken"], sub=theirs["sub"])
    for token in [*forged, tokens["AccessToken"], tokens["IdToken"]]:
        with pytest.raises(RefusedError, match="NotAuthorized"):
            local.refresh(token)


def test_revoked_tokens_are_refused(local: Local) -> None:
    tokens = local.sign_in(local.sign_up())
    local("RevokeToken", {"ClientId": local.client, "Token": tokens["RefreshToken"]})
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local.refresh(tokens["RefreshToken"])
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local("GetUser", {"AccessToken": tokens["AccessToken"]})


def test_only_the_issued_code_is_valid(local: Local) -> None:
    name = f"{uuid.uuid4().hex[:12]}@example.com"
    local("SignUp", local.of(name, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": name}]))
    with pytest.raises(RefusedError, match="CodeMismatch"):
        local("ConfirmSignUp", local.of(name, ConfirmationCode=other_than(SIGN_UP_CODE)))
    with pytest.raises(RefusedError, match="UserNotConfirmed"):
        local.sign_in(name)
    local("ConfirmSignUp", local.of(name, ConfirmationCode=SIGN_UP_CODE))
    new = {"Password": "Another-password-1"}
    with pytest.raises(RefusedError, match="ExpiredCode"):  # none was requested
        local("ConfirmForgotPassword", local.of(name, ConfirmationCode=RESET_CODE, **new))
    local("ForgotPassword", local.of(name))
    with pytest.raises(RefusedError, match="CodeMismatch"):
        local("ConfirmForgotPassword", local.of(name, ConfirmationCode=other_than(RESET_CODE), **new))
    local.sign_in(name)
    local("ConfirmForgotPassword", local.of(name, ConfirmationCode=RESET_CODE, **new))
    assert local.sign_in(name, new["Password"])["IdToken"]
    with pytest.raises(RefusedError, match="NotAuthorized"):
        local.sign_in(name)
