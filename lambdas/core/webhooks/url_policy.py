"""Allowed addresses of webhooks: https to public addresses, so that nobody can make us call our own network.

A URL is looked at twice by the same rules: when a user gives it, by its text alone, and at every
delivery, when the addresses that its name has at that moment count as well.
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
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)  # a part of a name (RFC 1035, 2.3.1)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
# Names that mean this machine or this network wherever they are looked up (RFC 6761, 6762, 8375).
PRIVATE_SUFFIXES = (".localhost", ".local", ".localdomain", ".internal", ".arpa", ".onion", ".test")

# Addresses of IPv6 that are unicast and global; all others are refused without asking what they are,
# which covers loopback, link-local, unique local, multicast, IPv4-mapped and NAT64 (64:ff9b::/96).
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# Inside it: special purposes (Teredo among them), documentation, and 6to4, which carries any IPv4 address.
SPECIAL_IPV6 = tuple(ipaddress.IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
# Networks that `is_global` does not refuse in every version of Python: protocol assignments, relays of 6to4.
SPECIAL_IPV4 = tuple(ipaddress.IPv4Network(n) for n in ("192.0.0.0/24", "192.88.99.0/24"))


class DestinationError(BadRequestError):
    """A URL that no webhook goes to; the message says why, for the user."""

    code, title = "webhook-url", "Webhooks cannot go to this URL"


@dataclass(frozen=True)
class Destination:
    """A webhook's URL, taken apart. `host` is what is looked up and whose certificate is checked."""

    host: str
    port: int
    target: str  # path and query, as they stand in the request
    is_local: bool = False  # a test receiver on this machine, where that is allowed

    @property
    def scheme(self) -> str:
        return "http" if self.is_local else "https"


def parse(url: str, *, allow_local: bool = False) -> Destination:
    """A URL as a destination. Raises DestinationError for what can be refused by its text.

    `allow_local` admits http://localhost as well, with any port: for a receiver under test on one machine.
    """
    if len(url) > MAX_URL:
        raise DestinationError(f"a webhook URL has {MAX_URL} characters at most")
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>^`{|}'):
        raise DestinationError("a webhook URL holds only characters that a URL may hold; encode the others")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError as error:
        raise DestinationError("the webhook URL cannot be read") from error
    if not host or "%" in host:
        raise DestinationError("the webhook URL names no host")
    if parts.username is not None or parts.password is not None:
        raise DestinationError("a webhook URL must not hold a user name or a password")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if allow_local and parts.scheme == "http" and host in LOCAL_NAMES:
        return Destination(host, port or 80, target, is_local=True)
    if parts.scheme != "https":
        raise DestinationError("a webhook URL must begin with https://")
    if port not in (None, *PORTS):
        raise DestinationError(f"a webhook URL's port must be one of {', '.join(map(str, PORTS))}")
    _check_host(host)
    return Destination(host, port or PORTS[0], target)


def is_public(address: IPAddress) -> bool:
    """Return True for an address on the public internet: never this machine, a private network or a tunnel's end."""
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
        raise DestinationError("the webhook URL leads to a private address")


def _check_name(name: str) -> None:
    if name in LOCAL_NAMES or f".{name}".endswith(PRIVATE_SUFFIXES):
        raise DestinationError("the webhook URL leads to a private address")
    labels = name.split(".")
    if len(name) > MAX_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise DestinationError("the webhook URL's host is no name that can be looked up")
    last = labels[-1]
    # Resolvers read 2130706433, 0x7f.1 and 127.1 as addresses; names on the internet never end in a number.
    if last.isdigit() or last.startswith("0x") or len(labels) == 1:
        raise DestinationError("the webhook URL's host must be a full name, such as hooks.example.com")
