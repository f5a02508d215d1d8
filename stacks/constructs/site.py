"""CloudFront distribution: one origin for browsers and clients, with the web app and the API under its prefixes."""

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
    page_paths,
    site_script_sources,
)
from stacks.edge.site_files import EDGE, REFERENCE, site_folder
from stacks.nag_suppressions import accept

ORIGIN_HEADER = "X-Origin-Secret"  # checked by lambdas/api/entry_points.py
STRICT_TRANSPORT = "Strict-Transport-Security"
CACHED_ERRORS = (404, 414, 500, 501, 502, 503, 504)  # statuses that CloudFront caches by default
# Headers with their own fields in CloudFront's response headers policy.
OWN_FIELDS = (STRICT_TRANSPORT, "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")


def pages(folder: Path) -> list[str]:
    """Return the paths of a built site's pages, each with a trailing slash."""
    found = (path.parent.relative_to(folder).as_posix() for path in folder.rglob("index.html"))
    return sorted({"/docs/", *("/" if path == "." else f"/{path}/" for path in found)})


class SiteBucket(Construct):
    """Bucket of the web app's files, which only the distribution reads. All of them can be uploaded again."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        settings = safe(config) | {"removal_policy": cdk.RemovalPolicy.DESTROY}
        self.bucket = s3.Bucket(self, "Bucket", versioned=False, **settings)
        accept(self.bucket, "S1", "public files, read only by the distribution, which has its own access log")


class Site(Construct):
    """CloudFront distribution of the web app and the API. `url` has no trailing slash."""

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
        """`secret`: sent to the API with each request in ORIGIN_HEADER."""
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
            # By default CloudFront caches errors for 10 seconds, regardless of the cache policy and the origin's
            # Cache-Control, and returns them to every client that requests the same path.
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in CACHED_ERRORS
            ],
            default_behavior=cloudfront.BehaviorOptions(
                **files, response_headers_policy=headers, function_associations=[_on_request(pages_function)]
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(**backend, function_associations=[_on_request(split)]),
                "/app/*": cloudfront.BehaviorOptions(**backend),
                "/public/*": cloudfront.BehaviorOptions(**backend),
                "/docs/*": cloudfront.BehaviorOptions(
                    **files,
                    response_headers_policy=self._security_headers("ReferenceHeaders", uploads, results, REFERENCE),
                    function_associations=[_on_request(pages_function)],
                ),
                **{
                    f"{path}*": cloudfront.BehaviorOptions(
                        **files,
                        response_headers_policy=self._security_headers(
                            f"{path.strip('/').capitalize()}Headers", uploads, results, path=path
                        ),
                        function_associations=[_on_request(pages_function)],
                    )
                    for path in page_paths()
                },
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
        """Return the behavior shared by all prefixes of the API: no caching, no rewriting."""
        return {
            "origin": origins.RestApiOrigin(
                api.api,
                # Longer than the gateway's own timeout, since the API waits for the results of short videos.
                read_timeout=Duration.seconds(int(INTEGRATION_TIMEOUT.to_seconds()) + 1),
                # A dynamic reference that CloudFormation resolves: the template does not contain the secret.
                custom_headers={ORIGIN_HEADER: secret.secret_value.unsafe_unwrap()},
            ),
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            "allowed_methods": cloudfront.AllowedMethods.ALLOW_ALL,
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            # The gateway finds its API by the Host header, so the viewer's must not be forwarded.
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            "response_headers_policy": headers,
        }

    def _security_headers(
        self, id: str, uploads: s3.IBucket, results: s3.IBucket, page: Path | None = None, path: str | None = None
    ) -> cloudfront.ResponseHeadersPolicy:
        """Return the policy with the security headers.

        `page`: a page with inline scripts and styles, which are allowed by their hashes; `path`: one of `page_paths`.
        """
        fixed = fixed_headers(path)
        body = page.read_bytes() if page and page.is_file() else b""
        region = cdk.Stack.of(self).region
        videos, data = (bucket_origin(bucket.bucket_name, region) for bucket in (uploads, results))
        policy = content_security_policy(
            connect=[videos, data, f"https://cognito-idp.{region}.amazonaws.com"],
            media=[videos],
            scripts=[*site_script_sources(site_folder()), *inline_hashes(body, "script")],
            styles=inline_hashes(body, "style"),
            page=path,
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
                frame_options=_frame_options(fixed.get("X-Frame-Options")),
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
        """Return the behavior shared by all files: private bucket, compressed, cached at the edge."""
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
        """Return a name that is unique in the account: CloudFront is global, so the name includes the region."""
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
        accept(self.distribution, "CFR1", "open to every country; docs/operations.md describes restrictions")
        if not config.web_acl_arn:
            accept(self.distribution, "CFR2", "throttled by key, quota and stage; `-c waf=true` adds AWS WAF")
        if not config.certificate_arn:
            accept(self.distribution, "CFR4", "CloudFront's own certificate; a custom domain requires TLS 1.2 or newer")


def _on_request(function: cloudfront.IFunction) -> cloudfront.FunctionAssociation:
    return cloudfront.FunctionAssociation(function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)


def _frame_options(option: str | None) -> cloudfront.ResponseHeadersFrameOptions | None:
    """Return the setting for X-Frame-Options; None for a page that any site may show in a frame."""
    if option is None:
        return None
    return cloudfront.ResponseHeadersFrameOptions(frame_option=cloudfront.HeadersFrameOption[option], override=True)


def _pages_code() -> str:
    """Return the code of the CloudFront function that resolves pages, with the site's list of pages inserted."""
    code = (EDGE / "pages.js").read_text()
    return code.replace("/* PAGES */ []", json.dumps(pages(site_folder())))
