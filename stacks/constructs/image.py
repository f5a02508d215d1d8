"""Engine image, built by CodeBuild from a source asset, so that a deployment needs no Docker."""

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks import image_source
from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.trigger import DEAD_LETTER_RETENTION, queue
from stacks.lambda_bundle import ROOT
from stacks.nag_suppressions import accept

MAX_IMAGES = 10
END_STATUSES = ("SUCCEEDED", "FAILED", "STOPPED", "FAULT", "TIMED_OUT")
# A single command, and so a single shell: in one of several commands, `exit 0` would end that command only. The tag is
# checked here as well as by the builder, since another build may have pushed it in the meantime, and it is immutable.
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
SCRIPT = """set -e
if aws ecr describe-images --repository-name "$REPOSITORY" --image-ids imageTag="$TAG"; then exit 0; fi
aws ecr get-login-password | docker login --username AWS --password-stdin "${URI%%/*}"
docker build -f model/Dockerfile --build-arg TORCH="$TORCH" -t "$URI:$TAG" .
docker push "$URI:$TAG"
"""
COMMANDS = (SCRIPT,)


class EngineImage(Construct):
    """Image repository with the build of the current image.

    `uri`: the image, which exists once the custom resource `built` does; users are in stacks that depend on this one.
    `dead`: dead-letter queue of build events that could not be reported to CloudFormation.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._config = config
        torch = "cuda" if config.has_gpu else "cpu"
        source = assets.Asset(self, "Source", path=str(image_source.build()))
        tag = f"{source.asset_hash[:32]}-{torch}"
        self.repository = ecr.Repository(
            self,
            "Repository",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=MAX_IMAGES)],
            removal_policy=RemovalPolicy.DESTROY,  # images can be rebuilt
            empty_on_delete=True,
        )
        project = self._project(source, torch)
        builder = self._builder(project)
        self.built = CustomResource(
            self,
            "Image",
            service_token=builder.function_arn,
            properties={"Tag": tag},
        )
        # A build must not start before its project may push and the rule reports its end.
        self.built.node.add_dependency(project, self._end_rule)
        self.uri = self.repository.repository_uri_for_tag(tag)

    def _project(self, source: assets.Asset, torch: str) -> codebuild.Project:
        variables = {
            "REPOSITORY": self.repository.repository_name,
            "URI": self.repository.repository_uri,
            "TORCH": torch,
        }
        role = iam.Role(self, "BuildRole", assumed_by=trust.service(self, self._config, "codebuild"))
        project = codebuild.Project(
            self,
            "Build",
            role=role,
            source=codebuild.Source.s3(bucket=source.bucket, path=source.s3_object_key),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.STANDARD_7_0,
                compute_type=codebuild.ComputeType.LARGE if torch == "cuda" else codebuild.ComputeType.MEDIUM,
                privileged=True,
            ),
            environment_variables={n: codebuild.BuildEnvironmentVariable(value=v) for n, v in variables.items()},
            build_spec=codebuild.BuildSpec.from_object(
                {"version": "0.2", "phases": {"build": {"commands": list(COMMANDS), "on-failure": "ABORT"}}}
            ),
            timeout=Duration.minutes(55),  # CloudFormation waits an hour for a custom resource
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(
                    log_group=logs.LogGroup(
                        self, "BuildLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
                    )
                )
            ),
        )
        self.repository.grant_pull_push(project)
        self.repository.grant(project, "ecr:DescribeImages")
        accept(project, "CB3", "building an image takes Docker, which needs privileged mode")
        accept(project, "CB4", "it produces no artifacts to encrypt; its output is the image")
        accept(
            role, "IAM5",
            "CDK's own grants for report groups and the assets bucket; registry login only allows *",
        )  # fmt: skip
        return project

    def _builder(self, project: codebuild.Project) -> lambda_.Function:
        """Return the Lambda that starts builds and responds to CloudFormation when they end."""
        role = iam.Role(self, "BuilderRole", assumed_by=trust.service(self, self._config, "lambda"))
        log = logs.LogGroup(
            self, "BuilderLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        log.grant_write(role)
        builds = ["codebuild:StartBuild", "codebuild:BatchGetBuilds"]
        role.add_to_policy(iam.PolicyStatement(actions=builds, resources=[project.project_arn]))
        self.repository.grant(role, "ecr:DescribeImages")
        function = lambda_.Function(
            self,
            "Builder",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(ROOT / "stacks" / "image_build"), exclude=["__pycache__", "__init__.py"]),
            handler="handler.handler",
            role=role,
            timeout=Duration.seconds(60),
            log_group=log,
            environment={"PROJECT": project.project_name, "REPOSITORY": self.repository.repository_name},
        )
        accept(function, "L1", "the same pinned Python as all other functions")
        # Keeps build results that could not be reported, so that an operator can respond within CloudFormation's hour.
        self.dead = queue(self, "EndedDead", self._config, retention_period=DEAD_LETTER_RETENTION)
        accept(self.dead, "SQS3", "it is the rule's dead-letter queue")
        ended = events.Rule(
            self,
            "Ended",
            description="Builds of the engine's image that have ended",
            event_pattern=events.EventPattern(
                source=["aws.codebuild"],
                detail_type=["CodeBuild Build State Change"],
                detail={"project-name": [project.project_name], "build-status": list(END_STATUSES)},
            ),
            targets=[targets.LambdaFunction(function, dead_letter_queue=self.dead)],
        )
        self._end_rule = ended
        return function
