"""Marks of errors that the gateway or the edge answers itself, in the API's own format (RFC 9457)."""

PROBLEM_TYPE = "application/problem+json"
PROBLEM_PREFIX = "urn:video-sentiment:problem:"
