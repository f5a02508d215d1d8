"""Custom attributes of SageMaker, `a=1;b=2`: options of a request besides its video.

- `input=s3://bucket/key`: the object whose removal cancels the analysis (`model.serving.cancellation`);
- `people=true` or `people=false`: whether people are told apart; without it, the server's setting decides.
"""

from typing import NamedTuple

from model.serving.problems import BadRequestError

INPUT, PEOPLE = "input", "people"
CHOICES = {"true": True, "false": False}


class Attributes(NamedTuple):
    """Custom attributes of a request; None where it has none."""

    input_uri: str | None = None
    people: bool | None = None


def parse(attributes: str | None) -> Attributes:
    """Parse custom attributes; unknown ones are ignored, and the first of a name counts. Raises BadRequestError."""
    found: dict[str, str] = {}
    for part in (attributes or "").split(";"):
        name, _, value = part.strip().partition("=")
        if value:
            found.setdefault(name, value)
    people = found.get(PEOPLE)
    if people is not None and people not in CHOICES:
        raise BadRequestError(f"the custom attribute {PEOPLE} must be true or false, not {people!r}")
    return Attributes(found.get(INPUT), None if people is None else CHOICES[people])
