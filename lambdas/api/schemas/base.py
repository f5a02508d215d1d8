"""Base class and field types of the schemas: camelCase names, and an example for each schema."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from lambdas.core.webhooks import url_policy


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Makes a strict `int` an integer in the sense of JSON Schema: 10 and 10.0, but neither "10" nor true.
WHOLE = BeforeValidator(_whole)


def any_case(text: str) -> str:
    """Return a case-insensitive pattern for a text: `mp4` becomes `[mM][pP]4`."""
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in text)


# The pattern of URLs that `url_policy` accepts. It is documented, not enforced here, because `url_policy` returns 400
# with the reason.
_PRIVATE = "|".join(any_case(suffix.removeprefix(".")) for suffix in url_policy.PRIVATE_SUFFIXES)
_PORTS = "|".join(map(str, url_policy.PORTS))
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
_END = "(?:[/:]|$)"
_ALLOWED = rf"^(?=https://[^/:]{{4,{url_policy.MAX_NAME}}}{_END})(?!https://[^/:]*\.(?:{_PRIVATE}){_END})"
WebhookUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=url_policy.MAX_URL,
        json_schema_extra={
            "format": "uri",
            "pattern": _ALLOWED + rf"https://{_HOST}(?::(?:{_PORTS}))?(?:/[A-Za-z0-9._~/?=&-]*)?$",
        },
    ),
]


class Schema(BaseModel):
    """Base of all schemas. Unknown fields of a request are ignored, so that newer clients can use older servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


def example(fields: dict[str, Any] | None = None, /, **more: JsonValue) -> ConfigDict:
    """Return the config of a schema with an example. The fields have their JSON names."""
    return ConfigDict(json_schema_extra={"examples": [{**(fields or {}), **more}]})
