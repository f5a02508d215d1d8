"""Cognito calls that the local origin forwards: only the web app's, and no sign-in with a plain password."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.origin.cognito import OPERATIONS, SERVICE, CallRefusedError, checked_call

CLIENT = "client"
SRP = {"AuthFlow": "USER_SRP_AUTH", "ClientId": CLIENT, "AuthParameters": {"USERNAME": "a", "SRP_A": "1"}}
SECOND_FACTOR = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "ClientId": CLIENT, "ChallengeResponses": {"USERNAME": "a"}}
FLOWS = [
    "USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "CUSTOM_AUTH",
    "USER_AUTH",
    "REFRESH_TOKEN",
]


def call(operation: str, parameters: Any) -> dict[str, Any]:
    """Return the forwarded parameters of a call."""
    headers, body = checked_call(SERVICE + operation, json.dumps(parameters).encode(), CLIENT)
    assert headers == {"content-type": "application/x-amz-json-1.1", "x-amz-target": SERVICE + operation}
    passed: dict[str, Any] = json.loads(body)
    return passed


def test_the_web_apps_calls_pass_as_they_are() -> None:
    assert call("InitiateAuth", SRP) == SRP
    answer = SECOND_FACTOR | {"Session": "s"}
    assert call("RespondToAuthChallenge", answer) == answer
    assert call("GetUser", {"AccessToken": "ü"}) == {"AccessToken": "ü"}


@pytest.mark.parametrize(
    "target",
    [
        *("", SERVICE, "InitiateAuth", "DynamoDB_20120810.Scan", "AWSLambda.Invoke", f"X.{SERVICE}InitiateAuth"),
        *(SERVICE + name for name in ("ListUsers", "AdminGetUser", "AdminCreateUser", "AdminSetUserPassword")),
        *(SERVICE + name for name in ("AdminInitiateAuth", "CreateUserPool", "DescribeUserPoolClient", "DeleteUser")),
        *(f"{SERVICE}InitiateAuth ", f"{SERVICE}initiateAuth", f"{SERVICE}InitiateAuth,DynamoDB_20120810.Scan"),
    ],
)
def test_no_other_operation_passes(target: str) -> None:
    with pytest.raises(CallRefusedError):
        checked_call(target, json.dumps(SRP).encode(), CLIENT)


@given(st.from_regex(re.compile(r"[A-Z][A-Za-z]{2,30}"), fullmatch=True))
def test_no_operation_passes_that_is_not_listed(operation: str) -> None:
    if operation not in OPERATIONS:
        with pytest.raises(CallRefusedError):
            call(operation, {})


@pytest.mark.parametrize("flow", [*FLOWS, "user_srp_auth", "USER_SRP_AUTH ", "", None, ["USER_SRP_AUTH"], {}, 1])
def test_only_srp_sign_ins_are_forwarded(flow: object) -> None:
    with pytest.raises(CallRefusedError, match="AuthFlow"):
        call("InitiateAuth", SRP | {"AuthFlow": flow})
    with pytest.raises(CallRefusedError, match="AuthFlow"):
        call("InitiateAuth", {"ClientId": CLIENT})


@pytest.mark.parametrize("challenge", ["NEW_PASSWORD_REQUIRED", "CUSTOM_CHALLENGE", "PASSWORD", None])
def test_only_challenges_of_srp_sign_ins_are_forwarded(challenge: object) -> None:
    with pytest.raises(CallRefusedError, match="ChallengeName"):
        call("RespondToAuthChallenge", {"ChallengeName": challenge, "ClientId": CLIENT})


@pytest.mark.parametrize("more", [{}, {"Session": ""}, {"Session": None}])
def test_a_second_factor_without_a_session_does_not_pass(more: dict[str, object]) -> None:
    with pytest.raises(CallRefusedError, match="Session"):
        call("RespondToAuthChallenge", SECOND_FACTOR | more)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_a_json_object_does_not_pass(body: bytes) -> None:
    with pytest.raises(CallRefusedError):
        checked_call(f"{SERVICE}InitiateAuth", body, CLIENT)


def test_another_client_does_not_pass() -> None:
    with pytest.raises(CallRefusedError, match="ClientId"):
        call("InitiateAuth", SRP | {"ClientId": "other"})


def test_a_duplicate_parameter_is_forwarded_once() -> None:
    """Parsers differ in which duplicate they use, so the forwarded value must be the checked one."""
    body = b'{"AuthFlow": "USER_PASSWORD_AUTH", "AuthFlow": "USER_SRP_AUTH", "ClientId": "client"}'
    passed = checked_call(f"{SERVICE}InitiateAuth", body, CLIENT)[1]
    assert b"USER_PASSWORD_AUTH" not in passed
    with pytest.raises(CallRefusedError):
        checked_call(f"{SERVICE}InitiateAuth", body.replace(b"_SRP_", b"_X_").replace(b"_PASSWORD_", b"_SRP_"), CLIENT)
