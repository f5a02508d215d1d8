"""Configuration of a stage as a frozen dataclass; the only code that reads the CDK context."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

PROJECT = "video-sentiment"
STACK_PREFIX = "VideoSentiment"
STAGES = ("dev", "prod", "local")
PARTS = ("Data", "App", "Image", "Inference")  # stacks of a stage, in the order of their deployment
EDGE_REGION = "us-east-1"  # the only region from which CloudFront uses certificates and web ACLs
API_STAGE = "v1"  # stage of the REST API: the first part of every path at the gateway
# Last parts of SSM parameter names; the first is followed by a slash and the billing plan.
USAGE_PLAN, PUBLIC_URL = "usage-plan-id", "public-url"
CUSTOMER_KEY = "CustomerKeyArn"  # output of the Data stack
LOCAL_URL = "http://localhost:8080"
OWNER_PATTERN = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
EMAIL_PATTERN = re.compile(r"^[^@\s<>\",]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
PRIORS = ("declared", "uniform")  # model.contract.Prior
# Prefixes of context keys that do not configure a stage: feature flags, and keys set by the CDK command line.
FOREIGN_CONTEXT = ("@", "aws:", "cli-")
# Instance families with an NVIDIA GPU: their host needs a newer driver than SageMaker's default image has.
GPU_FAMILIES = ("g", "p")


class ConfigError(ValueError):
    """Invalid CDK context; the message says what is wrong and what is accepted."""


@dataclass(frozen=True)
class StageConfig:
    """Configuration of one stage. Each field is set by `-c camelCaseName=value`; mappings are given as JSON.

    `lambda_overrides` replaces defaults of `lambdas.core.settings.Settings`, by field name.
    """

    stage: str = "dev"
    accept_research_licence: bool = False  # of the starter bundle; required to serve it on stage prod
    instance_type: str = "ml.c7i.xlarge"  # of the endpoint: x86 with bfloat16, or a GPU family (ml.g5.xlarge)
    max_instances: int = 2  # of the endpoint, which scales down to none
    scaling: bool = True  # false for the first of the two deployments that change the instance type
    workers: int = 1  # concurrent analyses on an instance; each uses all cores
    prior: str = "declared"  # class frequencies that predictions assume: the bundle's, or "uniform"
    requests_per_second: int = 20  # average rate of one API key; bursts may be twice that
    # Concurrent webhook deliveries, reserved in the account; 0 for accounts with too little to reserve (new ones: 10).
    webhook_concurrency: int = 10
    drop_principals: Mapping[str, str] = field(default_factory=dict)  # owner -> ARN that may write to its drop folder
    monthly_budget: int = 200  # dollars for the whole account, with alarms; 0: no budget
    alarm_email: str = ""  # recipient of alarms; empty: none
    sender_email: str = ""  # address in a domain verified in SES; empty: Cognito's own (50 mails a day)
    domain_name: str = ""  # of the site; empty: CloudFront's own
    certificate_arn: str = ""  # for domain_name, in us-east-1
    waf: bool = False  # adds a stack in us-east-1 with a web ACL for the distribution
    web_acl_arn: str = ""  # of that web ACL, or of an existing one
    unprotected: str = (
        ""  # stacks of prod that may be deleted, such as "Image,Inference" after a failed first deployment
    )
    canary_hours: int = 0  # hours between runs of the synthetic canary; 0: no canary
    backups: bool = True  # on stage prod: nightly, kept for 35 days
    customer_key: bool = False  # encrypts the stage's data with its own KMS key
    throwaway: bool = False  # deletes users' data with the stacks: for a rehearsal, never for prod
    hsts_subdomains: bool = False  # HSTS also covers all subdomains of domain_name, for two years
    public_url: str = LOCAL_URL  # stage local only: URL of the web origin
    lambda_overrides: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the CDK context (`cdk -c` and cdk.json). Raises ConfigError for an unknown key or an invalid value."""
        names = {_camel(f.name): f for f in dataclasses.fields(cls)}
        given = {key: value for key, value in context.items() if not key.startswith(FOREIGN_CONTEXT)}
        if unknown := sorted(set(given) - set(names)):
            raise ConfigError(f"unknown context {', '.join(unknown)}; known: {', '.join(sorted(names))}")
        defaults = cls()
        values = {names[k].name: _parse(k, v, getattr(defaults, names[k].name)) for k, v in given.items()}
        return cls(**values)

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ConfigError(f"unknown stage {self.stage!r}; use one of: {', '.join(STAGES)}")
        if not self.is_local and self.public_url != LOCAL_URL:
            raise ConfigError("publicUrl can be set for stage local only")
        if self.is_local and self.customer_key:
            raise ConfigError("customerKey cannot be used on stage local: the emulator does not encrypt")
        if not self.is_local and "local_webhooks" in map(str.lower, self.lambda_overrides):
            raise ConfigError("lambdaOverrides: local_webhooks can be set for stage local only")
        if self.is_prod and self.throwaway:
            raise ConfigError("throwaway cannot be used on stage prod, which keeps users' data")
        if self.prior not in PRIORS:
            raise ConfigError(f"unknown prior {self.prior!r}; use one of: {', '.join(PRIORS)}")
        if self.web_acl_arn and not re.match(
            rf"^arn:aws[a-z-]*:wafv2:{EDGE_REGION}:\d{{12}}:global/webacl/", self.web_acl_arn
        ):
            raise ConfigError(
                f"webAclArn {self.web_acl_arn!r} is not the ARN of a web ACL for CloudFront in {EDGE_REGION}"
            )
        if bool(self.domain_name) != bool(self.certificate_arn):
            raise ConfigError("domainName and certificateArn must be set together")
        if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9]+", self.instance_type):
            raise ConfigError(f"instanceType {self.instance_type!r} is not an instance type such as ml.c7i.xlarge")
        if re.match(r"ml\.[a-z]+\d+g", self.instance_type):
            raise ConfigError(f"instanceType {self.instance_type} is an ARM instance; the image is built for x86")
        for name in ("max_instances", "workers", "requests_per_second"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{_camel(name)} must be at least 1")
        if self.webhook_concurrency != 0 and not 2 <= self.webhook_concurrency <= 1000:
            raise ConfigError("webhookConcurrency must be 0, or from 2 to 1000")
        if unknown := sorted(set(filter(None, self.unprotected.split(","))) - set(PARTS)):
            raise ConfigError(f"unprotected: unknown stack {', '.join(unknown)}; use some of: {', '.join(PARTS)}")
        if self.sender_email and not EMAIL_PATTERN.match(self.sender_email):
            raise ConfigError(f"senderEmail {self.sender_email!r} is not an email address such as hello@example.com")
        for owner, principal in self.drop_principals.items():
            if not OWNER_PATTERN.match(owner):
                raise ConfigError(f"dropPrincipals: {owner!r} is not an owner's id")
            if not re.match(r"^arn:aws[a-z-]*:(iam|sts)::\d{12}:", principal):
                raise ConfigError(f"dropPrincipals: {principal!r} is not the ARN of an IAM principal")

    @property
    def is_local(self) -> bool:
        return self.stage == "local"

    @property
    def keeps_data(self) -> bool:
        """True when users' data outlives the stacks."""
        return not (self.is_local or self.throwaway)

    @property
    def is_prod(self) -> bool:
        return self.stage == "prod"

    @property
    def name(self) -> str:
        """Prefix of resources with a fixed name."""
        return f"{PROJECT}-{self.stage}"

    @property
    def endpoint_name(self) -> str:
        return self.name

    @property
    def has_gpu(self) -> bool:
        return self.instance_type.split(".")[1].startswith(GPU_FAMILIES)

    @property
    def has_own_disks(self) -> bool:
        """True for instances with local disks, which are encrypted by hardware: SageMaker accepts no key for them.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
        """
        _, family, _ = self.instance_type.split(".")
        return self.has_gpu or "d" in re.sub(r"^[a-z]+\d+", "", family)

    @property
    def sender_domain(self) -> str:
        return self.sender_email.partition("@")[2]

    def parameter(self, name: str) -> str:
        """Name of an SSM parameter of this stage."""
        return f"/{PROJECT}/{self.stage}/{name}"

    def protects(self, part: str) -> bool:
        """Return True when a stack has termination protection: those of prod, except `unprotected` ones.

        A stack whose first deployment failed has to be deleted, so it must be possible to leave it unprotected.
        """
        return self.is_prod and part not in self.unprotected.split(",")

    def stack_name(self, part: str) -> str:
        return f"{STACK_PREFIX}-{self.stage}-{part}"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _parse(key: str, value: Any, default: Any) -> Any:
    """Return a context value as the type of its field's default: values of `-c` are text, those of cdk.json typed."""
    if isinstance(default, bool):
        if str(value).lower() not in ("true", "false"):
            raise ConfigError(f"{key} must be true or false, not {value!r}")
        return str(value).lower() == "true"
    if isinstance(default, int):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ConfigError(f"{key} must be a whole number, not {value!r}") from None
    if isinstance(default, Mapping):
        return _mapping(key, value)
    return str(value)


def _mapping(key: str, value: Any) -> dict[str, str]:
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        return {str(k): str(v) for k, v in parsed.items()}
    except (ValueError, AttributeError):
        raise ConfigError(f'{key} must be a JSON object such as {{"name": "value"}}, not {value!r}') from None
