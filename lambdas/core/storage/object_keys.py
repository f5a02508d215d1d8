"""Keys of all objects in S3: building and parsing.

media bucket    uploads/{owner}/{file id}{ext}  drop/{owner}/{any path}  inputs/{analysis id}/{attempt}{ext}
results bucket  outputs/ failures/ (SageMaker's)  progress/{inference id}.json
                analyses/{analysis id}/{attempt}.json  results/{owner}/{path}.json or .error.json
"""

import base64
import hashlib
import re
from typing import NamedTuple

from common.prefixes import ANALYSES, DROP, INPUTS, PROGRESS, RESULTS, UPLOADS
from lambdas.core.file_types import EXTENSIONS

RESULT_SUFFIX, ERROR_SUFFIX = ".json", ".error"
MAX_KEY_BYTES = 1024  # S3's limit
OWNER_PATTERN = r"[A-Za-z0-9_-]{1,64}"
ANALYSIS_ID_PATTERN = r"[a-z2-7]{26}"
FILE_ID_PATTERN = r"[0-9a-f]{32}"

_UPLOAD = re.compile(rf"{UPLOADS}({OWNER_PATTERN})/({FILE_ID_PATTERN})(\.[a-z0-9]{{1,5}})", re.ASCII)
_DROP = re.compile(rf"{DROP}({OWNER_PATTERN})/(.+)", re.ASCII | re.DOTALL)
_INFERENCE_ID = re.compile(rf"({ANALYSIS_ID_PATTERN})\.([1-9][0-9]{{0,8}})", re.ASCII)
_LOCATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)


class UploadKey(NamedTuple):
    """Parts of the key of an uploaded file."""

    owner: str
    file_id: str
    extension: str


class DropKey(NamedTuple):
    """Parts of the key of an object in the drop folder."""

    owner: str
    path: str


class InferenceId(NamedTuple):
    """Id of an attempt at the endpoint: the analysis and the number of the attempt."""

    analysis_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.analysis_id}.{self.attempt}"


class Location(NamedTuple):
    """Object in S3, written as a URI the way SageMaker does."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def is_owner(text: str) -> bool:
    """Return True if a text has the form of an owner's id. Nothing else may become part of a key."""
    return re.fullmatch(OWNER_PATTERN, text, re.ASCII) is not None


def is_file_id(text: str) -> bool:
    """Return True if a text has the form of a file id."""
    return re.fullmatch(FILE_ID_PATTERN, text, re.ASCII) is not None


def is_analysis_id(text: str) -> bool:
    """Return True if a text has the form of an analysis id."""
    return re.fullmatch(ANALYSIS_ID_PATTERN, text, re.ASCII) is not None


def upload(owner: str, file_id: str, extension: str) -> str:
    """Return the key to which a client uploads a file. `extension` includes the dot."""
    return f"{UPLOADS}{owner}/{file_id}{extension}"


def parse_upload(key: str) -> UploadKey | None:
    """Parse an upload's key; None for any other key."""
    match = _UPLOAD.fullmatch(key)
    return UploadKey(*match.groups()) if match and match[3] in EXTENSIONS else None


def parse_drop(key: str) -> DropKey | None:
    """Parse a key in the drop folder; None for other keys, and for an invalid owner id."""
    match = _DROP.fullmatch(key)
    return DropKey(match[1], match[2]) if match else None


def analysis_id(source: str, bucket: str, key: str, version_id: str | None = None) -> str:
    """Return the id of an object's analysis, which is the same each time for the same object and source.

    Each part is hashed with its length, as keys may contain any separator.
    """
    parts = (source, bucket, key, version_id or "")
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def input_copy(analysis_id: str, attempt: int, extension: str) -> str:
    """Return the key of the copy that an attempt analyzes. Only such copies are ever analyzed."""
    return f"{INPUTS}{analysis_id}/{attempt}{extension}"


def inputs_of(analysis_id: str) -> str:
    """Return the prefix of the copies of all attempts."""
    return f"{INPUTS}{analysis_id}/"


def results_of(analysis_id: str) -> str:
    """Return the prefix of the results of all attempts."""
    return f"{ANALYSES}{analysis_id}/"


def inference_id(analysis_id: str, attempt: int) -> str:
    """Return the id of an attempt at the endpoint, as text."""
    return str(InferenceId(analysis_id, attempt))


def parse_inference_id(text: str) -> InferenceId | None:
    """Parse an inference id; None if it does not have this service's format."""
    match = _INFERENCE_ID.fullmatch(text)
    return InferenceId(match[1], int(match[2])) if match else None


def progress(analysis_id: str, attempt: int) -> str:
    """Return the key to which the model server writes the progress of an attempt."""
    return f"{PROGRESS}{inference_id(analysis_id, attempt)}.json"


def result(analysis_id: str, attempt: int) -> str:
    """Return the key of an attempt's result, stored once it has been validated."""
    return f"{ANALYSES}{analysis_id}/{attempt}.json"


def drop_result(key: str) -> str:
    """Return the key of the result for a dropped object: the object's path under `results/`, with a suffix."""
    return _answer(key, RESULT_SUFFIX)


def drop_error(key: str) -> str:
    """Return the key of the error for a dropped object. Accepts any key under `drop/`, also without a valid owner."""
    return _answer(key, ERROR_SUFFIX + RESULT_SUFFIX)


def _answer(key: str, suffix: str) -> str:
    path = key.removeprefix(DROP)
    if parse_drop(key) is None:  # no owner: stored under a name that no owner can have
        return f"{RESULTS}!nobody/{hashlib.sha256(key.encode()).hexdigest()}{suffix}"
    answer = f"{RESULTS}{path}{suffix}"
    # Paths that end in `.error` are hashed: the result for `a.error` would collide with the error for `a`.
    if len(answer.encode()) <= MAX_KEY_BYTES and not path.endswith(ERROR_SUFFIX):
        return answer
    # So are paths whose answer would be longer than S3 allows.
    owner = path.partition("/")[0]
    return f"{RESULTS}{owner}/renamed/{hashlib.sha256(key.encode()).hexdigest()}{suffix}"


def parse_location(uri: str) -> Location | None:
    """Parse `s3://bucket/key`; None if it does not have that form."""
    match = _LOCATION.fullmatch(uri)
    return Location(match[1], match[2]) if match else None
