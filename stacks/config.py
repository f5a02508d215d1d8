"""Configuration of a stage, in a frozen record; the only reader of the CDK context."""

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
EDGE_REGION = "us-east-1"  # where CloudFront takes certificates and web ACLs from
API_STAGE = "v1"  # of the REST API: the first part of every path at the gateway itself
# Last parts of SSM parameters' names; after the first come a slash and the billing plan.
USAGE_PLAN, PUBLIC_URL = "usage-plan-id", "public-url"
CUSTOMER_KEY = "CustomerKeyArn"  # output of the Data stack
LOCAL_URL = "http://localhost:8080"
OWNER_PATTERN = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
EMAIL_PATTERN = re.compile(r"^[^@\s<>\",]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
PRIORS = ("declared", "uniform")  # model.contract.Prior
# Context that is not ours: feature flags, and what the command line adds by itself.
FOREIGN_CONTEXT = ("@", "aws:", "cli-")
# Families of instances with an NVIDIA GPU: their host needs a newer driver than SageMaker's default image has.
GPU_FAMILIES = ("g", "p")


class ConfigError(ValueError):
    """The context asks for something that cannot be built; the message says what to write instead."""


@dataclass(frozen=True)
class StageConfig:
    """Configuration of one stage. Each field is set by `-c camelCaseName=value`; mappings are given as JSON.

    `lambda_overrides` replaces defaults of `lambdas.core.settings.Settings`, by field name.
    """

    stage: str = "dev"
    accept_research_licence: bool = False  # of the starter bundle; stage prod asks for it
    instance_type: str = "ml.c7i.xlarge"  # of the endpoint, x86 with bfloat16; GPU families work as well (ml.g5.xlarge)
    max_instances: int = 2  # it scales between none and these
    scaling: bool = True  # false for the first of two deployments that change the instance type
    workers: int = 1  # analyses at a time on an instance: each uses all cores
    prior: str = "declared"  # how often the model assumes each emotion occurs: as its bundle declares, or "uniform"
    requests_per_second: int = 20  # of one API key, on average; bursts may be twice that
    # Deliveries of webhooks at a time, reserved in the account; 0 where it has too few to reserve any (new ones: 10).
    webhook_concurrency: int = 10
    drop_principals: Mapping[str, str] = field(default_factory=dict)  # owner -> ARN of whoever fills its drop folder
    monthly_budget: int = 200  # dollars of the whole account, that alarms are about; 0: no budget
    alarm_email: str = ""  # who is told of alarms; nobody when empty
    sender_email: str = ""  # an address of a domain verified in SES; Cognito's own (50 mails a day) when empty
    domain_name: str = ""  # of the site; CloudFront's own when empty
    certificate_arn: str = ""  # of that domain, in us-east-1
    waf: bool = False  # a web ACL before the distribution, by a stack of its own in us-east-1
    web_acl_arn: str = ""  # of that ACL, or of one's own
    unprotected: str = ""  # stacks of prod that may be deleted, like "Image,Inference": those that were never whole
    canary_hours: int = 0  # so often the sample is analyzed, to see whether all of it works; 0: never
    backups: bool = True  # of stage prod: each night, kept for 35 days
    customer_key: bool = False  # what the stage keeps is encrypted with a key of its own in KMS
    throwaway: bool = False  # users' data goes with the stacks: for a rehearsal, never for prod
    hsts_subdomains: bool = False  # browsers then take all subdomains of domainName by HTTPS alone, for two years
    public_url: str = LOCAL_URL  # stage local only: where the one web origin listens
    lambda_overrides: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read what `cdk -c` and cdk.json say. Raises ConfigError for what is not known or does not fit."""
        names = {_camel(f.name): f for f in dataclasses.fields(cls)}
        ours = {key: value for key, value in context.items() if not key.startswith(FOREIGN_CONTEXT)}
        if unknown := sorted(set(ours) - set(names)):
            raise ConfigError(f"unknown context {', '.join(unknown)}; known: {', '.join(sorted(names))}")
        defaults = cls()
        values = {names[k].name: _read(k, v, getattr(defaults, names[k].name)) for k, v in ours.items()}
        return cls(**values)

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ConfigError(f"there is no stage {self.stage!r}; known: {', '.join(STAGES)}")
        if not self.is_local and self.public_url != LOCAL_URL:
            raise ConfigError("publicUrl is for stage local alone")
        if self.is_local and self.customer_key:
            raise ConfigError("customerKey is for AWS: the emulator encrypts nothing")
        if self.is_prod and self.throwaway:
            raise ConfigError("throwaway is for a rehearsal: stage prod keeps users' data")
        if self.prior not in PRIORS:
            raise ConfigError(f"there is no prior {self.prior!r}; known: {', '.join(PRIORS)}")
        if self.web_acl_arn and not re.match(
            rf"^arn:aws[a-z-]*:wafv2:{EDGE_REGION}:\d{{12}}:global/webacl/", self.web_acl_arn
        ):
            raise ConfigError(
                f"webAclArn {self.web_acl_arn!r} is not the ARN of a web ACL for CloudFront, in {EDGE_REGION}"
            )
        if bool(self.domain_name) != bool(self.certificate_arn):
            raise ConfigError("domainName and certificateArn go together")
        if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9]+", self.instance_type):
            raise ConfigError(f"instanceType {self.instance_type!r} is not like ml.c7i.xlarge")
        if re.match(r"ml\.[a-z]+\d+g", self.instance_type):
            raise ConfigError(f"instanceType {self.instance_type} is an ARM machine; the image is built for x86")
        for name in ("max_instances", "workers", "requests_per_second"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{_camel(name)} must be at least 1")
        if self.webhook_concurrency != 0 and not 2 <= self.webhook_concurrency <= 1000:
            raise ConfigError("webhookConcurrency is 0, or a number from 2 to 1000")
        if unknown := sorted(set(filter(None, self.unprotected.split(","))) - set(PARTS)):
            raise ConfigError(f"unprotected: there is no stack {', '.join(unknown)}; known: {', '.join(PARTS)}")
        if self.sender_email and not EMAIL_PATTERN.match(self.sender_email):
            raise ConfigError(f"senderEmail {self.sender_email!r} is not an address like hello@example.com")
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
        """Return True where users' data outlives the stacks."""
        return not (self.is_local or self.throwaway)

    @property
    def is_prod(self) -> bool:
        return self.stage == "prod"

    @property
    def name(self) -> str:
        """Prefix of what has to have a fixed name."""
        return f"{PROJECT}-{self.stage}"

    @property
    def endpoint_name(self) -> str:
        return self.name

    @property
    def has_gpu(self) -> bool:
        return self.instance_type.split(".")[1].startswith(GPU_FAMILIES)

    @property
    def has_own_disks(self) -> bool:
        """Return True for instances with disks of their own, which encrypt themselves: SageMaker takes no key for them.

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
        """Return True for a stack that a slip must not delete. One whose first deployment failed has to be deleted."""
        return self.is_prod and part not in self.unprotected.split(",")

    def stack_name(self, part: str) -> str:
        return f"{STACK_PREFIX}-{self.stage}-{part}"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _read(key: str, value: Any, default: Any) -> Any:
    """A context value as the type of its field's default; text where it came by `-c`, typed where from cdk.json."""
    if isinstance(default, bool):
        if str(value).lower() not in ("true", "false"):
            raise ConfigError(f"{key} is true or false, not {value!r}")
        return str(value).lower() == "true"
    if isinstance(default, int):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ConfigError(f"{key} is a whole number, not {value!r}") from None
    if isinstance(default, Mapping):
        return _mapping(key, value)
    return str(value)


def _mapping(key: str, value: Any) -> dict[str, str]:
    try:
        read = json.loads(value) if isinstance(value, str) else value
        return {str(k): str(v) for k, v in read.items()}
    except (ValueError, AttributeError):
        raise ConfigError(f'{key} is a JSON object like {{"name": "value"}}, not {value!r}') from None
