"""Resources of training/launch.py: a bucket for corpora, checkpoints and artifacts, and the role of training jobs."""

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.customer_key import WRITE, use_key
from stacks.constructs.storage import OLD_VERSION_DAYS, safe
from stacks.nag_suppressions import accept


class Training(Construct):
    """Bucket and role for `training.launch train`, which reads them as TRAINING_BUCKET and TRAINING_ROLE."""

    def __init__(self, scope: Construct, id: str, config: StageConfig, key: kms.IKey | None) -> None:
        """`key`: encrypts the bucket; None: S3's own key."""
        super().__init__(scope, id)
        # Retained with its content, but removed when the first deployment fails.
        policy = RemovalPolicy.DESTROY if config.throwaway else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        settings = safe(config) | {"removal_policy": policy}
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="leftovers",
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
                )
            ],
            **settings,
        )
        accept(self.bucket, "S1", "the operator's own corpora, checkpoints and artifacts; no users' data")
        self.role = iam.Role(self, "Role", assumed_by=trust.service(self, config, "sagemaker"))
        use_key(self.role, key, {"s3": WRITE})
        stack = cdk.Stack.of(self)
        log = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/sagemaker/"
        for actions, resources in (
            (["s3:ListBucket", "s3:GetBucketLocation"], [self.bucket.bucket_arn]),
            (["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [self.bucket.arn_for_objects("*")]),
            (
                ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
                # Repositories of any account: AWS publishes its framework containers from a different one per region.
                # https://docs.aws.amazon.com/deep-learning-containers/latest/devguide/
                [f"arn:{stack.partition}:ecr:{stack.region}:*:repository/*"],
            ),
            (["ecr:GetAuthorizationToken"], ["*"]),
            (
                ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                [f"{log}TrainingJobs*"],
            ),
        ):
            self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*"]}},
            )
        )
        accept(
            self.role, "IAM5",
            "the operator's own objects, images and log streams; metrics and registry login only allow *",
        )  # fmt: skip
