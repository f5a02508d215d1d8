"""Rules of the emulator's guard: no request is admitted without authentication."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.guard.rules import TOKEN, Admission, Headers, Incoming, RefusedError, Rules, passed_headers

HOST, ORIGIN = "127.0.0.1:4580", "http://localhost:8080"
RULES = Rules((HOST, "localhost:4580"), (ORIGIN, "http://127.0.0.1:8080"), "secret")
SCOPE = "AKIAX/20261130/us-east-1/{}/aws4_request"
SIGNED = "AWS4-HMAC-SHA256 Credential=" + SCOPE + ", SignedHeaders=host;x-amz-date, Signature=0"
QUERY = f"X-Amz-Credential={SCOPE.format('s3')}&X-Amz-SignedHeaders=content-type%3Bhost&X-Amz-Signature=0"
TEXT = st.text(string.printable.strip(), max_size=20)


def incoming(method: str = "GET", path: str = "/", query: str = "", **headers: str) -> Incoming:
    """Return a request to this emulator, unless `host` is given; `_` in header names stands for `-`."""
    raw: Headers = [(b"host", HOST.encode())] if "host" not in headers else []
    raw += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Incoming.of(method, path.encode(), query.encode(), raw)


def refused(request: Incoming) -> str:
    with pytest.raises(RefusedError) as error:
        RULES.admit(request)
    return str(error.value)


PROOFS = [
    {TOKEN: "secret"},
    {"authorization": SIGNED.format("lambda")},
    {"query": QUERY},
    {"path": "/us-east-1_abc/.well-known/jwks.json"},
]


@pytest.mark.parametrize("proof", PROOFS)
def test_every_proof_passes_from_here(proof: dict[str, str]) -> None:
    RULES.admit(incoming(**proof))
    RULES.admit(incoming(host="localhost:4580", **proof))


@pytest.mark.parametrize("proof", PROOFS)
@given(host=TEXT)
def test_no_proof_helps_under_another_name(proof: dict[str, str], host: str) -> None:
    for name in (host, "evil.example:4580", "127.0.0.1", "localhost:8080", f"{HOST}, {HOST}", f"{HOST}.evil.example"):
        assert "Host" in refused(incoming(host=name, **proof)) or name in RULES.hosts


def test_a_request_names_one_host() -> None:
    assert "Host" in refused(Incoming.of("GET", b"/", b"", [(TOKEN.encode(), b"secret")]))
    twice = [(b"host", HOST.encode()), (b"Host", HOST.encode()), (TOKEN.encode(), b"secret")]
    assert "Host" in refused(Incoming.of("GET", b"/", b"", twice))


@pytest.mark.parametrize("proof", PROOFS)
@given(origin=TEXT)
def test_no_proof_helps_a_page_of_another_site(proof: dict[str, str], origin: str) -> None:
    for name in (origin, "null", "http://localhost:3000", "https://localhost:8080", f"{ORIGIN}.evil.example"):
        refused(incoming(origin=name, **proof))


def test_the_web_app_may_only_use_presigned_urls() -> None:
    assert RULES.admit(incoming("PUT", query=QUERY, origin=ORIGIN)) == Admission("s3", presigned=True)
    assert RULES.admit(incoming("GET", query=QUERY, origin=ORIGIN)) == Admission("s3", presigned=True, empty=True)
    preflight = {"origin": ORIGIN, "access_control_request_method": "PUT"}
    assert RULES.admit(incoming("OPTIONS", query=QUERY, **preflight)).preflight
    for proof in ({TOKEN: "secret"}, {"authorization": SIGNED.format("s3")}, {}):
        assert "presigned" in refused(incoming(origin=ORIGIN, **proof))


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"]),
    st.text("/._-%" + string.ascii_letters + string.digits, max_size=40),
    st.dictionaries(st.sampled_from(["x-amz-target", "content-type", "authorization", TOKEN]), TEXT),
)
def test_nothing_passes_without_a_proof(method: str, path: str, headers: dict[str, str]) -> None:
    refused(incoming(method, f"/{path}", **headers))


@pytest.mark.parametrize(
    "authorization",
    [
        *("", "Bearer x", "Basic dGVzdDp0ZXN0", "AWS test:x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=test"),
        "AWS4-HMAC-SHA256 Credential=/20261130/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-ECDSA-P256-SHA256 Credential=AKIAX/20261130/s3/aws4_request, SignedHeaders=host, Signature=0",
    ],
)
def test_an_invalid_authorization_header_is_refused(authorization: str) -> None:
    assert "not signed" in refused(incoming(authorization=authorization))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/us-east-1_abc/.well-known/jwks.json"),
        ("GET", "/us-east-1_abc/.well-known/openid-configuration"),
        ("GET", "/x/us-east-1_abc/.well-known/jwks.json"),
        ("GET", "/us-east-1_abc/.well-known/jwks.json/.."),
        ("PUT", "/_ministack/cfn-response/12345678-1234-1234-1234-123456789abc"),
        ("POST", "/_ministack/reset"),
        ("GET", "/_ministack/health"),
    ],
)
def test_only_the_exact_public_path_is_public(method: str, path: str) -> None:
    assert "not signed" in refused(incoming(method, path))


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("DELETE", QUERY, {}),
        ("POST", QUERY, {}),
        ("OPTIONS", QUERY, {}),
        ("OPTIONS", QUERY, {"origin": ORIGIN, "access_control_request_method": "DELETE"}),
        ("GET", QUERY.replace("/s3/", "/lambda/"), {}),
        ("GET", "X-Amz-Signature=0", {}),
        ("GET", f"X-Amz-Credential={SCOPE.format('lambda')}&{QUERY}", {}),
        ("GET", QUERY, {"authorization": SIGNED.format("lambda")}),
        ("GET", QUERY, {TOKEN: "secret"}),
    ],
)
def test_a_presigned_url_is_for_one_object_and_allows_no_other_authentication(
    method: str, query: str, headers: dict[str, str]
) -> None:
    refused(incoming(method, query=query, **headers))


def test_a_presigned_request_keeps_only_signed_and_harmless_headers() -> None:
    """The emulator could route a request with another AWS header to another service."""
    aws = [b"x-amz-target", b"x-amz-copy-source", b"x-amz-date", b"cookie"]
    sent = [b"host", b"Content-Type", b"content-length", b"range", *aws]

    def passed(method: str, query: str) -> list[bytes]:
        request = incoming(method, query=query)
        return [name for name, _ in passed_headers([(name, b"1") for name in sent], RULES.admit(request), request)]

    unsigned = QUERY.replace("content-type%3B", "")
    assert passed("PUT", QUERY) == [b"host", b"Content-Type", b"content-length", b"range"]
    assert passed("PUT", unsigned) == [b"host", b"content-length", b"range"]  # a form content type would be an API call
    assert passed("GET", unsigned) == [b"host", b"range"]


def test_public_requests_are_forwarded_without_other_headers_body_or_query() -> None:
    request = incoming(path="/us-east-1_abc/.well-known/jwks.json")
    sent: Headers = [(b"host", HOST.encode()), (b"x-amz-target", b"AWSLambda.Invoke"), (b"content-length", b"1")]
    admission = RULES.admit(request)
    assert passed_headers(sent, admission, request) == sent[:1] and admission.empty
    assert "not signed" in refused(incoming(path=request.raw_path, query="Action=ListUsers"))


def test_there_is_no_guard_without_a_token() -> None:
    with pytest.raises(ValueError, match="token"):
        Rules((HOST,), (ORIGIN,), "")


def test_the_token_is_not_forwarded() -> None:
    headers: Headers = [(b"host", HOST.encode()), (TOKEN.upper().encode(), b"secret"), (b"x-amz-target", b"A.B")]
    request = Incoming.of("POST", b"/", b"", headers)
    assert passed_headers(headers, RULES.admit(request), request) == [headers[0], headers[2]]


@given(st.binary(max_size=30))
def test_a_query_that_is_not_ascii_is_refused(query: bytes) -> None:
    try:
        request = Incoming.of("GET", b"/", query, [(b"host", HOST.encode())])
    except RefusedError:
        return
    refused(request)
