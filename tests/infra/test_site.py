"""Edge: the JavaScript functions for tokens and pages, executed; security headers; caching and rewriting."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lambdas.api import entry_points
from stacks.constructs import site
from stacks.edge.headers import bucket_origin, fixed_headers, page_paths
from stacks.edge.site_files import EDGE, site_folder
from tests.infra.conftest import GPU
from tests.infra.synthesized import ROOT, Stage, flat

VECTORS = json.loads((ROOT / "tests" / "edge_vectors.json").read_text())
RUN = """
const vm = require("vm"), fs = require("fs");
const { code, events } = JSON.parse(fs.readFileSync(0, "utf8"));
const context = vm.createContext({});
vm.runInContext(code, context);
context.events = events;
process.stdout.write(JSON.stringify(vm.runInContext("events.map(handler)", context)));
"""
MAX_BYTES = 10_240  # of a CloudFront Function


def _run(code: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a function's results for requests, in a context without Node's API, as at the edge."""
    given = json.dumps({"code": code, "events": [{"request": request} for request in requests]})
    run = subprocess.run(["node", "-e", RUN], input=given, capture_output=True, text=True, check=True)
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    return answers


def _request(uri: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    wrapped = {name: {"value": value} for name, value in (headers or {}).items()}
    return {"method": "GET", "uri": uri, "querystring": {}, "headers": wrapped, "cookies": {}}


def test_the_token_is_split_by_the_rules() -> None:
    """The examples are shared with the local origin. /app/* has no function, so its requests are not changed."""
    code = (EDGE / "split_token.js").read_text()
    cases = [vector for vector in VECTORS if vector["path"].startswith("/api/")]
    assert len(cases) >= 10
    answers = _run(code, [_request(case["path"], case["headers"]) for case in cases])
    for case, answer in zip(cases, answers, strict=True):
        forwarded = {name: header["value"] for name, header in answer["headers"].items()}
        assert forwarded == case["forwarded"], case["name"]


def _behaviors(stage: Stage) -> dict[str, Any]:
    (distribution,) = stage.resources("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    return {"*": config["DefaultCacheBehavior"]} | {b["PathPattern"]: b for b in config["CacheBehaviors"]}


def test_only_the_api_prefix_has_the_token_function(prod: Stage) -> None:
    functions = {path: json.dumps(b.get("FunctionAssociations", [])) for path, b in _behaviors(prod).items()}
    assert "SplitToken" in functions["/api/*"]
    assert functions["/app/*"] == "[]"
    assert "Pages" in functions["*"] and "Pages" in functions["/docs/*"]


def test_responses_of_the_api_are_neither_cached_nor_rewritten(prod: Stage) -> None:
    (distribution,) = prod.resources("AWS::CloudFront::Distribution").values()
    for error in distribution["DistributionConfig"]["CustomErrorResponses"]:
        assert set(error) == {"ErrorCode", "ErrorCachingMinTTL"}  # neither another page nor another status
    for path in ("/api/*", "/app/*", "/public/*"):
        behavior = _behaviors(prod)[path]
        assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's CachingDisabled
        assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # all but the Host header
        assert set(behavior["AllowedMethods"]) >= {"POST", "PUT", "PATCH", "DELETE"}
        assert behavior["ViewerProtocolPolicy"] == "https-only"


def test_errors_are_not_cached_at_the_edge(prod: Stage) -> None:
    """CloudFront caches errors for 10 seconds by default, regardless of the cache policy."""
    (distribution,) = prod.resources("AWS::CloudFront::Distribution").values()
    ttls = {e["ErrorCode"]: e["ErrorCachingMinTTL"] for e in distribution["DistributionConfig"]["CustomErrorResponses"]}
    assert ttls == dict.fromkeys((404, 414, 500, 501, 502, 503, 504), 0)


def test_the_edge_waits_as_long_as_the_gateway(prod: Stage) -> None:
    (distribution,) = prod.resources("AWS::CloudFront::Distribution").values()
    origins = [
        o["CustomOriginConfig"] for o in distribution["DistributionConfig"]["Origins"] if "CustomOriginConfig" in o
    ]
    assert origins
    assert all(origin["OriginReadTimeout"] > 29 for origin in origins)
    assert all(origin["OriginProtocolPolicy"] == "https-only" for origin in origins)


def test_the_api_accepts_requests_of_the_edge_only(prod: Stage, local: Stage) -> None:
    """The Lambda checks a secret header, since the gateway's own URL would bypass the firewall."""
    (distribution,) = prod.resources("AWS::CloudFront::Distribution").values()
    (secret,) = prod.resources("AWS::SecretsManager::Secret")
    sent = [
        header
        for origin in distribution["DistributionConfig"]["Origins"]
        if "CustomOriginConfig" in origin
        for header in origin["OriginCustomHeaders"]
    ]
    assert sent
    for header in sent:
        assert header["HeaderName"].lower().encode() == entry_points.ORIGIN_HEADER
        value = flat(header["HeaderValue"])
        assert value.startswith("{{resolve:secretsmanager:") and secret in value  # never in plain text
    api = prod.function("api")
    assert api["Environment"]["Variables"]["ORIGIN_SECRET"] == {"Ref": secret}
    (reads,) = (s for _, s in prod.statements() if "secretsmanager:GetSecretValue" in s["Action"])
    assert reads["Resource"] == {"Ref": secret}
    assert not local.resources("AWS::SecretsManager::Secret")


def test_the_firewall_is_optional_and_in_us_east_1(prod: Stage, gpu: Stage) -> None:
    assert "Edge" not in prod.templates
    assert "WebACLId" not in next(iter(prod.resources("AWS::CloudFront::Distribution").values()))["DistributionConfig"]
    manifest = json.loads((gpu.folder / "manifest.json").read_text())["artifacts"]
    assert manifest["VideoSentiment-prod-Edge"]["environment"].endswith("/us-east-1")
    (acl,) = gpu.resources("AWS::WAFv2::WebACL").values()
    assert acl["Scope"] == "CLOUDFRONT" and "Allow" in acl["DefaultAction"]
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    assert len({rule["Priority"] for rule in acl["Rules"]}) == len(rules) == 4
    assert rules["Rate"]["Statement"]["RateBasedStatement"] == {"AggregateKeyType": "IP", "Limit": 2000}
    common = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    assert entry_points.MAX_BODY > 8192  # the limit of AWS's rule on bodies
    assert common["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
    (distribution,) = gpu.resources("AWS::CloudFront::Distribution").values()
    assert distribution["DistributionConfig"]["WebACLId"] == GPU["webAclArn"]


def test_the_sites_bucket_is_read_by_the_distribution_alone(prod: Stage) -> None:
    assert len(prod.resources("AWS::CloudFront::OriginAccessControl")) >= 1
    allowed = [
        statement
        for name, policy in prod.resources("AWS::S3::BucketPolicy", "App").items()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert allowed
    for statement in allowed:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement["Action"] == "s3:GetObject"
        assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]


def test_every_response_has_the_security_headers(prod: Stage) -> None:
    policies = prod.resources("AWS::CloudFront::ResponseHeadersPolicy")
    assert len(policies) == 4  # the API reference has scripts of its own, shared analyses other headers
    behaviors = {path: behavior["ResponseHeadersPolicyId"]["Ref"] for path, behavior in _behaviors(prod).items()}
    own = {behaviors[f"{page}*"]: page for page in page_paths()}
    for name, policy in policies.items():
        page = own.get(name)
        config = policy["ResponseHeadersPolicyConfig"]
        security = config["SecurityHeadersConfig"]
        assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 63072000
        assert security.get("FrameOptions", {}).get("FrameOption") == fixed_headers(page).get("X-Frame-Options")
        assert security["ReferrerPolicy"]["ReferrerPolicy"] == fixed_headers(page)["Referrer-Policy"]
        assert "ContentTypeOptions" in security
        custom = {item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]}
        assert custom == {name: value for name, value in fixed_headers(page).items() if name not in site.OWN_FIELDS}
        csp = flat(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
        assert "default-src 'none'" in csp
        assert "unsafe" not in csp
        frames = "*" if page == "/embed/" else "'none'"
        assert f"frame-ancestors {frames};" in csp
        connect = csp.partition("connect-src")[2].partition(";")[0]
        assert all(name in connect for name in ("https://cognito-idp.", "BucketsMedia", "BucketsResults"))
        assert "BucketsMedia" in csp.partition("media-src")[2].partition(";")[0]
        # The hosts of presigned URLs, by region, are tested in tests/unit/test_core_aws.py.
        _, *buckets, _ = connect.split()
        assert len(buckets) == 2
        assert all(host.endswith(bucket_origin("", "${AWS::Region}").removeprefix("https://")) for host in buckets)
    assert all(behavior["ResponseHeadersPolicyId"] for behavior in _behaviors(prod).values())


def test_hsts_covers_subdomains_only_on_request(prod: Stage, gpu: Stage) -> None:
    """Browsers apply it for two years, and other hosts of the domain may not support HTTPS."""
    for stage, expected in ((prod, False), (gpu, True)):
        for policy in stage.resources("AWS::CloudFront::ResponseHeadersPolicy").values():
            security = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
            assert security["StrictTransportSecurity"]["IncludeSubdomains"] is expected


def _pages(pages: list[str]) -> str:
    return (EDGE / "pages.js").read_text().replace("/* PAGES */ []", json.dumps(pages))


@pytest.mark.parametrize(
    ("uri", "becomes"),
    [
        ("/", "/index.html"),
        ("/dashboard/", "/dashboard/index.html"),
        ("/dashboard", "/dashboard/index.html"),
        ("/docs/", "/docs/index.html"),
        ("/_next/static/chunks/main-1.js", "/_next/static/chunks/main-1.js"),
        ("/config.json", "/config.json"),
    ],
)
def test_pages_are_folders(uri: str, becomes: str) -> None:
    (answer,) = _run(_pages(["/", "/dashboard/", "/docs/"]), [_request(uri)])
    assert answer["uri"] == becomes


@pytest.mark.parametrize("uri", ["/nothing", "/nothing/", "/dashboard/nothing", "/dashboard//"])
def test_unknown_pages_are_404_with_a_message(uri: str) -> None:
    (answer,) = _run(_pages(["/", "/dashboard/"]), [_request(uri)])
    assert answer["statusCode"] == 404
    assert "Page not found" in answer["body"]


def test_the_pages_are_those_of_the_built_site(tmp_path: Path, prod: Stage) -> None:
    for page in ("", "dashboard", "analyses/view"):
        (tmp_path / page).mkdir(parents=True, exist_ok=True)
        (tmp_path / page / "index.html").write_text("<!doctype html>")
    assert site.pages(tmp_path) == ["/", "/analyses/view/", "/dashboard/", "/docs/"]
    codes = [f["FunctionCode"] for f in prod.resources("AWS::CloudFront::Function").values()]
    assert all(len(code.encode()) <= MAX_BYTES for code in codes)
    (pages,) = (code for code in codes if "PAGES" in code)
    assert json.dumps(site.pages(site_folder())) in pages


def test_a_custom_domain_has_its_certificate(gpu: Stage, prod: Stage) -> None:
    (distribution,) = gpu.resources("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert config["Aliases"] == ["video.example.com"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert gpu.templates["App"]["Outputs"]["SiteUrl"]["Value"] == "https://video.example.com"
    assert flat(prod.templates["App"]["Outputs"]["SiteUrl"]["Value"]).startswith("https://${")
