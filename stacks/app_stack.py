"""App stack: the Lambdas with their triggers, the API, the site, and their monitoring."""

import re
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from common import prefixes, webhooks
from common.analyses import COMPLETED, FAILED, QUEUED
from stacks.config import PROJECT, PUBLIC_URL, USAGE_PLAN, StageConfig
from stacks.constructs.canary import Canary
from stacks.constructs.http_api import DEFAULT_PLAN, HttpApi
from stacks.constructs.monitoring import Monitoring
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.release import Release
from stacks.constructs.site import Site, SiteBucket
from stacks.constructs.storage import removal
from stacks.constructs.trigger import DEAD_LETTER_RETENTION, WorkQueue, on_records, queue
from stacks.data_stack import DataStack
from stacks.nag_suppressions import accept
from stacks.permissions import CANARY, Grants


@dataclass(frozen=True)
class FunctionSpec:
    """Settings of a Lambda function. `seconds`: timeout; `memory`: MB, which also determines its share of a CPU."""

    seconds: int
    memory: int = 512
    handler: str = ""


FUNCTIONS = {
    # Below the REST API's limit of 29 s, so that a slow request still gets the function's own error response.
    "api": FunctionSpec(seconds=28, memory=1024, handler="lambdas.api.app.handler"),
    "on_drop": FunctionSpec(seconds=30),
    "submit": FunctionSpec(seconds=240),  # two copies of up to 1 GB within S3, and one request to the endpoint
    "on_result": FunctionSpec(seconds=60, memory=1024),
    "publish": FunctionSpec(seconds=60),
    "sweeper": FunctionSpec(seconds=300, memory=1024),
    "webhook": FunctionSpec(seconds=30),
}
STREAM_READERS = ("submit", "publish")  # functions that read the table's stream
# Functions that consume a queue, with the attempts per message; the webhook function spreads its eight over a day.
QUEUE_ATTEMPTS = {"on_drop": 5, "on_result": 5, "webhook": webhooks.ATTEMPTS}
DEFAULT_DELIVERIES = 5  # concurrent webhook deliveries where no concurrency is reserved


class AppStack(cdk.Stack):
    """Lambdas, triggers, API, site and monitoring of a stage.

    `success` and `failure` are the topics to which the endpoint, in the inference stack, publishes its outcomes.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig, data: DataStack) -> None:
        super().__init__(
            scope, id, termination_protection=config.protects("App"), description="Video sentiment: API, Lambdas, site"
        )
        self._config = config
        self._data = data
        self.success = sns.Topic(self, "Success", enforce_ssl=not config.is_local)
        self.failure = sns.Topic(self, "Failure", enforce_ssl=not config.is_local)
        self.queues = {
            name: WorkQueue(
                self, f"{_pascal(name)}Work", config, timeout=Duration.seconds(FUNCTIONS[name].seconds), attempts=n
            )
            for name, n in QUEUE_ATTEMPTS.items()
        }
        self.origin_secret = self._origin_secret()
        lambdas = Construct(self, "Lambdas")
        self.functions = {name: self._function(lambdas, name, spec) for name, spec in FUNCTIONS.items()}
        self._connect()
        self.release = self._release()
        api_function = self.release.alias if self.release else self.functions["api"].function
        self.api = HttpApi(self, "Api", config, api_function, data.auth.pool)
        self.site_bucket = SiteBucket(self, "SiteFiles", config).bucket
        self.site: Site | None = None
        self.public_url = self._public_url()
        self._add_parameters()
        if self.origin_secret:
            self.origin_secret.grant_read(self.functions["api"].role)
        grants = Grants(self, "Grants", config, self.functions, data, self.queues["webhook"].queue, self.api.plans)
        self._add_monitoring()
        if config.canary_hours and not config.is_local:
            canary = Canary(self, "Canary", config, config.canary_hours)
            grants.allow("Canary", canary.role, CANARY)
            canary.failed.add_alarm_action(actions.SnsAction(self.monitoring.topic))
        if not config.is_local:
            self._add_audit_log()
            self._add_queries()
        self._add_outputs()

    def _function(self, scope: Construct, name: str, spec: FunctionSpec) -> PythonFunction:
        return PythonFunction(
            scope,
            _pascal(name),
            self._config,
            self._environment(),
            handler=spec.handler or f"lambdas.{name}.handler.handler",
            timeout=Duration.seconds(spec.seconds),
            memory=spec.memory,
            # Receivers may be slow: deliveries must not use up the API's concurrency, nor compete with it.
            reserved=self._deliveries() if name == "webhook" and self._config.webhook_concurrency else None,
        )

    def _origin_secret(self) -> secretsmanager.Secret | None:
        """Return the secret by which the distribution authenticates to the API; None locally, where there is none."""
        if self._config.is_local:
            return None
        secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            description="Sent by the CloudFront distribution with each request to the API",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        accept(secret, "SMG4", "the distribution holds a copy, so rotating the secret takes a deployment of both")
        return secret

    def _release(self) -> Release | None:
        """Return the gradual release of the API's code; None locally, where new code is live at once."""
        if self._config.is_local:
            return None
        return Release(self, "Release", self._config, self.functions["api"].function, api_name=self._config.name)

    def _environment(self) -> dict[str, str]:
        """Return the fields of lambdas.core.settings.Settings that have no default, and this stage's overrides."""
        config, data = self._config, self._data
        return {
            "STAGE": config.stage,
            "TABLE_NAME": data.table.table_name,
            "MEDIA_BUCKET": data.buckets.media.bucket_name,
            "RESULTS_BUCKET": data.buckets.results.bucket_name,
            "ENDPOINT_NAME": config.endpoint_name,
            "WEBHOOK_QUEUE_URL": self.queues["webhook"].queue.queue_url,
            "USER_POOL_ID": data.auth.pool.user_pool_id,
            "USAGE_PLAN_PARAMETER": config.parameter(USAGE_PLAN),
            "PUBLIC_URL_PARAMETER": config.parameter(PUBLIC_URL),
            **({"LOCAL_WEBHOOKS": "true"} if config.is_local else {}),
            **({"ORIGIN_SECRET": self.origin_secret.secret_arn} if self.origin_secret else {}),
            **{name.upper(): value for name, value in config.lambda_overrides.items()},
        }

    def _connect(self) -> None:
        """Connect every trigger of the Lambdas other than the API's."""
        for name in QUEUE_ATTEMPTS:
            self.queues[name].feed(
                self.functions[name],
                batch=1 if name == "webhook" else 10,  # one slow receiver may use the whole timeout
                max_concurrency=self._deliveries() if name == "webhook" else None,
            )
        self._on_created("Dropped", "Videos that arrive in drop folders", prefixes.DROP)
        self._on_created("Uploaded", "New uploads, whose superseded versions are removed", prefixes.UPLOADS)
        results = self.queues["on_result"].queue
        for topic in (self.success, self.failure):
            topic.add_subscription(subscriptions.SqsSubscription(results, raw_message_delivery=True))
        self.dead_records = queue(self, "DeadRecords", self._config, retention_period=DEAD_LETTER_RETENTION)
        accept(self.dead_records, "SQS3", "it is the stream's dead-letter queue")
        # One record at a time, since each may take a long copy; the emulator's copies are short.
        batch = 10 if self._config.is_local else 1
        on_records(self.functions["submit"], self._data.table, self.dead_records, [QUEUED], slots=True, batch=batch)
        on_records(self.functions["publish"], self._data.table, self.dead_records, [COMPLETED, FAILED])
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            # A late run is useless: the next minute's run covers the same work.
            targets=[
                targets.LambdaFunction(
                    self.functions["sweeper"].function, retry_attempts=0, max_event_age=Duration.minutes(1)
                )
            ],
        )

    def _on_created(self, id: str, description: str, prefix: str) -> None:
        """Send an event to `on_drop` for each object created under a prefix of the media bucket."""
        events.Rule(
            self,
            id,
            description=description,
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._data.buckets.media.bucket_name]},
                    "object": {"key": [{"prefix": prefix}]},
                },
            ),
            targets=[targets.SqsQueue(self.queues["on_drop"].queue)],
        )

    def _deliveries(self) -> int | None:
        """Return the limit of concurrent webhook deliveries, reserved or not; None for the emulator, which has none."""
        return None if self._config.is_local else self._config.webhook_concurrency or DEFAULT_DELIVERIES

    def _public_url(self) -> str:
        """Return the URL for clients and browsers: the distribution's, or locally that of a process of `local/`."""
        if self._config.is_local:
            return self._config.public_url
        logs = self._data.buckets.logs
        assert logs is not None and self.origin_secret is not None
        self.site = site = Site(
            self, "Site", self._config,
            bucket=self.site_bucket, api=self.api, uploads=self._data.buckets.media,
            results=self._data.buckets.results, log=logs, secret=self.origin_secret,
        )  # fmt: skip
        cdk.CfnOutput(self, "DistributionId", value=site.distribution.distribution_id)
        return site.url

    def _add_parameters(self) -> None:
        """Store values of resources that depend on the Lambdas, for the Lambdas to read.

        As environment variables they would be a circular dependency.
        """
        plans = {f"{USAGE_PLAN}/{name}": plan.usage_plan_id for name, plan in self.api.plans.items()}
        for name, value in {**plans, PUBLIC_URL: self.public_url}.items():
            ssm.StringParameter(
                self, f"{_pascal(name)}Parameter", parameter_name=self._config.parameter(name), string_value=value
            )

    def _add_monitoring(self) -> None:
        dead = {_pascal(name): work.dead for name, work in self.queues.items()}
        self.monitoring = Monitoring(self, "Monitoring", self._config)
        for alarm in self.release.alarms if self.release else ():
            alarm.add_alarm_action(actions.SnsAction(self.monitoring.topic))
        if self.site:
            self.monitoring.watch_edge(self.site.distribution)
        for name in STREAM_READERS:
            self.monitoring.watch_stream(_pascal(name), self.functions[name])
        self.monitoring.watch(
            {_pascal(name): function for name, function in self.functions.items()},
            {_pascal(name): work.queue for name, work in self.queues.items()},
            {**dead, "Stream": self.dead_records},
            self.api,
        )

    def _add_audit_log(self) -> None:
        """Add the audit log of operators' commands (scripts/ops.py), separate from the Lambdas' logs."""
        log = logs.LogGroup(
            self,
            "Audit",
            log_group_name=f"/{PROJECT}/{self._config.stage}/audit",
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=removal(self._config),
        )
        cdk.CfnOutput(self, "AuditLog", value=log.log_group_name)

    def _add_queries(self) -> None:
        """Save log queries for per-owner figures: as metrics they would cost one metric per owner."""
        groups = [self.functions[name].log for name in ("api", "on_drop", "on_result", "sweeper")]
        logs.QueryDefinition(
            self,
            "ByOwner",
            query_definition_name=f"{self._config.name}/by owner",
            query_string=logs.QueryString(
                filter_statements=["ispresent(owner) and ispresent(metered)"],
                stats_statements=["count(*) as analyses, sum(minutes) as minutes by owner, metered"],
                sort="analyses desc",
                limit=1000,
            ),
            log_groups=groups,
        )

    def _add_outputs(self) -> None:
        for name, value in {
            "SiteUrl": self.public_url,
            "ApiUrl": self.api.url,
            "ApiId": self.api.api.rest_api_id,
            "SiteBucket": self.site_bucket.bucket_name,
            "DropQueueUrl": self.queues["on_drop"].queue.queue_url,
            "ResultQueueUrl": self.queues["on_result"].queue.queue_url,
            "WebhookQueueUrl": self.queues["webhook"].queue.queue_url,
            "SuccessTopicArn": self.success.topic_arn,
            "ErrorTopicArn": self.failure.topic_arn,
            "UsagePlanId": self.api.plans[DEFAULT_PLAN].usage_plan_id,
            "EndpointName": self._config.endpoint_name,
        }.items():
            cdk.CfnOutput(self, name, value=value)


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in re.split("[-_/]", name))
