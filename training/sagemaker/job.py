"""Definition of a SageMaker training job as plain values, without AWS or its SDK; `training.launch` submits it."""

import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from training.recipe import Recipe, RecipeError
from training.revision import COMMIT_VARIABLE, commit

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "video-sentiment"
CHANNEL = "corpora"  # the input channel: /opt/ml/input/data/corpora holds the folders that the recipe names
CHECKPOINTS = "/opt/ml/checkpoints"  # SageMaker synchronizes this folder with S3
ENTRY_SCRIPT = "training/in_sagemaker.py"
REQUIREMENTS = "requirements/train.txt"
CODE = ("common", "model", "training", REQUIREMENTS, "pyproject.toml")  # parts of the checkout that the job gets

# `training.train` prints once per epoch:
#     metric epoch=3 loss=1.2345 dev_weighted_f1=0.5873 dev_sentiment_weighted_f1=0.6921
# SageMaker matches these in each log line. The space before a name prevents matching the end of another name.
NUMBER = r"([-+.0-9eE]+)"
METRICS: dict[str, str] = {
    "epoch": rf"metric epoch={NUMBER}",
    "loss": rf"metric .* loss={NUMBER}",
    "dev_weighted_f1": rf"metric .* dev_weighted_f1={NUMBER}",
    "dev_sentiment_weighted_f1": rf"metric .* dev_sentiment_weighted_f1={NUMBER}",
}

MAX_HYPERPARAMETERS, MAX_VALUE = 100, 2500  # limits of CreateTrainingJob; the second in characters
RUN_NAME = re.compile(r"[a-z0-9](-?[a-z0-9]){0,23}")
S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")


class LaunchError(ValueError):
    """The request is invalid. The message is one line with the reason and what to do."""


@dataclass(frozen=True)
class Job:
    """One training job. Times in seconds, the volume in GB (10^9 bytes), `data` and `bucket` in S3."""

    recipe: Path
    data: str
    image: str
    role: str
    bucket: str
    instance: str
    run: str = ""
    instances: int = 1
    volume: int = 100
    spot: bool = True
    max_run: int = 12 * 3600
    max_wait: int = 24 * 3600
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        recipe = self.loaded_recipe
        if not self.run:
            object.__setattr__(self, "run", recipe.name)
        if not RUN_NAME.fullmatch(self.run):
            raise LaunchError(f"run name {self.run!r} must be up to 24 of a-z, 0-9 and single inner hyphens")
        if not S3_URI.fullmatch(self.data):
            raise LaunchError(f"data {self.data!r} is not an S3 address like s3://bucket/corpora")
        # SageMaker uses this as a key prefix: without the slash it would match corpora-old/ as well.
        object.__setattr__(self, "data", f"{self.data.rstrip('/')}/")
        if self.spot and self.max_wait < self.max_run:
            raise LaunchError(
                "--max-wait-hours includes the training time of a spot job: it must not be below --max-hours"
            )

    @property
    def loaded_recipe(self) -> Recipe:
        return read_recipe(self.recipe)

    @property
    def name(self) -> str:
        """Common prefix of the names of this run's jobs; the SDK appends the time."""
        return f"{PROJECT}-{self.run}"

    @property
    def distributed(self) -> bool:
        """True if torchrun starts the job, with one process per GPU on all instances."""
        return self.instance.startswith(("ml.g", "ml.p")) or self.instances > 1

    @property
    def output(self) -> str:
        """S3 folder under which {job name}/output/model.tar.gz is written."""
        return f"s3://{self.bucket}/{PROJECT}/{self.run}/output"

    @property
    def checkpoints(self) -> str:
        """S3 folder of the checkpoints, from which later jobs with the same recipe and data resume."""
        digest = sha256(self.recipe.read_bytes() + b"\0" + self.data.encode()).hexdigest()
        return f"s3://{self.bucket}/{PROJECT}/{self.run}/checkpoints/{digest[:12]}"

    @property
    def hyperparameters(self) -> dict[str, str]:
        return hyperparameters(self.recipe)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that `training.in_sagemaker` reads, besides SageMaker's own."""
        return {
            "VIDEO_SENTIMENT_RECIPE": f"training/{self.recipe.name}",
            "VIDEO_SENTIMENT_WORK": CHECKPOINTS,
            COMMIT_VARIABLE: commit(),
        }

    @property
    def all_tags(self) -> dict[str, str]:
        return {"project": PROJECT, "run": self.run, "commit": commit(), **self.tags}


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises LaunchError with one line if it is missing or invalid."""
    try:
        return Recipe.read(path)
    except RecipeError as error:
        raise LaunchError(f"recipe {path}: {error}") from error


def hyperparameters(recipe: Path) -> dict[str, str]:
    """Flatten a recipe's fields for the record: `epochs` of [text] becomes `text_epochs`.

    The SDK's drivers export each as a quoted shell variable, so names have no dots and values no apostrophes. The job
    trains from the recipe's file.
    """
    flat = {name: value.replace("'", "\u2019") for name, value in _flatten(tomllib.loads(recipe.read_text("utf-8")))}
    if len(flat) > MAX_HYPERPARAMETERS:
        raise LaunchError(f"recipe {recipe}: {len(flat)} fields; SageMaker takes {MAX_HYPERPARAMETERS}")
    if long := [name for name, value in flat.items() if len(value) > MAX_VALUE]:
        raise LaunchError(f"recipe {recipe}: {long[0]} is longer than the {MAX_VALUE} characters SageMaker takes")
    return flat


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}".replace("-", "_")
        if isinstance(value, dict):
            found += _flatten(value, f"{name}_")
        else:
            found.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return found


def stage_code(job: Job, folder: Path) -> Path:
    """Copy the job's code to `folder`: the checkout's, with the recipe at `training/NAME`."""
    for name in CODE:
        source, target = ROOT / name, folder / name
        if source.is_dir():  # bundles are outputs of training
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "bundles"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    shutil.copy2(job.recipe, folder / job.environment["VIDEO_SENTIMENT_RECIPE"])
    return folder
