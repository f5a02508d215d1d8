"""Every entry point of the product, from upload to result, and deletion of the data."""

import hashlib
import hmac
import http.server
import json
import re
import subprocess
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from model.contract import Analysis
from model.pipeline import Models, analyze
from tests.agreement import assert_same_answer
from tests.e2e.product import ROOT, Product, missing_tools, readme_commands, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


@pytest.fixture(scope="session")
def clip_analysis(clip: bytes, models: Models, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Return the engine's own analysis of the clip."""
    path = tmp_path_factory.mktemp("engine") / "clip.mp4"
    path.write_bytes(clip)
    return analyze(path, models)


@pytest.mark.usefixtures("early_upload")
def test_up_prints_url_and_credentials(product: Product) -> None:
    printed = product.output.read_text()
    for wanted in (product.base, product.demo["email"], product.demo["password"], product.demo["api_key"]):
        assert wanted in printed
    assert (product.settings.state / "demo.json").stat().st_mode & 0o077 == 0
    assert re.search(r"^ +\d+\.\d s  ready$", printed, re.MULTILINE)


def test_the_readme_lines_analyze_the_sample(product: Product, analysis: Analysis) -> None:
    """By API key. On a slow machine the result is polled, as the README describes."""
    before = product.developer.used
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", readme_commands(product)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stderr
    response = json.loads(done.stdout)
    if "analysis" not in response:
        assert response["status"] in ("queued", "processing")
        response = product.developer.wait_for_analysis(response["id"])
    assert_same_answer(Analysis.model_validate(response["analysis"]), analysis)
    assert product.developer.used == before + 1


def test_a_new_user_signs_up_and_analyzes_a_video(product: Product, clip: bytes, clip_analysis: Analysis) -> None:
    """By JWT like the web app: sign-up, SRP, upload, result, exports; other users have no access."""
    name, password = f"{uuid.uuid4().hex}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    client_id = product.outputs["UserPoolClientId"]
    email = [{"Name": "email", "Value": name}]
    product.cognito("SignUp", {"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": email})
    product.cognito("ConfirmSignUp", {"ClientId": client_id, "Username": name, "ConfirmationCode": "123456"})
    user = product.client(product.sign_in(name, password), "/app")
    analysis_id = user.start(user.upload(clip), fileName="holiday.mp4")
    found = user.wait_for_analysis(analysis_id)
    assert_same_answer(Analysis.model_validate(found["analysis"]), clip_analysis)
    assert found["fileName"] == "holiday.mp4"
    assert user.request("GET", f"/analyses/{analysis_id}?format=srt").text.startswith("1\n00:00:0")
    assert httpx.get(found["resultUrl"], trust_env=False).json()["utterances"] == found["analysis"]["utterances"]
    assert [item["id"] for item in user.get("/analyses")["analyses"]] == [analysis_id]
    assert user.get("/usage")["used"] == 1
    assert product.developer.request("GET", f"/analyses/{analysis_id}").status_code == 404
    # A string that is no ID token is rejected.
    assert product.client("x" * 40, "/app").request("GET", "/analyses").status_code in (401, 403)


def test_a_revoked_key_is_rejected_immediately(product: Product) -> None:
    user = product.client(product.sign_in(product.demo["email"], product.demo["password"]), "/app")
    key = user.post("/keys", {"name": "short-lived"}, status=201)
    holder = product.client(key["token"])
    assert holder.get("/usage")["plan"] == "free"
    user.delete(f"/keys/{key['id']}", status=204)
    assert holder.request("GET", "/usage").status_code in (401, 403)


def test_a_dropped_video_gets_a_result_file(product: Product, clip: bytes, clip_analysis: Analysis) -> None:
    owner, s3 = product.demo["owner"], product.aws("s3")
    media, results = product.outputs["MediaBucket"], product.outputs["ResultsBucket"]
    name = "Aufnahme 1/müde + wach.mp4"
    s3.put_object(Bucket=media, Key=f"drop/{owner}/{name}", Body=clip)
    s3.put_object(Bucket=media, Key=f"drop/{owner}/notes.mp4", Body=b"no video at all")
    result, failure = (f"results/{owner}/{path}" for path in (f"{name}.json", "notes.mp4.error.json"))
    wait_until(lambda: {result, failure} <= set(product.keys("ResultsBucket")), every=0.5)
    found = json.loads(s3.get_object(Bucket=results, Key=result)["Body"].read())
    assert_same_answer(Analysis.model_validate(found.get("analysis", found)), clip_analysis)
    assert "video" in json.loads(s3.get_object(Bucket=results, Key=failure)["Body"].read())["error"]
    assert "drop" in [item["source"] for item in product.developer.get("/analyses")["analyses"]]


def test_a_webhook_event_is_signed(product: Product, clip: bytes, receiver: "Receiver") -> None:
    user = product.client(product.sign_in(product.demo["email"], product.demo["password"]), "/app")
    secret = user.get("/webhook")["secret"]
    analysis_id = product.developer.start(product.developer.upload(clip), webhookUrl=receiver.url)
    wait_until(lambda: bool(receiver.events))
    headers, body = receiver.events[0]
    signature = dict(part.split("=") for part in headers["videosentiment-signature"].split(","))
    signed = f"{signature['t']}.".encode() + body
    assert hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), signature["v1"])
    event = json.loads(body)
    assert event["id"] == headers["videosentiment-event-id"]
    assert (event["type"], event["data"]["id"]) == ("analysis.completed", analysis_id)


def test_a_deleted_analysis_is_purged_from_all_buckets(product: Product, clip: bytes) -> None:
    developer = product.developer
    key = developer.upload(clip)
    analysis_id = developer.start(key)
    developer.wait_for_analysis(analysis_id)
    traces = (analysis_id, key.rpartition("/")[2])

    def remaining() -> list[str]:
        keys = product.keys("MediaBucket") + product.keys("ResultsBucket")
        return [name for name in keys if any(trace in name for trace in traces)]

    assert remaining()
    developer.delete(f"/analyses/{analysis_id}")
    assert developer.request("GET", f"/analyses/{analysis_id}").status_code == 404
    product.expire(analysis_id)

    def purged() -> bool:
        product.sweep()
        return not remaining()

    wait_until(purged, every=1.0)
    outputs = [name for name in product.keys("ResultsBucket") if name.startswith(("outputs/", "failures/"))]
    assert outputs == [] or all(analysis_id not in name for name in outputs)
    assert analysis_id not in json.dumps(developer.get("/analyses"))


def test_the_quota_is_reported_and_enforced(product: Product, clip: bytes) -> None:
    developer, table = product.developer, product.outputs["TableName"]
    usage = developer.get("/usage")
    assert usage["remaining"] == usage["limit"] - usage["used"]
    where = {"pk": {"S": f"OWNER#{product.demo['owner']}"}, "sk": {"S": f"QUOTA#{usage['month']}"}}

    def use(number: int) -> None:
        product.aws("dynamodb").update_item(
            TableName=table,
            Key=where,
            UpdateExpression="SET used = :n",
            ExpressionAttributeValues={":n": {"N": str(number)}},
        )

    key = developer.upload(clip)
    use(usage["limit"])
    try:
        refused = developer.request("POST", "/sentiment-inference", json={"key": key})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert refused.headers["content-type"] == "application/problem+json"
    finally:
        use(usage["used"])
    developer.start(key)
    assert developer.used == usage["used"] + 1


class Receiver:
    """Webhook receiver on this machine that records events."""

    def __init__(self) -> None:
        self.events: list[tuple[dict[str, str], bytes]] = []
        events = self.events

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                events.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silence the access log."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}/hook?a=1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a webhook receiver on this machine."""
    receiver = Receiver()
    yield receiver
    receiver.close()
