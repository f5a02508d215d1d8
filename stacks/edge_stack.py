"""The firewall before the distribution, where `waf` asks for it. CloudFront takes it from us-east-1 alone."""

import aws_cdk as cdk
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from stacks.config import EDGE_REGION, StageConfig

REQUESTS_OF_AN_ADDRESS = 2000  # in five minutes; the web app makes 12 a minute while it waits for a result
# AWS's own rules, and of each those that only count here.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED: dict[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),  # completing an upload lists up to 1,000 parts
}


class EdgeStack(cdk.Stack):
    """Knows no other stack; its ARN comes to the App stack's distribution as the context `webAclArn`."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(
            scope,
            id,
            env=cdk.Environment(region=EDGE_REGION),
            description="Video sentiment: firewall of the distribution",
        )
        rules = [_rate_rule(0), *(_managed_rule(at, name) for at, name in enumerate(MANAGED, start=1))]
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_visible(config.name),
        )
        cdk.CfnOutput(self, "WebAclArn", value=acl.attr_arn)


def _rate_rule(priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Refuse an address that asks too often."""
    made = wafv2.CfnWebACL
    rate = made.RateBasedStatementProperty(limit=REQUESTS_OF_AN_ADDRESS, aggregate_key_type="IP")
    return made.RuleProperty(
        name="Rate",
        priority=priority,
        statement=made.StatementProperty(rate_based_statement=rate),
        action=made.RuleActionProperty(block={}),
        visibility_config=_visible("Rate"),
    )


def _managed_rule(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    """Apply a group of AWS's rules."""
    made = wafv2.CfnWebACL
    counted = [
        made.RuleActionOverrideProperty(name=rule, action_to_use=made.RuleActionProperty(count={}))
        for rule in MANAGED[name]
    ]
    group = made.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name, rule_action_overrides=counted or None)
    return made.RuleProperty(
        name=name,
        priority=priority,
        statement=made.StatementProperty(managed_rule_group_statement=group),
        override_action=made.OverrideActionProperty(none={}),
        visibility_config=_visible(name),
    )


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=name
    )
