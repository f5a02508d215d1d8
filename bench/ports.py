"""Ports for what is started here for a while: by the bench, and by the tests."""

import contextlib
import secrets
import socket

# Below those that systems give to outgoing connections: one of these may be taken again before anybody listens on it.
PORTS = range(20_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on; never the same twice."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
