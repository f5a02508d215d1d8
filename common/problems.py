"""Problem details (RFC 9457), as every part of the product answers errors."""

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:video-sentiment:problem:"  # followed by the problem's code
