"""Sessions of the web app, and how all of a user's end at once.

Cognito's own global sign-out revokes refresh tokens and leaves ID tokens valid, for an hour at most. So the profile
holds the moment, and whatever token comes from a sign-in before it is refused from the next request on: `auth_time` is
that of the sign-in, in tokens that were refreshed since as well.
"""

from datetime import UTC, datetime

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import audit, profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import OwnerRecord


def end_all(owner: str, now: datetime, by: str = audit.SYSTEM) -> None:
    """End every session of a user. May be repeated. Raises AccountDeletedError."""
    profiles.end_sessions(owner, now, by)  # first: killed in between, no session goes on here
    try:
        clients.client("cognito-idp").admin_user_global_sign_out(UserPoolId=settings().user_pool_id, Username=owner)
    except ClientError as error:
        if clients.code_of(error) != "UserNotFoundException":  # the account's end has removed the user
            raise


def check(profile: OwnerRecord, auth_time: str) -> None:
    """Refuse a token whose session has ended, and note a new one's sign-in.

    `auth_time`: the token's claim, in epoch seconds. Raises UnauthorizedError.
    """
    ended_at, began = profile.sessions_ended_at, _seconds(auth_time)
    if ended_at is not None and began <= ended_at:
        raise UnauthorizedError("this session has ended: its user signed out everywhere. Sign in again")
    if began > 0:
        profiles.note_sign_in(profile, datetime.fromtimestamp(began, UTC))


def _seconds(claim: str) -> float:
    """A claim as a number; 0 where it is none."""
    try:
        return float(claim)
    except ValueError:
        return 0.0
