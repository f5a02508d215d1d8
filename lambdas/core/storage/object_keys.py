"""The names of all objects in S3, built and read in one place.

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
    owner: str
    file_id: str
    extension: str


class DropKey(NamedTuple):
    owner: str
    path: str


class InferenceId(NamedTuple):
    analysis_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.analysis_id}.{self.attempt}"


class Location(NamedTuple):
    """An object, as SageMaker names it."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def is_owner(text: str) -> bool:
    """Return True when this may be an owner's id; anything else must never get into a key."""
    return re.fullmatch(OWNER_PATTERN, text, re.ASCII) is not None


def is_file_id(text: str) -> bool:
    return re.fullmatch(FILE_ID_PATTERN, text, re.ASCII) is not None


def is_analysis_id(text: str) -> bool:
    return re.fullmatch(ANALYSIS_ID_PATTERN, text, re.ASCII) is not None


def upload(owner: str, file_id: str, extension: str) -> str:
    """Return the key to which a client uploads a file. `extension` with its dot."""
    return f"{UPLOADS}{owner}/{file_id}{extension}"


def parse_upload(key: str) -> UploadKey | None:
    """The parts of an upload's key; None for any other key."""
    match = _UPLOAD.fullmatch(key)
    return UploadKey(*match.groups()) if match and match[3] in EXTENSIONS else None


def parse_drop(key: str) -> DropKey | None:
    """The parts of a key in the drop folder; None where the owner's part cannot be one, and for other keys."""
    match = _DROP.fullmatch(key)
    return DropKey(match[1], match[2]) if match else None


def analysis_id(door: str, bucket: str, key: str, version_id: str | None = None) -> str:
    """The id of the analysis of an object: the same object by the same door has the same.

    The lengths keep apart what would run together: keys may hold any character.
    """
    parts = (door, bucket, key, version_id or "")
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def input_copy(analysis_id: str, attempt: int, extension: str) -> str:
    """The copy that is analyzed. Nothing else ever is."""
    return f"{INPUTS}{analysis_id}/{attempt}{extension}"


def inputs_of(analysis_id: str) -> str:
    """The prefix of the copies of all attempts."""
    return f"{INPUTS}{analysis_id}/"


def results_of(analysis_id: str) -> str:
    """The prefix of the results of all attempts."""
    return f"{ANALYSES}{analysis_id}/"


def inference_id(analysis_id: str, attempt: int) -> str:
    return str(InferenceId(analysis_id, attempt))


def parse_inference_id(text: str) -> InferenceId | None:
    """Parse an inference id into the analysis's id and the attempt; None where it is not one of ours."""
    match = _INFERENCE_ID.fullmatch(text)
    return InferenceId(match[1], int(match[2])) if match else None


def progress(analysis_id: str, attempt: int) -> str:
    """Return the key to which the model server writes the progress of an attempt."""
    return f"{PROGRESS}{inference_id(analysis_id, attempt)}.json"


def result(analysis_id: str, attempt: int) -> str:
    """The result of an attempt, once it has been read and found good."""
    return f"{ANALYSES}{analysis_id}/{attempt}.json"


def drop_result(key: str) -> str:
    """The drop folder's answer to an object: beside nothing else, under the same path."""
    return _answer(key, RESULT_SUFFIX)


def drop_error(key: str) -> str:
    """Return the key of the drop folder's error file. Takes any key under `drop/`, an owner's or not."""
    return _answer(key, ERROR_SUFFIX + RESULT_SUFFIX)


def _answer(key: str, suffix: str) -> str:
    path = key.removeprefix(DROP)
    if parse_drop(key) is None:  # nobody's: kept apart, under a name that no owner can have
        return f"{RESULTS}!nobody/{hashlib.sha256(key.encode()).hexdigest()}{suffix}"
    answer = f"{RESULTS}{path}{suffix}"
    # The result of `a.error` would have the name of the error of `a`.
    if len(answer.encode()) <= MAX_KEY_BYTES and not path.endswith(ERROR_SUFFIX):
        return answer
    # The answer's name is longer than the dropped object's; what does not fit is named by its hash.
    owner = path.partition("/")[0]
    return f"{RESULTS}{owner}/renamed/{hashlib.sha256(key.encode()).hexdigest()}{suffix}"


def parse_location(uri: str) -> Location | None:
    """`s3://bucket/key`; None where it does not look like that."""
    match = _LOCATION.fullmatch(uri)
    return Location(match[1], match[2]) if match else None
