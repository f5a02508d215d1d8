"""The API's handler is killed after each of its writes to AWS, then the client repeats the request.

The outcome is always as of one request, charged once, and other accounts are not affected.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest

from lambdas.core.analyses import deletion, shares
from lambdas.core.aws import clients
from lambdas.core.clock import stamp
from lambdas.core.owners import api_keys, profiles, quota
from lambdas.core.owners.api_keys import ACTIVE
from lambdas.core.storage.tables import KeyRecord
from lambdas.core.uploads import multipart
from lambdas.core.webhooks import deliveries
from lambdas.core.webhooks.deliveries import Attempt
from lambdas.core.webhooks.events import Event
from tests.integration.api_client import Caller, Response, by_key, by_session
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud
from tests.integration.faults import at_every_write
from tests.integration.test_api_isolation import routes
from tests.integration.test_faults import check_one, finish
from tests.unit.analyses import spoken_by_two

HOOK = "https://hooks.example.com/in"
NEIGHBOR = "neighbor"


class Client:
    """Client of one round's owner at an entry point. The attributes are the identifiers of existing objects."""

    key = id = share_id = token = etag = ""

    def __init__(self, cloud: Cloud, owner: str, entry_point: str) -> None:
        self.cloud, self.owner = cloud, owner
        self.caller = by_key(cloud, owner) if entry_point == "key" else by_session(owner)

    def request(self, route: str) -> Response:
        """Send the request of a route such as `DELETE /keys/{id}`."""
        method, path = route.split()
        body = BODIES[route](self) if route in BODIES else None
        path = path.replace("{id}", self.id).replace("{share_id}", self.share_id)
        return self.caller.request(method, path, body, headers={"Prefer": "respond-async"})

    def works(self, token: str) -> bool:
        return Caller("/api", {"Authorization": f"Bearer {token}"}).get("/usage").status == 200

    def pending(self) -> int:
        """Return the number of pending uploads, and check the counter."""
        count: int = sum(item["sk"] == {"S": "UPLOAD"} for item in self.cloud.items(self.owner))
        assert self.cloud.outstanding(self.owner) == count
        return count


BODIES: dict[str, Callable[[Client], dict[str, Any]]] = {
    "POST /upload-url": lambda _: {"fileType": ".mp4"},
    "POST /multipart-uploads": lambda _: {"fileType": ".mp4", "fileSize": len(VIDEO)},
    "POST /multipart-uploads/parts": lambda client: {"key": client.key, "partNumbers": [1]},
    "POST /multipart-uploads/complete": lambda client: {
        "key": client.key,
        "parts": [{"partNumber": 1, "etag": client.etag}],
    },
    "POST /multipart-uploads/abort": lambda client: {"key": client.key},
    "POST /sentiment-inference": lambda client: {"key": client.key, "webhookUrl": HOOK},
    "POST /keys": lambda _: {"name": "mine"},
    "PUT /webhook": lambda _: {"url": HOOK},
    "POST /analyses/{id}/shares": lambda _: {},
    "PUT /analyses/{id}/people": lambda _: {"names": {"S1": "Anna"}},
    "PUT /account/people": lambda _: {"lawfulBasisConfirmed": True},
}


# Preparation: objects that exist before the request.


def nothing(_: Client) -> None:
    pass


def upload(client: Client) -> None:
    client.key = client.cloud.upload(client.owner)


def upload_in_parts(client: Client) -> None:
    """Upload the only part."""
    client.key = multipart.create(client.owner, ".mp4", len(VIDEO), now=client.cloud.now).key
    client.id = client.key.rpartition("/")[2].partition(".")[0]
    client.etag = put(multipart.sign(client.owner, client.key, [1], now=client.cloud.now)[1])


def quota_used_up(client: Client) -> None:
    client.cloud.completed(client.owner)
    upload(client)


def failed(client: Client) -> None:
    record = client.cloud.failed(client.owner)
    client.id, client.key = record.id, str(record.object_key)


def queued(client: Client) -> None:
    client.id = client.cloud.queued(client.owner).id


def completed(client: Client) -> None:
    client.id = client.cloud.completed(client.owner).id


def completed_with_people(client: Client) -> None:
    record = client.cloud.processing(client.owner)
    body = spoken_by_two("Speaker 1", "Speaker 2").model_dump_json().encode()
    client.cloud.notify(client.cloud.success(record, body))
    client.id = record.id


def shared(client: Client) -> None:
    completed(client)
    client.share_id = shares.create(client.owner, client.id, client.cloud.now).record.id


def delivered(client: Client) -> None:
    """Record the delivery of a test event."""
    webhook(client)
    client.request("GET /usage")  # writes the last use of the key
    now = client.cloud.now
    event = Event(id=f"evt_{client.owner}", type="webhook.test", owner=client.owner, occurred_at=stamp(now))
    deliveries.record(event, Attempt(1, now, 0.1, "https://hooks.example.com", 200))
    client.id = deliveries.delivery_id(event, 1)


def deleted(client: Client) -> None:
    completed(client)
    deletion.delete(client.owner, client.id, client.cloud.now)


def api_key(client: Client) -> None:
    made = api_keys.create(client.owner, "mine", client.cloud.now)
    client.id, client.token = made.record.id, made.token


def example_deleted(client: Client) -> None:
    profiles.delete_example(client.owner, client.cloud.now)


def webhook(client: Client) -> None:
    profiles.set_webhook(client.owner, HOOK, client.cloud.now)


def everything(client: Client) -> None:
    upload(client)
    completed(client)
    webhook(client)
    api_key(client)


# Checks of the outcome, with the last response that the client got.


def analyzed_once(client: Client, response: Response) -> None:
    """There is exactly the analysis that the client was given, with one event id."""
    assert response.status == 202, response
    client.cloud.run_stream()
    client.cloud.events()  # discard events of a previous attempt
    (record,) = client.cloud.records(client.owner)
    assert response.json()["id"] == record.id
    finish(client.cloud, record)
    assert {event["id"] for event in client.cloud.events()} == {f"evt_{record.id}_{int(record.attempt)}_completed"}
    expire(client.cloud)
    check_one(client.cloud, client.owner)


def retried_once(client: Client, response: Response) -> None:
    (record,) = client.cloud.records(client.owner)
    assert (response.status, response.json()["id"], record.attempt) == (202, record.id, 2)
    finish(client.cloud, record)
    check_one(client.cloud, client.owner)


def cancelled_once(client: Client, response: Response) -> None:
    (record,) = client.cloud.records(client.owner)
    assert (response.status, record.status, record.error.code) == (200, "failed", "cancelled")
    assert client.cloud.used(client.owner) == client.cloud.charges(client.owner) == 0


def refused(client: Client, response: Response) -> None:
    """The upload stays pending until it expires."""
    assert (response.status, response.json()["code"]) == (429, "quota-exceeded")
    assert (client.cloud.used(client.owner), client.pending()) == (1, 1)


def leads_to_an_analysis(client: Client, response: Response) -> None:
    """An upload of the interrupted request may be pending as well, until it expires."""
    assert client.pending() in (1, 2)
    client.key = response.json()["key"]
    put(response.json()["url"])
    analyzed_once(client, client.request("POST /sentiment-inference"))


def parts_lead_to_an_analysis(client: Client, response: Response) -> None:
    assert client.pending() in (1, 2)
    client.key = response.json()["key"]
    signed_parts_do(client, client.request("POST /multipart-uploads/parts"))


def signed_parts_do(client: Client, response: Response) -> None:
    client.etag = put(response.json()["parts"][0]["url"])
    completed_parts_do(client, client.request("POST /multipart-uploads/complete"))


def completed_parts_do(client: Client, response: Response) -> None:
    assert response.json() == {"key": client.key}
    analyzed_once(client, client.request("POST /sentiment-inference"))


def upload_aborted(client: Client, response: Response) -> None:
    assert (response.status, client.pending()) == (204, 0)
    assert "Uploads" not in clients.s3().list_multipart_uploads(Bucket=MEDIA, Prefix=client.key)
    assert client.request("POST /sentiment-inference").json()["code"] == "not-uploaded"


def abandoned(client: Client, response: Response) -> None:
    assert response.status in (204, 404)  # 404 if the interrupted request has done it
    expire(client.cloud)
    upload_aborted(client, replace(response, status=204))


def gone(client: Client, response: Response) -> None:
    """Hidden at once, purged once it can no longer be restored, and still charged."""
    assert response.status == 200
    assert client.request("GET /analyses/{id}").status == 404
    expire(client.cloud)
    (record,) = client.cloud.records(client.owner)
    assert record.purged
    assert objects_of(client.cloud, client.owner) == []
    assert client.cloud.used(client.owner) == 1


def restored(client: Client, response: Response) -> None:
    assert (response.status, response.json()["status"]) == (200, "completed")
    expire(client.cloud)
    check_one(client.cloud, client.owner)


def key_works(client: Client, response: Response) -> None:
    """A key that was created but whose token was lost is listed, so that it can be revoked."""
    assert client.works(response.json()["token"])
    expire(client.cloud)
    lost = {key["id"] for key in client.request("GET /keys").json()["keys"]} - {response.json()["id"]}
    assert len(lost) <= 1
    for client.id in lost:
        assert client.request("DELETE /keys/{id}").status == 204
    assert client.works(response.json()["token"])


def only_the_new_token_works(client: Client, response: Response) -> None:
    assert (client.works(client.token), client.works(response.json()["token"])) == (False, True)


def no_token_works(client: Client, response: Response) -> None:
    assert response.status in (204, 404)  # 404 if the interrupted request has done it
    assert not client.works(client.token)
    expire(client.cloud)
    assert api_keys.list_active(client.owner) == []


def webhook_is(url: str | None) -> Callable[[Client, Response], None]:
    """Events go to `url`, signed with the secret that the client got last."""

    def check(client: Client, response: Response) -> None:
        shown = client.request("GET /webhook").json()
        secret = profiles.webhook_secret(client.owner, client.cloud.now)
        assert shown == {"url": url, "secret": secret, "secretBeforeUntil": shown["secretBeforeUntil"]}
        assert response.status == 204 or response.json() == shown

    return check


def example_is(*, deleted: bool) -> Callable[[Client, Response], None]:
    """The state persists after later visits, and nothing is stored besides the profile."""

    def check(client: Client, response: Response) -> None:
        assert response.status in (200, 204)
        profiles.ensure(client.owner, "again@example.com", client.cloud.now)
        assert client.request("GET /example").json() == {"deleted": deleted}
        stored = [item["sk"]["S"] for item in client.cloud.items(client.owner)]
        assert [kind for kind in stored if not kind.startswith("REQUESTS#")] == ["OWNER"]

    return check


def webhook_test_sent(client: Client, response: Response) -> None:
    """Two requests send two events with different ids."""
    sent = client.cloud.events()
    assert response.json()["eventId"] in {event["id"] for event in sent}
    assert len({event["id"] for event in sent}) == len(sent) <= 2
    assert {(event["type"], event["owner"], event["url"]) for event in sent} == {("webhook.test", client.owner, None)}


def redelivered(client: Client, response: Response) -> None:
    """An interrupted request holds the entry for a while. The event may be sent twice then, with the same id."""
    if response.status == 503:
        client.cloud.advance(seconds=deliveries.REDELIVERY_LEASE + 1)
        response = client.request("POST /webhook/deliveries/{id}/redeliver")
    assert response.status == 202
    sent = client.cloud.events()
    assert 1 <= len(sent) <= 2
    assert {event["id"] for event in sent} == {f"evt_{client.owner}"}


def share_works(client: Client, response: Response) -> None:
    """A link that was created but whose token was lost is listed, so that it can be revoked."""
    assert reads(response.json()["token"])
    listed = {share["id"] for share in client.request("GET /analyses/{id}/shares").json()["shares"]}
    assert response.json()["id"] in listed and len(listed) <= 2
    assert client.cloud.read(client.cloud.records(client.owner)[0]).shares == len(listed)


def share_revoked(client: Client, response: Response) -> None:
    assert response.status in (204, 404)  # 404 if the interrupted request has done it
    assert client.request("GET /analyses/{id}/shares").json() == {"shares": []}
    assert client.cloud.read(client.cloud.records(client.owner)[0]).shares == 0


def reads(token: str) -> bool:
    return Caller("/public", {"Authorization": f"Bearer {token}"}).get("/shared-analysis").status == 200


def person_named(client: Client, response: Response) -> None:
    edits = {"names": {"S1": "Anna"}, "merged": {}}
    assert (response.status, response.json()) == (200, edits)
    assert client.request("GET /analyses/{id}").json()["peopleEdits"] == edits


def people_confirmed(client: Client, response: Response) -> None:
    assert response.status == 200
    assert client.request("GET /account/people").json() == response.json()
    assert response.json()["lawfulBasisConfirmed"] is True


def terms_accepted(client: Client, response: Response) -> None:
    assert client.request("GET /account/upload-terms").json() == response.json()
    assert response.json()["acceptedAt"] is not None


def session_ended(client: Client, response: Response) -> None:
    assert response.status in (204, 401)  # 401 if the interrupted request has ended it
    assert client.request("GET /usage").status == 401
    at = int(client.cloud.now.timestamp())
    assert by_session(client.owner, auth_time=str(at)).get("/usage").status == 401
    assert by_session(client.owner, auth_time=str(at + 1)).get("/usage").status == 200


def everything_deleted(client: Client, response: Response) -> None:
    assert response.status in (202, 403)  # 403 if the interrupted request has deleted it
    assert client.request("GET /usage").json()["code"] == "account-deleted"
    assert not client.works(client.token)
    for _ in range(2):
        expire(client.cloud)
    assert objects_of(client.cloud, client.owner) == []
    assert all("ttl" in item and "due_at" not in item for item in client.cloud.items(client.owner))


class Case(NamedTuple):
    """Test case of a route. `writes`: of the request; killed after the last one, only the response is lost."""

    writes: int
    prepare: Callable[[Client], None]
    check: Callable[[Client, Response], None]


# By route and variant. For a new owner, the entry point's own write comes first: the last use of the key, or the
# profile.
CASES = {
    "POST /upload-url": Case(2, nothing, leads_to_an_analysis),
    # The upload, S3's upload, its id. Killed after the second, the bucket's lifecycle rule aborts S3's upload.
    "POST /multipart-uploads": Case(4, nothing, parts_lead_to_an_analysis),
    "POST /multipart-uploads/parts": Case(2, upload_in_parts, signed_parts_do),
    "POST /multipart-uploads/complete": Case(3, upload_in_parts, completed_parts_do),  # postponed, S3's
    "POST /multipart-uploads/abort": Case(4, upload_in_parts, upload_aborted),  # closed, S3's, the upload
    "DELETE /uploads/{id}": Case(4, upload_in_parts, abandoned),
    # Each attempt is first counted for the stage; the count is undone if the attempt is refused.
    "POST /sentiment-inference": Case(3, upload, analyzed_once),
    "POST /sentiment-inference, after a failure": Case(3, failed, analyzed_once),
    "POST /sentiment-inference, over the quota": Case(3, quota_used_up, refused),
    "POST /analyses/{id}/retry": Case(3, failed, retried_once),
    "POST /analyses/{id}/cancel": Case(2, queued, cancelled_once),
    "DELETE /analyses/{id}": Case(2, completed, gone),
    "POST /analyses/{id}/restore": Case(2, deleted, restored),
    "POST /analyses/{id}/shares": Case(2, completed, share_works),
    "DELETE /analyses/{id}/shares/{share_id}": Case(2, shared, share_revoked),
    "PUT /analyses/{id}/people": Case(2, completed_with_people, person_named),
    "DELETE /example": Case(2, nothing, example_is(deleted=True)),
    "POST /example/restore": Case(1, example_deleted, example_is(deleted=False)),
    "POST /keys": Case(5, nothing, key_works),  # key, gateway key, usage plan, activation
    "POST /keys/{id}/rotate": Case(1, api_key, only_the_new_token_works),
    "DELETE /keys/{id}": Case(3, api_key, no_token_works),  # key, gateway key, tombstone
    "GET /webhook": Case(2, nothing, webhook_is(None)),
    "PUT /webhook": Case(2, nothing, webhook_is(HOOK)),
    "DELETE /webhook": Case(1, webhook, webhook_is(None)),
    "POST /webhook/secret": Case(1, webhook, webhook_is(HOOK)),
    "POST /webhook/test": Case(2, webhook, webhook_test_sent),  # counted, sent
    "POST /webhook/deliveries/{id}/redeliver": Case(4, delivered, redelivered),  # counted, taken, sent, marked
    "PUT /account/people": Case(2, nothing, people_confirmed),
    "POST /account/upload-terms": Case(2, nothing, terms_accepted),
    "POST /account/sign-out": Case(2, nothing, session_ended),  # profile, Cognito
    "DELETE /account": Case(1, everything, everything_deleted),
}
ROUTES = {route.name: route for route in routes()}
CASES_BY_ENTRY_POINT = [
    (name, entry_point)
    for name in CASES
    for entry_point in (("session",) if ROUTES[name.partition(",")[0]].app_only else ("key", "session"))
]


def test_every_route_with_side_effects_has_a_case() -> None:
    changing = {route.name for route in routes() if route.method != "GET"}
    assert changing - set(CASES) == set()


@pytest.mark.parametrize(("name", "entry_point"), CASES_BY_ENTRY_POINT)
def test_killed_and_repeated(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str, entry_point: str) -> None:
    """The quota is one analysis, so that a second charge would be refused."""
    monkeypatch.setitem(quota.PLANS, quota.DEFAULT_PLAN, quota.PLANS[quota.DEFAULT_PLAN]._replace(requests_per_month=1))
    case, route = CASES[name], name.partition(",")[0]
    clients: dict[int, Client] = {}
    responses: dict[int, Response] = {}
    neighbors = create_neighbor(cloud)

    def prepare(number: int) -> None:
        clients[number] = Client(cloud, f"owner{number}", entry_point)
        case.prepare(clients[number])

    def send(number: int) -> None:
        responses[number] = clients[number].request(route)

    def check(number: int) -> None:
        case.check(clients[number], responses[number])
        expire(cloud)
        check_counters(cloud, clients[number].owner)
        assert neighbor_state(cloud) == neighbors

    counted = 1 if entry_point == "session" else 0  # the rate limit's counter, for sessions only
    assert at_every_write(prepare, send, send, check) == counted + case.writes


def put(url: str) -> str:
    """Upload the video; return its ETag."""
    return str(httpx.put(url, content=VIDEO, headers={"Content-Type": "video/mp4"}, trust_env=False).headers["etag"])


def expire(cloud: Cloud) -> None:
    """Let everything pending, waiting or deleted expire."""
    cloud.advance(hours=2)
    cloud.sweep()


def check_counters(cloud: Cloud, owner: str) -> None:
    """Check that counters match the items, and that the gateway has exactly the active keys."""
    profile = profiles.find(owner)
    ended = profile is not None and profile.deleting_since is not None
    assert cloud.used(owner) == (0 if ended else cloud.charges(owner))
    assert cloud.outstanding(owner) == 0
    active = [key for key in KeyRecord.scan(KeyRecord.sk == "KEY", consistent_read=True) if key.status == ACTIVE]
    assert int((profile and profile.api_keys) or 0) == sum(key.owner == owner for key in active)
    known = [key["value"] for key in clients.client("apigateway").get_api_keys(includeValues=True)["items"]]
    assert sorted(known) == sorted(key.id for key in active)


def create_neighbor(cloud: Cloud) -> list[Any]:
    """Create another account with some of everything that lasts; return its state, which must not change."""
    profiles.set_webhook(NEIGHBOR, HOOK, cloud.now)
    api_keys.create(NEIGHBOR, "theirs", cloud.now)
    cloud.completed(NEIGHBOR)
    cloud.run_stream()
    cloud.events()
    return neighbor_state(cloud)


def neighbor_state(cloud: Cloud) -> list[Any]:
    """Return all stored data of the other account."""
    return [cloud.items(NEIGHBOR), objects_of(cloud, NEIGHBOR)]


def objects_of(cloud: Cloud, owner: str) -> list[str]:
    """Return the keys of an owner's objects, old versions included."""
    names = [f"/{owner}/", *(f"/{record.id}/" for record in cloud.records(owner))]
    stored = [key for bucket in (MEDIA, RESULTS) for key in cloud.versions(bucket)]
    return sorted(key for key in stored if any(name in key for name in names))
