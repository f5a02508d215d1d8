"""Signing out everywhere: sessions end by the time of their sign-in, and later ones stay valid."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.core.aws import clients
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import profiles, sessions
from tests.integration.api_client import by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.faults import intercepted
from tests.integration.test_api_routes import problem


def at(moment: datetime) -> str:
    """Return the `auth_time` of a sign-in."""
    return str(int(moment.timestamp()))


def test_signing_out_everywhere_ends_all_sessions_but_no_keys(cloud: Cloud) -> None:
    phone = by_session("alice", auth_time=at(cloud.now - timedelta(hours=3)))
    laptop = by_session("alice", auth_time=at(cloud.now - timedelta(minutes=1)))
    neighbor, program = by_session("bob", auth_time=at(cloud.now - timedelta(hours=3))), by_key(cloud, "alice")
    assert [caller.get("/usage").status for caller in (phone, laptop, neighbor, program)] == [200] * 4
    assert phone.post("/account/sign-out").status == 204
    for caller in (phone, laptop, by_session("alice"), by_session("alice", auth_time="soon")):
        for response in (caller.get("/usage"), caller.post("/keys", {"name": "x"}), caller.post("/account/sign-out")):
            problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
    later = by_session("alice", auth_time=at(cloud.now + timedelta(seconds=1)))
    assert [caller.get("/usage").status for caller in (later, neighbor, program)] == [200] * 3
    cloud.advance(hours=1)
    assert later.post("/account/sign-out").status == 204
    problem(later.get("/usage"), 401, "unauthorized")
    assert [caller.get("/usage").status for caller in (neighbor, program)] == [200] * 2


def test_a_session_ends_with_its_account(cloud: Cloud) -> None:
    session = by_session("alice", auth_time=at(cloud.now + timedelta(hours=1)))
    assert session.delete("/account").status == 202
    for _ in range(4):
        problem(session.get("/usage"), 403, "account-deleted")
        problem(session.post("/account/sign-out"), 403, "account-deleted")
        cloud.sweep()
        cloud.advance(minutes=20)


def test_cognito_revokes_the_refresh_tokens(cloud: Cloud) -> None:
    """Cognito revokes the refresh tokens of the user, who may also have been deleted."""
    user = clients.client("cognito-idp").admin_create_user(UserPoolId=cloud.user_pool, Username="alice")["User"]
    owner = next(attribute["Value"] for attribute in user["Attributes"] if attribute["Name"] == "sub")
    operations = []

    def note(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        response = call()
        operations.append(operation)  # unless it was refused
        return response

    with intercepted(note):
        sessions.end_all(owner, cloud.now)
        assert operations[-1] == "AdminUserGlobalSignOut"
        sessions.end_all("nobody", cloud.now)
    assert operations.count("AdminUserGlobalSignOut") == 1


def test_sign_outs_have_a_resolution_of_one_second(cloud: Cloud) -> None:
    profile = profiles.end_sessions("alice", datetime(2026, 11, 24, 12, 0, 0, 900_000, tzinfo=UTC))
    ended = int(profile.sessions_ended_at)
    sessions.check(profile, str(ended + 1))
    sessions.check(profile, f"{ended + 1}.5")
    for claim in (str(ended), str(ended - 1), "", "None", "nan-sense"):
        with pytest.raises(UnauthorizedError):
            sessions.check(profile, claim)
    sessions.check(profiles.ensure("bob", None, cloud.now), "")
