"""Routes for the account's webhook. They require a session."""

from datetime import datetime

from fastapi import APIRouter

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.errors import NoWebhookError
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import Webhook, WebhookRequest, WebhookTest
from lambdas.core.owners import profiles, throttle
from lambdas.core.settings import settings
from lambdas.core.storage.tables import OwnerRecord
from lambdas.core.webhooks import deliveries, events, url_policy

router = APIRouter(tags=["webhook"])


@router.get("/webhook", responses=problems())
def get_webhook(caller: SessionDep, now: NowDep) -> Webhook:
    """Get the webhook and its secret.

    The secret signs all events of the account, including those sent to the `webhookUrl` of a single request.
    """
    profiles.webhook_secret(caller.owner, now)
    return _webhook(profiles.profile(caller.owner), now)


@router.put("/webhook", responses=problems(400))
def set_webhook(caller: SessionDep, request: WebhookRequest, now: NowDep) -> Webhook:
    """Set the webhook URL, to which events are sent.

    It must be a public https URL; a product on one machine also accepts http://localhost. The secret is created with
    the first URL, and stays when the URL changes.
    """
    url_policy.parse(request.url, allow_local=settings().local_webhooks)
    return _webhook(profiles.set_webhook(caller.owner, request.url, now, caller.by), now)


@router.delete("/webhook", status_code=204, responses=problems())
def delete_webhook(caller: SessionDep, now: NowDep) -> None:
    """Delete the webhook and the delivery log. Events that are already queued are not sent any more. Idempotent."""
    profiles.set_webhook(caller.owner, None, now, caller.by)
    deliveries.clear(caller.owner)


@router.post("/webhook/secret", responses=problems())
def rotate_webhook_secret(caller: SessionDep, now: NowDep) -> Webhook:
    """Replace the webhook secret.

    All events are signed with the new secret from now on, including queued ones. For one day they are also signed with
    the replaced secret, so that receivers can be updated. To invalidate an old secret at once, replace it twice.
    """
    return _webhook(profiles.rotate_webhook_secret(caller.owner, now, caller.by), now)


@router.post("/webhook/test", status_code=202, responses=problems(409))
def test_webhook(caller: SessionDep, now: NowDep) -> WebhookTest:
    """Send a test event to the webhook.

    Its type is `webhook.test`. It is signed and retried like any other event, and limited to 30 per hour. A few seconds
    later, the delivery log has its outcome under `deliveryId`.
    """
    if profiles.profile(caller.owner).webhook_url is None:
        raise NoWebhookError("Set a webhook first.")
    throttle.check(caller.owner, throttle.webhook_tests(), now)
    event = events.test_event(caller.owner, now)
    events.enqueue(event)
    return WebhookTest(event_id=event.id, delivery_id=deliveries.delivery_id(event, 1))


def _webhook(profile: OwnerRecord, now: datetime) -> Webhook:
    return Webhook(
        url=profile.webhook_url,
        secret=str(profile.webhook_secret),
        secret_before_until=profiles.secret_before_until(profile, now),
    )
