"""Asynchronous SageMaker endpoint: the engine's container behind SageMaker's queue, on zero to N instances."""

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
from stacks.nag_suppressions import accept

VARIANT = "AllTraffic"
# Machine image with a driver for CUDA 13, which torch is built for; the default image's driver is older.
GPU_AMI = "al2023-ami-sagemaker-inference-gpu-4-1"
START_SECONDS = 600  # to load the models, after the image of several GB was pulled
QUEUE_LENGTH = 4  # of the server, besides running requests; SageMaker sends no more requests than there are workers
# Waiting and running videos per worker, above which another instance is started: no video should wait.
BACKLOG_PER_WORKER = 1.0
OUT_COOLDOWN, IN_COOLDOWN = Duration.minutes(3), Duration.minutes(10)
# Times of an update. New instances are monitored for BAKE_TIME. Old ones are then kept for TERMINATION_WAIT to finish
# their requests, which SageMaker would otherwise abort: an hour of video takes 8 minutes (docs/performance.md).
BAKE_TIME, TERMINATION_WAIT, UPDATE_TIMEOUT = Duration.minutes(5), Duration.minutes(20), Duration.hours(2)
CONTAINER_ERRORS = 3  # 5xx responses in five minutes that roll an update back


@dataclass(frozen=True)
class Resources:
    """Resources of other stacks: the endpoint's buckets, the topics it publishes to, and the key that encrypts both."""

    media: s3.IBucket
    results: s3.IBucket
    success: sns.ITopic
    failure: sns.ITopic
    key: kms.IKey | None  # None: keys managed by AWS


class Endpoint(Construct):
    """Endpoint with its model, role, log, scaling and alarms. `errors`: alarm on the container's errors."""

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, image: EngineImage, resources: Resources, model_data: str
    ) -> None:
        """`model_data`: S3 URI of a model.tar.gz, as a token that may be empty for the bundle in the image."""
        super().__init__(scope, id)
        self._config, self._resources = config, resources
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
                reason="the rule checks the parameter's empty default, which the condition excludes",
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
        # A new configuration starts with one instance even while the endpoint is scaled to zero, so that a deployment
        # fails and is rolled back if its image does not start. Scaling then takes over.
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
            "AWS_DEFAULT_REGION": cdk.Stack.of(self).region,  # the only variable boto3 reads; there is no profile
            "PROGRESS_S3_URI": f"s3://{self._resources.results.bucket_name}/progress",
            # Removing an input from this bucket ends its analysis.
            "VIDEO_SENTIMENT_ALLOWED_BUCKETS": self._resources.media.bucket_name,
            "VIDEO_SENTIMENT_WORKERS": str(self._config.workers),
            "VIDEO_SENTIMENT_QUEUE": str(QUEUE_LENGTH),
            "VIDEO_SENTIMENT_PRIOR": self._config.prior,
        }

    def _endpoint_config(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig:
        results = self._resources.results.bucket_name
        key = self._resources.key.key_arn if self._resources.key else None
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
                    kms_key_id=key,  # otherwise SageMaker uses S3's own key, not the bucket's
                    s3_output_path=f"s3://{results}/outputs",
                    s3_failure_path=f"s3://{results}/failures",
                    notification_config=configured.AsyncInferenceNotificationConfigProperty(
                        success_topic=self._resources.success.topic_arn, error_topic=self._resources.failure.topic_arn
                    ),
                ),
            ),
        )

    def _update(self) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
        """Return a blue/green deployment: all traffic moves to new instances, and back if their container fails.

        By default old instances end at the switch; here they are kept until they have finished their requests.
        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
        """
        configured = sagemaker.CfnEndpoint
        return configured.DeploymentConfigProperty(
            auto_rollback_configuration=configured.AutoRollbackConfigProperty(
                alarms=[configured.AlarmProperty(alarm_name=self.errors.alarm_name)]
            ),
            blue_green_update_policy=configured.BlueGreenUpdatePolicyProperty(
                maximum_execution_timeout_in_seconds=UPDATE_TIMEOUT.to_seconds(),
                termination_wait_in_seconds=TERMINATION_WAIT.to_seconds(),
                traffic_routing_configuration=configured.TrafficRoutingConfigProperty(
                    type="ALL_AT_ONCE", wait_interval_in_seconds=BAKE_TIME.to_seconds()
                ),
            ),
        )

    def _errors_alarm(self) -> cloudwatch.Alarm:
        """Return the alarm on 5xx responses of the container; invalid videos are 4xx."""
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
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # a rollback alarm must start in state OK
        )

    def _scale(self) -> actions.ApplicationScalingAction:
        """Scale from zero to max_instances by backlog; return the action that starts the first instance.

        The policy on the backlog per instance has no data while none runs, so an alarm has to start the first one.
        SageMaker refuses to change the instance type of a registered variant; `scaling=false` deregisters it and leaves
        the endpoint as it is.
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
        """Return a metric of the endpoint, averaged per minute."""
        return cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name=name,
            dimensions_map={"EndpointName": self._config.endpoint_name},
            statistic="Average",
            period=Duration.minutes(1),
        )

    def waiting_alarm(self, id: str, minutes: int) -> cloudwatch.Alarm:
        """Return an alarm on requests that have waited for so many minutes while no instance runs."""
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
        """Allow the role to use the stage's key for objects, messages and the disks of instances.

        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
        """
        key = self._resources.key
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
        """Return the role of the container, which SageMaker uses on its behalf as well."""
        role = iam.Role(self, "Role", assumed_by=trust.service(self, self._config, "sagemaker"))
        image.repository.grant_pull(role)
        self._resources.success.grant_publish(role)
        self._resources.failure.grant_publish(role)
        self._use_key(role)
        media, results = self._resources.media, self._resources.results
        written = [
            results.arn_for_objects(f"{prefix}*") for prefix in (prefixes.OUTPUTS, prefixes.FAILURES, prefixes.PROGRESS)
        ]
        stack = cdk.Stack.of(self)
        log = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/sagemaker/Endpoints/"
        # s3://BUCKET/KEY -> BUCKET/KEY; the appended "s3://" makes the split work for an empty value as well.
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
            "names of objects and log streams are unknown before they exist; metrics and registry login only allow *",
        )  # fmt: skip
        return role
