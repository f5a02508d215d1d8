"""Stage configuration: accepted values, and the messages for refused ones."""

import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks import config
from stacks.config import LOCAL_URL, ConfigError, StageConfig
from tests.infra.synthesized import ROOT

ARN = "arn:aws:iam::123456789012:user/studio"


def test_without_a_word_it_is_a_small_dev_stage() -> None:
    config = StageConfig.from_context({})
    assert (config.stage, config.accept_research_licence, config.max_instances) == ("dev", False, 2)


def test_everything_comes_by_its_camel_case_name_and_as_text() -> None:
    config = StageConfig.from_context(
        {
            "stage": "prod",
            "acceptResearchLicence": "true",
            "maxInstances": "7",
            "dropPrincipals": f'{{"studio-1": "{ARN}"}}',
            "lambdaOverrides": '{"undo_seconds": 60}',
        }
    )
    assert config.accept_research_licence is True
    assert config.max_instances == 7
    assert config.drop_principals == {"studio-1": ARN}
    assert config.lambda_overrides == {"undo_seconds": "60"}


def test_feature_flags_of_cdk_are_ignored() -> None:
    assert StageConfig.from_context({"@aws-cdk/core:x": True, "aws:cdk:enable-path-metadata": True}).stage == "dev"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"stag": "prod"}, "unknown context stag; known: .*stage"),
        ({"stage": "production"}, "unknown stage 'production'; use one of: dev, prod, local"),
        ({"acceptResearchLicence": "yes"}, "acceptResearchLicence must be true or false"),
        ({"maxInstances": "many"}, "maxInstances must be a whole number"),
        ({"maxInstances": "0"}, "maxInstances must be at least 1"),
        ({"workers": "0"}, "workers must be at least 1"),
        ({"prior": "mine"}, "unknown prior .mine.; use one of: declared, uniform"),
        ({"instanceType": "c7i.xlarge"}, "is not an instance type such as ml.c7i.xlarge"),
        ({"instanceType": "ml.c7g.xlarge"}, "ARM"),
        ({"publicUrl": "http://localhost:1"}, "for stage local only"),
        ({"lambdaOverrides": '{"Local_Webhooks": true}'}, "local_webhooks can be set for stage local only"),
        ({"domainName": "video.example.com"}, "must be set together"),
        ({"webAclArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/x/1"}, "for CloudFront in us-east-1"),
        ({"stage": "prod", "throwaway": "true"}, "cannot be used on stage prod"),
        ({"senderEmail": "example.com"}, "is not an email address such as hello@example.com"),
        ({"senderEmail": "Us <hello@example.com>"}, "is not an email address such as hello@example.com"),
        ({"unprotected": "Image,Site"}, "unknown stack Site; use some of: Data, App, Image, Inference"),
        ({"dropPrincipals": "studio"}, "JSON object"),
        ({"dropPrincipals": '["studio"]'}, "JSON object"),
        ({"dropPrincipals": f'{{"../x": "{ARN}"}}'}, "not an owner's id"),
        ({"dropPrincipals": '{"studio": "*"}'}, "not the ARN"),
    ],
)
def test_invalid_configurations_are_refused(context: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StageConfig.from_context(context)


def test_it_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        StageConfig().stage = "prod"  # type: ignore[misc]


@given(st.text(min_size=1, max_size=80))
def test_only_plain_owner_ids_get_into_a_bucket_policy(owner: str) -> None:
    """A `*`, a slash or a policy variable in an owner's id would grant access to others' folders."""
    plain = len(owner) <= 64 and all(c.isascii() and (c.isalnum() or c in "_-") for c in owner)
    try:
        StageConfig(drop_principals={owner: ARN})
    except ConfigError:
        assert not plain
    else:
        assert plain


@pytest.mark.parametrize(
    ("instance", "gpu"),
    [("ml.c7i.xlarge", False), ("ml.g5.xlarge", True), ("ml.g6e.xlarge", True), ("ml.p4d.24xlarge", True)],
)
def test_which_instances_have_a_gpu(instance: str, gpu: bool) -> None:
    assert StageConfig(instance_type=instance).has_gpu is gpu


def test_the_local_stage_has_the_default_public_url() -> None:
    assert StageConfig(stage="local").public_url == LOCAL_URL


def test_every_option_is_in_the_documentation_with_its_default() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    table = page.partition("## Stage options")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in row.split("|")] for row in table.splitlines() if row.startswith("| `")]
    documented = {name: default.strip("`") for _, names, default, *_ in cells for name in re.findall(r"`(\w+)`", names)}
    options = {
        config._camel(option.name): getattr(StageConfig(), option.name) for option in dataclasses.fields(StageConfig)
    }
    del options["publicUrl"]  # of stage local alone
    written = {name: json.dumps(value).strip('"') for name, value in options.items()}
    assert documented == {name: "" if default == "{}" else default for name, default in written.items()}
