"""Settings of a local product, read once from the command line: state folder, ports and what it deploys."""

from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"  # nothing is reachable from other machines
HOST_IPV6 = "::1"  # `localhost` as well; nothing of ours is there
STAGE = "local"
ACCOUNT = "000000000000"  # the emulator's
REGION = "us-east-1"
ENDPOINT_NAME = "video-sentiment-local"


@dataclass(frozen=True)
class Ports:
    """TCP ports of one product on the loopback interface. Its other parts use Unix sockets (local/sockets.py)."""

    web: int = 8080
    emulator: int = 4580  # not 4566, where an emulator is looked for

    def named(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class LocalSettings:
    """Everything that the operator of a local product can configure."""

    state: Path = ROOT / ".local"
    ports: Ports = Ports()
    enforce_iam: bool = False  # the emulator checks signatures and policies as AWS does
    bundle: str | None = None  # a trained bundle; None: the starter
    transcriber: str | None = None  # None: the server's default
    context: tuple[str, ...] = ()  # NAME=VALUE, more for the stacks

    @property
    def web_url(self) -> str:
        return f"http://localhost:{self.ports.web}"

    @property
    def web_address(self) -> str:
        """The web origin for our own processes, by address: a host name might resolve to somewhere else."""
        return f"http://{HOST}:{self.ports.web}"

    @property
    def emulator_url(self) -> str:
        """The emulator's one address for browsers, Lambdas and the model server alike, as presigned URLs require.

        The guard (local/guard) answers there.
        """
        return f"http://{HOST}:{self.ports.emulator}"

    @property
    def web_origins(self) -> tuple[str, ...]:
        """The origins under which browsers may address the web origin."""
        return self.web_url, self.web_address

    def log(self, name: str) -> Path:
        """Return the path of the log file of a part of the product."""
        return self.state / "logs" / f"{name}.log"
