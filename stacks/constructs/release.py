"""Release of a function's new code: a tenth of the calls for a while, then all of them; back where alarms go off."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.nag import accept

ALIAS = "live"
ERRORS = 3  # in a minute: raised by the function, or answered by the gateway with 5xx


class Release(Construct):
    """`alias` is what is called. CodeDeploy moves it; CloudFormation waits for that, and goes back with it.

    For the API alone, whose callers see an error at once. What queues and the stream call is repeated, and ends in
    dead letters that can be put back: an alias would only make each of their deployments longer.
    """

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, function: lambda_.Function, *, api_name: str
    ) -> None:
        super().__init__(scope, id)
        self.alias = lambda_.Alias(self, "Alias", alias_name=ALIAS, version=function.current_version)
        minute = Duration.minutes(1)
        # By the API's name: by its id it would be a circle, as the API calls the alias.
        answered = cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name="5XXError",
            dimensions_map={"ApiName": api_name},
            statistic="sum",
            period=minute,
        )
        metrics = {"Errors": self.alias.metric_errors(statistic="sum", period=minute), "5xx": answered}
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
        accept(role, "IAM4", "AWS's own policy for CodeDeploy's releases of functions, as CDK attaches it")
