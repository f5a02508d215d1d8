"""API keys at the edge, by the rules of the CloudFront Function; tests/edge_vectors.json checks both.

A key is `vs_ID_SECRET`. The gateway counts and throttles by the id, which it stores in plain text; the secret is
forwarded to the function. Any other value of x-api-key does not reach the gateway.
"""

import re
from collections.abc import Mapping

TOKEN = re.compile(r"vs_([A-Za-z0-9]+)_[A-Za-z0-9_-]+")
BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
API = "/api/"


def split_token(path: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers to forward to the gateway. Names are lower-case and unique."""
    forwarded = dict(headers)
    if not path.startswith(API):
        return forwarded
    bearer = BEARER.fullmatch(forwarded.get("authorization", ""))
    candidates = [bearer[1] if bearer else "", forwarded.pop("x-api-key", "")]
    for candidate in candidates:
        if token := TOKEN.fullmatch(candidate):
            return forwarded | {"x-api-key": token[1], "authorization": f"Bearer {candidate}"}
    return forwarded
