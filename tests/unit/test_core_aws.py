"""AWS clients: their configuration, tested without any request."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from lambdas.core.aws import clients
from stacks.edge.headers import bucket_origin


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the environment of a Lambda in Frankfurt: credentials, a region, and no emulator's endpoint."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    clients.s3.cache_clear()
    yield
    clients.s3.cache_clear()


@pytest.mark.usefixtures("on_aws")
def test_a_presigned_url_has_the_region_and_fixes_type_and_size() -> None:
    parameters = {"Bucket": "media", "Key": "uploads/a/b.mp4", "ContentType": "video/mp4", "ContentLength": 5}
    url = urlsplit(clients.s3().generate_presigned_url("put_object", Params=parameters, ExpiresIn=900))
    assert (url.scheme, url.netloc) == ("https", "media.s3.eu-central-1.amazonaws.com")
    query = parse_qs(url.query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["900"]


@pytest.mark.usefixtures("on_aws")
def test_copies_have_the_longest_timeout() -> None:
    copies, others = clients.s3(copies=True).meta.config, clients.s3().meta.config
    assert (copies.read_timeout, others.read_timeout) == (60, 20)
    assert copies.retries["total_max_attempts"] < others.retries["total_max_attempts"]
    assert copies.s3 == others.s3 and copies.signature_version == others.signature_version == "s3v4"


@pytest.mark.usefixtures("on_aws")
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "af-south-1"])  # the last is an opt-in region
@pytest.mark.parametrize("operation", ["put_object", "get_object", "upload_part"])
def test_presigned_urls_have_the_origin_that_the_page_may_call(
    region: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content security policy has the origin by the same function; browsers block any other host."""
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    parameters = {"Bucket": "media-1", "Key": "uploads/a/b.mp4"}
    part = {"UploadId": "1", "PartNumber": 1} if operation == "upload_part" else {}
    url = urlsplit(clients.s3().generate_presigned_url(operation, Params=parameters | part, ExpiresIn=900))
    assert f"{url.scheme}://{url.netloc}" == bucket_origin("media-1", region)
