"""Webhook requests: sent to the checked address, over TLS for the host name, without redirects, in limited time."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from lambdas.core.webhooks.url_policy import Destination, DestinationError, parse
from lambdas.webhook.sending import DeliveryError, Sender
from tests.unit.certificates import Authority

PUBLIC = "93.184.216.34"  # passes the check; the tests connect elsewhere
HOOK = parse("https://hooks.example.com/in?a=b")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Script = Callable[[socket.socket], None]


class Receiver:
    """Local server for one connection at a time, whose behavior is given by a script."""

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        self._script, self._context = script, context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        self.received = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            try:
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self.received = read_request(connection)
                self._script(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(
        next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1]
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(answer: bytes) -> Script:
    return lambda connection: connection.sendall(answer)


@contextmanager
def receiving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(script, context)
    try:
        yield receiver
    finally:
        receiver.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


class Network:
    """Network of a test: the addresses a name resolves to, call by call, and the local port behind all of them."""

    def __init__(self, port: int, *answers: Sequence[str]) -> None:
        self._port, self._answers = port, list(answers)
        self.asked: list[str] = []
        self.dialled: list[str] = []

    def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def dial(self, address: str, _port: int, seconds: float) -> socket.socket:
        self.dialled.append(address)
        return socket.create_connection(("127.0.0.1", self._port), timeout=seconds)

    def sender(self, authority: Authority, total_seconds: float = 10) -> Sender:
        return Sender(self.resolve, self.dial, lambda: authority.client_context(), total_seconds)


def test_the_request_arrives(authority: Authority) -> None:
    with receiving(answering(OK), authority.server_context("hooks.example.com")) as receiver:
        network = Network(receiver.port, [PUBLIC])
        status = network.sender(authority).post(HOOK, b'{"a":1}', {"Content-Type": "application/json", "X-One": "1"})
    assert status == 200
    head, _, body = receiver.received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /in?a=b HTTP/1.1\r\n")
    assert b"\r\nHost: hooks.example.com\r\n" in head
    assert b"\r\nX-One: 1" in head
    assert body == b'{"a":1}'


def test_the_host_is_resolved_once_and_that_address_used(authority: Authority) -> None:
    """DNS rebinding: a second resolution would return a private address."""
    with receiving(answering(OK), authority.server_context("hooks.example.com")) as receiver:
        network = Network(receiver.port, [PUBLIC], ["127.0.0.1"])
        network.sender(authority).post(HOOK, b"{}", {})
    assert (network.asked, network.dialled) == (["hooks.example.com"], [PUBLIC])


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["2606:4700::1", "::1"],
        [PUBLIC, "::ffff:169.254.169.254"],
        ["169.254.169.254", PUBLIC],
        ["64:ff9b::a9fe:a9fe"],
        ["fe80::1%eth0"],
        ["100.100.100.200"],
        [],
    ],
)
def test_one_private_address_is_enough_to_refuse(authority: Authority, addresses: list[str]) -> None:
    network = Network(1, addresses)
    with pytest.raises(DestinationError):
        network.sender(authority).post(HOOK, b"{}", {})
    assert network.dialled == []


@pytest.mark.parametrize("name", ["localhost", socket.gethostname()])
def test_real_names_of_the_local_machine_are_refused(name: str) -> None:
    """With the system's resolver, in case such a name passed the check of the text."""
    try:
        socket.getaddrinfo(name, 443)
    except OSError:
        pytest.skip(f"{name} has no address here")
    with pytest.raises(DestinationError):
        Sender().post(Destination(name, 443, "/"), b"{}", {})


def test_a_host_without_an_address_fails() -> None:
    for host in ("nothing.invalid", "a" * 64 + ".example.com", "a..b"):
        with pytest.raises(DeliveryError, match="resolved"):
            Sender().post(Destination(host, 443, "/"), b"{}", {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(authority: Authority, status: int) -> None:
    answer = f"HTTP/1.1 {status} X\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n".encode()
    with receiving(answering(answer), authority.server_context("hooks.example.com")) as receiver:
        network = Network(receiver.port, [PUBLIC])
        assert network.sender(authority).post(HOOK, b"{}", {}) == status
    assert (receiver.connections, network.dialled) == (1, [PUBLIC])


def test_the_certificate_must_match_the_host(authority: Authority) -> None:
    with receiving(answering(OK), authority.server_context("other.example.com")) as receiver:
        with pytest.raises(DeliveryError, match="certificate"):
            Network(receiver.port, [PUBLIC]).sender(authority).post(HOOK, b"{}", {})
        assert receiver.received == b"", "nothing is sent to an unverified server"


def test_the_certificate_must_be_of_a_known_authority(authority: Authority, tmp_path: Path) -> None:
    with (
        receiving(answering(OK), Authority(tmp_path).server_context("hooks.example.com")) as receiver,
        pytest.raises(DeliveryError, match="certificate"),
    ):
        Network(receiver.port, [PUBLIC]).sender(authority).post(HOOK, b"{}", {})


def test_the_next_address_is_tried_after_a_failure(authority: Authority) -> None:
    with receiving(answering(OK), authority.server_context("hooks.example.com")) as receiver:
        network = Network(receiver.port, ["2606:4700::1", "1.1.1.1", PUBLIC])
        answers = network.dial

        def dial(address: str, port: int, seconds: float) -> socket.socket:
            connection = answers(address, port, seconds)
            if address == "1.1.1.1":
                connection.close()
                raise ConnectionRefusedError(111, "Connection refused")
            return connection

        sender = Sender(network.resolve, dial, authority.client_context)
        assert sender.post(HOOK, b"{}", {}) == 200
    assert network.dialled == ["1.1.1.1", PUBLIC], "IPv4 first"


def trickle(connection: socket.socket) -> None:
    """Send a byte now and then, so that no single read times out."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x" * 200:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def trickle_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.05)


def continue_for_ever(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("script", [trickle, trickle_headers, continue_for_ever, lambda _: time.sleep(2)])
def test_slow_responses_are_cut_off(authority: Authority, script: Script) -> None:
    with receiving(script, authority.server_context("hooks.example.com")) as receiver:
        before = time.monotonic()
        with pytest.raises(DeliveryError, match="in time"):
            Network(receiver.port, [PUBLIC]).sender(authority, total_seconds=0.6).post(HOOK, b"{}", {})
        assert time.monotonic() - before < 4


@pytest.mark.parametrize(
    "answer",
    [b"", b"hello\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, b"\0" * 70000],
)
def test_an_invalid_response_fails(authority: Authority, answer: bytes) -> None:
    with (
        receiving(answering(answer), authority.server_context("hooks.example.com")) as receiver,
        pytest.raises(DeliveryError) as caught,
    ):
        Network(receiver.port, [PUBLIC]).sender(authority).post(HOOK, b"{}", {})
    assert "hello" not in str(caught.value), "data from the receiver is not logged"


def test_the_response_body_is_not_read(authority: Authority) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with receiving(answering(endless), authority.server_context("hooks.example.com")) as receiver:
        assert Network(receiver.port, [PUBLIC]).sender(authority).post(HOOK, b"{}", {}) == 200


def test_a_local_receiver() -> None:
    with receiving(answering(OK)) as receiver:
        destination = parse(f"http://localhost:{receiver.port}/x", allow_local=True)
        assert Sender().post(destination, b"{}", {}) == 200


def test_a_local_name_with_a_public_address_is_refused() -> None:
    destination = parse("http://localhost:9/x", allow_local=True)
    with pytest.raises(DestinationError):
        Sender(resolve=lambda _host, _port: [PUBLIC]).post(destination, b"{}", {})
