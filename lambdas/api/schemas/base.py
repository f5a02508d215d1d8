"""Base classes of the schemas: names in camelCase, and a place for an example."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    """Unknown fields of a request are ignored, so that newer clients may talk to older servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


def example(fields: dict[str, Any] | None = None, /, **more: JsonValue) -> ConfigDict:
    """The config of a schema that has this example, by the names in JSON."""
    return ConfigDict(json_schema_extra={"examples": [{**(fields or {}), **more}]})
