"""The way to AWS, as far as it can be seen without going there."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from lambdas.core import aws


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a Lambda in Frankfurt: credentials, a region, and no endpoint of an emulator."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    aws.s3.cache_clear()
    yield
    aws.s3.cache_clear()


@pytest.mark.usefixtures("on_aws")
def test_a_signed_url_names_the_region_and_binds_type_and_size() -> None:
    parameters = {"Bucket": "media", "Key": "uploads/a/b.mp4", "ContentType": "video/mp4", "ContentLength": 5}
    url = urlsplit(aws.s3().generate_presigned_url("put_object", Params=parameters, ExpiresIn=900))
    assert (url.scheme, url.netloc) == ("https", "media.s3.eu-central-1.amazonaws.com")
    query = parse_qs(url.query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["900"]
