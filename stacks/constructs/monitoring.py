"""Monitoring: alarms to a topic, and a dashboard of the traffic."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.http_api import HttpApi
from stacks.constructs.python_function import METRICS_NAMESPACE, PythonFunction

MINUTES = Duration.minutes
# Names that lambdas/core/observability.py emits.
COUNTED = (
    "AnalysesStarted", "AnalysesCompleted", "AnalysesFailed", "MinutesAnalysed", "QuotaRefusals", "DropRefusals",
    "WebhooksFailed",
)  # fmt: skip
FAILURES_IN_15_MINUTES = 5
OLDEST_MESSAGE = Duration.minutes(15)


class Monitoring(Construct):
    """Alarms speak to `topic`. What they watch is named by who made it: queues, dead letters, functions, the API."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._config = config
        self.topic = sns.Topic(self, "Alarms", enforce_ssl=not config.is_local)
        if not config.is_local:
            self._let_alarms_publish()
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))

    def _let_alarms_publish(self) -> None:
        """Allow alarms of this account to publish: a topic with a policy of its own has none of SNS's default one.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        """
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def watch(
        self,
        functions: Mapping[str, PythonFunction],
        queues: Mapping[str, sqs.IQueue],
        dead: Mapping[str, sqs.IQueue],
        api: HttpApi,
    ) -> None:
        """Alarms on all of it, and a dashboard."""
        for name, queue in dead.items():
            self._alarm(f"{name}Dead", queue.metric_approximate_number_of_messages_visible(statistic="max"), 1)
        for name, queue in queues.items():
            age = queue.metric_approximate_age_of_oldest_message(statistic="max")
            self._alarm(f"{name}Age", age, OLDEST_MESSAGE.to_seconds(), periods=3)
        for name, function in functions.items():
            self._alarm(f"{name}Throttled", function.function.metric_throttles(statistic="sum"), 1, periods=3)
            self._alarm(f"{name}Errors", function.function.metric_errors(statistic="sum"), 3, periods=2)
        self._alarm("Failures", self._counted("AnalysesFailed", MINUTES(15)), FAILURES_IN_15_MINUTES)
        self._alarm("DropRefusals", self._counted("DropRefusals", MINUTES(5)), 1)
        self._alarm("GatewayErrors", api.api.metric_server_error(statistic="sum"), 5, periods=2)
        self._dashboard(functions, queues, dead, api)

    def _alarm(self, id: str, metric: cloudwatch.Metric, threshold: float, periods: int = 1) -> None:
        """Alarm when the metric reaches the threshold in so many consecutive periods. Missing data is no alarm."""
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_name=f"{self._config.name}-{id}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _dashboard(
        self,
        functions: Mapping[str, PythonFunction],
        queues: Mapping[str, sqs.IQueue],
        dead: Mapping[str, sqs.IQueue],
        api: HttpApi,
    ) -> None:
        lambdas = [function.function for function in functions.values()]
        endpoint = {"EndpointName": self._config.endpoint_name}
        rows: list[tuple[str, list[cloudwatch.IMetric]]] = [
            ("Analyses", [self._counted(name) for name in COUNTED[:3]]),
            ("Minutes analysed", [self._counted("MinutesAnalysed")]),
            ("Refusals and failed webhooks", [self._counted(name) for name in COUNTED[4:]]),
            ("Endpoint: backlog", [_endpoint("ApproximateBacklogSize", endpoint),
                                   _endpoint("ApproximateBacklogSizePerInstance", endpoint)]),
            ("API", [api.api.metric_count(), api.api.metric_client_error(), api.api.metric_server_error()]),
            ("API: latency", [api.api.metric_latency(statistic=s) for s in ("p50", "p99")]),
            ("Lambdas: errors", [function.metric_errors() for function in lambdas]),
            ("Lambdas: duration, p99", [function.metric_duration(statistic="p99") for function in lambdas]),
            ("Queues: waiting", [q.metric_approximate_number_of_messages_visible() for q in queues.values()]),
            ("Dead letters", [q.metric_approximate_number_of_messages_visible() for q in dead.values()]),
        ]  # fmt: skip
        # Dashboards of all regions share their names.
        region = "" if self._config.is_local else f"-{Stack.of(self).region}"
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"{self._config.name}{region}")
        for at in range(0, len(rows), 2):
            board.add_widgets(
                *(cloudwatch.GraphWidget(title=title, left=left, width=12) for title, left in rows[at : at + 2])
            )

    def _counted(self, name: str, period: Duration | None = None) -> cloudwatch.Metric:
        """Metric that the Lambdas of this stage count (lambdas.core.observability)."""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self._config.name},
            statistic="sum",
            period=period or MINUTES(5),
        )


def _endpoint(name: str, dimensions: Mapping[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/SageMaker", metric_name=name, dimensions_map=dict(dimensions), statistic="average"
    )
