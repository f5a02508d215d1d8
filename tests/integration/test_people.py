"""People of a result: told apart only where the account's owner has confirmed it, and named by the owner."""

import csv
import io
from typing import Any

import pytest

from lambdas.core.analyses import creation, deletion
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord
from tests.integration.api_client import Caller, by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.faults import at_every_write
from tests.integration.test_api_routes import problem, uploaded
from tests.integration.test_audit import recorded
from tests.unit.analyses import spoken_by_two

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def alice(cloud: Cloud) -> Caller:  # noqa: ARG001  (deployed for the requests)
    return by_session("alice")


def confirm(caller: Caller, confirmed: bool = True) -> dict[str, Any]:
    response = caller.put("/account/people", {"lawfulBasisConfirmed": confirmed})
    assert response.status == 200, response
    return dict(response.json())


def start(caller: Caller, key: str, **options: Any) -> str:
    response = caller.post("/sentiment-inference", {"key": key, **options}, headers=ASYNC)
    assert response.status == 202, response
    return str(response.json()["id"])


def asked(cloud: Cloud, analysis_id: str) -> str:
    """Submit what waits; return the attribute `people` of the analysis's last request to the endpoint."""
    cloud.run_stream()
    found = [one for one in cloud.endpoint.invocations if one.inference_id.startswith(f"{analysis_id}.")]
    attributes = dict(part.split("=", 1) for part in found[-1].attributes.split(";"))
    assert attributes["input"] == found[-1].input_location
    return attributes["people"]


def finish(cloud: Cloud, analysis_id: str, *labels: str) -> AnalysisRecord:
    cloud.run_stream()
    [record] = [one for one in cloud.records("alice") if one.id == analysis_id]
    body = spoken_by_two(*labels or ("Speaker 1", "Speaker 2")).model_dump_json().encode()
    cloud.notify(cloud.success(record, body))
    return cloud.read(record)


@pytest.fixture
def named(cloud: Cloud, alice: Caller) -> str:
    """Return the path of a completed analysis with two people."""
    confirm(alice)
    return f"/analyses/{finish(cloud, start(alice, uploaded(alice))).id}"


def test_the_owner_confirms_and_withdraws(cloud: Cloud, alice: Caller) -> None:
    assert alice.get("/account/people").json() == {"lawfulBasisConfirmed": False, "confirmedAt": None}
    at = confirm(alice)["confirmedAt"]
    cloud.advance(seconds=60)
    assert confirm(alice) == alice.get("/account/people").json() == {"lawfulBasisConfirmed": True, "confirmedAt": at}
    assert by_session("mallory").get("/account/people").json()["lawfulBasisConfirmed"] is False
    cloud.advance(seconds=60)
    assert confirm(alice, confirmed=False) == {"lawfulBasisConfirmed": False, "confirmedAt": None}
    cloud.advance(seconds=60)
    assert confirm(alice)["confirmedAt"] > at
    changes = [event for event, by, _ in recorded(alice) if event.startswith("people-") and by == "session"]
    assert changes == ["people-confirmed", "people-withdrawn", "people-confirmed"]
    for wrong in ({}, {"lawfulBasisConfirmed": "true"}, {"lawfulBasisConfirmed": None}):
        problem(alice.put("/account/people", wrong), 422, "invalid-request")
    problem(by_key(cloud, "alice").put("/account/people", {"lawfulBasisConfirmed": True}), 404, "no-route")


def test_a_confirmation_killed_after_any_write_is_recorded_once(cloud: Cloud) -> None:
    def act(number: int) -> None:
        profiles.confirm_people(f"owner{number}", True, cloud.now)

    def check(number: int) -> None:
        caller = by_session(f"owner{number}")
        assert caller.get("/account/people").json()["lawfulBasisConfirmed"] is True
        assert recorded(caller) == [("people-confirmed", "system", None)]

    assert at_every_write(lambda _: None, act, act, check) == 1


def test_nobody_is_told_apart_without_a_confirmation(cloud: Cloud, alice: Caller) -> None:
    assert asked(cloud, start(alice, uploaded(alice))) == "false"
    for caller in (alice, by_key(cloud, "alice")):
        key = uploaded(caller)
        refused = caller.post("/sentiment-inference", {"key": key, "people": True})
        detail = str(problem(refused, 403, "people-not-confirmed")["detail"])
        assert "biometric" in detail and "on the page Account" in detail
        start(caller, key, people=False)  # the refused request has used up nothing
    assert cloud.used("alice") == 3
    problem(alice.post("/sentiment-inference", {"key": uploaded(alice), "people": "yes"}), 422, "invalid-request")


@pytest.mark.parametrize(
    ("choice", "told_apart"), [({}, "true"), ({"people": True}, "true"), ({"people": False}, "false")]
)
def test_a_confirmed_account_chooses_for_each_analysis(
    cloud: Cloud, alice: Caller, choice: dict[str, bool], told_apart: str
) -> None:
    confirm(alice)
    key = uploaded(alice)
    analysis_id = start(alice, key, **choice)
    assert start(alice, key) == start(alice, key, people=not choice.get("people", True)) == analysis_id
    assert asked(cloud, analysis_id) == told_apart
    assert len(cloud.endpoint.invocations) == 1


def test_a_retry_keeps_the_choice_unless_the_confirmation_was_withdrawn(cloud: Cloud, alice: Caller) -> None:
    confirm(alice)
    key = uploaded(alice)
    analysis_id = start(alice, key)
    steps: list[tuple[bool, dict[str, bool] | None, str]] = [  # confirmed, repeated start or None to retry, expected
        (True, None, "true"),
        (True, {}, "true"),
        (False, None, "false"),
        (True, {"people": True}, "true"),
    ]
    assert asked(cloud, analysis_id) == "true"
    for confirmed, repeated, expected in steps:
        [record] = cloud.records("alice")
        cloud.notify(cloud.failure(record))
        confirm(alice, confirmed)
        if repeated is None:
            assert alice.post(f"/analyses/{analysis_id}/retry").status == 202
        else:
            start(alice, key, **repeated)
        assert asked(cloud, analysis_id) == expected


def test_a_dropped_video_follows_the_accounts_default(cloud: Cloud, alice: Caller) -> None:
    for confirmed, expected in ((False, "false"), (True, "true"), (False, "false")):
        confirm(alice, confirmed)
        cloud.process_drops(cloud.drop(f"drop/alice/{cloud.unique()}.mp4"))
        cloud.run_stream()
        [record] = [one for one in cloud.records("alice") if one.status == "processing"]
        assert asked(cloud, record.id) == expected
        cloud.notify(cloud.success(record))


def test_an_analysis_from_before_people_is_retried_without(cloud: Cloud, alice: Caller) -> None:
    record = cloud.failed("alice")
    record.update(actions=[AnalysisRecord.people.remove()])
    confirm(alice)
    creation.retry("alice", record.id, cloud.now)
    assert asked(cloud, record.id) == "false"


def test_names_are_kept_shown_and_exported(alice: Caller, cloud: Cloud, named: str) -> None:
    assert alice.get(named).json()["peopleEdits"] == {"names": {}, "merged": {}}
    edits = {"names": {"S1": "Anna", "S2": "=Bo"}, "merged": {}}
    assert alice.put(f"{named}/people", edits).json() == edits
    assert by_key(cloud, "alice", scopes=["read"]).get(named).json()["peopleEdits"] == edits
    detail = alice.get(named).json()
    assert [person["label"] for person in detail["analysis"]["people"]] == ["Speaker 1", "Speaker 2"]
    assert "Anna: [joy] Hi" in export(alice, named, "srt") and "<v Anna>[joy] Hi</v>" in export(alice, named, "vtt")
    assert speakers(export(alice, named, "csv")) == ["Anna", "'=Bo", ""]

    both = {"names": {"S1": "Anna"}, "merged": {"S2": "S1"}}
    assert alice.put(f"{named}/people", both).json() == both  # the whole is replaced
    assert alice.put(f"{named}/people", both).json() == both
    assert speakers(export(alice, named, "csv")) == ["Anna", "Anna", ""]
    assert "Anna" not in export(alice, named, "srt")  # only one speaks
    assert alice.put(f"{named}/people", {}).json() == {"names": {}, "merged": {}}
    assert speakers(export(alice, named, "csv")) == ["Speaker 1", "Speaker 2", ""]


@pytest.mark.parametrize(
    ("edits", "status", "reason"),
    [
        ({"names": {"S3": "Eve"}}, 400, "no person 'S3'"),
        ({"merged": {"S2": "S9"}}, 400, "no person 'S9'"),
        ({"merged": {"S1": "S1"}}, 400, "cycle"),
        ({"merged": {"S1": "S2", "S2": "S1"}}, 400, "cycle"),
        ({"names": {"S1": "  "}}, 400, "printable"),
        ({"names": {"S1": "Eve\n00:00"}}, 400, "printable"),
        ({"names": {"S1": "\u202eevE"}}, 400, "printable"),
        ({"names": {"S1": ""}}, 422, "names"),
        ({"names": {"S1": "E" * 81}}, 422, "names"),
        ({"names": {f"S{i}": "E" for i in range(101)}}, 422, "names"),
        ({"names": {"S1": None}}, 422, "names"),
        ({"names": [], "merged": {}}, 422, "names"),
    ],
)
def test_edits_that_do_not_fit_are_refused(
    alice: Caller, named: str, edits: dict[str, Any], status: int, reason: str
) -> None:
    kept = {"names": {"S2": "Zoë 王"}, "merged": {}}
    assert alice.put(f"{named}/people", kept).status == 200
    refused = alice.put(f"{named}/people", edits)
    document = problem(refused, status, "bad-request" if status == 400 else "invalid-request")
    assert reason in str(document["detail"])
    assert alice.get(named).json()["peopleEdits"] == kept


def test_names_belong_to_the_owner_and_need_a_result(cloud: Cloud, alice: Caller, named: str) -> None:
    edits = {"names": {"S1": "Eve"}}
    for stranger in (by_session("mallory"), by_key(cloud, "mallory")):
        problem(stranger.put(f"{named}/people", edits), 404, "not-found")
    problem(by_key(cloud, "alice", scopes=["read"]).put(f"{named}/people", edits), 403, "insufficient-scope")
    running = start(alice, uploaded(alice))
    problem(alice.put(f"/analyses/{running}/people", edits), 409, "not-finished")
    assert "Eve" not in str(cloud.items("alice"))


def test_names_publish_nothing_and_are_deleted_with_the_analysis(cloud: Cloud, alice: Caller, named: str) -> None:
    cloud.run_stream()
    before = len(cloud.events())
    assert alice.put(f"{named}/people", {"names": {"S1": "Anna-Lena"}}).status == 200
    cloud.run_stream()
    assert len(cloud.events()) == before
    assert "Anna-Lena" in str(cloud.items("alice"))
    deletion.delete("alice", named.rpartition("/")[2], cloud.now)
    problem(alice.put(f"{named}/people", {"names": {"S1": "Eve"}}), 404, "not-found")
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    assert "Anna-Lena" not in str(cloud.items("alice"))


def export(caller: Caller, path: str, format: str) -> str:
    return caller.get(path, query={"format": format}).text


def speakers(table: str) -> list[str]:
    return [row["speaker"] for row in csv.DictReader(io.StringIO(table, newline=""))]
