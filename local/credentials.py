"""Credentials by which the processes of one run authenticate to the emulator; every start generates new ones."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from local.errors import LocalError
from local.files import write_atomic

FILE = "credentials.json"  # in the state folder; readable only by the user who started the product


@dataclass(frozen=True)
class Credentials:
    """Credentials of one run.

    `endpoint_url` is the emulator's; `token` authenticates requests that cannot be signed (local/guard/rules.py).
    """

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    token: str

    @classmethod
    def new(cls, endpoint_url: str) -> "Credentials":
        """Generate the credentials of a new run. The access key has the form of an AWS one."""
        key = base64.b32encode(secrets.token_bytes(10)).decode()
        return cls(endpoint_url, f"AKIA{key}", secrets.token_urlsafe(30), secrets.token_urlsafe(32))

    @classmethod
    def read(cls, state: Path) -> "Credentials":
        """Read the credentials of the run that uses this state folder.

        Raises LocalError when no product was started there.
        """
        try:
            return cls(**json.loads((state / FILE).read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise LocalError(f"no product was started with its data in {state}; start one with `make up`") from error

    def write(self, state: Path) -> None:
        """Save them, readable by the current user only, for the run's other processes."""
        write_atomic(state / FILE, json.dumps(asdict(self)), mode=0o600)

    def environment(self) -> dict[str, str]:
        """Return the access key as the environment variables that AWS SDKs read."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
