"""Policy for webhook URLs: https to public addresses only, which prevents server-side request forgery (SSRF).

A URL is checked twice: by its text when a user sets it, and again at every delivery, together with the addresses that
its host name resolves to at that time.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lambdas.core.errors import BadRequestError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL = 2048  # characters
PORTS = (443, 8443)
MAX_NAME = 253  # characters
PRIVATE_ADDRESS = "The webhook URL must not lead to a private address."
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)  # of a host name (RFC 1035, 2.3.1)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
# Names reserved for the local machine, local networks and special uses (RFC 6761, 6762, 8375).
PRIVATE_SUFFIXES = (".localhost", ".local", ".localdomain", ".internal", ".arpa", ".onion", ".test")

# Global unicast IPv6 addresses. All others are refused: loopback, link-local, unique local, multicast, IPv4-mapped,
# NAT64 (64:ff9b::/96) and so on.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# Exceptions within it: special purposes (such as Teredo), documentation, and 6to4, which can embed any IPv4 address.
SPECIAL_IPV6 = tuple(ipaddress.IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
# Not covered by `is_global` in every Python version: protocol assignments and 6to4 relays.
SPECIAL_IPV4 = tuple(ipaddress.IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24"))


class DestinationError(BadRequestError):
    """Webhook URL that is not allowed."""

    code, title = "webhook-url", "Webhook URL not allowed"


@dataclass(frozen=True)
class Destination:
    """Parsed webhook URL. `host` is resolved, and must match the certificate."""

    host: str
    port: int
    target: str  # path and query of the HTTP request
    is_local: bool = False  # test receiver on the local machine, if allowed

    @property
    def scheme(self) -> str:
        return "http" if self.is_local else "https"


def parse(url: str, *, allow_local: bool = False) -> Destination:
    """Parse and check a URL by its text, without resolving its host. Raises DestinationError.

    `allow_local` also permits http://localhost with any port, for receivers under test on the same machine.
    """
    if len(url) > MAX_URL:
        raise DestinationError(f"The webhook URL must have at most {MAX_URL} characters.")
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>^`{|}'):
        raise DestinationError("The webhook URL contains invalid characters. Percent-encode them.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError as error:
        raise DestinationError("The webhook URL is malformed.") from error
    if not host or "%" in host:
        raise DestinationError("The webhook URL has no valid host.")
    if parts.username is not None or parts.password is not None:
        raise DestinationError("The webhook URL must not contain a user name or password.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if allow_local and parts.scheme == "http" and host in LOCAL_NAMES:
        return Destination(host, port or 80, target, is_local=True)
    if parts.scheme != "https":
        raise DestinationError("The webhook URL must start with https://.")
    if port not in (None, *PORTS):
        raise DestinationError(f"The port of the webhook URL must be one of {', '.join(map(str, PORTS))}.")
    _check_host(host)
    return Destination(host, port or PORTS[0], target)


def is_public(address: IPAddress) -> bool:
    """Return True for an address on the public internet: not loopback, private, reserved or a tunnel endpoint."""
    if isinstance(address, ipaddress.IPv6Address):
        return address in GLOBAL_IPV6 and not any(address in network for network in SPECIAL_IPV6)
    if address.is_multicast or any(address in network for network in SPECIAL_IPV4):
        return False
    return address.is_global


def _check_host(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        _check_name(host)
        return
    if not is_public(address):
        raise DestinationError(PRIVATE_ADDRESS)


def _check_name(name: str) -> None:
    if name in LOCAL_NAMES or f".{name}".endswith(PRIVATE_SUFFIXES):
        raise DestinationError(PRIVATE_ADDRESS)
    labels = name.split(".")
    if len(name) > MAX_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise DestinationError("The host of the webhook URL is not a valid host name.")
    last = labels[-1]
    # Resolvers interpret 2130706433, 0x7f.1 and 127.1 as addresses; public host names never end in a number.
    if last.isdigit() or last.startswith("0x") or len(labels) == 1:
        raise DestinationError("The host of the webhook URL must be a full host name, such as hooks.example.com.")
