"""Sessions of the web app: signing out everywhere, and checking a session's token.

Cognito's global sign-out revokes refresh tokens but leaves ID tokens valid for up to an hour. So the profile stores the
time of the sign-out, and every token of an earlier sign-in is refused from the next request on. `auth_time` is the time
of the sign-in, also in refreshed tokens.
"""

from datetime import datetime

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.clock import moment
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import audit, profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import OwnerRecord


def end_all(owner: str, now: datetime, by: str = audit.SYSTEM) -> None:
    """End every session of a user. Idempotent. Raises AccountDeletedError."""
    profiles.end_sessions(owner, now, by)  # first, so that an interruption leaves no session valid here
    try:
        clients.client("cognito-idp").admin_user_global_sign_out(UserPoolId=settings().user_pool_id, Username=owner)
    except ClientError as error:
        if clients.code_of(error) != "UserNotFoundException":  # removed with the account
            raise


def remove_user(owner: str) -> None:
    """Delete the user from the user pool, after which nobody can sign in to the account. Idempotent."""
    try:
        clients.client("cognito-idp").admin_delete_user(UserPoolId=settings().user_pool_id, Username=owner)
    except ClientError as error:
        if clients.code_of(error) != "UserNotFoundException":
            raise


def check(profile: OwnerRecord, auth_time: str) -> None:
    """Check that a token's session has not ended, and record the sign-in of a new session.

    `auth_time`: the token's claim, in epoch seconds. Raises UnauthorizedError.
    """
    ended_at, began = profile.sessions_ended_at, _seconds(auth_time)
    if ended_at is not None and began <= ended_at:
        raise UnauthorizedError("You signed out on all devices. Sign in again.")
    if began > 0:
        profiles.record_sign_in(profile, moment(began))


def _seconds(claim: str) -> float:
    """Convert a claim to a number; 0 if it is not one."""
    try:
        return float(claim)
    except ValueError:
        return 0.0
