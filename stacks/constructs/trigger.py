"""Lambda triggers besides HTTP: queues, each with a dead-letter queue, and the table's stream, used as an outbox."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from common import table as table_names
from stacks.config import StageConfig
from stacks.constructs.python_function import PythonFunction
from stacks.nag_suppressions import accept

VISIBILITY_FACTOR = 6  # visibility timeout in function timeouts; AWS recommends six, for retries of waiting batches
DEAD_LETTER_RETENTION = Duration.days(14)  # the maximum of SQS
ATTEMPTS = 5
STREAM_ATTEMPTS = 10  # per batch, which is bisected on errors; then the record goes to the dead-letter queue

SLOTS_CHANGED = {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {table_names.SORT_KEY: {"S": [table_names.SLOTS]}}}}
PLAN_CHANGED = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {"NewImage": {table_names.SORT_KEY: {"S": [table_names.PLAN]}}},
}


class WorkQueue(Construct):
    """Queue with a dead-letter queue (`dead`)."""

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, *, timeout: Duration, attempts: int = ATTEMPTS
    ) -> None:
        """`timeout`: of the consuming function; `attempts`: before a message goes to the dead-letter queue."""
        super().__init__(scope, id)
        self.dead = queue(self, "Dead", config, retention_period=DEAD_LETTER_RETENTION)
        accept(self.dead, "SQS3", "it is the dead-letter queue")
        self.queue = queue(
            self,
            "Queue",
            config,
            visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * int(timeout.to_seconds())),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead, max_receive_count=attempts),
        )

    def feed(self, function: PythonFunction, *, batch: int = 10, max_concurrency: int | None = None) -> None:
        """Invoke `function` with up to `batch` messages; failed messages are retried without the rest of their batch.

        `max_concurrency`: limit of concurrent invocations; with reserved concurrency alone, throttled messages would
        use up their attempts.
        """
        function.function.add_event_source(
            sources.SqsEventSource(
                self.queue, batch_size=batch, report_batch_item_failures=True, max_concurrency=max_concurrency
            )
        )


def queue(scope: Construct, id: str, config: StageConfig, **more: Any) -> sqs.Queue:
    """Return an encrypted queue that requires TLS, except locally, where the emulator uses plain HTTP."""
    return sqs.Queue(scope, id, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=not config.is_local, **more)


def on_records(
    function: PythonFunction,
    table: dynamodb.ITable,
    dead: sqs.IQueue,
    statuses: Sequence[str],
    *,
    slots: bool = False,
    batch: int = 10,
) -> None:
    """Invoke `function` when a change leaves an analysis in one of the statuses; failed records go to `dead`.

    `slots`: also on changes of owners' slots at the endpoint, and of their plans, which set the number of slots.
    """
    patterns = [_analysis_in(statuses), *([SLOTS_CHANGED, PLAN_CHANGED] if slots else [])]
    function.function.add_event_source(
        sources.DynamoEventSource(
            table,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=batch,
            filters=[lambda_.FilterCriteria.filter(pattern) for pattern in patterns],
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=STREAM_ATTEMPTS,
            max_record_age=Duration.hours(24),  # the stream's retention
            parallelization_factor=10,
            on_failure=sources.SqsDlq(dead),
        )
    )


def _analysis_in(statuses: Sequence[str]) -> Mapping[str, Any]:
    return {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {
            "NewImage": {
                table_names.SORT_KEY: {"S": [table_names.ANALYSIS]},
                "status": {"S": list(statuses)},
            }
        },
    }
