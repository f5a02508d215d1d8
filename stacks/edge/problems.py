"""How an error is marked that the gateway or the edge answers by itself: as the API marks its own (RFC 9457)."""

PROBLEM_TYPE = "application/problem+json"
PROBLEM_PREFIX = "urn:video-sentiment:problem:"
