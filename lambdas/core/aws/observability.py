"""Logs, metrics and traces, set up once: JSON lines with a correlation id, EMF, X-Ray."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

# The stacks name service and namespace, in POWERTOOLS_SERVICE_NAME (the stage's own name: stages in one account are
# counted apart) and POWERTOOLS_METRICS_NAMESPACE.
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
    """A Lambda's handler with its log, its metrics and its trace."""

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
    """The counters of this process."""
    return Metrics()


def flush() -> None:
    """Write out what was counted; nothing where nothing was, which is no reason to warn."""
    if metrics().metric_set:
        metrics().flush_metrics()


def meter(what: str, owner: str, minutes: float = 0.0) -> None:
    """Note what an owner's analysis did, for questions about single owners.

    A line of the log, as an owner's own metrics would cost more than their analyses. The stacks save the question.
    """
    logger.info("metered", extra={"metered": what, "owner": owner, "minutes": round(minutes, 3)})


def count(name: str, value: float = 1) -> None:
    """Add to a metric of this invocation; `flush` writes it out."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)
