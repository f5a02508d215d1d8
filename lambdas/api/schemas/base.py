"""Base classes of the schemas: names in camelCase, and a place for an example."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from lambdas.core.webhooks import url_policy


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Beside a strict `int`: an integer as JSON Schema has it, 10 and 10.0, but neither "10" nor true.
WHOLE = BeforeValidator(_whole)


# What the checks in core accept; they answer 400 with the reason, so the pattern is stated here and not enforced.
def any_case(text: str) -> str:
    """A pattern of a text in capitals or not: `mp4` -> `[mM][pP]4`."""
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in text)


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
    """Unknown fields of a request are ignored, so that newer clients may talk to older servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


def example(fields: dict[str, Any] | None = None, /, **more: JsonValue) -> ConfigDict:
    """The config of a schema that has this example, by the names in JSON."""
    return ConfigDict(json_schema_extra={"examples": [{**(fields or {}), **more}]})
