"""Settings of the server: environment variables, read once when it starts."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from model.asr.registry import DEFAULT_TRANSCRIBER
from model.bundle import DEFAULT_BUNDLE
from model.contract import Prior

SAGEMAKER_ARTEFACT = Path("/opt/ml/model")  # where SageMaker unpacks the model artefact of an endpoint


class ServerSettings(BaseSettings):
    """Settings of the server. Each field is set by `VIDEO_SENTIMENT_` and its name in capitals, unless noted.

    Sizes are in bytes, times in seconds. An empty variable counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="VIDEO_SENTIMENT_", env_ignore_empty=True, populate_by_name=True, frozen=True
    )

    bundle: str | None = None  # a name or a folder; None: see `find_bundle`
    transcriber: str = Field(  # MODEL or ENGINE:MODEL
        default=DEFAULT_TRANSCRIBER,
        validation_alias=AliasChoices("VIDEO_SENTIMENT_TRANSCRIBER", "VIDEO_SENTIMENT_WHISPER_MODEL"),
    )
    prior: Prior = "declared"  # class frequencies to predict under: the bundle's, or uniform
    people: bool = False  # tell people apart by their voices, which are biometric data; needs the weights `campplus`
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = Field(default=1, ge=1)  # analyses at a time: each takes all cores by itself
    queue: int = Field(default=4, ge=0)  # more that may wait; each keeps up to max_bytes on the disk
    max_bytes: int = Field(default=10**9, gt=0)  # SageMaker's asynchronous inference takes 1 GB
    max_duration: float = Field(default=3600.0, gt=0)  # of a video
    budget_seconds: float = Field(default=180.0, gt=0)  # that an analysis may take, however short the video,
    budget_factor: float = Field(default=3.0, ge=0)  # and as many times its duration besides
    allowed_buckets: Annotated[tuple[str, ...], NoDecode] = ()  # in the environment: with commas between
    upload_patience: float = Field(default=60.0, gt=0)  # for the next bytes of a request
    grace: float = Field(default=25.0, ge=0)  # to finish in when told to stop: SageMaker kills after 30 s
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

    def find_bundle(self, artefact: Path = SAGEMAKER_ARTEFACT) -> str | Path:
        """The bundle that was asked for; else the mounted model artefact where there is one; else the starter."""
        if self.bundle is not None:
            return self.bundle
        return artefact if (artefact / "config.json").is_file() else DEFAULT_BUNDLE
