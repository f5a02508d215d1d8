"""SageMaker's SNS messages about finished inferences, and the container's answer on failure."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.problems import TYPE_PREFIX
from lambdas.core.errors import INFERENCE_FAILED, TIMED_OUT, Reason

MAX_MESSAGE = 500  # characters of its sentence that are kept
# SageMaker's own words for a request that waited or ran too long.
TOO_LATE = ("timed out", "timeout", "expired")


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Response(_Message):
    output_location: str | None = None
    failure_location: str | None = None


class Notice(_Message):
    """The message of either topic. What a failure lacks is absent; unknown members are ignored."""

    inference_id: str
    invocation_status: str
    failure_reason: str = ""
    response: Response = Field(default_factory=Response, alias="responseParameters")

    @property
    def succeeded(self) -> bool:
        return self.invocation_status == "Completed"


def reason_of(failure_reason: str, answer: bytes | None) -> Reason:
    """Return why an inference failed, for its user. `answer`: the container's answer, if any.

    What is wrong with the video is told in the model server's own words. What is wrong with us is not: that
    stands in the log.
    """
    problem = _problem(answer)
    code = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
    message = problem.get("error")
    if 400 <= _status(problem) < 500 and code and isinstance(message, str) and message:
        return Reason(code[:64], message[:MAX_MESSAGE])
    if any(words in failure_reason.lower() for words in TOO_LATE):
        return TIMED_OUT
    return INFERENCE_FAILED


def _problem(answer: bytes | None) -> dict[str, Any]:
    try:
        problem = json.loads(answer) if answer else {}
    except ValueError:
        return {}
    # The model server names what went wrong as we do.
    known = isinstance(problem, dict) and str(problem.get("type", "")).startswith(TYPE_PREFIX)
    return problem if known else {}


def _status(problem: dict[str, Any]) -> int:
    status = problem.get("status")
    return status if isinstance(status, int) else 0
