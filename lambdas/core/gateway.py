"""API Gateway's own keys, which throttle. Their value is a key's id: the gateway keeps values in clear."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from lambdas.core import aws
from lambdas.core.settings import settings

NAME_PREFIX = "video-sentiment"
TAG = "video-sentiment"  # says which stage a key is of: the Lambdas may delete those of their own alone


def create_key(key_id: str) -> str:
    """A key with this value on the usage plan; returns the gateway's id for it."""
    tags = {TAG: f"{NAME_PREFIX}-{settings().stage}"}
    made = aws.client("apigateway").create_api_key(name=_name(key_id), value=key_id, enabled=True, tags=tags)
    aws.client("apigateway").create_usage_plan_key(
        usagePlanId=aws.parameter(settings().usage_plan_parameter), keyId=made["id"], keyType="API_KEY"
    )
    return str(made["id"])


def find_keys(key_id: str, known: str | None) -> Iterator[str]:
    """The gateway's ids of the key: the one we know, or what its name finds where its creation was cut off."""
    if known is not None:
        yield known
        return
    pages = aws.client("apigateway").get_paginator("get_api_keys").paginate(nameQuery=_name(key_id))
    for page in pages:
        yield from (str(found["id"]) for found in page["items"] if found["name"] == _name(key_id))


def delete_key(gateway_key_id: str) -> None:
    """Remove a key from the gateway, and so from its plan. One that is gone is no error."""
    try:
        aws.client("apigateway").delete_api_key(apiKey=gateway_key_id)
    except ClientError as error:
        if aws.code_of(error) != "NotFoundException":
            raise


def _name(key_id: str) -> str:
    return f"{NAME_PREFIX}-{settings().stage}-{key_id}"
