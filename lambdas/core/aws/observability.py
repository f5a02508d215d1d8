"""Logs (JSON lines with a correlation id), metrics (EMF) and traces (X-Ray)."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

# The stacks set POWERTOOLS_METRICS_NAMESPACE, and POWERTOOLS_SERVICE_NAME per stage, so that stages in one AWS account
# are counted separately.
logger = Logger()
tracer = Tracer()

ANALYSES_STARTED = "AnalysesStarted"
ANALYSES_COMPLETED = "AnalysesCompleted"
ANALYSES_FAILED = "AnalysesFailed"
MINUTES_ANALYZED = "MinutesAnalyzed"
QUOTA_REFUSALS = "QuotaRefusals"
CEILING_REFUSALS = "CeilingRefusals"
DROP_REFUSALS = "DropRefusals"
WEBHOOKS_FAILED = "WebhooksFailed"
THROTTLED = "RequestsThrottled"

Handler = Callable[[dict[str, Any], Any], Any]


def observed(handler: Handler) -> Handler:
    """Decorate a Lambda handler with logging context, metrics and tracing."""

    @wraps(handler)
    def counted(event: dict[str, Any], context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            flush()

    traced = tracer.capture_lambda_handler(counted, capture_response=False)
    return logger.inject_lambda_context(traced, clear_state=True)


@cache
def metrics() -> Metrics:
    """Return the metrics of this process."""
    return Metrics()


def flush() -> None:
    """Write out the metrics, if any: Powertools warns about an empty set."""
    if metrics().metric_set:
        metrics().flush_metrics()


def meter(event: str, owner: str, minutes: float = 0.0) -> None:
    """Log an event of an owner's analysis, for queries per owner. `minutes`: length of the video.

    It is a log line because custom metrics per owner would cost more than the analyses. The stacks define the saved
    query.
    """
    logger.info("metered", extra={"metered": event, "owner": owner, "minutes": round(minutes, 3)})


def count(name: str, value: float = 1) -> None:
    """Add to a metric, which `flush` writes out at the end of the invocation."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)
