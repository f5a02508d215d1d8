"""Access to the product's buckets, with signatures and IAM policies enforced as on AWS."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.origin.cognito import SERVICE
from tests.e2e.product import MAX_UPLOAD_BYTES, STUDIO, URL_SECONDS, Product, missing_tools, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


@pytest.fixture(scope="module")
def studio(product: Product) -> Iterator[Any]:
    """Yield an S3 client of the studio's AWS principal, whose only permissions are those of the bucket policies."""
    iam = product.aws("iam")
    iam.create_user(UserName=STUDIO)
    key = iam.create_access_key(UserName=STUDIO)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    config = Config(signature_version="s3v4")
    yield session.client("s3", endpoint_url=product.settings.emulator_url, config=config)


def is_denied(call: Any, **parameters: Any) -> bool:
    """Return True if S3 denies a call with status 403."""
    try:
        call(**parameters)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 403)
    return False


def test_a_principal_writes_its_drop_folder_and_reads_its_results_only(
    product: Product, studio: Any, clip: bytes
) -> None:
    media, results = product.outputs["MediaBucket"], product.outputs["ResultsBucket"]
    own, other = f"{STUDIO}/one.mp4", f"{product.demo['owner']}/one.mp4"
    root = product.aws("s3")
    root.put_object(Bucket=results, Key=f"results/{other}.json", Body=b"{}")
    root.put_object(Bucket=results, Key="analyses/x/1.json", Body=b"{}")
    register(product, STUDIO)
    studio.put_object(Bucket=media, Key=f"drop/{own}", Body=clip)
    wait_until(lambda: f"results/{own}.json" in product.keys("ResultsBucket"), every=0.5)
    assert b"utterances" in studio.get_object(Bucket=results, Key=f"results/{own}.json")["Body"].read()
    for call, where in (
        (studio.put_object, {"Bucket": media, "Key": f"drop/{other}", "Body": b""}),
        (studio.put_object, {"Bucket": media, "Key": f"uploads/{own}", "Body": b""}),
        (studio.put_object, {"Bucket": results, "Key": f"results/{own}.json", "Body": b""}),
        (studio.get_object, {"Bucket": media, "Key": f"drop/{own}"}),
        (studio.get_object, {"Bucket": results, "Key": f"results/{other}.json"}),
        (studio.get_object, {"Bucket": results, "Key": "analyses/x/1.json"}),
        (studio.delete_object, {"Bucket": media, "Key": f"drop/{own}"}),
        (studio.list_objects_v2, {"Bucket": media}),
    ):
        assert is_denied(call, **where), (call.__name__, where)


def test_unsigned_requests_are_denied(product: Product, clip: bytes) -> None:
    key = product.developer.upload(clip)
    address = f"{product.settings.emulator_url}/{product.outputs['MediaBucket']}/{key}"
    assert httpx.get(address, trust_env=False).status_code == 403
    assert httpx.put(address, content=b"", trust_env=False).status_code == 403


def test_a_second_factor_without_a_password_is_rejected(product: Product) -> None:
    challenge_responses = {"USERNAME": product.demo["email"], "SOFTWARE_TOKEN_MFA_CODE": "0"}
    call = {
        "ChallengeName": "SOFTWARE_TOKEN_MFA",
        "ClientId": product.outputs["UserPoolClientId"],
        "ChallengeResponses": challenge_responses,
    }
    headers = {"x-amz-target": f"{SERVICE}RespondToAuthChallenge"}
    for extra, status in (({}, 403), ({"Session": "made-up"}, 400)):
        refusal = httpx.post(f"{product.base}/cognito/", headers=headers, json=call | extra, trust_env=False)
        assert refusal.status_code == status
        assert "Token" not in refusal.text


def test_an_upload_url_is_bound_to_key_type_and_size(product: Product, clip: bytes) -> None:
    upload = product.developer.post("/upload-url", {"fileType": ".mp4", "fileSize": len(clip)})
    url, headers = httpx.URL(upload["url"]), upload["headers"]
    signature = url.params["X-Amz-Signature"]

    def put(url: httpx.URL | str, content: bytes = clip, extra: dict[str, str] | None = None) -> int:
        return httpx.put(url, content=content, headers=headers | (extra or {}), trust_env=False).status_code

    assert put(str(url).replace(upload["fileId"], "f" * 32)) == 403
    assert put(url.copy_set_param("X-Amz-Signature", signature[::-1])) == 403
    assert put(url.copy_set_param("X-Amz-Expires", "86400")) == 403
    assert put(url, extra={"Content-Type": "text/html"}) == 403
    assert put(url, clip + b"1", {"Content-Length": str(len(clip) + 1)}) == 403
    assert httpx.get(url, trust_env=False).status_code == 403
    assert upload["key"] not in product.keys("MediaBucket")
    assert put(url) == 200


def test_an_upload_url_expires(product: Product, clip: bytes, early_upload: tuple[float, dict[str, Any]]) -> None:
    issued, upload = early_upload
    time.sleep(max(0.0, issued + URL_SECONDS + 2 - time.monotonic()))
    response = httpx.put(upload["url"], content=clip, headers=upload["headers"], trust_env=False)
    assert response.status_code == 403
    assert upload["key"] not in product.keys("MediaBucket")


def test_an_oversized_upload_is_not_analyzed(product: Product, clip: bytes) -> None:
    developer = product.developer
    assert developer.request("POST", "/upload-url", json={"fileType": ".mp4", "fileSize": 1 << 31}).status_code == 413
    upload = developer.post("/upload-url", {"fileType": ".mp4"})
    grown = clip + bytes(MAX_UPLOAD_BYTES)
    assert httpx.put(upload["url"], content=grown, headers=upload["headers"], trust_env=False).status_code == 200
    used = developer.used
    refused = developer.request("POST", "/sentiment-inference", json={"key": upload["key"]})
    assert refused.status_code in (409, 413), "deleted on arrival, or not yet"
    assert str(MAX_UPLOAD_BYTES) in refused.json()["detail"]
    assert developer.used == used


def register(product: Product, owner: str) -> None:
    """Create the owner's record, as assigning a plan does."""
    product.aws("dynamodb").put_item(
        TableName=product.outputs["TableName"],
        Item={
            "pk": {"S": f"OWNER#{owner}"},
            "sk": {"S": "OWNER"},
            "owner": {"S": owner},
            "plan": {"S": "free"},
            "created_at": {"S": "2026-01-01T00:00:00.000Z"},
        },
    )
