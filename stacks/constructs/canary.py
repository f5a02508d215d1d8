"""Synthetic canary: runs the smoke test every few hours, from a new API key to the deletion of the analysis."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks import canary_source
from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.nag_suppressions import accept

MINUTES = 40  # timeout; an endpoint scaled to zero starts within 20 minutes, after which the smoke test gives up
COMMANDS = (
    "python -m pip install --quiet --require-hashes -r requirements/api.txt",
    f"python -m pip install --quiet {' '.join(canary_source.requirements())}",
    "python -m scripts.ops --stage $STAGE smoke",
)


class Canary(Construct):
    """Scheduled CodeBuild project that runs the smoke test; a Lambda's limit of 15 minutes would be too short.

    `role`: may create and revoke API keys; the canary does everything else as a customer. `failed`: alarm on failures.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig, hours: int) -> None:
        super().__init__(scope, id)
        self.role = iam.Role(self, "Role", assumed_by=trust.service(self, config, "codebuild"))
        stack = Stack.of(self)
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudformation:DescribeStacks"],
                resources=[
                    stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/*")
                    for name in (config.stack_name("Data"), config.stack_name("App"))
                ],
            )
        )
        source = assets.Asset(self, "Source", path=str(canary_source.build()))
        project = codebuild.Project(
            self,
            "Run",
            description="Analyzes the sample video as a customer would",
            role=self.role,
            source=codebuild.Source.s3(bucket=source.bucket, path=source.s3_object_key),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.STANDARD_7_0, compute_type=codebuild.ComputeType.SMALL
            ),
            environment_variables={"STAGE": codebuild.BuildEnvironmentVariable(value=config.stage)},
            build_spec=codebuild.BuildSpec.from_object(
                {
                    "version": "0.2",
                    "phases": {
                        "install": {"runtime-versions": {"python": "3.11"}},
                        "build": {"commands": list(COMMANDS), "on-failure": "ABORT"},
                    },
                }
            ),
            timeout=Duration.minutes(MINUTES),
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(
                    log_group=logs.LogGroup(
                        self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
                    )
                )
            ),
        )
        accept(project, "CB4", "it produces no artifacts to encrypt")
        accept(
            self.role, "IAM5", "CDK's own grants for a build; ids of API keys and stacks are unknown before they exist"
        )
        starts = iam.Role(self, "Starts", assumed_by=trust.service(self, config, "events"))
        events.Rule(
            self,
            "Schedule",
            schedule=events.Schedule.rate(Duration.hours(hours)),
            targets=[targets.CodeBuildProject(project, event_role=starts, retry_attempts=0)],  # the next run follows
        )
        self.failed = cloudwatch.Alarm(
            self,
            "Failed",
            alarm_name=f"{config.name}-CanaryFailed",
            metric=project.metric_failed_builds(period=Duration.minutes(5), statistic="sum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
