"""REST API in front of one Lambda: /api requires an API key, /app the ID token of a Cognito user, /public nothing."""

import json
from typing import NamedTuple

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from common import problems
from stacks.config import API_STAGE, StageConfig
from stacks.constructs.storage import removal
from stacks.nag_suppressions import accept

INTEGRATION_TIMEOUT = Duration.seconds(29)  # API Gateway's own limit
BURST = 2  # times the average rate
PUBLIC_METHOD = "/public/{proxy+}/GET"
PUBLIC_RATE = 50  # requests per second without an account, so that they cannot use up the stage's rate


class Limits(NamedTuple):
    """Gateway limits of one API key under a billing plan."""

    rate: int  # times requestsPerSecond
    requests: int  # of any kind, per calendar month


# A hundred requests for each analysis in the plan; uploading, polling and reading a result takes about ten.
USAGE_PLANS = {
    "free": Limits(rate=1, requests=1_000_000),
    "pro": Limits(rate=2, requests=10_000_000),
    "business": Limits(rate=5, requests=100_000_000),
}
DEFAULT_PLAN = "free"
THROTTLED_RETRY_SECONDS = 1  # the gateway refills its token buckets every second
QUOTA_RETRY_SECONDS = 3600  # the quota resets at the end of the month, whose date a gateway template cannot compute
UNAUTHORIZED = (401, "unauthorized", "Missing or invalid credentials")
# Details by the gateway's name of the error; errors without an entry repeat the title.
DETAILS = {
    "INVALID_API_KEY": "Send a valid API key (vs_ID_SECRET, 76 characters) in the header `Authorization: Bearer KEY`.",
    "UNAUTHORIZED": "Send the session's ID token in the header `Authorization: Bearer TOKEN`.",
    "QUOTA_EXCEEDED": "This API key has used its plan's requests for this month. The quota resets on the 1st.",
    "EXPIRED_TOKEN": "The session's ID token has expired. Refresh it, or sign in again.",
}
# Errors that the gateway returns itself: (status, code, title), with the same codes as lambdas/core/errors.py.
# All others get one of the two defaults, with the gateway's status.
PROBLEMS: dict[str, tuple[int | None, str, str]] = {
    "INVALID_API_KEY": UNAUTHORIZED,
    "UNAUTHORIZED": UNAUTHORIZED,
    "EXPIRED_TOKEN": UNAUTHORIZED,
    "ACCESS_DENIED": (403, "forbidden", "Access denied"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not-found", "Not found"),  # the gateway's name for an unknown path
    "RESOURCE_NOT_FOUND": (404, "not-found", "Not found"),
    "REQUEST_TOO_LARGE": (413, "too-large", "Request too large"),
    "THROTTLED": (429, "throttled", "Rate limit exceeded"),
    "QUOTA_EXCEEDED": (429, "quota-exceeded", "Monthly request quota exceeded"),
    "INTEGRATION_TIMEOUT": (504, "timeout", "Request timed out"),
    "DEFAULT_4XX": (None, "bad-request", "Bad request"),
    "DEFAULT_5XX": (None, "internal", "Internal server error"),
}


class HttpApi(Construct):
    """REST API with its authorizer, error responses and usage plans.

    `url`: URL of the API's stage, with a trailing slash; `plans`: usage plans of API keys, by billing plan.
    """

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, function: lambda_.IFunction, users: cognito.IUserPool
    ) -> None:
        super().__init__(scope, id)
        self.api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=config.name,
            endpoint_types=[apigateway.EndpointType.REGIONAL],  # our own CloudFront distribution is in front of it
            deploy_options=self._stage(config),
            cloud_watch_role=not config.is_local,
            api_key_source_type=apigateway.ApiKeySourceType.HEADER,
        )
        if not config.is_local:
            self._add_execution_log()
        self.api.node.try_remove_child("Endpoint")  # CDK's output, replaced by one with a fixed name
        handler = apigateway.LambdaIntegration(function, timeout=INTEGRATION_TIMEOUT, allow_test_invoke=False)
        authorizer = apigateway.CognitoUserPoolsAuthorizer(self, "Users", cognito_user_pools=[users])
        keys = self.api.root.add_resource("api").add_resource("{proxy+}")
        keys.add_method("ANY", handler, api_key_required=True)
        app = self.api.root.add_resource("app").add_resource("{proxy+}")
        app.add_method("ANY", handler, authorizer=authorizer)
        public = self.api.root.add_resource("public").add_resource("{proxy+}")
        public.add_method("GET", handler)
        self._add_error_responses()
        self.plans = {name: self._usage_plan(name, limits, config) for name, limits in USAGE_PLANS.items()}
        self._accept_findings(keys, public)

    @property
    def url(self) -> str:
        return self.api.url

    def _usage_plan(self, name: str, limits: Limits, config: StageConfig) -> apigateway.UsagePlan:
        """Add the usage plan of a billing plan.

        The default plan keeps the construct id of the former only plan, so that deployed keys stay in it.
        """
        rate = limits.rate * config.requests_per_second
        return self.api.add_usage_plan(
            "Plan" if name == DEFAULT_PLAN else f"{name.capitalize()}Plan",
            name=f"{config.name}-{name}",
            throttle=apigateway.ThrottleSettings(rate_limit=rate, burst_limit=BURST * rate),
            quota=apigateway.QuotaSettings(limit=limits.requests, period=apigateway.Period.MONTH),
            api_stages=[apigateway.UsagePlanPerApiStage(api=self.api, stage=self.api.deployment_stage)],
        )

    def _stage(self, config: StageConfig) -> apigateway.StageOptions:
        if config.is_local:
            return apigateway.StageOptions(stage_name=API_STAGE)
        log = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=removal(config)
        )
        return apigateway.StageOptions(
            stage_name=API_STAGE,
            tracing_enabled=True,
            metrics_enabled=True,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,  # it would log bodies and tokens
            access_log_destination=apigateway.LogGroupLogDestination(log),
            access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                caller=False, http_method=True, ip=True, protocol=False, request_time=True, resource_path=True,
                response_length=True, status=True, user=False,
            ),
            throttling_rate_limit=500,
            throttling_burst_limit=1000,
            method_options={
                PUBLIC_METHOD: apigateway.MethodDeploymentOptions(
                    throttling_rate_limit=PUBLIC_RATE, throttling_burst_limit=BURST * PUBLIC_RATE
                )
            },
        )  # fmt: skip

    def _add_execution_log(self) -> None:
        """Add the log group that the gateway would otherwise create itself, without a retention period.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        log = logs.LogGroup(
            self,
            "ExecutionLog",
            log_group_name=f"API-Gateway-Execution-Logs_{self.api.rest_api_id}/{API_STAGE}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.api.deployment_stage.node.add_dependency(log)

    def _add_error_responses(self) -> None:
        for kind, (status, code, title) in PROBLEMS.items():
            headers = {"Content-Type": problems.MEDIA_TYPE, "Cache-Control": "no-store"}
            if status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            if status in (429, 504):
                headers["Retry-After"] = str(
                    QUOTA_RETRY_SECONDS if kind == "QUOTA_EXCEEDED" else THROTTLED_RETRY_SECONDS
                )
            self.api.add_gateway_response(
                kind,
                type=apigateway.ResponseType.of(kind),
                status_code=str(status) if status else None,
                response_headers={name: f"'{value}'" for name, value in headers.items()},
                templates={"application/json": _template(status, code, title, DETAILS.get(kind, title))},
            )

    def _accept_findings(self, keys: apigateway.Resource, public: apigateway.Resource) -> None:
        stage = self.api.deployment_stage
        accept(self.api, "APIG2", "the Lambda validates each request against its schema, with detailed errors")
        accept(keys, "APIG4", "an API key is required, and the Lambda verifies the secret part of the token")
        accept(keys, "COG4", "clients with an API key are not Cognito users; /app has the authorizer")
        accept(public, "APIG4", "readers of a shared analysis have no account; the Lambda verifies the link's token")
        accept(public, "COG4", "readers of a shared analysis have no account; the Lambda verifies the link's token")
        accept(stage, "APIG3", "only the distribution has access, which `-c waf=true` protects by AWS WAF")
        if self.api.node.try_find_child("CloudWatchRole"):
            accept(
                self.api.node.find_child("CloudWatchRole"), "IAM4",
                "AWS managed policy for API Gateway's logs, the only one that it accepts",
                only=["Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
            )  # fmt: skip


def _template(status: int | None, code: str, title: str, detail: str) -> str:
    """Return a problem document like those of lambdas/api/problems.py, in the gateway's template language."""
    message = "$context.error.messageString"  # includes its quotes
    document = {
        "type": f"{problems.TYPE_PREFIX}{code}",
        "title": title,
        "code": code,
        "requestId": "$context.requestId",
    }
    if status is None:  # only the gateway has the reason
        return f'{json.dumps(document)[:-1]}, "detail": {message}, "error": {message}}}'
    return json.dumps({**document, "status": status, "detail": detail, "error": detail})
