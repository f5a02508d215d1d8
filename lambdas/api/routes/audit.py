"""Route for the audit log of an account."""

from typing import Annotated

from fastapi import APIRouter, Query

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import AuditPage
from lambdas.core.owners import audit

router = APIRouter(tags=["audit"])

Cursor = Annotated[str | None, Query(min_length=1, max_length=512, description="`cursor` of the previous page.")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/audit-log", responses=problems(400, 422))
def list_audit_events(caller: CallerDep, now: NowDep, cursor: Cursor = None, limit: Limit = 25) -> AuditPage:
    """List the audit events of the last 90 days, newest first.

    They cover sign-ins that were followed by a request, changes of API keys and the webhook, and analyses that were
    deleted, restored or cancelled.
    """
    page = audit.page(caller.owner, cursor, limit, now)
    return AuditPage(events=[presenters.audit_event(record) for record in page.records], cursor=page.cursor)
