"""Monitoring: alarms that notify a topic, and a dashboard."""

from collections.abc import Mapping

from aws_cdk import Aws, CfnCondition, Duration, Fn, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudfront as cloudfront
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
# Metric names that lambdas/core/aws/observability.py emits.
COUNTERS = (
    "AnalysesStarted", "AnalysesCompleted", "AnalysesFailed", "MinutesAnalyzed", "QuotaRefusals", "CeilingRefusals",
    "DropRefusals", "RequestsThrottled", "WebhooksFailed",
)  # fmt: skip
FAILURES_IN_15_MINUTES = 5
EDGE_ERRORS = 5  # percent of all responses
MAX_LATENCY = Duration.seconds(28)  # p99; long polls take 25 s by design, and the gateway's timeout is 29 s
MAX_MESSAGE_AGE = Duration.minutes(15)
BUDGET_ALARMS = (("ACTUAL", 80), ("FORECASTED", 100))  # percent of the budget


class Monitoring(Construct):
    """Alarms and dashboard of a stage. `topic`: receives the alarms; operators subscribe to it."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._config = config
        self.topic = sns.Topic(self, "Alarms", enforce_ssl=not config.is_local)
        if not config.is_local:
            self._allow_publishing("Alarms", "cloudwatch")
            if config.monthly_budget:
                self._allow_publishing("Budget", "budgets")
                self._add_budget(config.monthly_budget)
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))

    def _allow_publishing(self, sid: str, service: str) -> None:
        """Allow an AWS service to publish for this account: a custom topic policy replaces SNS's default one.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
        """
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def _add_budget(self, dollars: int) -> None:
        """Add alarms on the account's actual and forecast monthly cost.

        The budget covers the whole account: by tags it would see no cost until they are activated for billing.
        """
        budget = budgets.CfnBudget
        budget(
            self,
            "Budget",
            budget=budget.BudgetDataProperty(
                budget_name=f"{self._config.name}-{Stack.of(self).region}",  # unique in an account
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                budget.NotificationWithSubscribersProperty(
                    notification=budget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn),
                    ],
                )
                for kind, percent in BUDGET_ALARMS
            ],
        )

    def watch_stream(self, name: str, function: PythonFunction) -> None:
        """Add an alarm on the delay of a function that reads the table's stream."""
        age = function.function.metric("IteratorAge", statistic="max")
        self._alarm(f"{name}Behind", age, MAX_MESSAGE_AGE.to_milliseconds(), periods=3)

    def watch_edge(self, distribution: cloudfront.IDistribution) -> None:
        """Add an alarm on 5xx responses of the distribution, in us-east-1 only.

        CloudFront's metrics exist only there. Other regions have `GatewayErrors` and the synthetic canary.
        """
        rate = cloudwatch.Metric(
            namespace="AWS/CloudFront",
            metric_name="5xxErrorRate",
            dimensions_map={"DistributionId": distribution.distribution_id, "Region": "Global"},
            statistic="average",
            period=MINUTES(5),
        )
        alarm = self._alarm("EdgeErrors", rate, EDGE_ERRORS, periods=3).node.default_child
        assert isinstance(alarm, cloudwatch.CfnAlarm)
        has_metrics = Fn.condition_equals(Aws.REGION, "us-east-1")
        alarm.cfn_options.condition = CfnCondition(self, "CountsEdge", expression=has_metrics)

    def watch(
        self,
        functions: Mapping[str, PythonFunction],
        queues: Mapping[str, sqs.IQueue],
        dead: Mapping[str, sqs.IQueue],
        api: HttpApi,
    ) -> None:
        """Add alarms on functions, queues, dead-letter queues and the API, and the dashboard."""
        for name, queue in dead.items():
            self._alarm(f"{name}Dead", queue.metric_approximate_number_of_messages_visible(statistic="max"), 1)
        for name, queue in queues.items():
            age = queue.metric_approximate_age_of_oldest_message(statistic="max")
            self._alarm(f"{name}Age", age, MAX_MESSAGE_AGE.to_seconds(), periods=3)
        for name, function in functions.items():
            self._alarm(f"{name}Throttled", function.function.metric_throttles(statistic="sum"), 1, periods=3)
            self._alarm(f"{name}Errors", function.function.metric_errors(statistic="sum"), 3, periods=2)
        self._alarm("Failures", self._counter("AnalysesFailed", MINUTES(15)), FAILURES_IN_15_MINUTES)
        self._alarm("DropRefusals", self._counter("DropRefusals", MINUTES(5)), 1)
        self._alarm("CeilingRefusals", self._counter("CeilingRefusals", MINUTES(5)), 1)
        self._alarm("GatewayErrors", api.api.metric_server_error(statistic="sum"), 5, periods=2)
        self._alarm("ApiSlow", api.api.metric_latency(statistic="p99"), MAX_LATENCY.to_milliseconds(), periods=3)
        self._dashboard(functions, queues, dead, api)

    def _alarm(self, id: str, metric: cloudwatch.Metric, threshold: float, periods: int = 1) -> cloudwatch.Alarm:
        """Add an alarm on a metric that reaches the threshold in consecutive periods; missing data is ignored."""
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
        return alarm

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
            ("Analyses", [self._counter(name) for name in COUNTERS[:3]]),
            ("Minutes analyzed", [self._counter("MinutesAnalyzed")]),
            ("Refusals and failed webhooks", [self._counter(name) for name in COUNTERS[4:]]),
            ("Endpoint: backlog", [_endpoint("ApproximateBacklogSize", endpoint),
                                   _endpoint("ApproximateBacklogSizePerInstance", endpoint)]),
            ("API", [api.api.metric_count(), api.api.metric_client_error(), api.api.metric_server_error()]),
            ("API: latency", [api.api.metric_latency(statistic=s) for s in ("p50", "p99")]),
            ("Lambdas: errors", [function.metric_errors() for function in lambdas]),
            ("Lambdas: duration, p99", [function.metric_duration(statistic="p99") for function in lambdas]),
            ("Queues: waiting", [q.metric_approximate_number_of_messages_visible() for q in queues.values()]),
            ("Dead letters", [q.metric_approximate_number_of_messages_visible() for q in dead.values()]),
        ]  # fmt: skip
        # Dashboard names are unique across regions.
        region = "" if self._config.is_local else f"-{Stack.of(self).region}"
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"{self._config.name}{region}")
        for at in range(0, len(rows), 2):
            board.add_widgets(
                *(cloudwatch.GraphWidget(title=title, left=left, width=12) for title, left in rows[at : at + 2])
            )

    def _counter(self, name: str, period: Duration | None = None) -> cloudwatch.Metric:
        """Return a metric emitted by the Lambdas of this stage (lambdas.core.aws.observability)."""
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
