"""The routes of the one web origin: the site, the API behind both of its prefixes, sign-in, the API reference."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.origin.pages import CSP, Pages
from local.origin.proxy import TIMEOUT, forward, problem
from local.origin.tokens import split_token
from local.settings import REGION, STAGE
from stacks.edge.headers import fixed_headers
from stacks.edge.site_config import site_config

# A page under somebody else's name must not reach this machine through the user's browser.
HOSTS = ["localhost", "127.0.0.1"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
COGNITO = "AWSCognitoIdentityProviderService."  # how each call to Cognito's user pools is named


@dataclass(frozen=True)
class Upstream:
    """What lies behind the origin. URLs without a slash at their end."""

    api_url: str
    emulator_url: str
    user_pool_id: str
    user_pool_client_id: str


class Origin:
    """Answers requests, each kind by its own method."""

    def __init__(self, upstream: Upstream, pages: Pages) -> None:
        self._upstream, self._pages = upstream, pages
        self.client = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT)

    async def api(self, request: Request) -> Response:
        headers = split_token(request.url.path, dict(request.headers))
        return await forward(self.client, request, self._upstream.api_url + _target(request), headers)

    async def cognito(self, request: Request) -> Response:
        if not request.headers.get("x-amz-target", "").startswith(COGNITO):
            return problem(403, "forbidden", "This is not allowed", "only calls to Cognito's user pools pass here")
        return await forward(self.client, request, f"{self._upstream.emulator_url}/", dict(request.headers))

    async def config(self, _: Request) -> Response:
        found = site_config(
            stage=STAGE,
            region=REGION,
            user_pool_id=self._upstream.user_pool_id,
            user_pool_client_id=self._upstream.user_pool_client_id,
            user_pool_endpoint="/cognito/",
        )
        return JSONResponse(found, headers={"Cache-Control": "no-cache"})

    async def to_reference(self, _: Request) -> Response:
        return RedirectResponse("/docs/")

    async def reference(self, request: Request) -> Response:
        return self._pages.of_reference(request.path_params["path"])

    async def site(self, request: Request) -> Response:
        return self._pages.of_site(request.path_params["path"])


def create_app(upstream: Upstream, pages: Pages | None = None) -> Starlette:
    """The origin before an emulator that holds the stacks."""
    pages = pages or Pages(uploads=[upstream.emulator_url])
    origin = Origin(upstream, pages)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with origin.client:
            yield

    return Starlette(
        routes=[
            Route("/api/{path:path}", origin.api, methods=METHODS),
            Route("/app/{path:path}", origin.api, methods=METHODS),
            Route("/cognito/", origin.cognito, methods=["POST"]),
            Route("/config.json", origin.config),
            Route("/docs", origin.to_reference),
            Route("/docs/{path:path}", origin.reference),
            Route("/{path:path}", origin.site),
        ],
        middleware=[
            Middleware(GZipMiddleware),  # as CloudFront compresses
            Middleware(SecurityHeaders, pages=pages),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
        lifespan=lifespan,
    )


class SecurityHeaders:
    """Adds the edge's headers to every answer; a page that brings a policy of its own keeps it."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in fixed_headers().items():
                    headers[name] = value
                headers.setdefault(CSP, self._pages.policy())
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _target(request: Request) -> str:
    """Path and query exactly as they came: the API decides what an encoded character means."""
    path: bytes = request.scope.get("raw_path") or quote(request.url.path).encode()
    query: bytes = request.scope["query_string"]
    return path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
