"""The one origin for browsers and clients: the web app, and the API behind /api and /app."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.http_api import INTEGRATION_TIMEOUT, HttpApi
from stacks.constructs.storage import safe
from stacks.edge.headers import (
    bucket_origin,
    content_security_policy,
    fixed_headers,
    inline_hashes,
    site_script_sources,
)
from stacks.edge.site_files import EDGE, REFERENCE, site_folder
from stacks.nag import accept

ORIGIN_HEADER = "X-Origin-Secret"  # lambdas/api/entry_points.py asks for it
# Headers that CloudFront has fields of its own for.
STRICT_TRANSPORT = "Strict-Transport-Security"
KEPT_ERRORS = (404, 414, 500, 501, 502, 503, 504)  # statuses that CloudFront keeps by itself
OWN_FIELDS = (STRICT_TRANSPORT, "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")


def pages(folder: Path) -> list[str]:
    """The paths of a site's pages, each with a slash at its end."""
    found = (path.parent.relative_to(folder).as_posix() for path in folder.rglob("index.html"))
    return sorted({"/docs/", *("/" if path == "." else f"/{path}/" for path in found)})


class SiteBucket(Construct):
    """Bucket of the web app's files; only the distribution reads it. Anything in it can be uploaded again."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        settings = safe(config) | {"removal_policy": cdk.RemovalPolicy.DESTROY}
        self.bucket = s3.Bucket(self, "Bucket", versioned=False, **settings)
        accept(self.bucket, "S1", "public files, read by the distribution alone, which has a log of its own")


class Site(Construct):
    """The CloudFront distribution. `url` has no slash at its end."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        *,
        bucket: s3.IBucket,
        api: HttpApi,
        uploads: s3.IBucket,
        results: s3.IBucket,
        log: s3.IBucket,
        secret: secretsmanager.ISecret,
    ) -> None:
        """`secret`: what the API asks of each request, in ORIGIN_HEADER."""
        super().__init__(scope, id)
        self._config = config
        headers = self._security_headers("Headers", uploads, results)
        files = self._files(bucket)
        backend = self._backend(api, secret, headers)
        pages_function = self._function("Pages", _pages_code())
        split = self._function("SplitToken", (EDGE / "split_token.js").read_text())
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=config.name,
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=config.web_acl_arn or None,
            **self._domain(config),
            log_bucket=log,
            log_file_prefix="site/",
            # By default the edge keeps an error for 10 seconds, whatever the behavior's cache policy and the origin's
            # Cache-Control are, and gives it to everybody who asks for the same path there.
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in KEPT_ERRORS
            ],
            default_behavior=cloudfront.BehaviorOptions(
                **files, response_headers_policy=headers, function_associations=[_on_request(pages_function)]
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(**backend, function_associations=[_on_request(split)]),
                "/app/*": cloudfront.BehaviorOptions(**backend),
                "/docs/*": cloudfront.BehaviorOptions(
                    **files,
                    response_headers_policy=self._security_headers("ReferenceHeaders", uploads, results, REFERENCE),
                    function_associations=[_on_request(pages_function)],
                ),
            },
        )
        self.url = f"https://{config.domain_name or self.distribution.distribution_domain_name}"
        self._accept_findings(config)

    def _domain(self, config: StageConfig) -> dict[str, Any]:
        if not config.domain_name:
            return {}
        return {
            "domain_names": [config.domain_name],
            "certificate": acm.Certificate.from_certificate_arn(self, "Certificate", config.certificate_arn),
            "minimum_protocol_version": cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        }

    def _backend(
        self, api: HttpApi, secret: secretsmanager.ISecret, headers: cloudfront.ResponseHeadersPolicy
    ) -> dict[str, Any]:
        """Behavior shared by both prefixes of the API: nothing is cached, and nothing is rewritten."""
        return {
            "origin": origins.RestApiOrigin(
                api.api,
                # The API waits for short videos; CloudFront must not give up before the gateway does.
                read_timeout=Duration.seconds(int(INTEGRATION_TIMEOUT.to_seconds()) + 1),
                # A reference in the template, which CloudFormation resolves: the secret itself is nowhere in it.
                custom_headers={ORIGIN_HEADER: secret.secret_value.unsafe_unwrap()},
            ),
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            "allowed_methods": cloudfront.AllowedMethods.ALLOW_ALL,
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            # The gateway finds its API by the Host header: the viewer's would lead nowhere.
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            "response_headers_policy": headers,
        }

    def _security_headers(
        self, id: str, uploads: s3.IBucket, results: s3.IBucket, page: Path | None = None
    ) -> cloudfront.ResponseHeadersPolicy:
        """`page`: one with scripts and styles of its own, which are allowed by their hashes."""
        fixed = fixed_headers()
        body = page.read_bytes() if page and page.is_file() else b""
        region = cdk.Stack.of(self).region
        videos, data = (bucket_origin(bucket.bucket_name, region) for bucket in (uploads, results))
        policy = content_security_policy(
            connect=[videos, data, f"https://cognito-idp.{region}.amazonaws.com"],
            media=[videos],
            scripts=[*site_script_sources(site_folder()), *inline_hashes(body, "script")],
            styles=inline_hashes(body, "style"),
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            id,
            response_headers_policy_name=self._global_name(id),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption[fixed["X-Frame-Options"]], override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy[
                        fixed["Referrer-Policy"].upper().replace("-", "_")
                    ],
                    override=True,
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.seconds(int(fixed[STRICT_TRANSPORT].removeprefix("max-age="))),
                    include_subdomains=self._config.hsts_subdomains,
                    override=True,
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in fixed.items()
                    if name not in OWN_FIELDS
                ]
            ),
        )

    def _files(self, bucket: s3.IBucket) -> dict[str, Any]:
        """Behavior shared by all files: read by the distribution alone, compressed, cached at the edge."""
        access = cloudfront.S3OriginAccessControl(
            self, "FilesAccess", origin_access_control_name=self._global_name("Files")
        )
        return {
            "origin": origins.S3BucketOrigin.with_origin_access_control(bucket, origin_access_control=access),
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "cache_policy": cloudfront.CachePolicy.CACHING_OPTIMIZED,
            "compress": True,
        }

    def _global_name(self, id: str) -> str:
        """Return a name that is taken once in all regions of an account: CloudFront knows no regions."""
        return f"{self._config.name}-{cdk.Stack.of(self).region}-{id}"

    def _function(self, id: str, code: str) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            id,
            function_name=self._global_name(id),
            code=cloudfront.FunctionCode.from_inline(code),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )

    def _accept_findings(self, config: StageConfig) -> None:
        accept(self.distribution, "CFR1", "open to every country; docs/operations.md says how to restrict it")
        if not config.web_acl_arn:
            accept(self.distribution, "CFR2", "throttled by key, quota and stage; `-c waf=true` puts AWS WAF before it")
        if not config.certificate_arn:
            accept(self.distribution, "CFR4", "CloudFront's own certificate; a domain of one's own brings TLS 1.2 up")


def _on_request(function: cloudfront.IFunction) -> cloudfront.FunctionAssociation:
    return cloudfront.FunctionAssociation(function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)


def _pages_code() -> str:
    """The function that finds a page's file, with the site's pages written into it."""
    code = (EDGE / "pages.js").read_text()
    return code.replace("/* PAGES */ []", json.dumps(pages(site_folder())))
