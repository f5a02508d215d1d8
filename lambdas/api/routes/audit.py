"""Route for the audit log of an account."""

from fastapi import APIRouter

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, Cursor, Limit, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import AuditPage
from lambdas.core.owners import audit

router = APIRouter(tags=["audit"])


@router.get("/audit-log", responses=problems(400, 422))
def list_audit_events(caller: CallerDep, now: NowDep, cursor: Cursor = None, limit: Limit = 25) -> AuditPage:
    """List the audit events of the last 90 days, newest first.

    They cover sign-ins that were followed by a request, changes of API keys and the webhook, and analyses that were
    deleted, restored or cancelled.
    """
    page = audit.page(caller.owner, cursor, limit, now)
    return AuditPage(events=[presenters.audit_event(record) for record in page.records], cursor=page.cursor)
