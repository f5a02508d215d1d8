"""Routes for the delivery log of webhooks."""

from typing import Annotated

from fastapi import APIRouter, Path

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, Cursor, Limit, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import DeliveryPage, Redelivery
from lambdas.api.schemas.examples import DELIVERY_ID
from lambdas.core.webhooks import deliveries

router = APIRouter(tags=["deliveries"])

DeliveryId = Annotated[str, Path(max_length=64, examples=[DELIVERY_ID])]


@router.get("/webhook/deliveries", responses=problems(400, 422))
def list_deliveries(caller: CallerDep, now: NowDep, cursor: Cursor = None, limit: Limit = 25) -> DeliveryPage:
    """List the attempts to deliver webhook events, newest first.

    Entries of the last 30 days are kept, about 200 at most. They are deleted with the webhook.
    """
    page = deliveries.page(caller.owner, cursor, limit, now)
    return DeliveryPage(deliveries=[presenters.delivery(record) for record in page.records], cursor=page.cursor)


@router.post("/webhook/deliveries/{id}/redeliver", status_code=202, responses=problems(404, 409, 422, 503))
def redeliver(caller: CallerDep, id: DeliveryId, now: NowDep) -> Redelivery:
    """Deliver an event once more, with the same id and content, to the current URL of the webhook.

    Idempotent: each attempt is redelivered once, and a repeated request changes nothing. Limited to 60 per hour. An
    event whose analysis was deleted or retried is obsolete, and not sent.
    """
    return Redelivery(delivery_id=deliveries.redeliver(caller.owner, id, now))
