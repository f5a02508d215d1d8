"""Trust policies: which service may take on a role, and on behalf of whom."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.config import StageConfig


def service(scope: Construct, config: StageConfig, name: str) -> iam.ServicePrincipal:
    """Return the service `name`.amazonaws.com acting for resources of this account, not for anybody else's.

    The service passes the account of the resource that it acts for (aws:SourceAccount), so another customer's resource
    cannot have it use this role. The emulator passes none.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions={} if config.is_local else account)
