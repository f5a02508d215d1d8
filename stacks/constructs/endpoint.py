"""The asynchronous endpoint: the engine's container behind a queue of SageMaker's, none to N instances of it."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from common import prefixes
from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.customer_key import WRITE, use_key
from stacks.constructs.image import EngineImage
from stacks.nag import accept

VARIANT = "AllTraffic"
# CUDA 13, as torch is built for; the default image of GPU instances has an older driver.
GPU_AMI = "al2023-ami-sagemaker-inference-gpu-4-1"
START_SECONDS = 600  # to load models; an image of several GB is pulled before that
QUEUE = 4  # of the server, beyond what it works on; SageMaker sends no more than there are workers
# Videos that wait or run, for each worker. Above it one more instance is started: a video that waits is one too many.
BACKLOG_PER_WORKER = 1.0
OUT_COOLDOWN, IN_COOLDOWN = Duration.minutes(3), Duration.minutes(10)
# Of an update. The instances of before go on for a while: an hour of video takes them 8 minutes (docs/performance.md),
# and SageMaker would otherwise end them with what they work on. The new ones are watched before that.
WATCHED, OLD_KEPT, UPDATE_LIMIT = Duration.minutes(5), Duration.minutes(20), Duration.hours(2)
CONTAINER_ERRORS = 3  # answers of 5xx in five minutes that take an update back


@dataclass(frozen=True)
class Places:
    """Buckets that the endpoint reads and writes, the topics it notifies, and the key of all of them."""

    media: s3.IBucket
    results: s3.IBucket
    success: sns.ITopic
    failure: sns.ITopic
    key: kms.IKey | None  # that all of these are encrypted with; None: AWS's own


class Endpoint(Construct):
    """`errors`: the alarm of a container that fails, which takes an update back."""

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, image: EngineImage, places: Places, model_data: str
    ) -> None:
        """`model_data`: S3 address of a model.tar.gz, a token that may be empty: then the image's own bundle."""
        super().__init__(scope, id)
        self._config, self._places = config, places
        has_model = cdk.CfnCondition(
            self, "HasModel", expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(model_data, ""))
        )
        self.role = self._role(image, has_model, model_data)
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image.uri,
                environment=self._environment(),
                model_data_url=cdk.Fn.condition_if(has_model.logical_id, model_data, cdk.Aws.NO_VALUE).to_string(),
            ),
        )
        model.node.add_dependency(self.role)
        cdk.Validations.of(model).acknowledge(
            cdk.Acknowledgment(
                id="CloudFormation-Validate::F3031",
                reason="it takes the parameter's empty default for the address, which the condition leaves out",
            )
        )
        endpoint_config = self._endpoint_config(model)
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/sagemaker/Endpoints/{config.endpoint_name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.errors = self._errors_alarm()
        # A new configuration starts with one instance, even where none runs: so every deployment proves that its
        # image starts, and a broken one is rolled back. Scaling takes it from there.
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=config.endpoint_name,
            endpoint_config_name=endpoint_config.attr_endpoint_config_name,
            retain_all_variant_properties=False,
            deployment_config=self._update(),
        )
        self.endpoint.node.add_dependency(log, self.errors)
        waiting = self.waiting_alarm("Waiting", minutes=1)
        if config.scaling:
            waiting.add_alarm_action(self._scale())

    def _environment(self) -> dict[str, str]:
        """Return the environment variables of the model server, documented in docs/server.md."""
        return {
            "AWS_DEFAULT_REGION": cdk.Stack.of(self).region,  # boto3 reads no other, and the container has no profile
            "PROGRESS_S3_URI": f"s3://{self._places.results.bucket_name}/progress",
            # An analysis ends when its input is removed from there.
            "VIDEO_SENTIMENT_ALLOWED_BUCKETS": self._places.media.bucket_name,
            "VIDEO_SENTIMENT_WORKERS": str(self._config.workers),
            "VIDEO_SENTIMENT_QUEUE": str(QUEUE),
            "VIDEO_SENTIMENT_PRIOR": self._config.prior,
        }

    def _endpoint_config(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig:
        results = self._places.results.bucket_name
        key = self._places.key.key_arn if self._places.key else None
        configured = sagemaker.CfnEndpointConfig
        return configured(
            self,
            "Config",
            kms_key_id=None if self._config.has_own_disks else key,
            production_variants=[
                configured.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=model.attr_model_name,
                    initial_variant_weight=1.0,
                    initial_instance_count=1,
                    instance_type=self._config.instance_type,
                    inference_ami_version=GPU_AMI if self._config.has_gpu else None,
                    container_startup_health_check_timeout_in_seconds=START_SECONDS,
                    model_data_download_timeout_in_seconds=START_SECONDS,
                )
            ],
            async_inference_config=configured.AsyncInferenceConfigProperty(
                client_config=configured.AsyncInferenceClientConfigProperty(
                    max_concurrent_invocations_per_instance=self._config.workers
                ),
                output_config=configured.AsyncInferenceOutputConfigProperty(
                    kms_key_id=key,  # without it SageMaker would not take the bucket's, but S3's own
                    s3_output_path=f"s3://{results}/outputs",
                    s3_failure_path=f"s3://{results}/failures",
                    notification_config=configured.AsyncInferenceNotificationConfigProperty(
                        success_topic=self._places.success.topic_arn, error_topic=self._places.failure.topic_arn
                    ),
                ),
            ),
        )

    def _update(self) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
        """Have SageMaker send all requests to new instances, and back to the old ones where the new container fails.

        The default ends the old instances at the switch; here they are kept until what they analyze is finished.
        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
        """
        configured = sagemaker.CfnEndpoint
        return configured.DeploymentConfigProperty(
            auto_rollback_configuration=configured.AutoRollbackConfigProperty(
                alarms=[configured.AlarmProperty(alarm_name=self.errors.alarm_name)]
            ),
            blue_green_update_policy=configured.BlueGreenUpdatePolicyProperty(
                maximum_execution_timeout_in_seconds=UPDATE_LIMIT.to_seconds(),
                termination_wait_in_seconds=OLD_KEPT.to_seconds(),
                traffic_routing_configuration=configured.TrafficRoutingConfigProperty(
                    type="ALL_AT_ONCE", wait_interval_in_seconds=WATCHED.to_seconds()
                ),
            ),
        )

    def _errors_alarm(self) -> cloudwatch.Alarm:
        """Alarm when the container answers with errors of its own (what is wrong with a video is 4xx)."""
        return cloudwatch.Alarm(
            self,
            "Errors",
            alarm_name=f"{self._config.name}-EndpointErrors",
            metric=cloudwatch.Metric(
                namespace="AWS/SageMaker",
                metric_name="Invocation5XXErrors",
                dimensions_map={"EndpointName": self._config.endpoint_name, "VariantName": VARIANT},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
            threshold=CONTAINER_ERRORS,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # or it were no alarm to begin with
        )

    def _scale(self) -> actions.ApplicationScalingAction:
        """Scale from none to max_instances by backlog. Returns what the alarm of a backlog without an instance does.

        The policy of the backlog per instance sees none while nothing runs. SageMaker refuses to change the instance
        type of a variant that is registered here; `scaling=false` takes it out, and leaves the endpoint as it is.
        https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
        """
        stack = cdk.Stack.of(self)
        linked = f"arn:{stack.partition}:iam::{stack.account}:role/aws-service-role/"
        target = autoscaling.ScalableTarget(
            self,
            "Instances",
            service_namespace=autoscaling.ServiceNamespace.SAGEMAKER,
            resource_id=f"endpoint/{self._config.endpoint_name}/variant/{VARIANT}",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            min_capacity=0,
            max_capacity=self._config.max_instances,
            role=iam.Role.from_role_arn(
                self,
                "LinkedRole",
                f"{linked}sagemaker.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
                mutable=False,
            ),
        )
        target.node.add_dependency(self.endpoint)
        target.scale_to_track_metric(
            "Backlog",
            custom_metric=self.metric("ApproximateBacklogSizePerInstance"),
            target_value=BACKLOG_PER_WORKER * self._config.workers,
            scale_out_cooldown=OUT_COOLDOWN,
            scale_in_cooldown=IN_COOLDOWN,
        )
        wake = autoscaling.StepScalingAction(
            self,
            "Wake",
            scaling_target=target,
            adjustment_type=autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
            cooldown=OUT_COOLDOWN,
        )
        wake.add_adjustment(adjustment=1, lower_bound=0)
        return actions.ApplicationScalingAction(wake)

    def metric(self, name: str) -> cloudwatch.Metric:
        """A metric of the endpoint, by the minute."""
        return cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name=name,
            dimensions_map={"EndpointName": self._config.endpoint_name},
            statistic="Average",
            period=Duration.minutes(1),
        )

    def waiting_alarm(self, id: str, minutes: int) -> cloudwatch.Alarm:
        """Alarm when requests have waited for so long and no instance runs."""
        return cloudwatch.Alarm(
            self,
            id,
            alarm_name=f"{self._config.name}-Endpoint{id}",
            metric=self.metric("HasBacklogWithoutCapacity"),
            threshold=1,
            evaluation_periods=minutes,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.MISSING,
        )

    def _use_key(self, role: iam.Role) -> None:
        """Let the role use the stage's key: on objects and messages, and for the disks of its instances.

        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
        """
        key = self._places.key
        use_key(role, key, {"s3": WRITE, "sns": WRITE})
        if key and not self._config.has_own_disks:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=["kms:CreateGrant"],
                    resources=[key.key_arn],
                    conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
                )
            )

    def _role(self, image: EngineImage, has_model: cdk.CfnCondition, model_data: str) -> iam.Role:
        """Role of the container, and of SageMaker on its behalf."""
        role = iam.Role(self, "Role", assumed_by=trust.service(self, self._config, "sagemaker"))
        image.repository.grant_pull(role)
        self._places.success.grant_publish(role)
        self._places.failure.grant_publish(role)
        self._use_key(role)
        media, results = self._places.media, self._places.results
        written = [
            results.arn_for_objects(f"{prefix}*") for prefix in (prefixes.OUTPUTS, prefixes.FAILURES, prefixes.PROGRESS)
        ]
        stack = cdk.Stack.of(self)
        log = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/sagemaker/Endpoints/"
        # s3://BUCKET/KEY -> BUCKET/KEY; what is appended makes it a list of two for an empty one as well.
        place = cdk.Fn.select(1, cdk.Fn.split("s3://", cdk.Fn.join("", [model_data, "s3://"])))
        artefact = cdk.Fn.condition_if(
            has_model.logical_id,
            cdk.Fn.join("", [f"arn:{stack.partition}:s3:::", place]),
            media.arn_for_objects(f"{prefixes.INPUTS}*"),
        )
        for allowed, resources in (
            (["s3:GetObject"], [media.arn_for_objects(f"{prefixes.INPUTS}*")]),
            # Long results go up in parts: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint-prerequisites.html
            (["s3:PutObject", "s3:AbortMultipartUpload"], written),
            (["s3:GetObject"], [artefact.to_string()]),
            (
                ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                [f"{log}{self._config.endpoint_name}:*"],
            ),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=allowed, resources=resources))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
            )
        )
        accept(
            role, "IAM5",
            "objects and log streams have no names before they exist; metrics and a registry login only exist for *",
        )  # fmt: skip
        return role
