"""Client of the video sentiment API: upload a video, get every utterance with its emotion and sentiment."""

from video_sentiment_client._uploads import Upload
from video_sentiment_client._version import __version__
from video_sentiment_client.client import AsyncClient, Client
from video_sentiment_client.errors import (
    AnalysisFailedError,
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    SignatureError,
    StorageError,
    VideoSentimentError,
    WaitTimeoutError,
)
from video_sentiment_client.models import (
    Analysis,
    AnalysisDetail,
    CompletedAnalysis,
    Delivery,
    Event,
    Result,
    StartedAnalysis,
    Usage,
    Utterance,
)
from video_sentiment_client.webhooks import parse_event, verify_signature

__all__ = [
    "Analysis",
    "AnalysisDetail",
    "AnalysisFailedError",
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "BadRequestError",
    "Client",
    "CompletedAnalysis",
    "ConfigurationError",
    "ConflictError",
    "Delivery",
    "Event",
    "NetworkError",
    "NotFoundError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitError",
    "Result",
    "ServerError",
    "SignatureError",
    "StartedAnalysis",
    "StorageError",
    "Upload",
    "Usage",
    "Utterance",
    "VideoSentimentError",
    "WaitTimeoutError",
    "__version__",
    "parse_event",
    "verify_signature",
]
