"""Trust policies of roles, protected against confused deputies."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.config import StageConfig


def service(scope: Construct, config: StageConfig, name: str) -> iam.ServicePrincipal:
    """Return the principal `name`.amazonaws.com, limited to requests on behalf of this account's resources.

    The service passes the account of the resource that it acts for (aws:SourceAccount), so a resource of another
    account cannot make it use this role. The emulator passes none.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions={} if config.is_local else account)
