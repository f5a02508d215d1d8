"""Ids and secrets of API keys and links. Of a secret, only its SHA-256 is stored."""

import base64
import hashlib
import hmac
import secrets


def random_id(size: int) -> str:
    """Return `size` random bytes, a multiple of 5, as lower-case base32."""
    return base64.b32encode(secrets.token_bytes(size)).decode().lower()


def hashed(secret: str) -> str:
    """Return the hash of a secret that is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str | None, stored: str | None) -> bool:
    """Return True if a secret has the stored hash.

    They are compared even if one is missing, so that timing does not reveal which ids exist.
    """
    same = hmac.compare_digest(hashed(secret or ""), hashed("") if stored is None else stored)
    return same and secret is not None and stored is not None
