"""HTTP client that sends a POST to a checked address.

The host name is resolved once, and the connection goes to the address that was checked, so DNS rebinding is not
possible; the certificate is verified for the name. Redirects are not followed, as they would bypass the check.
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

from lambdas.core.webhooks.deliveries import ErrorKind
from lambdas.core.webhooks.url_policy import PRIVATE_ADDRESS, Destination, DestinationError, IPAddress, is_public

CONNECT_SECONDS = 3.0  # per address, including TLS
TOTAL_SECONDS = 10.0  # from the first connection attempt to the end of the response's headers
MAX_ADDRESSES = 3  # of a host, tried in turn

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float], socket.socket]


class DeliveryError(Exception):
    """Failed delivery. The message is the reason, for the log; `kind` and `status` are shown to the owner."""

    def __init__(self, reason: str, kind: ErrorKind, status: int | None = None) -> None:
        super().__init__(reason)
        self.kind: ErrorKind = kind
        self.status = status


def resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host name, as text. Raises OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """Connect to an address. Raises OSError."""
    return socket.create_connection((address, port), timeout=seconds)


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS context: system certificate authorities, host name verification, TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True)
class Sender:
    """HTTP client whose name resolution, connections and TLS can be replaced in tests."""

    resolve: Resolve = resolve
    dial: Dial = dial
    tls: Callable[[], ssl.SSLContext] = field(default=tls_context)
    total_seconds: float = TOTAL_SECONDS

    def post(self, destination: Destination, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a POST and return the status of the response. Raises DestinationError or DeliveryError."""
        addresses = self._addresses(destination)
        connection = _Connection(destination, self.tls, self.dial, addresses)
        # A socket's own timeout restarts with every byte; this timer also ends a response that trickles in.
        watch = threading.Timer(self.total_seconds, connection.abort)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", destination.target, body, dict(headers))
            status = connection.getresponse().status
            if connection.aborted:  # http.client accepts headers that are cut off
                raise TimeoutError
            return status
        except (OSError, http.client.HTTPException, ValueError) as error:
            timed_out = connection.aborted or isinstance(error, TimeoutError)
            reason = "no response in time" if timed_out else f"no response: {_reason(error)}"
            raise DeliveryError(reason, "timeout" if timed_out else _kind(error)) from error
        finally:
            watch.cancel()
            connection.close()

    def _addresses(self, destination: Destination) -> list[str]:
        """Return the addresses to try, IPv4 first (Lambda has no IPv6 egress); refuse the host if any is not public."""
        try:
            found = [ipaddress.ip_address(a) for a in self.resolve(destination.host, destination.port)]
        except (OSError, ValueError) as error:  # UnicodeError, for a malformed name, is a ValueError
            raise DeliveryError(f"the host name {destination.host} cannot be resolved", "host-not-found") from error
        allowed = _is_loopback if destination.is_local else is_public
        if not found or not all(allowed(address) for address in found):
            raise DestinationError(PRIVATE_ADDRESS)
        return [str(address) for address in sorted(found, key=lambda a: a.version)][:MAX_ADDRESSES]


def _is_loopback(address: IPAddress) -> bool:
    return address.is_loopback


class _Connection(http.client.HTTPConnection):
    """HTTP connection to one of the given addresses, over TLS unless the destination is local."""

    def __init__(
        self, destination: Destination, tls: Callable[[], ssl.SSLContext], dial: Dial, addresses: Sequence[str]
    ) -> None:
        super().__init__(destination.host, destination.port, timeout=CONNECT_SECONDS)
        self.default_port = 80 if destination.is_local else 443  # left out of the Host header
        self.aborted = False
        self._destination, self._tls, self._dial, self._addresses = destination, tls, dial, addresses

    def connect(self) -> None:
        """Connect to the first address that accepts, called by `request`. Raises the OSError of the last address."""
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                self._open(address)
            except ssl.SSLError:  # the other addresses would present the same certificate
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
        if self.aborted:  # aborted before there was a socket to shut down
            raise TimeoutError

    def abort(self) -> None:
        """End the request from another thread."""
        self.aborted = True
        if (open_socket := self.sock) is not None:
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)


def _kind(error: Exception) -> ErrorKind:
    if isinstance(error, ssl.SSLError):
        return "tls"
    return "connection" if isinstance(error, OSError) else "invalid-response"


def _reason(error: Exception) -> str:
    """Describe an error briefly, without data from the receiver, which is untrusted."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"invalid certificate ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "TLS handshake failed"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "invalid HTTP response"
