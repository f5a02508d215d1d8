"""The guard's rules: which requests reach the emulator, and which of their headers are passed on.

The emulator runs whatever code it is given, so any request that it answers is as good as a shell on this machine. A
request passes when all of this is true:

1. It names this address in its one `Host` header: a page under another name was not pointed here (DNS rebinding).
2. It has no `Origin`, or the web app's, which only presigned requests may have: no page of another site sent it.
3. It proves that it comes from this run's own processes, in one of these ways:
   - the header TOKEN with this run's token (the local origin, for what cannot be signed);
   - a signature (AWS Signature Version 4) in its headers, by credentials that the emulator knows in this run;
   - such a signature in its query, for one S3 object: a presigned URL that the API gave out.

One address is open from here without any proof, for the emulator asks itself for it: a user pool's public keys.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import parse_qs

TOKEN = "x-video-sentiment-token"
KEEP = "/_video_sentiment/keep"  # see local/guard/saving.py
PRESIGNED = "X-Amz-Signature"
PRESIGNED_METHODS = ("GET", "HEAD", "PUT")
MAX_BODY = 64 << 20  # bytes that are held to be hashed; objects of S3 bring a hash of their own and are not held
# Headers that a presigned request may have besides the signed ones. The emulator chooses a service by a request's
# headers and form, whatever its path: other headers could route the request to another service.
PRESIGNED_HEADERS = frozenset(
    {
        *("host", "origin", "user-agent", "accept", "accept-encoding", "range"),
        *("if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),
    }
)
BODY_HEADERS = frozenset({"content-length", "transfer-encoding", "expect"})
PUBLIC_KEYS = re.compile(r"/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/jwks\.json")

Headers = list[tuple[bytes, bytes]]


class RefusedError(Exception):
    """The request is not admitted; the message gives the reason without revealing secrets."""


@dataclass(frozen=True)
class Incoming:
    """A request without its body. Header names are lower-case; repeated headers are joined by a comma."""

    method: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, method: str, raw_path: bytes, query: bytes, headers: Headers) -> "Incoming":
        """Parse a request line and headers. Raises RefusedError when the address is not plain ASCII."""
        joined: dict[str, str] = {}
        for name, value in headers:
            key, text = name.decode("latin-1").lower(), _text(value)
            joined[key] = f"{joined[key]}, {text}" if key in joined else text
        try:
            found = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict")
            return cls(method.upper(), raw_path.decode("ascii"), found, joined)
        except UnicodeDecodeError as error:
            raise RefusedError("the address is not plain ASCII") from error


def _text(value: bytes) -> str:
    """Decode a header value in the way the emulator does when it verifies signatures."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass(frozen=True)
class Admission:
    """The steps that remain before an admitted request is forwarded.

    `service`: the service of a signature that is still to be verified; empty when the request was authenticated
    otherwise. `preflight`: a browser's CORS preflight for a presigned URL, which the guard answers itself. `public`:
    the resource needs no credentials. `empty`: the request is forwarded without a body.
    """

    service: str = ""
    presigned: bool = False
    preflight: bool = False
    public: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Rules:
    """Admission rules of one run.

    `hosts`: the accepted values of the `Host` header, with the port; `origins`: the web app's; `token`: see TOKEN.
    """

    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    token: str

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("without a token everybody would have it")

    def admit(self, request: Incoming) -> Admission:
        """Decide how a request is admitted. Raises RefusedError when it is not."""
        if request.headers.get("host") not in self.hosts:
            raise RefusedError("the Host is not this emulator's")
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.origins:
            raise RefusedError("pages of other sites may not come here")
        if PRESIGNED in request.query:
            return _presigned(request)
        if origin is not None:
            raise RefusedError("a page may use presigned URLs alone")
        if (token := request.headers.get(TOKEN)) is not None:
            if not compare_digest(token.encode(), self.token.encode()):
                raise RefusedError("the token is not this run's")
            return Admission()
        if request.method == "GET" and PUBLIC_KEYS.fullmatch(request.raw_path) and not request.query:
            return Admission(public=True, empty=True)
        service = signed_service(request.headers.get("authorization", ""))
        if service is None:
            raise RefusedError("the request is not signed")
        return Admission(service)


def _presigned(request: Incoming) -> Admission:
    if "authorization" in request.headers or TOKEN in request.headers:
        raise RefusedError("a presigned URL takes no other proof beside it")
    preflight = request.method == "OPTIONS" and "origin" in request.headers
    method = request.headers.get("access-control-request-method") if preflight else request.method
    if method not in PRESIGNED_METHODS:
        raise RefusedError(f"presigned URLs are for {', '.join(PRESIGNED_METHODS)} alone")
    credential = request.query.get("X-Amz-Credential", [""])[0].split("/")
    if len(credential) != 5 or credential[3] != "s3":
        raise RefusedError("presigned URLs are for S3 alone")
    return Admission("s3", presigned=True, preflight=preflight, empty=method != "PUT")


def signed_service(authorization: str) -> str | None:
    """Return the service in the scope of an `Authorization` header; None when it holds no AWS signature."""
    found = re.match(
        r"AWS4-HMAC-SHA256 +Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request,", authorization
    )
    return found[1] if found else None


def passed_headers(headers: Headers, admission: Admission, request: Incoming) -> Headers:
    """Return the headers to forward to the emulator.

    The guard's token is removed; presigned and public requests keep only headers on an allow list.
    """
    if not admission.presigned and not admission.public:
        return [(name, value) for name, value in headers if name.lower() != TOKEN.encode()]
    allowed = {"host"}
    if admission.presigned:
        allowed |= PRESIGNED_HEADERS.union(request.query.get("X-Amz-SignedHeaders", [""])[0].lower().split(";"))
    allowed = allowed - BODY_HEADERS if admission.empty else allowed | BODY_HEADERS
    return [(name, value) for name, value in headers if name.decode("latin-1").lower() in allowed]


def needs_body(request: Incoming) -> bool:
    """Return True when the signature covers the body itself rather than a hash in the headers."""
    digest = request.headers.get("x-amz-content-sha256", "")
    return not digest or digest.startswith("STREAMING-AWS4-")


Verify = Callable[[Incoming, bytes, bool], str | None]
"""Verifier of a signature: request, body, whether it is presigned -> why it is invalid, or None."""
