"""What the processes of one run prove themselves with to the emulator: made anew by each start."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from local.files import write_whole
from local.problems import LocalError

FILE = "credentials.json"  # in the state folder; whoever may read it is whoever started the product


@dataclass(frozen=True)
class Credentials:
    """`endpoint_url`: the emulator's; `token` goes with requests that cannot be signed (local/guard/rules.py)."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    token: str

    @classmethod
    def new(cls, endpoint_url: str) -> "Credentials":
        """Of a run that begins now. The key looks like one of AWS's."""
        key = base64.b32encode(secrets.token_bytes(10)).decode()
        return cls(endpoint_url, f"AKIA{key}", secrets.token_urlsafe(30), secrets.token_urlsafe(32))

    @classmethod
    def read(cls, state: Path) -> "Credentials":
        """Of the run that has this state folder. Raises LocalError where none ever had."""
        try:
            return cls(**json.loads((state / FILE).read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise LocalError(f"no product was started with its data in {state}; `make up` starts one") from error

    def write(self, state: Path) -> None:
        """Keep them for other processes of the same user."""
        write_whole(state / FILE, json.dumps(asdict(self)), mode=0o600)

    def environment(self) -> dict[str, str]:
        """The key, as AWS's SDKs read it."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
