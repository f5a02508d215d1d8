"""The audit log: what happened in an account, to its owner alone."""

from typing import Annotated

from fastapi import APIRouter, Query

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import AuditPage
from lambdas.core.owners import audit

router = APIRouter(tags=["audit"])

Cursor = Annotated[str | None, Query(min_length=1, max_length=512, description="`cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("/audit-log", responses=problems(400, 422))
def list_audit_events(caller: CallerDep, now: NowDep, cursor: Cursor = None, limit: Limit = 25) -> AuditPage:
    """List what happened in the account, newest first.

    Sign-ins as far as they were followed by a request, API keys, the webhook, deleted, restored and cancelled
    analyses; of the last 90 days.
    """
    page = audit.page(caller.owner, cursor, limit, now)
    return AuditPage(events=[presenters.audit_event(record) for record in page.records], cursor=page.cursor)
