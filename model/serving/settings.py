"""Settings of the server: environment variables, read once at startup."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from model.asr.registry import DEFAULT_TRANSCRIBER
from model.bundle import DEFAULT_BUNDLE
from model.contract import Prior

SAGEMAKER_ARTIFACT = Path("/opt/ml/model")  # folder into which SageMaker unpacks an endpoint's model artifact


class ServerSettings(BaseSettings):
    """Settings of the server. Unless noted, a field's variable is `VIDEO_SENTIMENT_` and its name in capitals.

    Sizes are in bytes, times in seconds. Empty variables count as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix="VIDEO_SENTIMENT_", env_ignore_empty=True, populate_by_name=True, frozen=True
    )

    bundle: str | None = None  # a name or a folder; None: see `find_bundle`
    transcriber: str = Field(  # MODEL or ENGINE:MODEL
        default=DEFAULT_TRANSCRIBER,
        validation_alias=AliasChoices("VIDEO_SENTIMENT_TRANSCRIBER", "VIDEO_SENTIMENT_WHISPER_MODEL"),
    )
    prior: Prior = "declared"  # assumed class frequencies: the bundle's, or uniform ones
    people: bool = False  # tell people apart by their voices (biometric data) where a request does not choose
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = Field(default=1, ge=1)  # concurrent analyses; each uses all cores
    queue: int = Field(default=4, ge=0)  # queued analyses; each takes up to max_bytes on disk
    max_bytes: int = Field(default=10**9, gt=0)  # limit of SageMaker's asynchronous inference: 1 GB
    max_duration: float = Field(default=3600.0, gt=0)  # of a video
    budget_seconds: float = Field(default=180.0, gt=0)  # fixed part of an analysis's time limit
    budget_factor: float = Field(default=3.0, ge=0)  # variable part: times the video's duration
    allowed_buckets: Annotated[tuple[str, ...], NoDecode] = ()  # comma-separated
    upload_patience: float = Field(default=60.0, gt=0)  # timeout for the next bytes of a request
    grace: float = Field(default=25.0, ge=0)  # shutdown period; SageMaker kills the container after 30 s
    temp_dir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    progress_s3_uri: str | None = Field(  # s3://bucket or s3://bucket/prefix
        default=None, validation_alias="PROGRESS_S3_URI", pattern=r"^s3://[^/]+(/.*)?$"
    )

    @field_validator("allowed_buckets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    def find_bundle(self, artifact: Path = SAGEMAKER_ARTIFACT) -> str | Path:
        """Return the configured bundle, else the mounted model artifact, else the default bundle."""
        if self.bundle is not None:
            return self.bundle
        return artifact if (artifact / "config.json").is_file() else DEFAULT_BUNDLE
