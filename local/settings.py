"""What a local product is made of: where its state lies and which ports it takes. Read once, from the command line."""

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
    """Of one product, on the loopback interface. The other parts listen at Unix sockets (local/sockets.py)."""

    web: int = 8080
    emulator: int = 4580  # not 4566, where an emulator is looked for

    def named(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class LocalSettings:
    """Everything that an operator of a local product may decide."""

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
        """The web origin as our own processes reach it: where a name leads may be somebody else's to say."""
        return f"http://{HOST}:{self.ports.web}"

    @property
    def emulator_url(self) -> str:
        """As browsers, Lambdas and the model server all see it: presigned URLs must work for each of them.

        The guard (local/guard) answers there.
        """
        return f"http://{HOST}:{self.ports.emulator}"

    @property
    def web_origins(self) -> tuple[str, ...]:
        """The web origin as browsers may name it."""
        return self.web_url, self.web_address

    def log(self, name: str) -> Path:
        """The file that a part of the product writes its log to."""
        return self.state / "logs" / f"{name}.log"
