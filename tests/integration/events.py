"""Events of AWS for the handlers, in their documented formats."""

import uuid
from typing import Any

from lambdas.core.storage.tables import Item
from tests.integration.emulator import REGION
from tests.integration.endpoint import Invocation

MEDIA, RESULTS = "media-test", "results-test"


def notification(invocation: Invocation, status: str, **response: str) -> dict[str, Any]:
    """Return a notification of SageMaker, as delivered to the queue."""
    return {
        "awsRegion": REGION,
        "eventTime": "2026-11-24T12:00:10.608Z",
        "receivedTime": "2026-11-24T12:00:00.455Z",
        "invocationStatus": status,
        "requestParameters": {
            "contentType": invocation.content_type,
            "endpointName": invocation.endpoint,
            "inputLocation": invocation.input_location,
        },
        "responseParameters": {"contentType": "application/json", **response},
        "inferenceId": invocation.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def drop_event(key: str, version_id: str | None) -> dict[str, Any]:
    """Return EventBridge's event of a new object."""
    found = {"key": key, "size": 1, "etag": "e", "sequencer": "0"} | ({"version-id": version_id} if version_id else {})
    detail = {"version": "0", "bucket": {"name": MEDIA}, "object": found, "reason": "PutObject"}
    return {"version": "0", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(uuid.uuid4()), "body": body} for body in bodies]}


def stream_event(*pairs: tuple[Item | None, Item]) -> dict[str, Any]:
    """Return an event of the table's stream with changes of records, each before and after."""
    records = []
    for number, (before, after) in enumerate(pairs, 1):
        images = {"SequenceNumber": f"{number:021}", "NewImage": after.to_dynamodb_dict()}
        if before is not None:
            images["OldImage"] = before.to_dynamodb_dict()
        records.append({"eventID": str(number), "dynamodb": images})
    return {"Records": records}
