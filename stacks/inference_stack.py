"""Inference stack: the model behind an asynchronous endpoint that scales to zero. Stage local has none."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.app_stack import AppStack
from stacks.config import StageConfig
from stacks.constructs.endpoint import Endpoint, Resources
from stacks.constructs.training import Training
from stacks.data_stack import DataStack
from stacks.image_stack import ImageStack

STUCK_MINUTES = 30  # with a backlog but no instance: none is available, or none starts


class InferenceStack(cdk.Stack):
    """Endpoint and training resources of a stage.

    It refers to the data, app and image stacks; none refers to it, since the endpoint's name is fixed.
    """

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, data: DataStack, app: AppStack, images: ImageStack
    ) -> None:
        super().__init__(
            scope, id, termination_protection=config.protects("Inference"), description="Video sentiment: inference"
        )
        model_data = self._model_data(config)
        image = images.image
        resources = Resources(data.buckets.media, data.buckets.results, app.success, app.failure, data.key)
        self.inference = Endpoint(self, "Endpoint", config, image, resources, model_data.value_as_string)
        stuck = self.inference.waiting_alarm("Stuck", STUCK_MINUTES)
        unreported = cloudwatch.Alarm(  # in this stack, since the image stack has no alarm topic
            self,
            "BuildUntold",
            alarm_name=f"{config.name}-BuildDead",
            metric=image.dead.metric_approximate_number_of_messages_visible(statistic="max"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        for alarm in (stuck, self.inference.errors, unreported):
            alarm.add_alarm_action(actions.SnsAction(app.monitoring.topic))
        self.training = Training(self, "Training", config, data.key)
        for name, value in {
            "TrainingBucket": self.training.bucket.bucket_name,
            "TrainingRoleArn": self.training.role.role_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)

    def _model_data(self, config: StageConfig) -> cdk.CfnParameter:
        """Return the parameter for the served bundle, required on prod unless the starter's licence is accepted."""
        starter = not config.is_prod or config.accept_research_licence
        return cdk.CfnParameter(
            self,
            "ModelDataUrl",
            type="String",
            description="S3 URI of a model.tar.gz, as `training.launch deploy` prints it; empty: the starter bundle",
            default="" if starter else None,
            allowed_pattern=r"^(s3://[^/]+/.+)?$" if starter else r"^s3://[^/]+/.+$",
            constraint_description="must be an S3 URI"
            if starter
            else "must be an S3 URI: the starter bundle is for research and evaluation only. To serve it, accept its "
            "licence (model/bundles/starter/LICENSE) with -c acceptResearchLicence=true",
        )
