"""The account's webhook. For users in person alone."""

from datetime import datetime

from fastapi import APIRouter

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.errors import NoWebhookError
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import Webhook, WebhookRequest, WebhookTest
from lambdas.core.owners import profiles, throttle
from lambdas.core.settings import settings
from lambdas.core.storage.tables import OwnerRecord
from lambdas.core.webhooks import events, url_policy

router = APIRouter(tags=["webhook"])


@router.get("/webhook", responses=problems())
def get_webhook(caller: SessionDep, now: NowDep) -> Webhook:
    """Get the webhook, and the secret that events are signed with, those to a request's own `webhookUrl` too."""
    profiles.webhook_secret(caller.owner, now)
    return _webhook(profiles.profile(caller.owner), now)


@router.put("/webhook", responses=problems(400))
def set_webhook(caller: SessionDep, request: WebhookRequest, now: NowDep) -> Webhook:
    """Set where events go.

    An https address on the internet. The first one makes the secret; it stays when the address changes.
    """
    url_policy.parse(request.url, allow_local=settings().local_webhooks)
    return _webhook(profiles.set_webhook(caller.owner, request.url, now, caller.by), now)


@router.delete("/webhook", status_code=204, responses=problems())
def delete_webhook(caller: SessionDep, now: NowDep) -> None:
    """Stop the events, those that are queued too. May be repeated."""
    profiles.set_webhook(caller.owner, None, now, caller.by)


@router.post("/webhook/secret", responses=problems())
def rotate_webhook_secret(caller: SessionDep, now: NowDep) -> Webhook:
    """Replace the secret.

    Every event is signed with the new one from now on, those under way too; for a day also with the one before, so that
    receivers have that long to learn the new one. To end an old secret at once, replace it twice.
    """
    return _webhook(profiles.rotate_webhook_secret(caller.owner, now, caller.by), now)


@router.post("/webhook/test", status_code=202, responses=problems(409))
def test_webhook(caller: SessionDep, now: NowDep) -> WebhookTest:
    """Send an event of type `webhook.test` to the webhook, signed and repeated as any other. Limited to 30 an hour."""
    if profiles.profile(caller.owner).webhook_url is None:
        raise NoWebhookError("set a webhook first")
    throttle.check(caller.owner, throttle.webhook_tests(), now)
    event = events.trial(caller.owner, now)
    events.enqueue(event)
    return WebhookTest(event_id=event.id)


def _webhook(profile: OwnerRecord, now: datetime) -> Webhook:
    return Webhook(
        url=profile.webhook_url,
        secret=str(profile.webhook_secret),
        secret_before_until=profiles.secret_before_until(profile, now),
    )
