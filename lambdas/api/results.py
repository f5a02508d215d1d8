"""Results as answers: embedded, as an export, or as a URL where they are too long for an answer."""

from collections.abc import Callable
from typing import Literal, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from lambdas.core.aws import clients
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord
from model.contract import Analysis
from model.reports.formats import to_csv, to_srt, to_vtt

# A Lambda's answer has 6 MB at most; the JSON of an hour's talk has about 3.
MAX_ANSWER = 5_000_000  # bytes

FormatName = Literal["json", "csv", "srt", "vtt"]


class Export(NamedTuple):
    media_type: str
    write: Callable[[Analysis], str]


EXPORTS: dict[FormatName, Export] = {
    "csv": Export("text/csv", to_csv),
    "srt": Export("application/x-subrip", to_srt),
    "vtt": Export("text/vtt", to_vtt),
}


def format_of(asked: FormatName | None, accept: str) -> FormatName:
    """Return the format that a request wants: the one it names, else its Accept header's favorite, else JSON."""
    if asked is not None:
        return asked
    known: dict[str, FormatName] = {"application/json": "json", **{e.media_type: name for name, e in EXPORTS.items()}}
    liked = sorted(_ranges(accept), key=lambda media_range: -media_range[1])
    return next((known[name] for name, quality in liked if name in known and quality > 0), "json")


def export(record: AnalysisRecord, analysis: Analysis, name: FormatName) -> Response:
    """An analysis as a file to save, named like its video."""
    written = EXPORTS[name]
    stem = str(record.file_name or record.id).rpartition(".")[0] or record.id
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{stem}.{name}', safe='')}"}
    return Response(written.write(analysis), headers=headers, media_type=written.media_type)


def json_answer(document: BaseModel) -> Response | None:
    """A document as JSON; None where it is too long for an answer."""
    body = document.model_dump_json(by_alias=True).encode()
    return Response(body, media_type="application/json") if len(body) <= MAX_ANSWER else None


def result_url(record: AnalysisRecord) -> str:
    """The result itself, for some minutes."""
    return _presigned(settings().results_bucket, str(record.result_key))


def video_url(record: AnalysisRecord) -> str:
    """The video itself, for a player, for some minutes. The version that was analyzed, whatever lies there now."""
    version = {"VersionId": record.version_id} if record.version_id else {}
    return _presigned(settings().media_bucket, str(record.object_key), **version)


def _presigned(bucket: str, key: str, **more: str) -> str:
    parameters = {"Bucket": bucket, "Key": key, **more}
    return str(clients.s3().generate_presigned_url("get_object", Params=parameters, ExpiresIn=settings().url_seconds))


def _ranges(accept: str) -> list[tuple[str, float]]:
    """The media types of an Accept header (RFC 9110), each with its quality."""
    found = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        qualities = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
        try:
            found.append((name, float(qualities[0]) if qualities else 1.0))
        except ValueError:
            found.append((name, 0.0))
    return found
