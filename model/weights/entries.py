"""Entries of the catalog of public weights: the files of one model, and where they come from.

Data alone, fetched and verified by `model.weights.catalog`. Encoders and transcribers declare theirs in the
`__init__` of `model.modalities` and `model.asr`, so this imports nothing: recipes and `--help` must not wait for torch.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Url:
    """A file at an address of its own."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Wheels:
    """Members of wheels in the Python registry; where there are several, the file is their concatenation."""

    parts: tuple[tuple[str, str, str], ...]  # package, version, member

    def __str__(self) -> str:
        return "Python registry: " + ", ".join(f"{package} {version}" for package, version, _ in self.parts)


@dataclass(frozen=True)
class Zipped:
    """A member of a zip archive that comes from another source."""

    archive: "Source"
    member: str

    def __str__(self) -> str:
        return f"{self.member} in {self.archive}"


Source: TypeAlias = Url | Wheels | Zipped


@dataclass(frozen=True)
class File:
    name: str
    sha256: str
    sources: tuple[Source, ...]  # tried in order, the official one first


@dataclass(frozen=True)
class Weights:
    """Files that belong together: one model."""

    name: str
    purpose: str
    licence: str
    files: tuple[File, ...]


def hub(repository: str, name: str) -> Url:
    """A file of a repository on Hugging Face."""
    return Url(f"https://huggingface.co/{repository}/resolve/main/{name}")


def wheel(package: str, version: str, *members: str) -> Wheels:
    """Members of one wheel."""
    return Wheels(tuple((package, version, member) for member in members))
