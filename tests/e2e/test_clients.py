"""The clients in clients/ against the whole product, and the programs of their READMEs as they stand there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from model.contract import Analysis
from tests.agreement import assert_same_answer
from tests.clients import typescript
from tests.clients.readme import programs
from tests.e2e.product import ROOT, Product, missing_tools, wait_until
from tests.e2e.test_product import Receiver
from video_sentiment_client import (
    AnalysisFailedError,
    AsyncClient,
    AuthenticationError,
    Client,
    ConflictError,
    NotFoundError,
    Result,
    parse_event,
)
from video_sentiment_client.webhooks import SIGNATURE_HEADER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]
needs_typescript = pytest.mark.skipif(typescript.MISSING is not None, reason=str(typescript.MISSING))
PYTHON_CLIENT = ROOT / "clients" / "python" / "src"


@pytest.fixture(scope="module")
def large(clip: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip with a box of nothing behind it, so that it has two parts."""
    size = 17 << 20
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    path.write_bytes(clip + size.to_bytes(4, "big") + b"free" + bytes(size - 8))
    return path


@pytest.fixture(scope="module")
def environment(product: Product) -> dict[str, str]:
    """The variables that the READMEs name, for a program of its own."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PYTHON_CLIENT),
        "NO_PROXY": "*",
        "VIDEO_SENTIMENT_URL": product.base,
        "VIDEO_SENTIMENT_API_KEY": product.demo["api_key"],
    }


@pytest.fixture
def client(product: Product) -> Iterator[Client]:
    with Client(product.base, product.demo["api_key"], part_threshold=1_000_000) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def webhook_secret(product: Product) -> str:
    user = product.client(product.sign_in(product.demo["email"], product.demo["password"]), "/app")
    return str(user.get("/webhook")["secret"])


def whole(result: Result) -> Analysis:
    return Analysis.model_validate(result.model_dump())


def test_a_video_from_upload_to_restoring(product: Product, client: Client, large: Path, receiver: Receiver) -> None:
    sent: list[int] = []
    upload = client.upload(large, on_progress=lambda count, _total: sent.append(count))
    assert max(sent) == large.stat().st_size and len(sent) > 10
    assert upload.key in [pending.key for pending in client.pending_uploads()]

    started = client.start(upload, webhook_url=receiver.url)
    assert client.start(upload.key).id == started.id
    statuses: list[str] = []
    done = client.wait(started.id, timeout=240, on_update=lambda found: statuses.append(found.status))
    assert statuses[-1] == "completed"
    assert done.file_name == "large.mp4"
    answer = product.developer.get(f"/analyses/{done.id}")
    assert whole(done.result) == Analysis.model_validate(answer["analysis"])
    assert client.result(done.id) == done.result
    assert json.loads(client.export(done.id, "json")) == answer["analysis"]
    for name in ("csv", "srt", "vtt"):
        assert (
            client.export(done.id, name) == product.developer.request("GET", f"/analyses/{done.id}?format={name}").text
        )
    assert httpx.get(client.video_url(done.id).url, trust_env=False).content == large.read_bytes()
    link = client.share(done.id)
    assert [share.id for share in client.shares(done.id)] == [link.id]
    client.revoke_share(done.id, link.id)
    assert client.shares(done.id) == []
    assert client.start(upload, wait=5).result == done.result

    wait_until(lambda: bool(receiver.events))
    headers, body = receiver.events[0]
    event = parse_event(body, headers[SIGNATURE_HEADER.lower()], webhook_secret(product))
    assert event.type == "analysis.completed"
    assert event.analysis is not None
    assert (event.analysis.id, event.analysis.file_name) == (done.id, "large.mp4")

    client.delete(done.id)
    with pytest.raises(NotFoundError):
        client.get(done.id)
    assert client.restore(done.id).id == done.id
    newest = next(client.audit_log())
    assert (newest.event, newest.subject) == ("analysis-restored", done.id)
    wait_until(lambda: done.id in [analysis.id for analysis in client.analyses(page_size=1)])
    usage = product.developer.get("/usage")
    assert (client.usage().used, client.usage().plan) == (usage["used"], usage["plan"])


def test_a_cancelled_analysis_is_started_again(client: Client, clip: bytes) -> None:
    started = client.start(client.upload(clip, file_name="clip.mp4"))
    assert client.cancel(started.id).status == "failed"
    with pytest.raises(AnalysisFailedError) as failed:
        client.wait(started.id)
    assert failed.value.code == "cancelled"
    assert client.retry(started.id).attempt == 2
    assert client.wait(started.id, timeout=240).attempt == 2


def test_videos_are_analyzed_at_the_same_time(product: Product, large: Path, clip: bytes) -> None:
    async def analyze() -> list[Result]:
        found: dict[str, Result] = {}

        async def one(client: AsyncClient, name: str, source: Path | bytes) -> None:
            found[name] = (await client.analyze(source, file_name=f"{name}.mp4", timeout=240)).result

        async with AsyncClient(product.base, product.demo["api_key"], part_threshold=1_000_000) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(one, client, "in-parts", large)
                group.start_soon(one, client, "whole", clip)
            listed = [analysis.file_name async for analysis in client.analyses(status="completed")]
        assert {"in-parts.mp4", "whole.mp4"} <= set(listed)
        return list(found.values())

    first, second = anyio.run(analyze)
    assert_same_answer(whole(first), whole(second))


def test_an_abandoned_upload_is_gone(client: Client) -> None:
    upload = client.upload(b"not started", file_name="clip.mp4")
    (pending,) = [each for each in client.pending_uploads() if each.key == upload.key]
    client.abandon_upload(pending.id)
    assert upload.key not in [each.key for each in client.pending_uploads()]
    with pytest.raises(ConflictError) as refused:
        client.start(upload)
    assert refused.value.code == "not-uploaded"


def test_a_key_that_is_wrong_is_one_line(product: Product, environment: dict[str, str], tmp_path: Path) -> None:
    key = product.demo["api_key"]
    wrong = key[:-1] + ("1" if key.endswith("0") else "0")
    with Client(product.base, wrong) as client, pytest.raises(AuthenticationError, match="credentials"):
        client.usage()
    (tmp_path / "talk.mp4").write_bytes(b"any")
    program = programs("python", "python")["One video"]
    given = environment | {"VIDEO_SENTIMENT_API_KEY": wrong}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("heading", programs("python", "python"))
def test_the_programs_of_the_python_readme_run(
    heading: str, environment: dict[str, str], clip: bytes, tmp_path: Path
) -> None:
    (tmp_path / "talk.mp4").write_bytes(clip)
    command = [sys.executable, "-c", programs("python", "python")[heading]]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bool(done.stdout) is (heading != "Webhooks")


def test_the_program_of_the_readme_runs(
    product: Product, environment: dict[str, str], clip: bytes, tmp_path: Path
) -> None:
    """The one in the project's README, with this product's address and key, and a shorter video."""
    readme = (ROOT / "README.md").read_text()
    (program,) = (block for block in readme.split("```python\n") if block.startswith("from video_sentiment_client"))
    program = program.partition("```")[0]
    (tmp_path / "talk.mp4").write_bytes(clip)
    shown = {
        "http://localhost:8080": product.base,
        "vs_...": product.demo["api_key"],
        "tests/media/face_and_speech.mp4": "talk.mp4",
    }
    for text, ours in shown.items():
        assert text in program
        program = program.replace(text, ours)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@needs_typescript
def test_the_typescript_client_and_the_product_agree(environment: dict[str, str], large: Path) -> None:
    typescript.build("tsconfig.test.json")
    typescript.run_tests("product", environment | {"VIDEO": str(large)})


@needs_typescript
def test_the_programs_of_the_typescript_readme_run(environment: dict[str, str], clip: bytes, tmp_path: Path) -> None:
    typescript.build("tsconfig.json")
    (tmp_path / "talk.mp4").write_bytes(clip)
    typescript.install(tmp_path)
    found = programs("typescript", "js")
    assert len(found) == 3
    for heading, program in found.items():
        (tmp_path / "program.mjs").write_text(program)
        done = subprocess.run(
            ["node", "program.mjs"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert bool(done.stdout) is (heading != "Webhooks")
