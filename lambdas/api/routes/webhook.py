"""The account's webhook. For users in person alone."""

from fastapi import APIRouter

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.documents import problems
from lambdas.api.errors import NoWebhookError
from lambdas.api.schemas.account import Webhook, WebhookRequest, WebhookTest
from lambdas.core import destinations, owners, throttle, webhooks
from lambdas.core.settings import settings

router = APIRouter(tags=["webhook"])


@router.get("/webhook", responses=problems())
def get_webhook(caller: SessionDep, now: NowDep) -> Webhook:
    """Get the webhook, and the secret that events are signed with, those to a request's own `webhookUrl` too."""
    return Webhook(url=owners.profile(caller.owner).webhook_url, secret=owners.webhook_secret(caller.owner, now))


@router.put("/webhook", responses=problems(400))
def set_webhook(caller: SessionDep, request: WebhookRequest, now: NowDep) -> Webhook:
    """Set where events go.

    An https address on the internet. The first one makes the secret; it stays when the address changes.
    """
    destinations.parse(request.url, allow_local=settings().local_webhooks)
    profile = owners.set_webhook(caller.owner, request.url, now, caller.by)
    return Webhook(url=profile.webhook_url, secret=str(profile.webhook_secret))


@router.delete("/webhook", status_code=204, responses=problems())
def delete_webhook(caller: SessionDep, now: NowDep) -> None:
    """Stop the events. May be repeated."""
    owners.set_webhook(caller.owner, None, now, caller.by)


@router.post("/webhook/secret", responses=problems())
def rotate_webhook_secret(caller: SessionDep, now: NowDep) -> Webhook:
    """Replace the secret. Every event is signed with the new one from now on, those under way too."""
    profile = owners.rotate_webhook_secret(caller.owner, now, caller.by)
    return Webhook(url=profile.webhook_url, secret=str(profile.webhook_secret))


@router.post("/webhook/test", status_code=202, responses=problems(409))
def test_webhook(caller: SessionDep, now: NowDep) -> WebhookTest:
    """Send an event of type `webhook.test` to the webhook, signed and repeated as any other."""
    url = owners.profile(caller.owner).webhook_url
    if url is None:
        raise NoWebhookError("set a webhook first")
    throttle.check(caller.owner, throttle.webhook_tests(), now)
    event = webhooks.trial(caller.owner, url, now)
    webhooks.enqueue(event)
    return WebhookTest(event_id=event.id)
