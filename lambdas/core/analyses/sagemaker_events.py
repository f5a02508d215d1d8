"""SageMaker's notifications of finished inferences (SNS), and the model server's error response."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.problems import TYPE_PREFIX
from lambdas.core.errors import INFERENCE_FAILED, TIMED_OUT, Reason

MAX_MESSAGE = 500  # characters of the model server's message that are stored
# Phrases in SageMaker's failure reason for a request that was queued or ran too long.
TOO_LATE = ("timed out", "timeout", "expired")


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Response(_Message):
    """Locations of an inference's output."""

    output_location: str | None = None
    failure_location: str | None = None


class InferenceNotification(_Message):
    """Message of the success or error topic. Unknown members are ignored."""

    inference_id: str
    invocation_status: str
    failure_reason: str = ""
    response: Response = Field(default_factory=Response, alias="responseParameters")

    @property
    def succeeded(self) -> bool:
        return self.invocation_status == "Completed"


def reason_of(failure_reason: str, response: bytes | None) -> Reason:
    """Return the reason why an inference failed, for the user. `response`: the model server's response, if any.

    The model server's own message is used if it is about the video. Internal errors are not shown, only logged.
    """
    problem = _problem(response)
    code = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
    message = problem.get("error")
    if 400 <= _status(problem) < 500 and code and isinstance(message, str) and message:
        return Reason(code[:64], message[:MAX_MESSAGE])
    if any(words in failure_reason.lower() for words in TOO_LATE):
        return TIMED_OUT
    return INFERENCE_FAILED


def _problem(response: bytes | None) -> dict[str, Any]:
    try:
        problem = json.loads(response) if response else {}
    except ValueError:
        return {}
    # The model server uses the same problem types.
    is_known = isinstance(problem, dict) and str(problem.get("type", "")).startswith(TYPE_PREFIX)
    return problem if is_known else {}


def _status(problem: dict[str, Any]) -> int:
    status = problem.get("status")
    return status if isinstance(status, int) else 0
