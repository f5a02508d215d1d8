"""Suppressions of cdk-nag findings, each with a reason and next to its resource."""

from cdk_nag import NagPackSuppression, NagSuppressions
from constructs import IConstruct


def accept(construct: IConstruct, rule: str, reason: str, *, only: list[str] | None = None) -> None:
    """Suppress an AwsSolutions rule for a construct and its children; `only` limits it to the named findings."""
    suppression = NagPackSuppression(id=f"AwsSolutions-{rule}", reason=reason, applies_to=only)
    NagSuppressions.add_resource_suppressions(construct, [suppression], apply_to_children=True)
