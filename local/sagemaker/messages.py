"""Messages that SageMaker publishes when an asynchronous request ends.

Documented at docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html.
"""

import json
from datetime import UTC, datetime
from typing import Any

from local.sagemaker.queue import Job
from local.settings import ENDPOINT_NAME, REGION


def success(job: Job, content_type: str, finished: float) -> str:
    """Return the message for the success topic. `finished`: epoch seconds."""
    message = _common(job, "Completed", finished)
    message["responseParameters"] = {"contentType": content_type, "outputLocation": job.output_location}
    return json.dumps(message)


def failure(job: Job, reason: str, finished: float, *, content_type: str | None) -> str:
    """Return the message for the error topic.

    `finished`: epoch seconds; `content_type`: of the failure object, None when there is none.
    """
    message = _common(job, "Failed", finished) | {"failureReason": reason}
    if content_type is not None:
        message["responseParameters"] = {"contentType": content_type, "failureLocation": job.failure_location}
    return json.dumps(message)


def refused(status: int) -> str:
    """Return the failure reason for an error status of the container; the body goes into the failure object."""
    kind, party = ("ClientError", "client") if status < 500 else ("InternalServerError", "server")
    return (
        f"{kind}: Received {party} error ({status}) from model. "
        "See the SageMaker Endpoint logs in your account for more information."
    )


def _common(job: Job, status: str, finished: float) -> dict[str, Any]:
    parameters = {
        "accept": job.accept,
        "contentType": job.content_type,
        "customAttributes": job.custom_attributes,
        "endpointName": ENDPOINT_NAME,
        "inputLocation": job.input_location,
    }
    return {
        "awsRegion": REGION,
        "eventTime": _time(finished),
        "receivedTime": _time(job.received),
        "invocationStatus": status,
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "inferenceId": job.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
