"""Schemas of links to analyses: the owner's requests and lists, and the analysis as its readers get it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from lambdas.api.schemas import examples
from lambdas.api.schemas.analyses import VideoUrl
from lambdas.api.schemas.base import WHOLE, Schema, example
from lambdas.core.analyses import shares
from model.contract import Analysis


class ShareRequest(Schema):
    """New link to an analysis."""

    model_config = example(expiresInHours=shares.DEFAULT_HOURS, includeVideo=False)

    expires_in_hours: Annotated[int, Field(ge=shares.MIN_HOURS, le=shares.MAX_HOURS, strict=True), WHOLE] = Field(
        default=shares.DEFAULT_HOURS, description="Validity in hours, up to 90 days."
    )
    include_video: bool = Field(
        default=False,
        strict=True,
        description="True if readers may play the video, and not only read the result.",
    )


class ShareItem(Schema):
    """Link to an analysis, without its token."""

    model_config = example(examples.SHARE_ITEM)

    id: str
    created_at: datetime
    expires_at: datetime
    include_video: bool


class NewShare(ShareItem):
    """New link to an analysis. `token` and the two addresses, which contain it, are shown only once."""

    model_config = example(examples.NEW_SHARE)

    token: str
    url: str = Field(description="Page to send to readers. The token is in its fragment, which browsers do not send.")
    embed_url: str = Field(description="The same page for an `iframe`, which any site may show.")


class ShareList(Schema):
    """All links to an analysis, newest first."""

    model_config = example(shares=[examples.SHARE_ITEM])

    shares: list[ShareItem]


class SharedAnalysis(Schema):
    """Analysis as the readers of a link get it."""

    model_config = example(examples.SHARED)

    file_name: str | None
    created_at: datetime = Field(description="Time at which the analysis was started.")
    expires_at: datetime = Field(description="Time at which the link expires.")
    analysis: Analysis | None = Field(
        description="Result. Null if it is too large for a response; then fetch `resultUrl`."
    )
    result_url: str = Field(description="URL of the result as a JSON file, valid for 15 minutes.")
    video: VideoUrl | None = Field(description="URL of the video; null unless the link includes it.")
