"""Fair queue in front of the endpoint: each owner has a limited number of requests in flight, the others wait in order.

With duplicate events, and killed at any point: the plan's limit is never exceeded, no attempt is submitted twice, and
none is lost.
"""

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import creation, deletion, fair_queue, result_ingest, transitions
from lambdas.core.errors import NOT_SUBMITTED, TIMED_OUT
from lambdas.core.owners import profiles
from lambdas.core.owners.quota import PLANS
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import AnalysisRecord, Item, OwnerRecord, SlotsRecord, WaitingRecord
from lambdas.core.upkeep import account_deletion
from tests.integration.api_client import by_session
from tests.integration.cloud import MEDIA, Cloud
from tests.integration.events import stream_event
from tests.integration.faults import at_every_write, killed_after

OK: dict[str, list[str]] = {"batchItemFailures": []}


def flood(cloud: Cloud, count: int, owner: str = "alice") -> list[AnalysisRecord]:
    """Queue `count` analyses of one owner; return them in order."""
    records = []
    for _ in range(count):
        cloud.advance(seconds=0.1)
        records.append(cloud.queued(owner))
    return records


def statuses(cloud: Cloud, records: list[AnalysisRecord]) -> list[str]:
    return [cloud.read(record).status for record in records]


def invoked(cloud: Cloud) -> list[str]:
    """Return the ids of the analyses for which the endpoint was invoked, in order."""
    return [made.inference_id.partition(".")[0] for made in cloud.endpoint.invocations]


def ids(records: list[AnalysisRecord]) -> list[str]:
    return [record.id for record in records]


def waiting(owner: str = "alice") -> list[str]:
    """Return the inference ids of the waiting attempts, in order."""
    pk, _ = item_keys.slots(owner)
    found = WaitingRecord.query(pk, WaitingRecord.sk.startswith(item_keys.WAITING_PREFIX), consistent_read=True)
    return [waiting.inference_id for waiting in found]


def in_flight(owner: str = "alice") -> list[str]:
    return [slot.inference_id for slot in fair_queue.slots(owner)]


def first_attempt(record: AnalysisRecord) -> str:
    return f"{record.id}.1"


def finish(cloud: Cloud, record: AnalysisRecord) -> None:
    cloud.notify(cloud.success(cloud.read(record)))


def test_one_owner_has_one_in_flight_and_the_others_wait_in_order(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.run_stream()
    for number, record in enumerate(records):
        later = records[number + 1 :]
        assert statuses(cloud, records) == [*[COMPLETED] * number, PROCESSING, *[QUEUED] * len(later)]
        assert (waiting(), in_flight()) == ([first_attempt(r) for r in later], [first_attempt(record)])
        finish(cloud, record)
        cloud.run_stream()
    assert invoked(cloud) == ids(records)
    assert (waiting(), in_flight()) == ([], [])


def test_one_owners_flood_does_not_delay_another(cloud: Cloud) -> None:
    """The endpoint is first come, first served; only one request of the flood is ahead."""
    alices = flood(cloud, 20)
    cloud.run_stream()
    bobs = cloud.queued("bob")
    cloud.run_stream()
    assert invoked(cloud) == [alices[0].id, bobs.id]


@pytest.mark.parametrize("plan", list(PLANS))
def test_the_plan_limits_the_requests_in_flight(cloud: Cloud, plan: str) -> None:
    profiles.set_plan("alice", plan, cloud.now)  # type: ignore[arg-type]
    records = flood(cloud, 6)
    cloud.run_stream()
    allowed = PLANS[plan].in_flight  # type: ignore[index]
    assert statuses(cloud, records) == [PROCESSING] * allowed + [QUEUED] * (6 - allowed)


def test_a_bigger_plan_submits_what_waits_at_once(cloud: Cloud) -> None:
    records = flood(cloud, 6)
    cloud.run_stream()
    profiles.set_plan("alice", "business", cloud.now)
    told = cloud.changes()
    for _ in range(2):
        assert cloud.call("submit", {"Records": told}) == OK
    assert statuses(cloud, records) == [*[PROCESSING] * 4, *[QUEUED] * 2]
    assert invoked(cloud) == ids(records[:4])


def test_a_smaller_plan_lets_go_on_what_is_in_flight(cloud: Cloud) -> None:
    profiles.set_plan("alice", "pro", cloud.now)
    records = flood(cloud, 4)
    cloud.run_stream()
    profiles.set_plan("alice", "free", cloud.now)
    cloud.run_stream()
    finish(cloud, records[0])
    cloud.run_stream()
    assert statuses(cloud, records) == [COMPLETED, PROCESSING, QUEUED, QUEUED]


def test_a_change_of_plan_killed_after_any_write_submits_as_many_as_it_allows(cloud: Cloud) -> None:
    told: dict[int, list[dict[str, Any]]] = {}

    def prepare(number: int) -> None:
        flood(cloud, 4, f"owner{number}")
        cloud.run_stream()
        profiles.set_plan(f"owner{number}", "pro", cloud.now)
        told[number] = cloud.changes()

    def submit(number: int) -> None:
        assert cloud.call("submit", {"Records": told[number]}) == OK

    def check(number: int) -> None:
        cloud.run_stream()
        assert len(in_flight(f"owner{number}")) == PLANS["pro"].in_flight
        assert len(waiting(f"owner{number}")) == 2

    assert at_every_write(prepare, submit, submit, check) >= 3


def test_a_bigger_plan_takes_effect_by_the_sweeper(cloud: Cloud) -> None:
    records = flood(cloud, 3)
    cloud.run_stream()
    profiles.set_plan("alice", "pro", cloud.now)
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    assert statuses(cloud, records) == [PROCESSING, PROCESSING, QUEUED]


@pytest.mark.parametrize("ending", ["success", "failure", "lost"])
def test_the_next_attempt_starts_however_one_ends(cloud: Cloud, ending: str) -> None:
    one, two = flood(cloud, 2)
    cloud.run_stream()
    if ending == "lost":
        cloud.advance(seconds=settings().attempt_seconds + 1)
        cloud.sweep()
        assert cloud.read(one).error.code == TIMED_OUT.code
    else:
        cloud.notify(cloud.success(cloud.read(one)) if ending == "success" else cloud.failure(cloud.read(one)))
    cloud.run_stream()
    assert cloud.read(two).status == PROCESSING


def test_recovering_a_lost_notification_releases_the_slot(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.run_stream()
    cloud.advance(seconds=60)
    cloud.success(cloud.read(one))
    result_ingest.recover(cloud.read(one), cloud.now)
    assert (cloud.read(one).status, in_flight()) == (COMPLETED, [])
    cloud.run_stream()
    assert cloud.read(two).status == PROCESSING


def test_duplicate_and_reordered_events_submit_each_attempt_once(cloud: Cloud) -> None:
    """The stream's events of different analyses are processed concurrently, by several Lambdas."""
    shuffled = random.Random(7)
    for number, plan in enumerate(("free", "pro", "business")):
        owner = f"owner{number}"
        profiles.set_plan(owner, plan, cloud.now)  # type: ignore[arg-type]
        records = flood(cloud, 5, owner)
        events = [*records, *records]
        shuffled.shuffle(events)
        for record in events:
            assert cloud.submit(record) == OK
        mine = [analysis_id for analysis_id in invoked(cloud) if analysis_id in ids(records)]
        assert mine == ids(records)[: PLANS[plan].in_flight]  # type: ignore[index]


def test_a_duplicate_event_of_a_released_slot_submits_one_attempt(cloud: Cloud) -> None:
    profiles.set_plan("alice", "pro", cloud.now)
    records = flood(cloud, 6)
    cloud.run_stream()
    before = slots_of("alice")
    finish(cloud, records[0])
    event = stream_event((before, slots_of("alice")))
    for _ in range(3):
        assert cloud.call("submit", event) == OK
    assert invoked(cloud) == ids(records[:3])


def slots_of(owner: str) -> SlotsRecord:
    return SlotsRecord.get(*item_keys.slots(owner), consistent_read=True)


def test_a_duplicate_notification_releases_one_slot(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.run_stream()
    message = cloud.success(cloud.read(records[0]))
    for _ in range(3):
        cloud.notify(message)
        cloud.run_stream()
    assert invoked(cloud) == ids(records[:2])
    assert in_flight() == [first_attempt(records[1])]


def test_a_waiting_analysis_is_cancelled(cloud: Cloud) -> None:
    """It stops waiting and is refunded; the endpoint is not invoked for it."""
    records = flood(cloud, 4)
    cloud.run_stream()
    for _ in range(2):
        transitions.cancel("alice", records[1].id, cloud.now)
    assert waiting() == [first_attempt(records[2]), first_attempt(records[3])]
    assert cloud.used("alice") == cloud.charges("alice") == 3
    for record in (records[0], records[2], records[3]):
        cloud.run_stream()
        finish(cloud, record)
    assert invoked(cloud) == [records[0].id, records[2].id, records[3].id]


def test_a_cancelled_analysis_keeps_its_slot_until_the_endpoint_is_done(cloud: Cloud) -> None:
    """The endpoint continues a cancelled attempt, which keeps its slot until then, despite sweeps and retries."""
    one, two = flood(cloud, 2)
    cloud.run_stream()
    transitions.cancel("alice", one.id, cloud.now)
    cloud.advance(seconds=1)  # attempts queued at the same time have no defined order
    creation.retry("alice", one.id, cloud.now)
    for _ in range(3):
        cloud.run_stream()
        cloud.advance(seconds=settings().queued_patience)
        cloud.sweep()
    assert invoked(cloud) == [one.id]
    message = cloud.failure(one)
    cloud.notify(message)
    cloud.run_stream()
    assert invoked(cloud) == [one.id, two.id]
    assert waiting() == [f"{one.id}.2"]


def test_a_retry_goes_to_the_end_of_the_line(cloud: Cloud) -> None:
    one, two, three = flood(cloud, 3)
    cloud.run_stream()
    cloud.advance(seconds=1)
    cloud.notify(cloud.failure(cloud.read(one)))
    creation.retry("alice", one.id, cloud.now)
    cloud.run_stream()
    assert (in_flight(), waiting()) == ([first_attempt(two)], [first_attempt(three), f"{one.id}.2"])


def test_a_waiting_analysis_is_deleted_and_restored_in_its_place(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.run_stream()
    deletion.delete("alice", records[1].id, cloud.now)
    cloud.run_stream()
    assert waiting() == [first_attempt(records[2]), first_attempt(records[3])]
    deletion.restore("alice", records[1].id, cloud.now)
    assert waiting() == [first_attempt(record) for record in records[1:]]
    finish(cloud, records[0])
    cloud.run_stream()
    assert invoked(cloud) == ids(records[:2])


def test_a_waiting_analysis_is_purged(cloud: Cloud) -> None:
    one, two, three = flood(cloud, 3)
    cloud.run_stream()
    deletion.delete("alice", two.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    assert cloud.read(two).purged
    finish(cloud, one)
    cloud.run_stream()
    assert (invoked(cloud), waiting()) == ([one.id, three.id], [])


def test_a_purged_analysis_keeps_its_slot_until_the_endpoint_is_done(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.run_stream()
    message = cloud.success(cloud.read(one))
    deletion.delete("alice", one.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    for _ in range(2):
        cloud.sweep()
        cloud.run_stream()
        cloud.advance(seconds=settings().queued_patience)
    assert cloud.read(one).purged
    assert invoked(cloud) == [one.id]
    cloud.notify(message)
    cloud.run_stream()
    assert invoked(cloud) == [one.id, two.id]


def test_waiting_too_long_fails_with_a_refund(cloud: Cloud) -> None:
    """An analysis that has waited too long behind its owner's others fails and is refunded."""
    one, two, three = flood(cloud, 3)
    cloud.run_stream()
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()  # after this it is due only at its deadline
    assert cloud.read(three).due_at == cloud.read(three).deadline
    cloud.advance(seconds=settings().waiting_seconds - settings().queued_patience - 1)
    finish(cloud, one)
    cloud.run_stream()
    cloud.advance(seconds=1)
    cloud.sweep()
    assert statuses(cloud, [one, two, three]) == [COMPLETED, PROCESSING, FAILED]
    assert cloud.read(three).error.code == NOT_SUBMITTED.code
    assert cloud.used("alice", "2026-11") == cloud.charges("alice", "2026-11") == 2
    assert (waiting(), in_flight()) == ([], [first_attempt(two)])


def test_waiting_longer_than_an_attempt_may_take_is_not_a_failure(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.run_stream()
    cloud.advance(seconds=settings().attempt_seconds + 1)
    cloud.sweep()
    assert statuses(cloud, [one, two])[0] == FAILED
    cloud.run_stream()
    assert cloud.read(two).status == PROCESSING
    assert cloud.read(two).deadline == int(cloud.now.timestamp()) + settings().attempt_seconds


def test_the_sweeper_does_not_check_waiting_analyses_repeatedly(cloud: Cloud) -> None:
    """A run is limited, so waiting analyses would keep it from repairing others."""
    flood(cloud, 12)
    cloud.run_stream()
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.advance(seconds=settings().queued_patience)
    assert cloud.sweep()["records"] <= 1  # the owner's slots


def test_a_deleted_account_leaves_no_waiting_attempts(cloud: Cloud) -> None:
    flood(cloud, 3)
    bob = cloud.queued("bob")
    cloud.run_stream()
    message = cloud.success(cloud.read(bob))
    profiles.delete_account("alice", cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.run_stream()
        cloud.advance(seconds=account_deletion.RECHECK_SECONDS)
    assert [item["sk"]["S"] for item in cloud.items("alice") if item["pk"]["S"].startswith("OWNER#")] == ["OWNER"]
    assert cloud.keys(MEDIA, "inputs/") == [f"inputs/{bob.id}/1.mp4"]
    assert len(invoked(cloud)) == 2
    cloud.notify(message)
    assert cloud.read(bob).status == COMPLETED


def test_a_late_notification_of_a_deleted_account_creates_no_record(cloud: Cloud) -> None:
    (record,) = flood(cloud, 1)
    cloud.run_stream()
    message = cloud.success(cloud.read(record))
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    cloud.notify(message)
    pk, _ = item_keys.slots("alice")
    assert [item.sk for item in Item.query(pk, consistent_read=True)] == ["OWNER"]
    assert OwnerRecord.get(*item_keys.owner("alice")).deleting_since is not None


@pytest.mark.parametrize("repair", ["redelivered", "swept"])
def test_submission_after_a_release_killed_after_any_write(cloud: Cloud, repair: str) -> None:
    made: dict[int, tuple[list[AnalysisRecord], SlotsRecord, SlotsRecord]] = {}

    def prepare(number: int) -> None:
        owner = f"owner{number}"
        records = flood(cloud, 3, owner)
        cloud.submit(records[0])
        before = slots_of(owner)
        finish(cloud, records[0])
        made[number] = (records, before, slots_of(owner))

    def submit(number: int) -> None:
        _, before, after = made[number]
        cloud.call("submit", stream_event((before, after)))

    def sweep(_: int) -> None:
        cloud.advance(seconds=settings().queued_patience)
        cloud.sweep()

    def check(number: int) -> None:
        records, *_ = made[number]
        assert statuses(cloud, records) == [COMPLETED, PROCESSING, QUEUED]
        assert in_flight(f"owner{number}") == [first_attempt(records[1])]
        assert len(set(invoked(cloud)) & set(ids(records))) == 2

    # Slot, copy, invocation, record.
    assert at_every_write(prepare, submit, submit if repair == "redelivered" else sweep, check) == 4


def test_killed_between_the_result_and_the_slot(cloud: Cloud) -> None:
    message: dict[int, dict[str, object]] = {}
    made: dict[int, list[AnalysisRecord]] = {}

    def prepare(number: int) -> None:
        made[number] = flood(cloud, 2, f"owner{number}")
        cloud.submit(made[number][0])
        message[number] = cloud.success(cloud.read(made[number][0]))

    def notify(number: int) -> None:
        cloud.notify(message[number])

    def check(number: int) -> None:
        assert in_flight(f"owner{number}") == []
        cloud.run_stream()
        assert statuses(cloud, made[number]) == [COMPLETED, PROCESSING]

    at_every_write(prepare, notify, notify, check)


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_killed_with_a_slot_acquired_and_the_analysis_ended_afterwards(cloud: Cloud, end: str) -> None:
    """The endpoint was not invoked, so no notification will come, and the sweeper must release the slot."""
    one, two = flood(cloud, 2)
    with killed_after(1) as kill:
        cloud.submit(one)
    assert kill.happened and in_flight() == [first_attempt(one)]
    call: Callable[..., object] = transitions.cancel if end == "cancel" else deletion.delete
    call("alice", one.id, cloud.now)
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.run_stream()
    assert (invoked(cloud), in_flight()) == ([two.id], [first_attempt(two)])


def test_cancelled_while_its_slot_is_acquired(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = flood(cloud, 2)
    acquire = fair_queue.acquire

    def acquire_and_cancel(*arguments: object) -> object:
        slot = acquire(*arguments)  # type: ignore[arg-type]
        transitions.cancel("alice", one.id, cloud.now)
        return slot

    with monkeypatch.context() as patch:
        patch.setattr(fair_queue, "acquire", acquire_and_cancel)
        cloud.submit(one)
    assert in_flight() == []
    cloud.run_stream()
    assert (invoked(cloud), in_flight()) == ([two.id], [first_attempt(two)])


def test_the_sweeper_compensates_for_lost_events(cloud: Cloud) -> None:
    """Without any event of the stream, the sweeper alone completes every analysis, one at a time."""
    records = flood(cloud, 4)
    for _ in range(12):
        cloud.advance(seconds=settings().queued_patience)
        cloud.sweep()
        running = [record for record in records if cloud.read(record).status == PROCESSING]
        assert len(running) <= 1
        for record in running:
            finish(cloud, record)
    assert statuses(cloud, records) == [COMPLETED] * 4
    assert invoked(cloud) == ids(records)


def test_a_record_from_before_the_fair_queue_is_submitted(cloud: Cloud) -> None:
    (record,) = flood(cloud, 1)
    keys = item_keys.waiting("alice", record.queued_at, first_attempt(record))
    Item(*keys).delete()
    record.update(actions=[AnalysisRecord.queued_at.remove()])
    cloud.run_stream()
    assert cloud.read(record).status == QUEUED
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    assert (cloud.read(record).status, waiting()) == (PROCESSING, [])


def test_any_order_of_events_ends_consistently(cloud: Cloud) -> None:
    """Submission, notification and cancellation, each twice, in every order, with a sweep in between."""
    for number, order in enumerate(itertools.permutations(["submit", "notify", "cancel"])):
        owner = f"owner{number}"
        one, two = flood(cloud, 2, owner)
        for name in (*order, "sweep", *order):
            if name == "submit":
                cloud.submit(one)
            elif name == "cancel":
                if not cloud.read(one).is_terminal:
                    transitions.cancel(owner, one.id, cloud.now)
            elif name == "sweep":
                cloud.advance(seconds=settings().queued_patience)
                cloud.sweep()
            elif one.id in invoked(cloud):
                cloud.notify(cloud.success(one))
            assert len(in_flight(owner)) <= 1, order
        for _ in range(3):
            cloud.run_stream()
            for record in (one, two):
                if cloud.read(record).status == PROCESSING:
                    finish(cloud, record)
                elif record.id in invoked(cloud):
                    cloud.notify(cloud.success(record))
        assert cloud.read(two).status == COMPLETED, order
        assert (in_flight(owner), waiting(owner)) == ([], []), order
        assert cloud.used(owner) == cloud.charges(owner), order


def test_the_api_returns_queue_positions(cloud: Cloud) -> None:
    alice = by_session("alice")
    records = flood(cloud, 3)
    cloud.run_stream()
    bob = cloud.queued("bob")
    assert [alice.get(f"/analyses/{record.id}").json()["position"] for record in records] == [None, 1, 2]
    listed = {item["id"]: item["position"] for item in alice.get("/analyses").json()["analyses"]}
    assert listed == {records[0].id: None, records[1].id: 1, records[2].id: 2}
    assert by_session("bob").get(f"/analyses/{bob.id}").json()["position"] == 1
    transitions.cancel("alice", records[1].id, cloud.now)
    assert alice.get(f"/analyses/{records[2].id}").json()["position"] == 1
    assert alice.get(f"/analyses/{records[1].id}").json()["position"] is None
    assert alice.get("/usage").json()["concurrency"] == PLANS["free"].in_flight
