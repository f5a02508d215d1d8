"""Checks that make the emulator's Cognito as strict as AWS's.

The emulator checks tokens and codes only when AUTH is on, and never checks the sessions of second factors.

Without these checks, anyone with access to the web origin could take over any account: by answering a second-factor
challenge that was never issued, with a self-signed token, or with a code that was never sent. The codes are still the
emulator's fixed ones, since it sends no email.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from local.guard.sessions import Sessions

SECOND_FACTOR = "SOFTWARE_TOKEN_MFA"
Parameters = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Parameters], Answer]


def secure() -> None:
    """Install all checks in the emulator. Call once, before it serves."""
    _check_calls()
    _check_refresh_tokens()
    _check_second_factors(Sessions())


def _check_calls() -> None:
    """Check access tokens and codes with the emulator's own functions, once it has resolved a call's region."""
    original = cognito._run_idp_handler

    def run(handler: Handler, action: str, data: Parameters) -> Answer:
        def checked(data: Parameters) -> Answer:
            error: Answer | None = cognito._access_token_error(data) or cognito._confirmation_code_error(action, data)
            return error or handler(data)

        answer: Answer = original(checked, action, data)
        return answer

    cognito._run_idp_handler = run


def _check_refresh_tokens() -> None:
    """Check the signature and expiry of refresh tokens, which the emulator's own check ignores."""
    original = cognito._refresh_auth_user

    def user_of(pool: Parameters, pool_id: str, client_id: str, token: object) -> tuple[Parameters | None, Any]:
        if not _is_valid(token):
            return None, _not_authorized("Invalid Refresh Token")
        found: tuple[Parameters | None, Any] = original(pool, pool_id, client_id, token)
        return found

    cognito._refresh_auth_user = user_of


def _is_valid(token: object) -> bool:
    """Return True when the emulator signed the token and it has not expired."""
    if not isinstance(token, str) or not cognito._signature_valid(token):
        return False
    end = cognito._token_claims(token).get("exp")
    return isinstance(end, int | float) and time.time() < end


def _check_second_factors(sessions: Sessions) -> None:
    """Accept a second factor only in a session that began with the same user's password.

    The emulator itself does not check the session.
    """
    challenge, respond = cognito._mfa_challenge_for_user, cognito._respond_to_auth_challenge

    def begun(pool: Parameters, user: Parameters, pool_id: str, username: str) -> Parameters | None:
        made: Parameters | None = challenge(pool, user, pool_id, username)
        if made is not None:
            sessions.begin(made["Session"], (pool_id, user["Username"]))
        return made

    def answered(data: Parameters) -> Answer:
        answer: Answer
        if data.get("ChallengeName") != SECOND_FACTOR:
            answer = respond(data)
            return answer
        token = data.get("Session")
        session = sessions.take(token, _user(data))
        if session is None:
            return _not_authorized("Invalid session for the user.")
        answer = respond(data)
        if answer[0] != 200:
            sessions.give_back(str(token), session)
        return answer

    cognito._mfa_challenge_for_user = begun
    cognito._respond_to_auth_challenge = answered


def _user(data: Parameters) -> Hashable:
    """Return the pool and user of a challenge response, by user name or email address; None if unknown."""
    pool, pool_id = cognito._pool_for_client(data.get("ClientId"))
    name = (data.get("ChallengeResponses") or {}).get("USERNAME")
    user = cognito._resolve_user(pool, name)[0] if pool else None
    return (pool_id, user["Username"]) if user else None


def _not_authorized(message: str) -> Answer:
    answer: Answer = error_response_json("NotAuthorizedException", message, 400)
    return answer
