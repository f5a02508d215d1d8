"""Guarded emulator: it serves only the processes of the current run."""

import asyncio
import base64
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError

from local import emulator
from local.credentials import FILE, Credentials
from local.errors import LocalError
from local.guard.rules import TOKEN
from local.settings import ACCOUNT, REGION, LocalSettings
from tests.integration.local_parts import free_ports, running_emulator

ROLE = f"arn:aws:iam::{ACCOUNT}:role/none"
HANDLER = """
import boto3, os
def handler(event, context):
    boto3.client("s3").put_object(Bucket="bucket", Key="by-lambda", Body=b"1")
    return {name: os.environ[name] for name in os.environ if name.startswith(("AWS_", "GUARD_"))}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    with running_emulator(tmp_path_factory.mktemp("guarded")) as settings:
        s3 = emulator.client(settings, "s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="a b/ü.txt", Body=b"content")
        yield settings


@pytest.fixture(scope="module")
def credentials(here: LocalSettings) -> Credentials:
    return Credentials.read(here.state)


@pytest.fixture(scope="module")
def url(here: LocalSettings) -> str:
    return here.emulator_url


def ask(method: str, url: str | httpx.URL, **more: Any) -> httpx.Response:
    return httpx.request(method, url, trust_env=False, timeout=30, **more)


def code_of(handler: str) -> bytes:
    """Return a function's code as a ZIP archive for Lambda."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", handler)
    return packed.getvalue()


def new_function(name: str) -> dict[str, Any]:
    code = {"ZipFile": base64.b64encode(code_of(HANDLER)).decode()}
    return {"FunctionName": name, "Runtime": "python3.13", "Role": ROLE, "Handler": "main.handler", "Code": code}


def functions(here: LocalSettings) -> list[str]:
    return [function["FunctionName"] for function in emulator.client(here, "lambda").list_functions()["Functions"]]


def signed(url: str, credentials: Credentials, method: str = "POST", **more: Any) -> AWSRequest:
    """Return a request signed with credentials, like by an SDK."""
    request = AWSRequest(method, url, **more)
    keys = Keys(credentials.access_key_id, credentials.secret_access_key)
    SigV4Auth(keys, "lambda", REGION).add_auth(request)
    return request


def presigned(here: LocalSettings, operation: str = "get_object", expires: int = 60, **more: Any) -> str:
    parameters = {"Bucket": "bucket", "Key": "a b/ü.txt"} | more
    made: str = emulator.client(here, "s3").generate_presigned_url(operation, Params=parameters, ExpiresIn=expires)
    return made


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "sns", "lambda", "cognito-idp", "cloudformation", "iam", "s3"])
def test_every_kind_of_client_works_with_this_runs_credentials_only(
    here: LocalSettings, credentials: Credentials, service: str
) -> None:
    """One service per protocol; refused clients get an error that their SDK can parse."""
    call = {
        "dynamodb": "list_tables", "sqs": "list_queues", "sns": "list_topics", "lambda": "list_functions",
        "cognito-idp": "list_user_pools", "cloudformation": "list_stacks", "iam": "list_roles", "s3": "list_buckets",
    }[service]  # fmt: skip
    parameters = {"MaxResults": 1} if service == "cognito-idp" else {}
    getattr(emulator.client(here, service), call)(**parameters)
    for key, secret in (
        ("test", "test"),
        (ACCOUNT, "test"),
        (credentials.access_key_id, "test"),
        ("AKIAAAAAAAAAAAAAAAAA", credentials.secret_access_key),
    ):
        session = boto3.Session(key, secret, region_name=REGION)
        client = session.client(
            service, endpoint_url=here.emulator_url, config=Config(retries={"total_max_attempts": 1})
        )
        with pytest.raises(ClientError) as error:
            getattr(client, call)(**parameters)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert error.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain", "Origin": "https://evil.example"},
        {"Authorization": f"AWS4-HMAC-SHA256 Credential=test/20261130/{REGION}/lambda/aws4_request, Signature=0"},
        {"Authorization": "Bearer x"},
        {TOKEN: "guessed"},
        {"X-Amz-Target": "AWSLambda.CreateFunction"},
    ],
)
def test_requests_without_credentials_change_nothing(here: LocalSettings, url: str, headers: dict[str, str]) -> None:
    body = json.dumps(new_function("hostile")).encode()
    assert ask("POST", f"{url}/2015-03-31/functions", headers=headers, content=body).status_code == 403
    for method, path in (("POST", "/_ministack/reset"), ("GET", "/_ministack/health"), ("POST", "/_ministack/config")):
        assert ask(method, f"{url}{path}", headers=headers).status_code == 403
    for path in ("/", "/bucket", "/bucket/a%20b/%C3%BC.txt", "/_aws/sqs/messages", "/_localstack/health"):
        assert ask("GET", f"{url}{path}", headers=headers).status_code == 403
    assert "hostile" not in functions(here)
    assert emulator.client(here, "s3").list_objects_v2(Bucket="bucket")["KeyCount"] >= 1


@pytest.mark.parametrize(
    "change",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "bucket.localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8080"},  # its pages may only use presigned URLs
    ],
)
def test_signed_requests_must_be_local(url: str, credentials: Credentials, change: dict[str, str]) -> None:
    own = dict(signed(f"{url}/2015-03-31/functions/", credentials, "GET").headers)
    assert ask("GET", f"{url}/2015-03-31/functions/", headers=own).status_code == 200
    assert ask("GET", f"{url}/2015-03-31/functions/", headers=own | change).status_code == 403
    proof = {TOKEN: credentials.token}
    assert ask("GET", f"{url}/_ministack/health", headers=proof).status_code == 200
    assert ask("GET", f"{url}/_ministack/health", headers=proof | change).status_code == 403


def test_a_signature_is_valid_for_the_signed_request_only(
    here: LocalSettings, url: str, credentials: Credentials
) -> None:
    body = json.dumps(new_function("other"))
    where = f"{url}/2015-03-31/functions"
    own = dict(signed(where, credentials, data=body, headers={"Content-Type": "application/json"}).headers)
    assert ask("POST", where, headers=own, content=body.replace("other", "hostile")).status_code == 403
    assert ask("PUT", where, headers=own, content=body).status_code == 403
    assert ask("POST", f"{where}/other/invocations", headers=own, content=body).status_code == 403
    assert ask("POST", f"{where}?a=1", headers=own, content=body).status_code == 403
    assert not {"other", "hostile"} & set(functions(here))


def test_an_old_signature_is_refused(url: str, credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    now = botocore.auth.get_current_datetime()
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now - timedelta(hours=1))
    old = signed(f"{url}/2015-03-31/functions/", credentials, "GET")
    assert ask("GET", old.url, headers=dict(old.headers)).status_code == 403


def test_preflight_requests_are_refused(url: str) -> None:
    for origin, method in (("https://evil.example", "POST"), ("http://localhost:8080", "POST"), ("null", "GET")):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        answer = ask("OPTIONS", f"{url}/2015-03-31/functions", headers=asked)
        assert answer.status_code == 403
        assert answer.headers.get("access-control-allow-origin") is None


def test_only_the_products_pages_may_use_presigned_urls(here: LocalSettings) -> None:
    ours, theirs = {"Origin": here.web_url}, {"Origin": "https://evil.example"}
    put = presigned(here, "put_object", Key="new", ContentType="video/mp4")
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    allowed = ask("OPTIONS", put, headers=ours | asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, here.web_url)
    assert allowed.headers["access-control-allow-headers"] == "content-type"
    assert ask("OPTIONS", put, headers=theirs | asked).status_code == 403
    kind = {"Content-Type": "video/mp4"}
    assert ask("PUT", put, headers=theirs | kind, content=b"x").status_code == 403
    assert ask("PUT", put, headers=ours | kind, content=b"x").status_code == 200
    found = ask("GET", presigned(here), headers=ours | {"Range": "bytes=0-2"})
    assert (found.status_code, found.content) == (206, b"con")
    assert found.headers["access-control-allow-origin"] in ("*", here.web_url)
    refused = ask("GET", presigned(here) + "0", headers=ours)  # readable for the page
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (403, here.web_url)


def test_a_presigned_url_is_valid_for_the_signed_request_only(here: LocalSettings) -> None:
    made = httpx.URL(presigned(here))
    assert ask("GET", str(made)).content == b"content"
    assert ask("HEAD", str(made)).status_code == 403  # as on AWS, HEAD needs its own signature
    for changed in (
        made.copy_set_param("X-Amz-Expires", "6000"),
        made.copy_add_param("list-type", "2"),
        made.copy_with(path="/bucket"),
        made.copy_set_param("X-Amz-Signature", made.params["X-Amz-Signature"][::-1]),
        made.copy_set_param("X-Amz-Credential", made.params["X-Amz-Credential"].replace("/s3/", "/lambda/")),
    ):
        assert ask("GET", changed).status_code == 403
    for method in ("PUT", "DELETE", "POST"):
        assert ask(method, str(made)).status_code == 403
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("GET", str(made), headers=form, content="Action=ListUsers&Version=2010-05-08").content == b"content"
    # Headers of AWS that select another operation are ignored, and a second signature is refused.
    elsewhere = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "X-Amz-Copy-Source": "/bucket/a"}
    assert ask("GET", str(made), headers=elsewhere).content == b"content"
    scope = f"AWS4-HMAC-SHA256 Credential=test/20261130/{REGION}/lambda/aws4_request, SignedHeaders=host, Signature=0"
    assert ask("GET", str(made), headers={"Authorization": scope}).status_code == 403


def test_a_presigned_url_expires(here: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    now = botocore.auth.get_current_datetime()
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now - timedelta(seconds=100))
    assert ask("GET", presigned(here, expires=1000)).status_code == 200
    assert ask("GET", presigned(here, expires=60)).status_code == 403


def test_a_pools_public_keys_are_readable_and_nothing_else(here: LocalSettings, url: str) -> None:
    pool = emulator.client(here, "cognito-idp").create_user_pool(PoolName="pool")["UserPool"]["Id"]
    assert ask("GET", f"{url}/{pool}/.well-known/jwks.json").json()["keys"]
    elsewhere = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools", "Content-Type": "application/json"}
    for name in (pool, "no_pool"):
        answer = ask("GET", f"{url}/{name}/.well-known/jwks.json", headers=elsewhere, content='{"MaxResults": 1}')
        assert "UserPools" not in answer.text


def test_a_websocket_is_refused(url: str) -> None:
    where = httpx.URL(url)
    with socket.create_connection((where.host, where.port or 80)) as connection:
        lines = [
            *("GET /_aws/execute-api/a/b HTTP/1.1", f"Host: {where.netloc.decode()}", "Upgrade: websocket"),
            *("Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 403")


def test_a_lambda_uses_the_emulator_without_the_guards_token(here: LocalSettings) -> None:
    lambdas, name = emulator.client(here, "lambda"), "writer"
    made = new_function(name) | {"Code": {"ZipFile": code_of(HANDLER)}}
    lambdas.create_function(**made)
    answer = lambdas.invoke(FunctionName=name)
    seen = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, seen
    assert not [variable for variable in seen if variable.startswith("GUARD_")]
    assert seen["AWS_ENDPOINT_URL"] == here.emulator_url
    s3 = emulator.client(here, "s3")
    assert s3.get_object(Bucket="bucket", Key="by-lambda")["Body"].read() == b"1"


def test_credentials_of_an_earlier_run_are_invalid(tmp_path: Path) -> None:
    """The next run refuses the credentials, tokens and URLs of the previous one, and keeps its data."""
    settings = LocalSettings(state=tmp_path, ports=free_ports())

    async def run() -> tuple[Credentials, list[str], str]:
        child = await emulator.start(settings)
        s3 = emulator.client(settings, "s3")
        found = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=b"1")
        made = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
        assert ask("GET", made).content == b"1"
        old = earlier[-1] if earlier else None
        if old is not None:
            request = signed(f"{settings.emulator_url}/2015-03-31/functions/", old[0], "GET")
            assert ask("GET", request.url, headers=dict(request.headers)).status_code == 403
            assert ask("GET", f"{settings.emulator_url}/_ministack/health", headers={TOKEN: old[0].token}).is_error
            assert ask("GET", old[2]).status_code == 403
        await child.stop()
        return Credentials.read(tmp_path), found, made

    earlier: list[tuple[Credentials, list[str], str]] = []
    for _ in range(2):
        earlier.append(asyncio.run(run()))
    (one, empty, _), (two, kept, _) = earlier
    assert (empty, kept) == ([], ["bucket"])
    for field in ("access_key_id", "secret_access_key", "token"):
        assert getattr(one, field) != getattr(two, field)
        assert len(getattr(one, field)) >= 20
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_missing_credentials_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="make up"):
        Credentials.read(tmp_path)
    (tmp_path / FILE).write_text('{"token": 1}')
    with pytest.raises(LocalError, match="make up"):
        Credentials.read(tmp_path)
