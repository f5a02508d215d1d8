"""Links to an analysis: what they open, what they do not, and how each of them ends."""

import re
from datetime import timedelta
from typing import Any

import pytest

from lambdas.api.app import PUBLIC
from lambdas.core.analyses import deletion, shares
from lambdas.core.clock import epoch
from lambdas.core.errors import NotFoundError
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord, ShareRecord
from tests.integration.api_client import Caller, Response, by_key, by_session
from tests.integration.cloud import Cloud, result
from tests.integration.faults import at_every_write, intercepted, killed_after
from tests.integration.test_api_isolation import OWN, routes

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

ALICE = by_session("alice")


def share(analysis: AnalysisRecord, **body: Any) -> dict[str, Any]:
    response = ALICE.post(f"/analyses/{analysis.id}/shares", body)
    assert response.status == 201, response
    created: dict[str, Any] = response.json()
    return created


def read(token: str) -> Response:
    return Caller("/public", {"Authorization": f"Bearer {token}"}).get("/shared-analysis")


def refused(response: Response) -> bool:
    """Return True for the one response to every token that opens nothing."""
    document = response.json()
    document.pop("requestId")
    return response.status == 404 and document == {
        "type": "urn:video-sentiment:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": shares.UNKNOWN_TOKEN,
        "error": shares.UNKNOWN_TOKEN,
        "code": "not-found",
    }


def stored(analysis: AnalysisRecord) -> list[ShareRecord]:
    return [
        s for s in ShareRecord.scan(ShareRecord.sk == "SHARE", consistent_read=True) if s.analysis_id == analysis.id
    ]


def count(cloud: Cloud, analysis: AnalysisRecord) -> int:
    return int(cloud.read(analysis).shares or 0)


def test_a_link_opens_the_result_and_nothing_else(cloud: Cloud) -> None:
    analysis = cloud.completed()
    created = share(analysis)
    response = read(created["token"])
    assert response.status == 200
    assert response.headers["x-robots-tag"] == "noindex, nofollow"
    assert response.headers["cache-control"] == "no-store"
    document = response.json()
    assert document["analysis"] == result().model_dump(mode="json")
    assert document["video"] is None
    assert set(document) == {"fileName", "createdAt", "expiresAt", "analysis", "resultUrl", "video"}
    assert "alice" not in response.text, "the owner's id is not shown"


def test_the_video_is_included_on_request_only(cloud: Cloud) -> None:
    analysis = cloud.completed()
    video = read(share(analysis, includeVideo=True)["token"]).json()["video"]
    assert analysis.object_key in video["url"] and "Signature" in video["url"]
    assert video["expiresIn"] == settings().url_seconds
    assert "uploads/" not in read(share(analysis)["token"]).text


def test_the_addresses_hold_the_token_in_the_fragment(cloud: Cloud) -> None:
    created = share(cloud.completed())
    for name, page in (("url", "/s/"), ("embedUrl", "/embed/")):
        address, _, token = created[name].partition("#")
        assert (address.endswith(page), token) == (True, created["token"])


def test_only_a_hash_of_the_token_is_stored_and_no_list_shows_it(cloud: Cloud) -> None:
    analysis = cloud.completed()
    created = share(analysis)
    listed = ALICE.get(f"/analyses/{analysis.id}/shares")
    assert [found["id"] for found in listed.json()["shares"]] == [created["id"]]
    secret = created["token"].removeprefix(created["id"])
    assert len(secret) == 32
    assert secret not in str(cloud.items("alice")) + listed.text + ALICE.get("/audit-log").text
    assert secret not in str([item.attribute_values for item in stored(analysis)])


def test_a_link_expires_to_the_second_in_seven_days_and_is_then_removed(cloud: Cloud) -> None:
    analysis = cloud.completed()
    created = share(analysis)
    cloud.advance(days=7, seconds=-1)
    cloud.sweep()
    assert read(created["token"]).status == 200
    cloud.advance(seconds=1)
    assert refused(read(created["token"]))
    assert ALICE.get(f"/analyses/{analysis.id}/shares").json() == {"shares": []}
    cloud.sweep()
    assert stored(analysis) == [] and count(cloud, analysis) == 0
    assert [found["event"] for found in ALICE.get("/audit-log").json()["events"]][:2] == [
        "share-expired",
        "share-created",
    ]


@pytest.mark.parametrize(("hours", "status"), [(0, 422), (1, 201), (2160, 201), (2161, 422), ("24", 422), (True, 422)])
def test_the_expiry_has_bounds(cloud: Cloud, hours: Any, status: int) -> None:
    analysis = cloud.completed()
    response = ALICE.post(f"/analyses/{analysis.id}/shares", {"expiresInHours": hours})
    assert response.status == status, response
    if status == 201:
        (record,) = stored(analysis)
        assert record.expires_at == epoch(cloud.now + timedelta(hours=hours))


def test_a_revoked_link_ends_at_once_and_the_others_stay(cloud: Cloud) -> None:
    analysis = cloud.completed()
    first, second = share(analysis), share(analysis)
    assert ALICE.delete(f"/analyses/{analysis.id}/shares/{first['id']}").status == 204
    assert refused(read(first["token"]))
    assert read(second["token"]).status == 200
    assert ALICE.delete(f"/analyses/{analysis.id}/shares/{first['id']}").status == 404
    assert count(cloud, analysis) == 1


def test_every_other_token_gets_the_same_response(cloud: Cloud) -> None:
    analysis = cloud.completed()
    token, other = share(analysis)["token"], share(cloud.completed("alice"))["token"]
    last = "a" if token[-1] != "a" else "b"
    wrong = [token[:-1], token[:-1] + last, token + "a", token.upper(), token[:16] + other[16:], "", "x", "a" * 48]
    for given in wrong:
        assert refused(read(given)), given
    assert refused(Caller("/public").get("/shared-analysis"))
    assert refused(Caller("/public", {"Authorization": f"Basic {token}"}).get("/shared-analysis"))
    assert refused(Caller("/public").get("/shared-analysis", query={"token": token}))


def test_a_deleted_analysis_closes_its_links_and_a_purge_removes_them(cloud: Cloud) -> None:
    analysis = cloud.completed()
    token = share(analysis)["token"]
    deletion.delete("alice", analysis.id, cloud.now)
    assert refused(read(token))
    assert ALICE.get(f"/analyses/{analysis.id}/shares").status == 404
    deletion.restore("alice", analysis.id, cloud.now)
    assert read(token).status == 200, "undoing a deletion undoes all of it"
    deletion.delete("alice", analysis.id, cloud.now)
    cloud.advance(seconds=settings().undo_seconds)
    cloud.sweep()
    assert stored(analysis) == []
    assert cloud.read(analysis).shares is None
    assert refused(read(token))


def test_a_deleted_account_closes_its_links_at_once_and_keeps_none(cloud: Cloud) -> None:
    analysis = cloud.completed()
    token = share(analysis)["token"]
    profiles.delete_account("alice", cloud.now)
    assert refused(read(token))
    cloud.sweep()
    assert stored(analysis) == []
    assert refused(read(token))


def test_the_number_of_links_is_bounded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_SHARES", "2")
    settings.cache_clear()
    analysis = cloud.completed()
    first, _ = share(analysis), share(analysis)
    response = ALICE.post(f"/analyses/{analysis.id}/shares", {})
    assert (response.status, response.json()["code"], response.json()["limit"]) == (409, "too-many-shares", 2)
    ALICE.delete(f"/analyses/{analysis.id}/shares/{first['id']}")
    share(analysis)
    share(cloud.completed())


def test_only_completed_analyses_are_shared(cloud: Cloud) -> None:
    for analysis in (cloud.failed("alice"), cloud.queued("alice")):
        response = ALICE.post(f"/analyses/{analysis.id}/shares", {})
        assert (response.status, response.json()["code"]) == (409, "not-finished")


def test_reads_of_one_link_are_limited(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARE_READS_PER_MINUTE", "3")
    settings.cache_clear()
    analysis = cloud.completed()
    token, other = share(analysis)["token"], share(analysis)["token"]
    assert [read(token).status for _ in range(4)] == [200, 200, 200, 429]
    assert read(other).status == 200
    cloud.advance(minutes=1)
    assert read(token).status == 200


def test_a_key_needs_the_scope_to_share(cloud: Cloud) -> None:
    analysis = cloud.completed()
    reader, writer = by_key(cloud, "alice", scopes=["read"]), by_key(cloud, "alice", scopes=["analyze"])
    path = f"/analyses/{analysis.id}/shares"
    assert reader.post(path, {}).json()["code"] == "insufficient-scope"
    created = writer.post(path, {}).json()
    assert reader.get(path).json()["shares"][0]["id"] == created["id"]
    assert reader.delete(f"{path}/{created['id']}").status == 403
    assert writer.delete(f"{path}/{created['id']}").status == 204


def test_another_tenant_neither_shares_nor_lists_nor_revokes(cloud: Cloud) -> None:
    analysis, his = cloud.completed("alice"), cloud.completed("mallory")
    created = share(analysis)
    before = cloud.items("alice")
    for mallory in (by_session("mallory"), by_key(cloud, "mallory")):
        for path in (f"/analyses/{analysis.id}/shares", f"/analyses/{his.id}/shares"):
            assert mallory.delete(f"{path}/{created['id']}").status == 404
        assert mallory.get(f"/analyses/{analysis.id}/shares").status == 404
        assert mallory.post(f"/analyses/{analysis.id}/shares", {}).status == 404
        assert created["id"] not in mallory.get(f"/analyses/{his.id}/shares").text
    assert cloud.items("alice") == before
    other = cloud.completed("alice")
    assert ALICE.delete(f"/analyses/{other.id}/shares/{created['id']}").status == 404, "a link of another analysis"
    assert read(created["token"]).status == 200


def test_a_token_opens_no_other_route_at_any_entry_point(cloud: Cloud) -> None:
    analysis = cloud.completed()
    token = share(analysis)["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for route in routes():
        path = re.sub(r"\{\w+\}", analysis.id, route.path)
        for entry_point, status in (("/public", 404), ("/api", 401), ("/app", 401)):
            response = Caller(entry_point, bearer).request(route.method, path, OWN.get(route.name))
            assert response.status == status, (entry_point, route.name, response)
            assert analysis.id not in response.text
    assert read(token).status == 200


def test_the_public_route_exists_under_public_only(cloud: Cloud) -> None:
    token = share(cloud.completed())["token"]
    ((path,),) = [[route.path for route in router.routes] for router in PUBLIC]  # type: ignore[attr-defined]
    for caller in (by_session("alice"), by_key(cloud, "alice"), Caller("/api", {"Authorization": f"Bearer {token}"})):
        response = caller.get(path)
        assert (response.status, response.json()["code"]) == (404, "no-route")
    for method in ("POST", "PUT", "DELETE"):
        assert Caller("/public", {"Authorization": f"Bearer {token}"}).request(method, path).status == 405


def test_a_creation_killed_after_any_write_leaves_a_counted_link_or_none(cloud: Cloud) -> None:
    analysis = cloud.completed()

    def check(_: int) -> None:
        assert count(cloud, analysis) == len(stored(analysis))
        created = [found["event"] for found in ALICE.get("/audit-log").json()["events"]].count("share-created")
        assert created == len(stored(analysis))

    def create(_: int) -> None:
        shares.create("alice", analysis.id, cloud.now)

    assert at_every_write(lambda _: None, create, lambda _: None, check) >= 1


def test_revocations_that_are_killed_and_repeated_count_once(cloud: Cloud) -> None:
    analysis = cloud.completed()
    share(analysis)
    for number in range(1, 4):
        created = share(analysis)
        record = ShareRecord.get(f"SHARE#{created['id']}", "SHARE", consistent_read=True)
        with killed_after(number):
            shares.remove(record, cloud.now)
        shares.remove(record, cloud.now)  # the second delivery
        assert refused(read(created["token"]))
        assert (count(cloud, analysis), len(stored(analysis))) == (1, 1)


def test_a_purge_that_is_killed_after_any_write_is_completed_by_the_next_run(cloud: Cloud) -> None:
    found: dict[int, AnalysisRecord] = {}

    def prepare(number: int) -> None:
        found[number] = cloud.completed()
        share(found[number])
        share(found[number])
        deletion.delete("alice", found[number].id, cloud.now)
        cloud.advance(seconds=settings().undo_seconds)

    def purge(number: int) -> None:
        deletion.purge(cloud.read(found[number]), cloud.now)

    def check(number: int) -> None:
        assert stored(found[number]) == []
        assert cloud.read(found[number]).shares is None

    assert at_every_write(prepare, purge, lambda _: cloud.sweep(), check) >= 4


def test_a_link_created_while_the_analysis_is_deleted_is_refused(cloud: Cloud) -> None:
    analysis = cloud.completed()
    done: list[bool] = []

    def delete_first(operation: str, call: Any) -> Any:
        if operation == "TransactWriteItems" and not done:
            done.append(True)
            deletion.delete("alice", analysis.id, cloud.now)
        return call()

    with intercepted(delete_first), pytest.raises(NotFoundError):
        shares.create("alice", analysis.id, cloud.now)
    assert stored(analysis) == []
