"""Schemas of analyses: requests, lists, details and results."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, StrictBool

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import Schema, WebhookUrl, example
from lambdas.api.schemas.people import PeopleEdits
from lambdas.api.schemas.uploads import Key
from lambdas.core.analyses.queries import Progress
from lambdas.core.analyses.result_summary import Summary
from lambdas.core.errors import TIMED_OUT
from model.contract import Analysis

Status = Literal["queued", "processing", "completed", "failed"]


class InferenceRequest(Schema):
    """Request to analyze an uploaded video."""

    model_config = example(key=examples.KEY, webhookUrl=examples.WEBHOOK_URL, fileName="interview.mp4")

    key: Key
    file_name: str | None = Field(default=None, min_length=1, max_length=255, description="Name shown in lists.")
    webhook_url: WebhookUrl | None = Field(
        default=None, description="Receives the event of this analysis instead of the account's webhook."
    )
    people: StrictBool | None = Field(
        default=None,
        description="Tell people apart by their voices (biometric data). By default on once the account's owner has "
        "confirmed a lawful basis in the web app, and refused before.",
    )


class InferenceResult(Schema):
    """Result of an analysis that was completed while the request waited."""

    model_config = example(id=examples.ANALYSIS_ID, analysis=examples.ANALYSIS)

    id: str
    analysis: Analysis


class Accepted(Schema):
    """Analysis that is still running; poll `statusUrl`."""

    model_config = example(id=examples.ANALYSIS_ID, status="processing", statusUrl=examples.STATUS_URL)

    id: str
    status: Status
    status_url: str


class Failure(Schema):
    """Reason why an analysis failed. It was not charged."""

    model_config = example(code=TIMED_OUT.code, message=TIMED_OUT.message)

    code: str
    message: str


class AnalysisItem(Schema):
    """Analysis in a list."""

    model_config = example(examples.ITEM)

    id: str
    status: Status
    position: int | None = Field(
        description="Position in the account's queue; 1 is next. Null if the analysis is not queued, or is beyond "
        "position 1,000."
    )
    attempt: int
    source: Literal["upload", "drop"]
    file_name: str | None
    size: int | None = Field(description="Size of the video in bytes.")
    content_type: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = Field(description="Time at which the analysis and its video will be deleted.")
    seconds_analyzed: float | None = Field(description="Duration of the video; null until the analysis is completed.")
    charged_on: date | None = Field(
        description="Day (UTC) on which the analysis was charged to the quota; null if it is not charged."
    )
    summary: Summary | None = Field(description="Null until the analysis is completed.")
    error: Failure | None = Field(description="Reason of the failure; null unless the analysis failed.")


class AnalysisDetail(AnalysisItem):
    """Analysis with its progress or result."""

    model_config = example(examples.DETAIL)

    progress: Progress | None = Field(description="Present during processing, once the model has reported progress.")
    analysis: Analysis | None = Field(
        description="Result of a completed analysis. Null if it is too large for a response; then fetch `resultUrl`."
    )
    result_url: str | None = Field(
        description="URL of the result of a completed analysis as a JSON file, valid for 15 minutes."
    )
    people_edits: PeopleEdits = Field(
        description="The owner's names for the `people` of the result, and who of them is the same person; `analysis` "
        "does not contain them."
    )


class AnalysisPage(Schema):
    """Page of analyses, newest first. Pass `cursor` to get the next page; it is null on the last one."""

    model_config = example(analyses=[examples.ITEM], cursor=None)

    analyses: list[AnalysisItem]
    cursor: str | None


class VideoUrl(Schema):
    """URL of the video for playback, valid for `expiresIn` seconds."""

    model_config = example(url=examples.UPLOAD_URL, contentType="video/mp4", expiresIn=900)

    url: str
    content_type: str | None
    expires_in: int


class Deleted(Schema):
    """Deleted analysis. It can be restored until `restorableUntil`; then it is permanently deleted."""

    model_config = example(id=examples.ANALYSIS_ID, restorableUntil=examples.TIME)

    id: str
    restorable_until: datetime
