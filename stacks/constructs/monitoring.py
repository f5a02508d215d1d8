"""Monitoring: alarms to a topic, and a dashboard of the traffic."""

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
# Names that lambdas/core/aws/observability.py emits.
COUNTED = (
    "AnalysesStarted", "AnalysesCompleted", "AnalysesFailed", "MinutesAnalyzed", "QuotaRefusals", "CeilingRefusals",
    "DropRefusals", "RequestsThrottled", "WebhooksFailed",
)  # fmt: skip
FAILURES_IN_15_MINUTES = 5
EDGE_ERRORS = 5  # percent of all answers
SLOWEST = Duration.seconds(28)  # p99; requests wait for results for 25 s on purpose, and the gateway ends them at 29
OLDEST_MESSAGE = Duration.minutes(15)
BUDGET_ALARMS = (("ACTUAL", 80), ("FORECASTED", 100))  # percent of it


class Monitoring(Construct):
    """Alarms speak to `topic`. What they watch is named by who made it: queues, dead letters, functions, the API."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._config = config
        self.topic = sns.Topic(self, "Alarms", enforce_ssl=not config.is_local)
        if not config.is_local:
            self._let_publish("Alarms", "cloudwatch")
            if config.monthly_budget:
                self._let_publish("Budget", "budgets")
                self._budget(config.monthly_budget)
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))

    def _let_publish(self, sid: str, service: str) -> None:
        """Allow a service of this account to publish: a topic with a policy of its own has none of SNS's default one.

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

    def _budget(self, dollars: int) -> None:
        """Tell when the account has cost most of its budget in a month, or will have cost more at its end.

        Of the whole account: by tags, it would see nothing until somebody activates them for billing.
        """
        budget = budgets.CfnBudget
        budget(
            self,
            "Budget",
            budget=budget.BudgetDataProperty(
                budget_name=f"{self._config.name}-{Stack.of(self).region}",  # taken once in an account
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
        """Alarm when changes of the table wait for their function."""
        age = function.function.metric("IteratorAge", statistic="max")
        self._alarm(f"{name}Behind", age, OLDEST_MESSAGE.to_milliseconds(), periods=3)

    def watch_edge(self, distribution: cloudfront.IDistribution) -> None:
        """Alarm when the edge answers with errors, where it can: CloudFront counts in us-east-1 alone.

        In other regions an alarm on it would never have data; `GatewayErrors` and the synthetic canary are there.
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
        counted = Fn.condition_equals(Aws.REGION, "us-east-1")
        alarm.cfn_options.condition = CfnCondition(self, "CountsEdge", expression=counted)

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
        self._alarm("CeilingRefusals", self._counted("CeilingRefusals", MINUTES(5)), 1)
        self._alarm("GatewayErrors", api.api.metric_server_error(statistic="sum"), 5, periods=2)
        self._alarm("ApiSlow", api.api.metric_latency(statistic="p99"), SLOWEST.to_milliseconds(), periods=3)
        self._dashboard(functions, queues, dead, api)

    def _alarm(self, id: str, metric: cloudwatch.Metric, threshold: float, periods: int = 1) -> cloudwatch.Alarm:
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
            ("Analyses", [self._counted(name) for name in COUNTED[:3]]),
            ("Minutes analyzed", [self._counted("MinutesAnalyzed")]),
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
        """Metric that the Lambdas of this stage count (lambdas.core.aws.observability)."""
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
