"""What the schemas share: names in camelCase, and the examples that the reference shows."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

OWNER = "0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90"
FILE_ID = "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4"
ANALYSIS_ID = "k3v7q2m5x4n6pbcdt2w7y2z3ab"
KEY = f"uploads/{OWNER}/{FILE_ID}.mp4"
TIME = "2026-11-24T09:30:00.000Z"
URL = f"https://media.s3.eu-central-1.amazonaws.com/{KEY}?X-Amz-Signature=..."
STATUS_URL = f"https://video-sentiment.example.com/api/analyses/{ANALYSIS_ID}"


class Schema(BaseModel):
    """Unknown fields of a request are ignored, so that newer clients may talk to older servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


def example(**fields: object) -> ConfigDict:
    """The config of a schema that has this example, by the names in JSON."""
    return ConfigDict(json_schema_extra={"examples": [fields]})
