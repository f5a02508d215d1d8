"""API Gateway's keys, used for throttling only.

Their value is our key id, not the secret, because API Gateway stores values in plain text.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.errors import BusyError
from lambdas.core.owners.quota import DEFAULT_PLAN, PLANS
from lambdas.core.settings import settings

NAME_PREFIX = "video-sentiment"
MAX_MOVES = 3  # tries to move a key that others are moving at the same time
TAG = "video-sentiment"  # its value names the stage: Lambdas may only delete keys of their own stage


def create_key(key_id: str, plan: str) -> str:
    """Create a key with the value `key_id` on a billing plan's usage plan. Returns API Gateway's id of it."""
    tags = {TAG: f"{NAME_PREFIX}-{settings().stage}"}
    made = clients.client("apigateway").create_api_key(name=_name(key_id), value=key_id, enabled=True, tags=tags)
    _add_to_plan(made["id"], plan)
    return str(made["id"])


def move_key(gateway_key_id: str, plan: Callable[[], str]) -> None:
    """Move a key to the usage plan of a billing plan. Idempotent; does nothing if the key does not exist.

    `plan` returns the current billing plan; it is read again after the move, so that the last of concurrent changes
    counts. Raises BusyError if concurrent moves keep interfering.
    """
    for _ in range(MAX_MOVES):
        wanted = existing_plan(plan())
        for other in PLANS:
            if other != wanted:
                _remove_from_plan(gateway_key_id, other)
        try:
            if not _is_on_plan(gateway_key_id, wanted):
                _add_to_plan(gateway_key_id, wanted)
        except ClientError as error:
            if clients.code_of(error) == "NotFoundException":
                return  # the key was deleted
            if clients.code_of(error) != "ConflictException":  # a concurrent move has added it to another plan
                raise
            continue
        if existing_plan(plan()) == wanted:
            return
    raise BusyError(f"API key {gateway_key_id} is being moved by other requests. Retry in a moment.")


def existing_plan(plan: str) -> str:
    """Return the plan, or the default plan if a record holds the name of a discontinued one."""
    return plan if plan in PLANS else DEFAULT_PLAN


def _usage_plan(plan: str) -> str:
    return clients.parameter(f"{settings().usage_plan_parameter}/{existing_plan(plan)}")


def _add_to_plan(gateway_key_id: str, plan: str) -> None:
    clients.client("apigateway").create_usage_plan_key(
        usagePlanId=_usage_plan(plan), keyId=gateway_key_id, keyType="API_KEY"
    )


def _remove_from_plan(gateway_key_id: str, plan: str) -> None:
    with _ignore_missing():
        clients.client("apigateway").delete_usage_plan_key(usagePlanId=_usage_plan(plan), keyId=gateway_key_id)


def _is_on_plan(gateway_key_id: str, plan: str) -> bool:
    with _ignore_missing():
        clients.client("apigateway").get_usage_plan_key(usagePlanId=_usage_plan(plan), keyId=gateway_key_id)
        return True
    return False


@contextmanager
def _ignore_missing() -> Iterator[None]:
    """Suppress the error for a key that does not exist."""
    try:
        yield
    except ClientError as error:
        if clients.code_of(error) != "NotFoundException":
            raise


def find_keys(key_id: str, gateway_key_id: str | None) -> Iterator[str]:
    """Yield API Gateway's ids of a key: the recorded one, or those found by name if its creation was interrupted."""
    if gateway_key_id is not None:
        yield gateway_key_id
        return
    pages = clients.client("apigateway").get_paginator("get_api_keys").paginate(nameQuery=_name(key_id))
    for page in pages:
        yield from (str(found["id"]) for found in page["items"] if found["name"] == _name(key_id))


def delete_key(gateway_key_id: str) -> None:
    """Delete a key from API Gateway, and so from its usage plan. Does nothing if it does not exist."""
    with _ignore_missing():
        clients.client("apigateway").delete_api_key(apiKey=gateway_key_id)


def _name(key_id: str) -> str:
    return f"{NAME_PREFIX}-{settings().stage}-{key_id}"
