"""Triggers of Lambdas besides HTTP: queues with a dead-letter queue each, and the table's stream as the outbox."""

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
from stacks.nag import accept

VISIBILITY_FACTOR = 6  # a message may be retried while its batch still waits: AWS asks for six timeouts
KEPT = Duration.days(14)  # dead letters, the most that SQS keeps
ATTEMPTS = 5
STREAM_ATTEMPTS = 10  # of a batch, bisected on the way; then the record goes to the dead letters

SLOTS_CHANGED = {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {table_names.SORT_KEY: {"S": [table_names.SLOTS]}}}}
PLAN_CHANGED = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {"NewImage": {table_names.SORT_KEY: {"S": [table_names.PLAN]}}},
}


class WorkQueue(Construct):
    """A queue and its dead letters."""

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, *, timeout: Duration, attempts: int = ATTEMPTS
    ) -> None:
        """`timeout`: of the function that works on it; `attempts` before a message is dead."""
        super().__init__(scope, id)
        self.dead = queue(self, "Dead", config, retention_period=KEPT)
        accept(self.dead, "SQS3", "it is the dead-letter queue")
        self.queue = queue(
            self,
            "Queue",
            config,
            visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * int(timeout.to_seconds())),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead, max_receive_count=attempts),
        )

    def feed(self, function: PythonFunction, *, batch: int = 10, at_a_time: int | None = None) -> None:
        """Call `function` with up to `batch` messages; what fails comes back alone, not with its batch.

        `at_a_time`: calls at most; what the function's own limit refuses would count as tried.
        """
        function.function.add_event_source(
            sources.SqsEventSource(
                self.queue, batch_size=batch, report_batch_item_failures=True, max_concurrency=at_a_time
            )
        )


def queue(scope: Construct, id: str, config: StageConfig, **more: Any) -> sqs.Queue:
    """An encrypted queue that only speaks TLS (the emulator speaks plain HTTP)."""
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
    """Call `function` for analyses that are in one of the statuses after a change; `dead` gets what it cannot do.

    `slots`: also for changes of the owners' slots at the endpoint, and of their plans, which say how many they have.
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
            max_record_age=Duration.hours(24),  # what the stream keeps
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
