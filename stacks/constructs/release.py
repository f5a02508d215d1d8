"""Gradual release of a function's new code: 10% of the calls for five minutes, then all; rolled back on alarms."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.nag_suppressions import accept

ALIAS = "live"
ERRORS = 3  # per minute: raised by the function, or 5xx responses of the gateway


class Release(Construct):
    """Alias that CodeDeploy shifts to new versions; a failed shift also rolls the CloudFormation deployment back.

    Only for the API, whose callers see errors at once. Calls by queues and the stream are retried and end in
    dead-letter queues that can be redriven, so aliases would only prolong their deployments.
    """

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, function: lambda_.Function, *, api_name: str
    ) -> None:
        super().__init__(scope, id)
        self.alias = lambda_.Alias(self, "Alias", alias_name=ALIAS, version=function.current_version)
        minute = Duration.minutes(1)
        # By the API's name: its id would be a circular dependency, since the API refers to the alias.
        gateway_errors = cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name="5XXError",
            dimensions_map={"ApiName": api_name},
            statistic="sum",
            period=minute,
        )
        metrics = {"Errors": self.alias.metric_errors(statistic="sum", period=minute), "5xx": gateway_errors}
        self.alarms = [
            cloudwatch.Alarm(
                self,
                name,
                alarm_name=f"{config.name}-ApiRelease{name}",
                metric=metric,
                threshold=ERRORS,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            for name, metric in metrics.items()
        ]
        role = iam.Role(
            self,
            "Role",
            assumed_by=trust.service(self, config, "codedeploy"),
        )
        codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=self.alias,
            alarms=self.alarms,
            role=role,
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        )
        accept(role, "IAM4", "AWS managed policy for CodeDeploy's releases of functions, as CDK attaches it")
