"""Models of the API's responses. Fields that a newer server adds are ignored."""

import datetime as dt
from typing import Any, Generic, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Status = Literal["queued", "processing", "completed", "failed"]
ExportFormat = Literal["json", "csv", "srt", "vtt"]


class _Result(BaseModel):
    """Base of the model's output, whose names are in snake_case."""

    model_config = ConfigDict(frozen=True)


class _Envelope(BaseModel):
    """Base of the API's own objects, whose names are in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Score(_Result):
    """A label and its probability, from 0 to 1."""

    label: str
    confidence: float


class Contribution(_Result):
    """Contribution of one modality to a result: its signed part in nats, and its weight."""

    weight: float
    contribution: float | None = None


class ModalityResult(Contribution):
    """Contribution of one modality, and the emotions that it predicts by itself."""

    emotions: list[Score]


class Utterance(_Result):
    """One sentence, or one segment without speech (`text` is then empty). Times in seconds."""

    start_time: float
    end_time: float
    text: str
    language: str | None = None
    emotions: list[Score]  # most probable first
    sentiments: list[Score]
    modalities: dict[str, ModalityResult]
    bias: float | None = None
    decided_by: str = "modalities"
    contradictory: bool = False
    unclear: bool = False
    speaker: str | None = None  # `id` of one of the result's `people`
    explanation: str = ""

    @property
    def emotion(self) -> Score:
        """The most probable emotion."""
        return self.emotions[0]

    @property
    def sentiment(self) -> Score:
        """The most probable sentiment."""
        return self.sentiments[0]


class Overall(_Result):
    """The whole video: its utterances, weighted by duration. Empty lists without utterances."""

    emotions: list[Score]
    sentiments: list[Score]
    modalities: dict[str, Contribution] = {}
    bias: float | None = None
    decided_by: str = "modalities"
    unclear: bool = False


class Person(_Result):
    """One who speaks in the video. `thumbnail_time`: when the picture shows the person's face, in seconds.

    `thumbnail_box`: the face's left, top, right and bottom, as shares of the picture's width and height.
    """

    id: str
    label: str
    seconds: float
    summary: Overall
    thumbnail_box: list[float] | None = None
    thumbnail_time: float | None = None


class VideoInfo(_Result):
    """Properties of the video as displayed. Zero for properties that the file lacks."""

    duration_s: float
    width: int
    height: int
    fps: float
    has_audio: bool


class ModelInfo(_Result):
    """Models and assumptions behind a result."""

    bundle: str
    version: str
    speech: str
    prior: str = "declared"


class Result(_Result):
    """Result of analyzing one video."""

    schema_version: str = ""
    video: VideoInfo
    language: str | None
    language_probability: float | None = None
    model: ModelInfo
    utterances: list[Utterance]
    overall: Overall
    people: list[Person] = []
    warnings: list[str] = []


class Summary(_Result):
    """Excerpt of a result, for lists."""

    duration_s: float
    language: str | None
    utterances: int
    emotions: list[Score]
    sentiments: list[Score]
    warnings: list[str]
    bundle: str
    bundle_version: str


class Progress(_Result):
    """Progress of an analysis; `fraction` from 0 to 1."""

    stage: str
    fraction: float
    updated: dt.datetime


class Failure(_Result):
    """Reason why an analysis failed."""

    code: str
    message: str


class Analysis(_Envelope):
    """Summary of an analysis, as in lists."""

    id: str
    status: Status
    position: int | None = None  # place in the account's queue; 1 begins next
    attempt: int
    source: str
    file_name: str | None
    size: int | None
    content_type: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    expires_at: dt.datetime | None
    summary: Summary | None
    error: Failure | None


class PeopleEdits(_Envelope):
    """Names of a result's people by id, and for each merged id the one that it belongs to."""

    names: dict[str, str] = {}
    merged: dict[str, str] = {}


class AnalysisDetail(Analysis):
    """An analysis with its progress, or its result."""

    progress: Progress | None
    result: Result | None = Field(alias="analysis")
    result_url: str | None
    people_edits: PeopleEdits = PeopleEdits()


class CompletedAnalysis(AnalysisDetail):
    """A completed analysis, with its result."""

    result: Result = Field(alias="analysis")


class StartedAnalysis(_Envelope):
    """A started analysis. `result` is set if it was completed while the request waited."""

    id: str
    status: Status = "completed"
    result: Result | None = Field(default=None, alias="analysis")


class DeletedAnalysis(_Envelope):
    """A deleted analysis; it can be restored until `restorable_until`."""

    id: str
    restorable_until: dt.datetime


class VideoUrl(_Envelope):
    """URL that plays a video, for `expires_in` seconds."""

    url: str
    content_type: str | None
    expires_in: int


class UploadTicket(_Envelope):
    """URL to PUT a file to, and the headers to send."""

    url: str
    key: str
    headers: dict[str, str]
    expires_in: int


class MultipartTicket(_Envelope):
    """Parts of a large file: `parts` pieces of `part_size` bytes, the last one shorter."""

    key: str
    part_size: int
    parts: int


class PartUrl(_Envelope):
    """URL to PUT one piece of a file to."""

    part_number: int
    url: str


class PartUrls(_Envelope):
    """URLs to PUT pieces of a file to."""

    parts: list[PartUrl]


class PendingUpload(_Envelope):
    """An upload from which no analysis has been started."""

    id: str
    key: str
    size: int | None
    in_parts: bool
    created_at: dt.datetime
    expires_at: dt.datetime | None


class PendingUploads(_Envelope):
    """The pending uploads of an account."""

    uploads: list[PendingUpload]


class Day(_Envelope):
    """Analyses that were started on one day (UTC)."""

    date: dt.date
    requests: int


class Usage(_Envelope):
    """Quota usage in a calendar month (UTC)."""

    month: str
    plan: str
    limit: int
    used: int
    remaining: int = Field(validation_alias=AliasChoices("remaining", "left"))
    resets_at: dt.datetime
    minutes: float
    concurrency: int
    days: list[Day]


class AuditEvent(_Envelope):
    """Event of the account's audit log."""

    at: dt.datetime
    event: str
    by: str
    subject: str | None


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. `cursor` fetches the next one; None on the last."""

    items: list[T] = Field(validation_alias=AliasChoices("analyses", "events"))
    cursor: str | None


class EventAnalysis(_Envelope):
    """An analysis as a webhook's event describes it. Its result is at `status_url`, for an API key."""

    id: str
    status: Status
    attempt: int
    source: str
    file_name: str | None
    created_at: dt.datetime
    status_url: str
    summary: Summary | None
    error: Failure | None


class Event(_Envelope):
    """An event of a webhook. `id` is the same however often the event is delivered."""

    id: str
    type: str
    created_at: dt.datetime
    data: dict[str, Any]

    @property
    def analysis(self) -> EventAnalysis | None:
        """The analysis that the event is about; None for `webhook.test`."""
        return EventAnalysis.model_validate(self.data) if self.data else None
