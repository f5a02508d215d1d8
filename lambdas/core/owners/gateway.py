"""API Gateway's own keys, which throttle. Their value is a key's id: the gateway keeps values in clear."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.errors import BusyError
from lambdas.core.owners.quota import DEFAULT_PLAN, PLANS
from lambdas.core.settings import settings

NAME_PREFIX = "video-sentiment"
MOVES = 3  # tries to put a key on a plan that others move at the same time
TAG = "video-sentiment"  # says which stage a key is of: the Lambdas may delete those of their own alone


def create_key(key_id: str, plan: str) -> str:
    """A key with this value on the usage plan of a billing plan; returns the gateway's id for it."""
    tags = {TAG: f"{NAME_PREFIX}-{settings().stage}"}
    made = clients.client("apigateway").create_api_key(name=_name(key_id), value=key_id, enabled=True, tags=tags)
    _put_on(made["id"], plan)
    return str(made["id"])


def move_key(gateway_key_id: str, plan: Callable[[], str]) -> None:
    """Put a key on the usage plan of a billing plan, and take it off the others. One that is gone is no error.

    `plan` says which one it is now: where others move the key at the same time, the last change counts. May be
    repeated. Raises BusyError where they do so all the time.
    """
    for _ in range(MOVES):
        wanted = known(plan())
        for other in PLANS:
            if other != wanted:
                _take_off(gateway_key_id, other)
        try:
            if not _is_on(gateway_key_id, wanted):
                _put_on(gateway_key_id, wanted)
        except ClientError as error:
            if clients.code_of(error) == "NotFoundException":
                return  # the key is gone
            if clients.code_of(error) != "ConflictException":  # others have just put it on another plan
                raise
            continue
        if known(plan()) == wanted:
            return
    raise BusyError(f"key {gateway_key_id} is being moved by others; try again in a moment")


def known(plan: str) -> str:
    """Return the plan, or the default one where a record still has a name that is no more."""
    return plan if plan in PLANS else DEFAULT_PLAN


def _usage_plan(plan: str) -> str:
    return clients.parameter(f"{settings().usage_plan_parameter}/{known(plan)}")


def _put_on(gateway_key_id: str, plan: str) -> None:
    clients.client("apigateway").create_usage_plan_key(
        usagePlanId=_usage_plan(plan), keyId=gateway_key_id, keyType="API_KEY"
    )


def _take_off(gateway_key_id: str, plan: str) -> None:
    with _gone_is_no_error():
        clients.client("apigateway").delete_usage_plan_key(usagePlanId=_usage_plan(plan), keyId=gateway_key_id)


def _is_on(gateway_key_id: str, plan: str) -> bool:
    with _gone_is_no_error():
        clients.client("apigateway").get_usage_plan_key(usagePlanId=_usage_plan(plan), keyId=gateway_key_id)
        return True
    return False


@contextmanager
def _gone_is_no_error() -> Iterator[None]:
    """Go on where the gateway knows no such key."""
    try:
        yield
    except ClientError as error:
        if clients.code_of(error) != "NotFoundException":
            raise


def find_keys(key_id: str, known: str | None) -> Iterator[str]:
    """The gateway's ids of the key: the one we know, or what its name finds where its creation was cut off."""
    if known is not None:
        yield known
        return
    pages = clients.client("apigateway").get_paginator("get_api_keys").paginate(nameQuery=_name(key_id))
    for page in pages:
        yield from (str(found["id"]) for found in page["items"] if found["name"] == _name(key_id))


def delete_key(gateway_key_id: str) -> None:
    """Remove a key from the gateway, and so from its plan. One that is gone is no error."""
    with _gone_is_no_error():
        clients.client("apigateway").delete_api_key(apiKey=gateway_key_id)


def _name(key_id: str) -> str:
    return f"{NAME_PREFIX}-{settings().stage}-{key_id}"
