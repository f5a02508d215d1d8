"""Responses with results: embedded, as an export, or by URL if they are too large for a response."""

from collections.abc import Callable
from typing import Literal, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from lambdas.api.schemas.analyses import VideoUrl
from lambdas.core.aws import clients
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord
from model.contract import Analysis
from model.reports.formats import to_csv, to_srt, to_vtt

# A Lambda's response is limited to 6 MB; the JSON of one hour of speech has about 3 MB.
MAX_RESPONSE = 5_000_000  # bytes

FormatName = Literal["json", "csv", "srt", "vtt"]


class Export(NamedTuple):
    """Export format: its media type, and the function that writes it."""

    media_type: str
    write: Callable[[Analysis], str]


EXPORTS: dict[FormatName, Export] = {
    "csv": Export("text/csv", to_csv),
    "srt": Export("application/x-subrip", to_srt),
    "vtt": Export("text/vtt", to_vtt),
}


def format_of(requested: FormatName | None, accept: str) -> FormatName:
    """Return the requested format: the one named, else the most preferred in the Accept header, else JSON."""
    if requested is not None:
        return requested
    known: dict[str, FormatName] = {"application/json": "json", **{e.media_type: name for name, e in EXPORTS.items()}}
    preferred = sorted(_ranges(accept), key=lambda media_range: -media_range[1])
    return next((known[name] for name, quality in preferred if name in known and quality > 0), "json")


def export(record: AnalysisRecord, analysis: Analysis, name: FormatName) -> Response:
    """Return an analysis as a file to download, named after its video."""
    target = EXPORTS[name]
    stem = str(record.file_name or record.id).rpartition(".")[0] or record.id
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{stem}.{name}', safe='')}"}
    return Response(target.write(analysis), headers=headers, media_type=target.media_type)


def json_response(document: BaseModel) -> Response | None:
    """Return a document as a JSON response; None if it is too large."""
    body = document.model_dump_json(by_alias=True).encode()
    return Response(body, media_type="application/json") if len(body) <= MAX_RESPONSE else None


def result_url(record: AnalysisRecord) -> str:
    """Return a presigned URL of the result."""
    return _presigned(settings().results_bucket, str(record.result_key))


def video_url(record: AnalysisRecord) -> VideoUrl:
    """Return a presigned URL of the video, in the version that was analyzed."""
    version = {"VersionId": record.version_id} if record.version_id else {}
    url = _presigned(settings().media_bucket, str(record.object_key), **version)
    return VideoUrl(url=url, content_type=record.content_type, expires_in=settings().url_seconds)


def _presigned(bucket: str, key: str, **version: str) -> str:
    parameters = {"Bucket": bucket, "Key": key, **version}
    return str(clients.s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=settings().url_seconds))


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Parse the media types of an Accept header (RFC 9110), each with its quality."""
    found = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        qualities = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
        try:
            found.append((name, float(qualities[0]) if qualities else 1.0))
        except ValueError:
            found.append((name, 0.0))
    return found
