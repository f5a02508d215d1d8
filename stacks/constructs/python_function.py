"""Python Lambda function with the shared bundle and environment, log retention and tracing."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import lambda_bundle
from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.storage import removal
from stacks.nag_suppressions import accept

METRICS_NAMESPACE = "VideoSentiment"


class PythonFunction(Construct):
    """Lambda function with its own log group and a role that, at first, only allows logging and tracing."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        environment: Mapping[str, str],
        *,
        handler: str,
        timeout: Duration,
        memory: int = 512,
        reserved: int | None = None,
    ) -> None:
        """`memory`: MB, which also determines the CPU (1769 MB are one core); `reserved`: reserved concurrency."""
        super().__init__(scope, id)
        self.timeout = timeout
        keep = removal(config)
        self.log = log = logs.LogGroup(self, "Log", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=keep)
        self.role = iam.Role(self, "Role", assumed_by=trust.service(self, config, "lambda"))
        log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(lambda_bundle.build("local" if config.is_local else "aws"))),
            handler=handler,
            role=self.role,
            timeout=timeout,
            memory_size=memory,
            reserved_concurrent_executions=reserved,
            tracing=lambda_.Tracing.DISABLED if config.is_local else lambda_.Tracing.ACTIVE,
            log_group=log,
            environment={**environment, **_runtime_environment(config)},
        )
        if not config.is_local:
            accept(
                self.role, "IAM5", "X-Ray's two write actions support no resource but *",
                only=["Resource::*"],
            )  # fmt: skip
        accept(self.function, "L1", "all functions share one Python version, upgraded with requirements/api.txt")


def _runtime_environment(config: StageConfig) -> dict[str, str]:
    """Return the environment variables of Powertools."""
    environment = {
        "POWERTOOLS_SERVICE_NAME": config.name,
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    if config.is_local:
        environment["POWERTOOLS_TRACE_DISABLED"] = "1"
    return environment
