"""API as a FastAPI app and as a Lambda handler.

The routes of `app` have no prefix: `EntryPointMiddleware` strips it from the path.
"""

from typing import Any

from fastapi import FastAPI
from mangum import Mangum

from lambdas.api import cold_start, problems
from lambdas.api.entry_points import EntryPointMiddleware
from lambdas.api.openapi_docs import operation_id
from lambdas.api.routes import (
    account,
    analyses,
    audit,
    deliveries,
    example,
    inference,
    keys,
    people,
    shared,
    shares,
    uploads,
    usage,
    webhook,
)
from lambdas.core.aws.observability import logger, observed

SHARED = (
    *(uploads.router, inference.router, analyses.router, people.router, shares.router),
    *(usage.router, audit.router, deliveries.router),
)
# These routes require a session (deps.SessionDep). The OpenAPI document lists them so, and tests check each of them.
APP_ONLY = (example.router, keys.router, webhook.router, account.router)
# These routes require only the token of a link (deps.ShareTokenDep).
PUBLIC = (shared.router,)


def create_app() -> FastAPI:
    """Create the app with its routes and exception handlers.

    The OpenAPI document is not a route but a file, written by scripts/openapi.py.
    """
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    routers = (*SHARED, *APP_ONLY, *PUBLIC)
    problems.install(app, [route for router in routers for route in router.routes])
    for router in routers:
        app.include_router(router)
    return app


app = create_app()
_adapter = Mangum(EntryPointMiddleware(app), lifespan="off", text_mime_types=["text/", "json", "application/x-subrip"])

cold_start.done()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a request of API Gateway."""
    logger.set_correlation_id(event["requestContext"]["requestId"])
    return _adapter(event, context)
