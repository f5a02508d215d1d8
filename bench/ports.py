"""Free TCP ports for servers that benchmarks and tests start."""

import contextlib
import secrets
import socket

# Below the ephemeral range, from which the system may assign a port before the server listens on it.
PORTS = range(20_000, 32_000)
_used: set[int] = set()


def free_port() -> int:
    """Return a free port of the loopback interface, never the same twice."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _used:
                _used.add(port)
                return port
