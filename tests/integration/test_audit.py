"""Audit log: one event per change, with its actor, visible only to the owner, kept for a limited time."""

from collections.abc import Callable
from datetime import timedelta

from lambdas.core.clock import DAY
from lambdas.core.owners import api_keys, audit, profiles
from lambdas.core.storage.tables import AuditRecord, KeyRecord
from tests.integration.api_client import Caller, Response, by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.faults import at_every_write
from tests.integration.test_api_routes import problem

URL = "https://hooks.example.com/in?token=secret"


def recorded(caller: Caller) -> list[tuple[str, str, str | None]]:
    """Return name, actor and subject of each event, oldest first."""
    events = caller.get("/audit-log", query={"limit": "100"}).json()["events"]
    return [(event["event"], event["by"], event["subject"]) for event in reversed(events)]


def test_changes_are_recorded_with_their_actor(cloud: Cloud) -> None:
    record = cloud.completed("alice")
    queued = cloud.queued("alice")
    alice = by_session("alice", auth_time=str(int(cloud.now.timestamp()) - 60))
    assert alice.get("/usage").status == 200  # the sign-in is recorded with the first request
    cloud.advance(seconds=1)
    made = alice.post("/keys", {"name": "laptop"}).json()
    prefix = made["prefix"]
    program = Caller("/api", {"Authorization": f"Bearer {made['token']}"})
    steps: list[Callable[[], Response]] = [
        lambda: alice.post(f"/keys/{made['id']}/rotate"),
        lambda: alice.put("/webhook", {"url": URL}),
        lambda: alice.post("/webhook/secret"),
        lambda: alice.delete("/webhook"),
        lambda: alice.delete(f"/analyses/{record.id}"),
        lambda: alice.post(f"/analyses/{record.id}/restore"),
        lambda: alice.post(f"/analyses/{queued.id}/cancel"),
        lambda: alice.delete(f"/keys/{made['id']}"),
    ]
    cloud.advance(seconds=1)
    assert program.delete(f"/analyses/{queued.id}").status == 200
    for step in steps:
        cloud.advance(seconds=1)
        if step is steps[6]:  # only restored analyses can be cancelled by the route
            alice.post(f"/analyses/{queued.id}/restore")
            cloud.advance(seconds=1)
        assert step().status < 300
    expected = [
        ("signed-in", "session", None),
        ("key-created", "session", "laptop"),
        ("analysis-deleted", prefix, queued.id),
        ("key-rotated", "session", "laptop"),
        ("webhook-set", "session", "hooks.example.com"),
        ("webhook-secret-rotated", "session", None),
        ("webhook-removed", "session", None),
        ("analysis-deleted", "session", record.id),
        ("analysis-restored", "session", record.id),
        ("analysis-restored", "session", queued.id),
        ("analysis-cancelled", "session", queued.id),
        ("key-revoked", "session", "laptop"),
    ]
    assert recorded(alice) == expected
    assert "secret" not in alice.get("/audit-log").text.replace("webhook-secret-rotated", "")
    assert recorded(by_session("bob")) == []
    cloud.advance(seconds=1)  # events at the same time have no defined order
    assert recorded(by_key(cloud, "alice"))[:-1] == expected  # readable with a key, whose creation is included


def test_each_sign_in_is_recorded_once(cloud: Cloud) -> None:
    first, second = int(cloud.now.timestamp()) - 500, int(cloud.now.timestamp()) - 100
    for auth_time in (first, first, second, first, second):
        by_session("alice", auth_time=str(auth_time)).get("/usage")
    alice = by_session("alice", auth_time=str(second))
    assert recorded(alice) == [("signed-in", "session", None)] * 2
    (newest, _) = alice.get("/audit-log").json()["events"]
    assert newest["at"].startswith((cloud.now - timedelta(seconds=100)).isoformat()[:19])


def test_repetitions_without_a_change_are_not_recorded(cloud: Cloud) -> None:
    alice, record = by_session("alice"), cloud.queued("alice")
    for path in (f"/analyses/{record.id}/cancel", f"/analyses/{record.id}/cancel"):
        assert alice.post(path).status == 200
    cloud.advance(seconds=1)  # events at the same time have no defined order
    for _ in range(2):
        assert alice.delete(f"/analyses/{record.id}").status == 200
    problem(alice.post("/keys/x/rotate"), 404, "not-found")
    assert [name for name, _, _ in recorded(alice)] == ["analysis-cancelled", "analysis-deleted"]


def test_the_expiry_of_a_key_is_recorded_as_of_the_system(cloud: Cloud) -> None:
    api_keys.create("alice", "short", cloud.now, days=1)
    cloud.advance(days=1)
    cloud.sweep()
    cloud.sweep()
    assert [event[:2] for event in recorded(by_session("alice"))] == [
        ("key-created", "system"),
        ("key-expired", "system"),
    ]


def test_events_are_paginated_and_expire(cloud: Cloud) -> None:
    alice = by_session("alice")
    for number in range(5):
        profiles.set_webhook("alice", f"https://h{number}.example.com", cloud.now)
        cloud.advance(seconds=1)
    seen, query = [], {"limit": "2"}
    while True:
        page = alice.get("/audit-log", query=query).json()
        seen += [event["subject"] for event in page["events"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert seen == [f"h{number}.example.com" for number in (4, 3, 2, 1, 0)]
    mallory = by_session("mallory")
    taken = alice.get("/audit-log", query={"limit": "2"}).json()["cursor"]
    assert mallory.get("/audit-log", query={"cursor": taken}).json()["events"] == []
    for cursor in ("x", "%%%", "AAAA", "é", "QVVESVQjeA"):
        problem(alice.get("/audit-log", query={"cursor": cursor}), 400, "bad-request")
    assert {int(record.ttl) for record in AuditRecord.scan(AuditRecord.event.exists())} <= {
        int((cloud.now - timedelta(seconds=number)).timestamp()) + audit.RETENTION_DAYS * DAY for number in range(1, 6)
    }
    cloud.advance(days=audit.RETENTION_DAYS)
    assert recorded(alice) == []


def test_the_log_is_deleted_with_the_account(cloud: Cloud) -> None:
    by_key(cloud, "alice")
    profiles.set_webhook("alice", URL, cloud.now)
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    assert [item["sk"]["S"] for item in cloud.items("alice") if item["sk"]["S"].startswith("AUDIT")] == []


def test_a_revocation_killed_after_any_write_is_recorded_once(cloud: Cloud) -> None:
    made: dict[int, KeyRecord] = {}

    def prepare(number: int) -> None:
        made[number] = api_keys.create(f"owner{number}", "mine", cloud.now).record

    def revoke(number: int) -> None:
        api_keys.revoke(f"owner{number}", made[number].id, cloud.now, "session")

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        events = recorded(by_session(f"owner{number}"))
        assert sorted(events) == [("key-created", "system", "mine"), ("key-revoked", "session", "mine")]

    assert at_every_write(prepare, revoke, sweep, check) == 3
