"""The API through its own handler, killed after each of its writes to AWS; then its client asks again.

Wherever it was cut off: what was asked for is there once and is charged for once, and nobody else has lost anything.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest

from lambdas.core.analyses import deletion
from lambdas.core.aws import clients
from lambdas.core.owners import api_keys, profiles, quota
from lambdas.core.owners.api_keys import ACTIVE
from lambdas.core.storage.tables import KeyRecord
from lambdas.core.uploads import multipart
from tests.integration.api_client import Answer, Caller, by_key, by_session
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud
from tests.integration.faults import at_every_write
from tests.integration.test_api_isolation import routes
from tests.integration.test_faults import check_one, finish

HOOK = "https://hooks.example.com/in"
NEIGHBOR = "neighbor"


class Client:
    """An owner of one round, at one of the doors. `key` of an upload, `id`, `token` and so on: what there is before."""

    key = id = token = etag = ""

    def __init__(self, cloud: Cloud, owner: str, door: str) -> None:
        self.cloud, self.owner = cloud, owner
        self.caller = by_key(cloud, owner) if door == "key" else by_session(owner)

    def ask(self, route: str) -> Answer:
        """A request of a route such as `DELETE /keys/{id}`."""
        method, path = route.split()
        body = BODIES[route](self) if route in BODIES else None
        return self.caller.ask(method, path.replace("{id}", self.id), body, headers={"Prefer": "respond-async"})

    def works(self, token: str) -> bool:
        return Caller("/api", {"Authorization": f"Bearer {token}"}).get("/usage").status == 200

    def waiting(self) -> int:
        """Uploads that wait for their analysis; what is counted is what there is."""
        there: int = sum(item["sk"] == {"S": "UPLOAD"} for item in self.cloud.items(self.owner))
        assert self.cloud.outstanding(self.owner) == there
        return there


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
}


# What there is before.


def nothing(_: Client) -> None:
    pass


def upload(client: Client) -> None:
    client.key = client.cloud.upload(client.owner)


def upload_in_parts(client: Client) -> None:
    """All parts are sent: the one."""
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


def all_there_is(client: Client) -> None:
    upload(client)
    completed(client)
    webhook(client)
    api_key(client)


# What must hold afterwards, by the last answer that the client got.


def analyzed_once(client: Client, answer: Answer) -> None:
    """The analysis that the client was told of is all there is, and it is told of under one event id."""
    assert answer.status == 202, answer
    client.cloud.flow()
    client.cloud.events()  # those of an attempt before
    (record,) = client.cloud.records(client.owner)
    assert answer.json()["id"] == record.id
    finish(client.cloud, record)
    assert {event["id"] for event in client.cloud.events()} == {f"evt_{record.id}_{int(record.attempt)}_completed"}
    expire(client.cloud)
    check_one(client.cloud, client.owner)


def retried_once(client: Client, answer: Answer) -> None:
    (record,) = client.cloud.records(client.owner)
    assert (answer.status, answer.json()["id"], record.attempt) == (202, record.id, 2)
    finish(client.cloud, record)
    check_one(client.cloud, client.owner)


def cancelled_once(client: Client, answer: Answer) -> None:
    (record,) = client.cloud.records(client.owner)
    assert (answer.status, record.status, record.error.code) == (200, "failed", "cancelled")
    assert client.cloud.used(client.owner) == client.cloud.charges(client.owner) == 0


def refused(client: Client, answer: Answer) -> None:
    """The upload waits on, until it expires."""
    assert (answer.status, answer.json()["code"]) == (429, "quota-exceeded")
    assert (client.cloud.used(client.owner), client.waiting()) == (1, 1)


def leads_to_an_analysis(client: Client, answer: Answer) -> None:
    """An upload that was cut off waits beside it, and expires by itself."""
    assert client.waiting() in (1, 2)
    client.key = answer.json()["key"]
    put(answer.json()["url"])
    analyzed_once(client, client.ask("POST /sentiment-inference"))


def parts_lead_to_an_analysis(client: Client, answer: Answer) -> None:
    assert client.waiting() in (1, 2)
    client.key = answer.json()["key"]
    signed_parts_do(client, client.ask("POST /multipart-uploads/parts"))


def signed_parts_do(client: Client, answer: Answer) -> None:
    client.etag = put(answer.json()["parts"][0]["url"])
    completed_parts_do(client, client.ask("POST /multipart-uploads/complete"))


def completed_parts_do(client: Client, answer: Answer) -> None:
    assert answer.json() == {"key": client.key}
    analyzed_once(client, client.ask("POST /sentiment-inference"))


def given_up(client: Client, answer: Answer) -> None:
    assert (answer.status, client.waiting()) == (204, 0)
    assert "Uploads" not in clients.s3().list_multipart_uploads(Bucket=MEDIA, Prefix=client.key)
    assert client.ask("POST /sentiment-inference").json()["code"] == "not-uploaded"


def abandoned(client: Client, answer: Answer) -> None:
    assert answer.status in (204, 404)  # now, or by the request before
    expire(client.cloud)
    given_up(client, replace(answer, status=204))


def gone(client: Client, answer: Answer) -> None:
    """At once, and for good when the time to restore it is over. It stays charged for."""
    assert answer.status == 200
    assert client.ask("GET /analyses/{id}").status == 404
    expire(client.cloud)
    (record,) = client.cloud.records(client.owner)
    assert record.purged
    assert objects_of(client.cloud, client.owner) == []
    assert client.cloud.used(client.owner) == 1


def back_to_stay(client: Client, answer: Answer) -> None:
    assert (answer.status, answer.json()["status"]) == (200, "completed")
    expire(client.cloud)
    check_one(client.cloud, client.owner)


def key_works(client: Client, answer: Answer) -> None:
    """A key that was made whole, and its token lost on the way, is listed, so that it can be revoked. No other is."""
    assert client.works(answer.json()["token"])
    expire(client.cloud)
    lost = {key["id"] for key in client.ask("GET /keys").json()["keys"]} - {answer.json()["id"]}
    assert len(lost) <= 1
    for client.id in lost:
        assert client.ask("DELETE /keys/{id}").status == 204
    assert client.works(answer.json()["token"])


def only_the_new_token_works(client: Client, answer: Answer) -> None:
    assert (client.works(client.token), client.works(answer.json()["token"])) == (False, True)


def no_token_works(client: Client, answer: Answer) -> None:
    assert answer.status in (204, 404)  # now, or by the request before
    assert not client.works(client.token)
    expire(client.cloud)
    assert api_keys.list_active(client.owner) == []


def webhook_is(url: str | None) -> Callable[[Client, Answer], None]:
    """Events go there, signed with the secret that the client was shown last."""

    def check(client: Client, answer: Answer) -> None:
        told = client.ask("GET /webhook").json()
        secret = profiles.webhook_secret(client.owner, client.cloud.now)
        assert told == {"url": url, "secret": secret, "secretBeforeUntil": told["secretBeforeUntil"]}
        assert answer.status == 204 or answer.json() == told

    return check


def example_is(*, deleted: bool) -> Callable[[Client, Answer], None]:
    """It stays so after later visits, and nothing of it is charged or stored beside the profile."""

    def check(client: Client, answer: Answer) -> None:
        assert answer.status in (200, 204)
        profiles.ensure(client.owner, "again@example.com", client.cloud.now)
        assert client.ask("GET /example").json() == {"deleted": deleted}
        stored = [item["sk"]["S"] for item in client.cloud.items(client.owner)]
        assert [kind for kind in stored if not kind.startswith("REQUESTS#")] == ["OWNER"]

    return check


def trial_sent(client: Client, answer: Answer) -> None:
    """Whoever asks twice gets two events: receivers must not take one for the other."""
    sent = client.cloud.events()
    assert answer.json()["eventId"] in {event["id"] for event in sent}
    assert len({event["id"] for event in sent}) == len(sent) <= 2
    assert {(event["type"], event["owner"], event["url"]) for event in sent} == {("webhook.test", client.owner, None)}


def session_over(client: Client, answer: Answer) -> None:
    assert answer.status in (204, 401)  # the second: it is over already
    assert client.ask("GET /usage").status == 401
    at = int(client.cloud.now.timestamp())
    assert by_session(client.owner, auth_time=str(at)).get("/usage").status == 401
    assert by_session(client.owner, auth_time=str(at + 1)).get("/usage").status == 200


def nothing_left(client: Client, answer: Answer) -> None:
    assert answer.status in (202, 403)  # the second: it is deleted already
    assert client.ask("GET /usage").json()["code"] == "account-deleted"
    assert not client.works(client.token)
    for _ in range(2):
        expire(client.cloud)
    assert objects_of(client.cloud, client.owner) == []
    assert all("ttl" in item and "due_at" not in item for item in client.cloud.items(client.owner))


class Case(NamedTuple):
    """`writes` of the request, whose last one also takes the answer with it."""

    writes: int
    prepare: Callable[[Client], None]
    check: Callable[[Client, Answer], None]


# By route, and by what is special. Unless the user was there before, each door's own write comes first: the use of
# the key, or the profile.
CASES = {
    "POST /upload-url": Case(2, nothing, leads_to_an_analysis),
    # The upload, S3's own, its id noted. Killed between the two, S3's is ended by the bucket's lifecycle rule.
    "POST /multipart-uploads": Case(4, nothing, parts_lead_to_an_analysis),
    "POST /multipart-uploads/parts": Case(2, upload_in_parts, signed_parts_do),
    "POST /multipart-uploads/complete": Case(3, upload_in_parts, completed_parts_do),  # put off, S3's
    "POST /multipart-uploads/abort": Case(4, upload_in_parts, given_up),  # closed, S3's, the upload
    "DELETE /uploads/{id}": Case(4, upload_in_parts, abandoned),
    # Each attempt is counted for the stage first, and no more where it is then refused.
    "POST /sentiment-inference": Case(3, upload, analyzed_once),
    "POST /sentiment-inference, after a failure": Case(3, failed, analyzed_once),
    "POST /sentiment-inference, over the quota": Case(3, quota_used_up, refused),
    "POST /analyses/{id}/retry": Case(3, failed, retried_once),
    "POST /analyses/{id}/cancel": Case(2, queued, cancelled_once),
    "DELETE /analyses/{id}": Case(2, completed, gone),
    "POST /analyses/{id}/restore": Case(2, deleted, back_to_stay),
    "DELETE /example": Case(2, nothing, example_is(deleted=True)),
    "POST /example/restore": Case(1, example_deleted, example_is(deleted=False)),
    "POST /keys": Case(5, nothing, key_works),  # the key, the gateway's, on its plan, activated
    "POST /keys/{id}/rotate": Case(1, api_key, only_the_new_token_works),
    "DELETE /keys/{id}": Case(3, api_key, no_token_works),  # the key, the gateway's, done
    "GET /webhook": Case(2, nothing, webhook_is(None)),
    "PUT /webhook": Case(2, nothing, webhook_is(HOOK)),
    "DELETE /webhook": Case(1, webhook, webhook_is(None)),
    "POST /webhook/secret": Case(1, webhook, webhook_is(HOOK)),
    "POST /webhook/test": Case(2, webhook, trial_sent),  # counted, sent
    "POST /account/sign-out": Case(2, nothing, session_over),  # noted, and told to Cognito
    "DELETE /account": Case(1, all_there_is, nothing_left),
}
ROUTES = {route.name: route for route in routes()}
TRIED = [
    (name, door)
    for name in CASES
    for door in (("session",) if ROUTES[name.partition(",")[0]].app_only else ("key", "session"))
]


def test_no_route_that_changes_something_is_left_out() -> None:
    changing = {route.name for route in routes() if route.method != "GET"}
    assert changing - set(CASES) == set()


@pytest.mark.parametrize(("name", "door"), TRIED)
def test_killed_and_asked_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str, door: str) -> None:
    """Where the quota is one analysis: a second charge would be refused."""
    monkeypatch.setitem(quota.PLANS, quota.DEFAULT_PLAN, quota.PLANS[quota.DEFAULT_PLAN]._replace(requests_per_month=1))
    case, route = CASES[name], name.partition(",")[0]
    clients: dict[int, Client] = {}
    answers: dict[int, Answer] = {}
    neighbors = settle_neighbor(cloud)

    def prepare(number: int) -> None:
        clients[number] = Client(cloud, f"owner{number}", door)
        case.prepare(clients[number])

    def ask(number: int) -> None:
        answers[number] = clients[number].ask(route)

    def check(number: int) -> None:
        case.check(clients[number], answers[number])
        expire(cloud)
        check_books(cloud, clients[number].owner)
        assert of_neighbor(cloud) == neighbors

    counted = 1 if door == "session" else 0  # requests of users are counted, by the gateway those of keys
    assert at_every_write(prepare, ask, ask, check) == counted + case.writes


def put(url: str) -> str:
    """Send the video; returns its ETag."""
    return str(httpx.put(url, content=VIDEO, headers={"Content-Type": "video/mp4"}, trust_env=False).headers["etag"])


def expire(cloud: Cloud) -> None:
    """Whatever is pending, waits or is deleted has had its time."""
    cloud.later(hours=2)
    cloud.sweep()


def check_books(cloud: Cloud, owner: str) -> None:
    """What is counted is what there is, and the gateway knows the keys that work and no others."""
    profile = profiles.find(owner)
    ended = profile is not None and profile.deleting_since is not None
    assert cloud.used(owner) == (0 if ended else cloud.charges(owner))
    assert cloud.outstanding(owner) == 0
    active = [key for key in KeyRecord.scan(KeyRecord.sk == "KEY", consistent_read=True) if key.status == ACTIVE]
    assert int((profile and profile.api_keys) or 0) == sum(key.owner == owner for key in active)
    known = [key["value"] for key in clients.client("apigateway").get_api_keys(includeValues=True)["items"]]
    assert sorted(known) == sorted(key.id for key in active)


def settle_neighbor(cloud: Cloud) -> list[Any]:
    """Somebody else, with some of everything that lasts; returns what `of_neighbor` must go on to say."""
    profiles.set_webhook(NEIGHBOR, HOOK, cloud.now)
    api_keys.create(NEIGHBOR, "theirs", cloud.now)
    cloud.completed(NEIGHBOR)
    cloud.flow()
    cloud.events()
    return of_neighbor(cloud)


def of_neighbor(cloud: Cloud) -> list[Any]:
    """All that is stored of them."""
    return [cloud.items(NEIGHBOR), objects_of(cloud, NEIGHBOR)]


def objects_of(cloud: Cloud, owner: str) -> list[str]:
    """What S3 holds of an owner, old versions included."""
    names = [f"/{owner}/", *(f"/{record.id}/" for record in cloud.records(owner))]
    stored = [key for bucket in (MEDIA, RESULTS) for key in cloud.versions(bucket)]
    return sorted(key for key in stored if any(name in key for name in names))
