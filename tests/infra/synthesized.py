"""Synthesized templates of a stage, with queries for tests."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
# Proxy address on which nothing listens, so that no request leaves the machine.
NOWHERE = "http://127.0.0.1:9"
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")

Resource = Mapping[str, Any]


def bare_environment(home: Path) -> dict[str, str]:
    """Return an environment without credentials, region or network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    python = Path(sys.executable).parent
    paths = {"HOME": str(home), "PATH": f"{python}:{os.environ['PATH']}", "AWS_EC2_METADATA_DISABLED": "true"}
    return kept | dict.fromkeys(PROXIES, NOWHERE) | paths | {"CDK_DISABLE_CLI_TELEMETRY": "true"}


def synthesize(out: Path, **context: Any) -> "Stage":
    """Run app.py as the CDK command line does, but without its overhead."""
    given = {**json.loads((ROOT / "cdk.json").read_text())["context"], **context}
    environment = bare_environment(out.parent) | {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(given)}
    command = [sys.executable, "app.py"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(run.stdout + run.stderr)
    return Stage.read(out)


@dataclass(frozen=True)
class Stage:
    """Templates by the last part of the stack's name: Data, App, Inference."""

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]
    depends: Mapping[str, set[str]]

    @classmethod
    def read(cls, folder: Path) -> "Stage":
        artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
        stacks = {name: a for name, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
        return cls(
            folder,
            {_part(n): json.loads((folder / a["properties"]["templateFile"]).read_text()) for n, a in stacks.items()},
            {_part(n): {_part(d) for d in a.get("dependencies", []) if d in stacks} for n, a in stacks.items()},
        )

    def resources(self, kind: str, stack: str | None = None) -> dict[str, Resource]:
        """Return the properties of all resources of a type, by logical id."""
        return {name: r.get("Properties", {}) for name, r in self.full_resources(kind, stack).items()}

    def full_resources(self, kind: str, stack: str | None = None) -> dict[str, Resource]:
        """Return the resources of a type with their attributes (DeletionPolicy, DependsOn, Metadata)."""
        chosen = [self.templates[stack]] if stack else self.templates.values()
        return {n: r for t in chosen for n, r in t["Resources"].items() if r["Type"] == kind}

    def function(self, name: str) -> Resource:
        """Return one of our Lambdas, by its package's name."""
        (found,) = (
            f for f in self.resources("AWS::Lambda::Function").values() if f["Handler"].startswith(f"lambdas.{name}.")
        )
        return found

    def functions(self) -> dict[str, Resource]:
        """Return all of our Lambdas, by logical id."""
        found = self.resources("AWS::Lambda::Function")
        return {name: f for name, f in found.items() if f["Handler"].startswith("lambdas.")}

    def statements(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield every statement of every role's policies, with the logical id of the resource that contains it."""
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"):
            for name, properties in self.resources(kind).items():
                documents = [p["PolicyDocument"] for p in properties.get("Policies", [])]
                documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
                yield from ((name, statement) for document in documents for statement in document["Statement"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """Return a template value as text, with joins resolved and references as ${ID}."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(flat, value))
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return str(flat(argument[0])).join(map(flat, argument[1]))
    if function == "Fn::ImportValue":
        return f"${{{flat(argument)}}}"
    return f"${{{flat(argument)}}}" if function in ("Ref", "Fn::GetAtt") else json.dumps(value)


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item[0] if isinstance(item, list) else item.partition(".")[0]
            else:
                yield from references(item)


def _part(name: str) -> str:
    return name.rpartition("-")[2]
