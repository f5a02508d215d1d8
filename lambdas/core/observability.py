"""Logs, metrics and traces, set up once: JSON lines with a correlation id, EMF, X-Ray."""

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

SERVICE = "video-sentiment"
NAMESPACE = "VideoSentiment"

logger = Logger(service=SERVICE)
tracer = Tracer(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)

ANALYSES_STARTED = "AnalysesStarted"
ANALYSES_COMPLETED = "AnalysesCompleted"
ANALYSES_FAILED = "AnalysesFailed"
MINUTES_ANALYSED = "MinutesAnalysed"
QUOTA_REFUSALS = "QuotaRefusals"
DROP_REFUSALS = "DropRefusals"
WEBHOOKS_FAILED = "WebhooksFailed"


def count(name: str, value: float = 1) -> None:
    """Add to a metric of this invocation; the handler's decorator writes it out."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
