"""The fair queue in front of the endpoint: of each owner only so many are in flight; the rest wait, in order.

However often it is told, and wherever it is killed: never more at the endpoint than the plan allows, no attempt asked
for twice, none forgotten.
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
    """Start `count` analyses of one owner; return them queued, in the order of their start."""
    records = []
    for _ in range(count):
        cloud.later(seconds=0.1)
        records.append(cloud.queued(owner))
    return records


def statuses(cloud: Cloud, records: list[AnalysisRecord]) -> list[str]:
    return [cloud.read(record).status for record in records]


def asked(cloud: Cloud) -> list[str]:
    """The analyses that the endpoint was asked for, in order."""
    return [made.inference_id.partition(".")[0] for made in cloud.endpoint.invocations]


def ids(records: list[AnalysisRecord]) -> list[str]:
    return [record.id for record in records]


def line(owner: str = "alice") -> list[str]:
    """Inference ids of what waits, in order."""
    pk, _ = item_keys.slots(owner)
    found = WaitingRecord.query(pk, WaitingRecord.sk.startswith(item_keys.WAITING_PREFIX), consistent_read=True)
    return [waiting.inference_id for waiting in found]


def in_flight(owner: str = "alice") -> list[str]:
    return [slot.inference_id for slot in fair_queue.slots(owner)]


def first(record: AnalysisRecord) -> str:
    return f"{record.id}.1"


def finish(cloud: Cloud, record: AnalysisRecord) -> None:
    cloud.hear(cloud.success(cloud.read(record)))


def test_one_owner_has_one_in_flight_and_the_others_wait_in_order(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.flow()
    for number, record in enumerate(records):
        waiting = records[number + 1 :]
        assert statuses(cloud, records) == [*[COMPLETED] * number, PROCESSING, *[QUEUED] * len(waiting)]
        assert (line(), in_flight()) == ([first(r) for r in waiting], [first(record)])
        finish(cloud, record)
        cloud.flow()
    assert asked(cloud) == ids(records)
    assert (line(), in_flight()) == ([], [])


def test_a_flood_of_one_owner_is_no_queue_for_another(cloud: Cloud) -> None:
    """The endpoint takes what it is given first come, first served: one of the flood is all that comes before."""
    alices = flood(cloud, 20)
    cloud.flow()
    bobs = cloud.queued("bob")
    cloud.flow()
    assert asked(cloud) == [alices[0].id, bobs.id]


@pytest.mark.parametrize("plan", list(PLANS))
def test_a_plan_says_how_many(cloud: Cloud, plan: str) -> None:
    profiles.set_plan("alice", plan, cloud.now)  # type: ignore[arg-type]
    records = flood(cloud, 6)
    cloud.flow()
    allowed = PLANS[plan].in_flight  # type: ignore[index]
    assert statuses(cloud, records) == [PROCESSING] * allowed + [QUEUED] * (6 - allowed)


def test_a_bigger_plan_submits_what_waits_at_once(cloud: Cloud) -> None:
    records = flood(cloud, 6)
    cloud.flow()
    profiles.set_plan("alice", "business", cloud.now)
    told = cloud.changes()
    for _ in range(2):
        assert cloud.call("submit", {"Records": told}) == OK
    assert statuses(cloud, records) == [*[PROCESSING] * 4, *[QUEUED] * 2]
    assert asked(cloud) == ids(records[:4])


def test_a_smaller_plan_lets_go_on_what_is_in_flight(cloud: Cloud) -> None:
    profiles.set_plan("alice", "pro", cloud.now)
    records = flood(cloud, 4)
    cloud.flow()
    profiles.set_plan("alice", "free", cloud.now)
    cloud.flow()
    finish(cloud, records[0])
    cloud.flow()
    assert statuses(cloud, records) == [COMPLETED, PROCESSING, QUEUED, QUEUED]


def test_a_change_of_plan_killed_after_any_write_submits_as_many_as_it_allows(cloud: Cloud) -> None:
    told: dict[int, list[dict[str, Any]]] = {}

    def prepare(number: int) -> None:
        flood(cloud, 4, f"owner{number}")
        cloud.flow()
        profiles.set_plan(f"owner{number}", "pro", cloud.now)
        told[number] = cloud.changes()

    def submit(number: int) -> None:
        assert cloud.call("submit", {"Records": told[number]}) == OK

    def check(number: int) -> None:
        cloud.flow()
        assert len(in_flight(f"owner{number}")) == PLANS["pro"].in_flight
        assert len(line(f"owner{number}")) == 2

    assert at_every_write(prepare, submit, submit, check) >= 3


def test_a_bigger_plan_whose_event_is_lost_begins_by_the_sweeper(cloud: Cloud) -> None:
    records = flood(cloud, 3)
    cloud.flow()
    profiles.set_plan("alice", "pro", cloud.now)
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    assert statuses(cloud, records) == [PROCESSING, PROCESSING, QUEUED]


@pytest.mark.parametrize("ending", ["success", "failure", "lost"])
def test_whichever_way_one_ends_the_next_begins(cloud: Cloud, ending: str) -> None:
    one, two = flood(cloud, 2)
    cloud.flow()
    if ending == "lost":
        cloud.later(seconds=settings().attempt_seconds + 1)
        cloud.sweep()
        assert cloud.read(one).error.code == TIMED_OUT.code
    else:
        cloud.hear(cloud.success(cloud.read(one)) if ending == "success" else cloud.failure(cloud.read(one)))
    cloud.flow()
    assert cloud.read(two).status == PROCESSING


def test_a_lost_notification_frees_the_slot_as_soon_as_it_is_made_up_for(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.flow()
    cloud.later(seconds=60)
    cloud.success(cloud.read(one))
    result_ingest.recover(cloud.read(one), cloud.now)
    assert (cloud.read(one).status, in_flight()) == (COMPLETED, [])
    cloud.flow()
    assert cloud.read(two).status == PROCESSING


def test_events_in_any_order_and_twice_ask_the_endpoint_once_for_each(cloud: Cloud) -> None:
    """The stream's events of different analyses come at once, on several Lambdas."""
    shuffled = random.Random(7)
    for number, plan in enumerate(("free", "pro", "business")):
        owner = f"owner{number}"
        profiles.set_plan(owner, plan, cloud.now)  # type: ignore[arg-type]
        records = flood(cloud, 5, owner)
        events = [*records, *records]
        shuffled.shuffle(events)
        for record in events:
            assert cloud.submit(record) == OK
        mine = [asked_for for asked_for in asked(cloud) if asked_for in ids(records)]
        assert mine == ids(records)[: PLANS[plan].in_flight]  # type: ignore[index]


def test_a_freed_slot_told_twice_submits_one(cloud: Cloud) -> None:
    profiles.set_plan("alice", "pro", cloud.now)
    records = flood(cloud, 6)
    cloud.flow()
    before = slots_of("alice")
    finish(cloud, records[0])
    event = stream_event((before, slots_of("alice")))
    for _ in range(3):
        assert cloud.call("submit", event) == OK
    assert asked(cloud) == ids(records[:3])


def slots_of(owner: str) -> SlotsRecord:
    return SlotsRecord.get(*item_keys.slots(owner), consistent_read=True)


def test_a_notification_told_twice_frees_one(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.flow()
    told = cloud.success(cloud.read(records[0]))
    for _ in range(3):
        cloud.hear(told)
        cloud.flow()
    assert asked(cloud) == ids(records[:2])
    assert in_flight() == [first(records[1])]


def test_cancelling_one_that_waits(cloud: Cloud) -> None:
    """It leaves the line and is refunded; the endpoint never hears of it."""
    records = flood(cloud, 4)
    cloud.flow()
    for _ in range(2):
        transitions.cancel("alice", records[1].id, cloud.now)
    assert line() == [first(records[2]), first(records[3])]
    assert cloud.used("alice") == cloud.charges("alice") == 3
    for record in (records[0], records[2], records[3]):
        cloud.flow()
        finish(cloud, record)
    assert asked(cloud) == [records[0].id, records[2].id, records[3].id]


def test_cancelling_does_not_buy_a_place_at_the_endpoint(cloud: Cloud) -> None:
    """The endpoint goes on with what was cancelled: until it is done, the slot is taken, whoever sweeps and retries."""
    one, two = flood(cloud, 2)
    cloud.flow()
    transitions.cancel("alice", one.id, cloud.now)
    cloud.later(seconds=1)  # what is queued at one moment has no order
    creation.retry("alice", one.id, cloud.now)
    for _ in range(3):
        cloud.flow()
        cloud.later(seconds=settings().queued_patience)
        cloud.sweep()
    assert asked(cloud) == [one.id]
    told = cloud.failure(one)
    cloud.hear(told)
    cloud.flow()
    assert asked(cloud) == [one.id, two.id]
    assert line() == [f"{one.id}.2"]


def test_a_retry_goes_to_the_end_of_the_line(cloud: Cloud) -> None:
    one, two, three = flood(cloud, 3)
    cloud.flow()
    cloud.later(seconds=1)
    cloud.hear(cloud.failure(cloud.read(one)))
    creation.retry("alice", one.id, cloud.now)
    cloud.flow()
    assert (in_flight(), line()) == ([first(two)], [first(three), f"{one.id}.2"])


def test_one_that_waits_is_deleted_and_restored_at_its_place(cloud: Cloud) -> None:
    records = flood(cloud, 4)
    cloud.flow()
    deletion.delete("alice", records[1].id, cloud.now)
    cloud.flow()
    assert line() == [first(records[2]), first(records[3])]
    deletion.restore("alice", records[1].id, cloud.now)
    assert line() == [first(record) for record in records[1:]]
    finish(cloud, records[0])
    cloud.flow()
    assert asked(cloud) == ids(records[:2])


def test_one_that_waits_is_purged(cloud: Cloud) -> None:
    one, two, three = flood(cloud, 3)
    cloud.flow()
    deletion.delete("alice", two.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    cloud.sweep()
    assert cloud.read(two).purged
    finish(cloud, one)
    cloud.flow()
    assert (asked(cloud), line()) == ([one.id, three.id], [])


def test_one_in_flight_is_purged_and_its_slot_freed_when_the_endpoint_is_done(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.flow()
    told = cloud.success(cloud.read(one))
    deletion.delete("alice", one.id, cloud.now)
    cloud.later(seconds=settings().undo_seconds)
    for _ in range(2):
        cloud.sweep()
        cloud.flow()
        cloud.later(seconds=settings().queued_patience)
    assert cloud.read(one).purged
    assert asked(cloud) == [one.id]
    cloud.hear(told)
    cloud.flow()
    assert asked(cloud) == [one.id, two.id]


def test_waiting_ends_with_a_refund(cloud: Cloud) -> None:
    """An analysis that has waited too long behind its owner's others fails, and is not charged."""
    one, two, three = flood(cloud, 3)
    cloud.flow()
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()  # from here on it is due at its deadline alone
    assert cloud.read(three).due_at == cloud.read(three).deadline
    cloud.later(seconds=settings().waiting_seconds - settings().queued_patience - 1)
    finish(cloud, one)
    cloud.flow()
    cloud.later(seconds=1)
    cloud.sweep()
    assert statuses(cloud, [one, two, three]) == [COMPLETED, PROCESSING, FAILED]
    assert cloud.read(three).error.code == NOT_SUBMITTED.code
    assert cloud.used("alice", "2026-11") == cloud.charges("alice", "2026-11") == 2
    assert (line(), in_flight()) == ([], [first(two)])


def test_waiting_for_longer_than_an_attempt_takes_is_no_failure(cloud: Cloud) -> None:
    one, two = flood(cloud, 2)
    cloud.flow()
    cloud.later(seconds=settings().attempt_seconds + 1)
    cloud.sweep()
    assert statuses(cloud, [one, two])[0] == FAILED
    cloud.flow()
    assert cloud.read(two).status == PROCESSING
    assert cloud.read(two).deadline == int(cloud.now.timestamp()) + settings().attempt_seconds


def test_the_sweeper_does_not_look_at_a_flood_again_and_again(cloud: Cloud) -> None:
    """Its runs are bounded: what waits would keep it from what is stuck, of other owners too."""
    flood(cloud, 12)
    cloud.flow()
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.later(seconds=settings().queued_patience)
    assert cloud.sweep()["records"] <= 1  # the owner's slots


def test_an_account_that_is_deleted_leaves_no_line(cloud: Cloud) -> None:
    flood(cloud, 3)
    bob = cloud.queued("bob")
    cloud.flow()
    told = cloud.success(cloud.read(bob))
    profiles.delete_account("alice", cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.flow()
        cloud.later(seconds=account_deletion.AGAIN_SECONDS)
    assert [item["sk"]["S"] for item in cloud.items("alice") if item["pk"]["S"].startswith("OWNER#")] == ["OWNER"]
    assert cloud.keys(MEDIA, "inputs/") == [f"inputs/{bob.id}/1.mp4"]
    assert len(asked(cloud)) == 2
    cloud.hear(told)
    assert cloud.read(bob).status == COMPLETED


def test_a_late_notification_of_a_deleted_account_makes_no_record(cloud: Cloud) -> None:
    (record,) = flood(cloud, 1)
    cloud.flow()
    told = cloud.success(cloud.read(record))
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    cloud.hear(told)
    pk, _ = item_keys.slots("alice")
    assert [item.sk for item in Item.query(pk, consistent_read=True)] == ["OWNER"]
    assert OwnerRecord.get(*item_keys.owner("alice")).deleting_since is not None


@pytest.mark.parametrize("repair", ["redelivered", "swept"])
def test_killed_where_a_freed_slot_submits_the_next(cloud: Cloud, repair: str) -> None:
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
        cloud.later(seconds=settings().queued_patience)
        cloud.sweep()

    def check(number: int) -> None:
        records, *_ = made[number]
        assert statuses(cloud, records) == [COMPLETED, PROCESSING, QUEUED]
        assert in_flight(f"owner{number}") == [first(records[1])]
        assert len(set(asked(cloud)) & set(ids(records))) == 2

    # Slot, copy, invocation, note.
    assert at_every_write(prepare, submit, submit if repair == "redelivered" else sweep, check) == 4


def test_killed_between_the_result_and_the_slot(cloud: Cloud) -> None:
    told: dict[int, dict[str, object]] = {}
    made: dict[int, list[AnalysisRecord]] = {}

    def prepare(number: int) -> None:
        made[number] = flood(cloud, 2, f"owner{number}")
        cloud.submit(made[number][0])
        told[number] = cloud.success(cloud.read(made[number][0]))

    def hear(number: int) -> None:
        cloud.hear(told[number])

    def check(number: int) -> None:
        assert in_flight(f"owner{number}") == []
        cloud.flow()
        assert statuses(cloud, made[number]) == [COMPLETED, PROCESSING]

    at_every_write(prepare, hear, hear, check)


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_killed_with_a_slot_taken_and_ended_before_anybody_came_back(cloud: Cloud, end: str) -> None:
    """The endpoint was never asked for it: nobody will tell that it is done, and its slot must not stay taken."""
    one, two = flood(cloud, 2)
    with killed_after(1) as kill:
        cloud.submit(one)
    assert kill.happened and in_flight() == [first(one)]
    call: Callable[..., object] = transitions.cancel if end == "cancel" else deletion.delete
    call("alice", one.id, cloud.now)
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.flow()
    assert (asked(cloud), in_flight()) == ([two.id], [first(two)])


def test_cancelled_in_the_moment_in_which_its_slot_is_taken(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = flood(cloud, 2)
    take = fair_queue.take

    def take_and_cancel(*arguments: object) -> object:
        slot = take(*arguments)  # type: ignore[arg-type]
        transitions.cancel("alice", one.id, cloud.now)
        return slot

    with monkeypatch.context() as patch:
        patch.setattr(fair_queue, "take", take_and_cancel)
        cloud.submit(one)
    assert in_flight() == []
    cloud.flow()
    assert (asked(cloud), in_flight()) == ([two.id], [first(two)])


def test_lost_events_are_made_up_for(cloud: Cloud) -> None:
    """The stream tells nothing at all: the sweeper alone brings every analysis through, one at a time."""
    records = flood(cloud, 4)
    for _ in range(12):
        cloud.later(seconds=settings().queued_patience)
        cloud.sweep()
        running = [record for record in records if cloud.read(record).status == PROCESSING]
        assert len(running) <= 1
        for record in running:
            finish(cloud, record)
    assert statuses(cloud, records) == [COMPLETED] * 4
    assert asked(cloud) == ids(records)


def test_a_record_from_before_there_was_a_line_is_submitted(cloud: Cloud) -> None:
    (record,) = flood(cloud, 1)
    keys = item_keys.waiting("alice", record.queued_at, first(record))
    Item(*keys).delete()
    record.update(actions=[AnalysisRecord.queued_at.remove()])
    cloud.flow()
    assert cloud.read(record).status == QUEUED
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    assert (cloud.read(record).status, line()) == (PROCESSING, [])


def test_in_any_order_it_ends_alike(cloud: Cloud) -> None:
    """Submission, notification and cancellation, each twice, in every order, and the sweeper among them."""
    for number, order in enumerate(itertools.permutations(["submit", "tell", "cancel"])):
        owner = f"owner{number}"
        one, two = flood(cloud, 2, owner)
        for name in (*order, "sweep", *order):
            if name == "submit":
                cloud.submit(one)
            elif name == "cancel":
                if not cloud.read(one).is_terminal:
                    transitions.cancel(owner, one.id, cloud.now)
            elif name == "sweep":
                cloud.later(seconds=settings().queued_patience)
                cloud.sweep()
            elif one.id in asked(cloud):
                cloud.hear(cloud.success(one))
            assert len(in_flight(owner)) <= 1, order
        for _ in range(3):
            cloud.flow()
            for record in (one, two):
                if cloud.read(record).status == PROCESSING:
                    finish(cloud, record)
                elif record.id in asked(cloud):
                    cloud.hear(cloud.success(record))
        assert cloud.read(two).status == COMPLETED, order
        assert (in_flight(owner), line(owner)) == ([], []), order
        assert cloud.used(owner) == cloud.charges(owner), order


def test_the_api_says_where_one_stands(cloud: Cloud) -> None:
    alice = by_session("alice")
    records = flood(cloud, 3)
    cloud.flow()
    bob = cloud.queued("bob")
    assert [alice.get(f"/analyses/{record.id}").json()["position"] for record in records] == [None, 1, 2]
    listed = {item["id"]: item["position"] for item in alice.get("/analyses").json()["analyses"]}
    assert listed == {records[0].id: None, records[1].id: 1, records[2].id: 2}
    assert by_session("bob").get(f"/analyses/{bob.id}").json()["position"] == 1
    transitions.cancel("alice", records[1].id, cloud.now)
    assert alice.get(f"/analyses/{records[2].id}").json()["position"] == 1
    assert alice.get(f"/analyses/{records[1].id}").json()["position"] is None
    assert alice.get("/usage").json()["concurrency"] == PLANS["free"].in_flight
