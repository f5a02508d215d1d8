"""Sending of one POST to a checked address: resolved once, connected to that address, certificate for the name.

A name is never looked up again between the check and the connection, so what it resolves to cannot
change in between (DNS rebinding). Redirects are not followed: they would lead past the check.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from lambdas.core.webhooks.url_policy import Destination, DestinationError, IPAddress, is_public

CONNECT_SECONDS = 3.0  # per address, TLS included
TOTAL_SECONDS = 10.0  # from the first address to the last byte of the answer's head
MAX_ADDRESSES = 3  # of a name, tried one after another

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float], socket.socket]


class DeliveryError(Exception):
    """An event that did not arrive; the message says why, for the owner and the log."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a name, as text. Raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address, not a name. Raises OSError."""
    return socket.create_connection((address, port), timeout=seconds)


@cache
def tls_context() -> ssl.SSLContext:
    """Checks certificates against the system's authorities and the name; TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True)
class Sender:
    """Sends requests; its parts can be others where a test has its own names, certificates and servers."""

    resolve: Resolve = resolve
    dial: Dial = dial
    tls: Callable[[], ssl.SSLContext] = field(default=tls_context)
    total_seconds: float = TOTAL_SECONDS

    def post(self, destination: Destination, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, whatever it is. Raises DestinationError or DeliveryError."""
        addresses = self._addresses(destination)
        connection = _Connection(destination, self.tls, self.dial, addresses)
        # A socket's own timeout starts again with every byte; this one ends a receiver that trickles.
        watch = threading.Timer(self.total_seconds, connection.abort)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", destination.target, body, dict(headers))
            status = connection.getresponse().status
            if connection.aborted:  # an answer's head that breaks off counts as whole for http.client
                raise TimeoutError
            return status
        except (OSError, http.client.HTTPException, ValueError) as error:
            took_long = connection.aborted or isinstance(error, TimeoutError)
            raise DeliveryError("no answer in time" if took_long else f"no answer: {_reason(error)}") from error
        finally:
            watch.cancel()
            connection.close()

    def _addresses(self, destination: Destination) -> list[str]:
        """The addresses to try, IPv4 first (a Lambda has no other way out); refused if a single one is not public."""
        try:
            found = [ipaddress.ip_address(a) for a in self.resolve(destination.host, destination.port)]
        except (OSError, ValueError) as error:  # UnicodeError, of a name that cannot be one, is a ValueError
            raise DeliveryError(f"the host name {destination.host} cannot be resolved") from error
        allowed = _is_loopback if destination.is_local else is_public
        if not found or not all(allowed(address) for address in found):
            raise DestinationError("the webhook URL leads to a private address")
        return [str(address) for address in sorted(found, key=lambda a: a.version)][:MAX_ADDRESSES]


def _is_loopback(address: IPAddress) -> bool:
    return address.is_loopback


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection to one of given addresses; over TLS unless the destination is local."""

    def __init__(
        self, destination: Destination, tls: Callable[[], ssl.SSLContext], dial: Dial, addresses: Sequence[str]
    ) -> None:
        super().__init__(destination.host, destination.port, timeout=CONNECT_SECONDS)
        self.default_port = 80 if destination.is_local else 443  # left out of the Host header
        self.aborted = False
        self._destination, self._tls, self._dial, self._addresses = destination, tls, dial, addresses

    def connect(self) -> None:
        """Called by `request`: connect to the first address that answers. Raises the last one's OSError."""
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                self._open(address)
            except ssl.SSLError:  # the same certificate waits behind the other addresses
                raise
            except OSError as error:
                failure = error
            else:
                return
            if self.aborted:
                break
        raise failure

    def _open(self, address: str) -> None:
        self.sock = self._dial(address, self._destination.port, CONNECT_SECONDS)
        if not self._destination.is_local:
            self.sock = self._tls().wrap_socket(self.sock, server_hostname=self._destination.host)
        self.sock.settimeout(TOTAL_SECONDS)
        if self.aborted:  # while there was nothing yet that could be ended
            raise TimeoutError

    def abort(self) -> None:
        """Called by another thread: end whatever is being waited for."""
        self.aborted = True
        if (open_socket := self.sock) is not None:
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    """An error in a few words without what the receiver sent, which may be anything."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no TLS connection"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "not HTTP"
