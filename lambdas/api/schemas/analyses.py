"""Analyses: started, listed, looked at."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import Schema, WebhookUrl, example
from lambdas.api.schemas.uploads import Key
from lambdas.core.analyses.queries import Progress
from lambdas.core.analyses.result_excerpt import Summary
from model.contract import Analysis

Status = Literal["queued", "processing", "completed", "failed"]


class InferenceRequest(Schema):
    model_config = example(key=examples.KEY, webhookUrl=examples.WEBHOOK_URL, fileName="interview.mp4")

    key: Key
    file_name: str | None = Field(default=None, min_length=1, max_length=255, description="Name shown in lists.")
    webhook_url: WebhookUrl | None = Field(
        default=None, description="Takes this analysis's event instead of the account's webhook."
    )


class InferenceResult(Schema):
    """The whole analysis, as it came within the time that a request waits."""

    model_config = example(id=examples.ANALYSIS_ID, analysis=examples.ANALYSIS)

    id: str
    analysis: Analysis


class Accepted(Schema):
    """The analysis goes on; ask again at `statusUrl`."""

    model_config = example(id=examples.ANALYSIS_ID, status="processing", statusUrl=examples.STATUS_URL)

    id: str
    status: Status
    status_url: str


class Failure(Schema):
    """Reason of a failed analysis. It was not charged, and starting it again may help."""

    model_config = example(code="timed-out", message="no result came in time; start the analysis again")

    code: str
    message: str


class AnalysisItem(Schema):
    """An analysis in short."""

    model_config = example(examples.ITEM)

    id: str
    status: Status
    position: int | None = Field(
        description="Place among the account's analyses that wait: 1 begins next. Null for one that does not wait, or "
        "has a thousand before it."
    )
    attempt: int
    source: Literal["upload", "drop"]
    file_name: str | None
    size: int | None = Field(description="Size of the video in bytes.")
    content_type: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = Field(description="Time at which it and its video will be deleted.")
    summary: Summary | None = Field(description="Null until it is completed.")
    error: Failure | None = Field(description="Reason of a failed analysis.")


class AnalysisDetail(AnalysisItem):
    """An analysis with its result."""

    model_config = example(examples.DETAIL)

    progress: Progress | None = Field(description="While it is processed, once the model has said something.")
    analysis: Analysis | None = Field(
        description="Once it is completed. Null where it is too long for one answer: then fetch `resultUrl`."
    )
    result_url: str | None = Field(description="The result as a JSON file, for 15 minutes; once it is completed.")


class AnalysisPage(Schema):
    """Newest first. `cursor` asks for the next page; null on the last one."""

    model_config = example(analyses=[examples.ITEM], cursor=None)

    analyses: list[AnalysisItem]
    cursor: str | None


class VideoUrl(Schema):
    """The video itself, for a player; for `expiresIn` seconds."""

    model_config = example(url=examples.UPLOAD_URL, contentType="video/mp4", expiresIn=900)

    url: str
    content_type: str | None
    expires_in: int


class Deleted(Schema):
    """Gone for everybody; `restore` brings it back until `restorableUntil`, when it is purged for good."""

    model_config = example(id=examples.ANALYSIS_ID, restorableUntil=examples.TIME)

    id: str
    restorable_until: datetime
