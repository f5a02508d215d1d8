"""Suppressions of cdk-nag findings: always with a reason, always beside the resource."""

from cdk_nag import NagPackSuppression, NagSuppressions
from constructs import IConstruct


def accept(construct: IConstruct, rule: str, reason: str, *, only: list[str] | None = None) -> None:
    """Suppress one AwsSolutions rule for a construct and what is inside it; `only` names single findings."""
    suppression = NagPackSuppression(id=f"AwsSolutions-{rule}", reason=reason, applies_to=only)
    NagSuppressions.add_resource_suppressions(construct, [suppression], apply_to_children=True)
