"""Rules of the guard: which requests reach the emulator, and which of their headers are forwarded.

The emulator runs any code that it is given, so access to it amounts to a shell on this machine. A request is admitted
when all of these conditions hold:

1. Its only `Host` header is this address, so it does not come from a page under another name (DNS rebinding).
2. It has no `Origin`, or that of the web app, which is allowed for presigned requests only, so it does not come from a
   page of another site.
3. It authenticates as one of this run's own processes, in one of these ways:
   - the header TOKEN with this run's token (the local origin, for requests that cannot be signed);
   - a signature (AWS Signature Version 4) in its headers, by credentials of this run;
   - such a signature in its query, for one S3 object: a presigned URL created by the API.

A user pool's public keys need no authentication, since the emulator requests them from itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import parse_qs

TOKEN = "x-video-sentiment-token"
KEEP = "/_video_sentiment/keep"  # see local/guard/persistence.py
PRESIGNED = "X-Amz-Signature"
PRESIGNED_METHODS = ("GET", "HEAD", "PUT")
MAX_BODY = 64 << 20  # bytes that are buffered for hashing; S3 objects come with a hash and are not buffered
# Headers that a presigned request may have besides the signed ones. The emulator selects the service by headers and
# format, regardless of the path, so other headers could route the request to another service.
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
            raise ValueError("the token must not be empty: an empty header would match it")

    def admit(self, request: Incoming) -> Admission:
        """Decide how a request is admitted. Raises RefusedError when it is not."""
        if request.headers.get("host") not in self.hosts:
            raise RefusedError("the Host header is not this emulator's address")
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.origins:
            raise RefusedError("requests from other sites are not allowed")
        if PRESIGNED in request.query:
            return _presigned(request)
        if origin is not None:
            raise RefusedError("web pages may use presigned URLs only")
        if (token := request.headers.get(TOKEN)) is not None:
            if not compare_digest(token.encode(), self.token.encode()):
                raise RefusedError("the token is not valid in this run")
            return Admission()
        if request.method == "GET" and PUBLIC_KEYS.fullmatch(request.raw_path) and not request.query:
            return Admission(public=True, empty=True)
        service = signed_service(request.headers.get("authorization", ""))
        if service is None:
            raise RefusedError("the request is not signed")
        return Admission(service)


def _presigned(request: Incoming) -> Admission:
    if "authorization" in request.headers or TOKEN in request.headers:
        raise RefusedError("a presigned URL allows no other authentication")
    preflight = request.method == "OPTIONS" and "origin" in request.headers
    method = request.headers.get("access-control-request-method") if preflight else request.method
    if method not in PRESIGNED_METHODS:
        raise RefusedError(f"presigned URLs allow {', '.join(PRESIGNED_METHODS)} only")
    credential = request.query.get("X-Amz-Credential", [""])[0].split("/")
    if len(credential) != 5 or credential[3] != "s3":
        raise RefusedError("presigned URLs are allowed for S3 only")
    return Admission("s3", presigned=True, preflight=preflight, empty=method != "PUT")


def signed_service(authorization: str) -> str | None:
    """Return the service in the scope of an `Authorization` header; None without an AWS signature."""
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
"""Signature verifier: takes the request, its body and whether it is presigned; returns the reason if it is invalid."""
