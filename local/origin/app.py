"""Routes of the web origin: the site, the API under its prefixes, sign-in, the API reference.

Any page that is open in the user's browser can send requests here. `OwnRequests` refuses requests from other sites'
pages and ambiguous paths; TrustedHostMiddleware refuses requests under another host name.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.guard.rules import TOKEN
from local.origin.cognito import CallRefusedError, checked_call
from local.origin.pages import CSP, Pages
from local.origin.paths import is_normal
from local.origin.proxy import TIMEOUT, body_of, forward, problem, too_large
from local.origin.tokens import split_token
from local.settings import REGION, STAGE
from stacks.edge.headers import fixed_headers, page_of
from stacks.edge.site_config import site_config

# Any other name could belong to a foreign page that uses the user's browser to reach this machine (DNS rebinding).
HOSTS = ["localhost", "127.0.0.1"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True)
class Upstream:
    """Addresses and credentials of the services behind the origin.

    URLs have no trailing slash; `token` authenticates to the emulator's guard.
    """

    api_url: str
    emulator_url: str
    token: str
    user_pool_id: str
    user_pool_client_id: str


class Origin:
    """Request handlers of the origin, one method for each kind of route."""

    def __init__(self, upstream: Upstream, pages: Pages) -> None:
        self._upstream, self._pages = upstream, pages
        self.client = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT, headers={TOKEN: upstream.token})

    async def api(self, request: Request) -> Response:
        body = await body_of(request)
        if body is None:
            return too_large()
        # The emulator selects services by AWS's headers, which the API does not use.
        headers = {name: value for name, value in request.headers.items() if not name.startswith("x-amz-")}
        headers = split_token(request.url.path, headers)
        return await forward(self.client, request.method, self._upstream.api_url + _target(request), headers, body)

    async def cognito(self, request: Request) -> Response:
        body = await body_of(request)
        if body is None:
            return too_large()
        try:
            target = request.headers.get("x-amz-target", "")
            headers, body = checked_call(target, body, self._upstream.user_pool_client_id)
        except CallRefusedError as error:
            return problem(403, "forbidden", "Access denied", str(error))
        return await forward(self.client, "POST", f"{self._upstream.emulator_url}/", headers, body)

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
    """Create the origin's application in front of an emulator with the deployed stacks."""
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
            Route("/public/{path:path}", origin.api, methods=METHODS),
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
            Middleware(OwnRequests),
        ],
        lifespan=lifespan,
    )


class OwnRequests:
    """Middleware that refuses requests from other sites' pages and paths that are not in normal form.

    It must run after the check of `Host`, since it compares an origin with that header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)


def _refusal(scope: Scope) -> Response | None:
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if origins not in ([], [f"http://{headers['host']}"]):
        return problem(403, "foreign-origin", "Access denied", "cross-origin requests are not allowed")
    if not is_normal(scope["raw_path"]):
        return problem(400, "bad-path", "The path is not valid", "the path is not in normal form (RFC 3986)")
    return None


class SecurityHeaders:
    """Middleware that adds the edge's headers to every response; a page's own content security policy is kept."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = page_of(scope["path"])
                for name, value in fixed_headers(page).items():
                    headers[name] = value
                headers.setdefault(CSP, self._pages.policy(page=page))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _target(request: Request) -> str:
    """Return path and query exactly as received; the path is in normal form."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
