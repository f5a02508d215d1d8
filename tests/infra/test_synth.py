"""Synthesis by the real command line: without account, network, warnings or circular dependencies."""

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.infra.conftest import Run
from tests.infra.synthesized import Stage, bare_environment, flat, references, synthesize


def test_the_command_line_synthesizes_prod_without_credentials_network_or_warnings(synth_run: Run) -> None:
    """Unsuppressed findings of cdk-nag make the command line exit with 1."""
    _, run = synth_run
    output = run.stdout + run.stderr
    assert run.returncode == 0, output
    assert "warning" not in output.lower(), output
    assert "deprecated" not in output.lower(), output


def test_cdk_nag_ran_and_each_suppression_has_its_reason(prod: Stage) -> None:
    reasons = [
        rule["reason"]
        for template in prod.templates.values()
        for resource in template["Resources"].values()
        for rule in resource.get("Metadata", {}).get("cdk_nag", {}).get("rules_to_suppress", [])
    ]
    assert len(reasons) > 20
    assert all(len(reason) > 20 for reason in reasons)


OPEN_QUEUE = """
import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks
app = cdk.App()
sqs.Queue(cdk.Stack(app, "Open"), "Queue")
cdk.Aspects.of(app).add(AwsSolutionsChecks())
app.synth()
"""


def test_cdk_nag_would_find_something(tmp_path: Path) -> None:
    """The same checks find a queue that accepts requests without TLS and has no dead-letter queue."""
    environment = bare_environment(tmp_path) | {"CDK_OUTDIR": str(tmp_path / "out")}
    subprocess.run([sys.executable, "-c", OPEN_QUEUE], env=environment, cwd=tmp_path, check=True, capture_output=True)
    found = "".join(path.read_text() for path in (tmp_path / "out").glob("*.json"))
    assert "AwsSolutions-SQS4" in found


@pytest.mark.parametrize("name", ["prod", "local", "gpu"])
def test_no_template_has_circular_dependencies(name: str, request: pytest.FixtureRequest) -> None:
    """CloudFormation would only refuse them at the deployment."""
    stage: Stage = request.getfixturevalue(name)
    for template in stage.templates.values():
        resources = template["Resources"]
        graph = {
            logical: {r for r in references(resource) if r in resources} | set(resource.get("DependsOn", []))
            for logical, resource in resources.items()
        }
        list(TopologicalSorter(graph).static_order())  # raises CycleError


def test_stacks_depend_on_each_other_in_one_direction(prod: Stage, local: Stage) -> None:
    assert prod.depends == {"Data": set(), "App": {"Data"}, "Image": set(), "Inference": {"Data", "App", "Image"}}
    assert local.depends == {"Data": set(), "App": {"Data"}}


def test_the_local_stage_has_only_resources_that_the_emulator_supports(local: Stage) -> None:
    kinds = {r["Type"] for template in local.templates.values() for r in template["Resources"].values()}
    assert not [k for k in kinds if k.startswith(("AWS::SageMaker", "AWS::ApplicationAutoScaling", "Custom::"))]
    assert "AWS::CloudFront::Distribution" not in kinds


# Resource types whose names are unique in an account, not only in a region, with the path of the name's property.
GLOBAL_NAMES = {
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
}


def test_a_stage_may_be_in_two_regions_of_one_account(prod: Stage) -> None:
    """Names that are unique in an account contain the region."""
    for kind, path in GLOBAL_NAMES.items():
        found = prod.resources(kind)
        assert found, kind
        for properties in found.values():
            name = properties
            for part in path:
                name = name[part]
            assert "${AWS::Region}" in flat(name), (kind, name)
    for kind, fixed in {"AWS::S3::Bucket": "BucketName", "AWS::IAM::Role": "RoleName"}.items():
        assert not [name for name, p in prod.resources(kind).items() if fixed in p]


def test_an_invalid_context_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as error:
        synthesize(tmp_path / "out", stage="production")
    assert str(error.value) == "error: unknown stage 'production'; use one of: dev, prod, local\n"


OUTPUTS = {
    "Data": {"UserPoolId", "UserPoolClientId", "TableName", "MediaBucket", "ResultsBucket"},
    "App": {
        *("SiteUrl", "ApiUrl", "ApiId", "SiteBucket", "ResultQueueUrl", "DropQueueUrl", "WebhookQueueUrl"),
        *("SuccessTopicArn", "ErrorTopicArn", "UsagePlanId", "EndpointName"),
    },
}


@pytest.mark.parametrize("name", ["prod", "local"])
def test_every_id_that_a_client_needs_is_an_output(name: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(name)
    for part, expected in OUTPUTS.items():
        assert expected <= set(stage.templates[part]["Outputs"])
    assert set(stage.templates) >= set(OUTPUTS)
