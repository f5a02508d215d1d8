"""Edge stack: the distribution's firewall, with `-c waf=true`. CloudFront uses web ACLs of us-east-1 only."""

import aws_cdk as cdk
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from stacks.config import EDGE_REGION, StageConfig

MAX_REQUESTS_PER_IP = 2000  # in five minutes; the web app makes 12 a minute while it waits for a result
# AWS's managed rule groups, each with the rules that only count requests instead of blocking them.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED: dict[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),  # completing an upload lists up to 1,000 parts
}


class EdgeStack(cdk.Stack):
    """Web ACL for the distribution, independent of the other stacks.

    Its ARN reaches the App stack's distribution as the context value `webAclArn`.
    """

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
    """Return the rule that blocks IP addresses with too many requests."""
    waf = wafv2.CfnWebACL
    rate = waf.RateBasedStatementProperty(limit=MAX_REQUESTS_PER_IP, aggregate_key_type="IP")
    return waf.RuleProperty(
        name="Rate",
        priority=priority,
        statement=waf.StatementProperty(rate_based_statement=rate),
        action=waf.RuleActionProperty(block={}),
        visibility_config=_visible("Rate"),
    )


def _managed_rule(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    """Return the rule that applies one of AWS's managed rule groups."""
    waf = wafv2.CfnWebACL
    counted = [
        waf.RuleActionOverrideProperty(name=rule, action_to_use=waf.RuleActionProperty(count={}))
        for rule in MANAGED[name]
    ]
    group = waf.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name, rule_action_overrides=counted or None)
    return waf.RuleProperty(
        name=name,
        priority=priority,
        statement=waf.StatementProperty(managed_rule_group_statement=group),
        override_action=waf.OverrideActionProperty(none={}),
        visibility_config=_visible(name),
    )


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=name
    )
