"""Settings of a local product, given on the command line: state folder, ports and deployment options."""

from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"  # nothing is reachable from other machines
HOST_IPV6 = "::1"  # the other address of `localhost`, on which nothing of ours listens
STAGE = "local"
ACCOUNT = "000000000000"  # the emulator's
REGION = "us-east-1"
ENDPOINT_NAME = "video-sentiment-local"


@dataclass(frozen=True)
class Ports:
    """TCP ports of one product on the loopback interface. Its other parts use Unix sockets (local/sockets.py)."""

    web: int = 8080
    emulator: int = 4580  # not 4566, the well-known port of AWS emulators

    def named(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class LocalSettings:
    """Settings of a local product."""

    state: Path = ROOT / ".local"
    ports: Ports = Ports()
    enforce_iam: bool = False  # the emulator checks signatures and policies as AWS does
    bundle: str | None = None  # trained bundle; None: the starter
    transcriber: str | None = None  # None: the server's default
    context: tuple[str, ...] = ()  # NAME=VALUE, additional CDK context

    @property
    def web_url(self) -> str:
        return f"http://localhost:{self.ports.web}"

    @property
    def web_address(self) -> str:
        """URL of the web origin for our own processes, by address, since a host name may resolve to another one."""
        return f"http://{HOST}:{self.ports.web}"

    @property
    def emulator_url(self) -> str:
        """URL of the emulator, the same for browsers, Lambdas and the model server, as presigned URLs require.

        The guard (local/guard) listens there.
        """
        return f"http://{HOST}:{self.ports.emulator}"

    @property
    def web_origins(self) -> tuple[str, ...]:
        """Origins under which browsers may use the web origin."""
        return self.web_url, self.web_address

    def log(self, name: str) -> Path:
        """Return the path of the log file of a part of the product, by its name."""
        return self.state / "logs" / f"{name}.log"
