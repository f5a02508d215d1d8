"""training/Dockerfile, checked without Docker: its files exist and suffice, and its commands exist."""

import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from model.contract import JSON_TYPE, MEDIA_TYPES
from model.weights import catalog
from tests.model.serving import ROOT, instructions, lay_out_image
from training.in_sagemaker import arguments
from training.recipe import Recipe
from training.sagemaker.registry import CONTENT_TYPES

DOCKERFILE = (ROOT / "training" / "Dockerfile").read_text()


def test_it_copies_exactly_the_files_of_its_context() -> None:
    ignored = (ROOT / "training" / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line[:1] == "!"}
    copied = {pattern for line in instructions("COPY", DOCKERFILE) for pattern in line.split()[:-1]}
    assert all(any(fnmatch(pattern, a) or pattern.startswith(f"{a}/") for a in allowed) for pattern in copied)
    assert allowed <= copied


def test_its_dependency_group_exists() -> None:
    [setup] = [line for line in instructions("RUN", DOCKERFILE) if "setup.py" in line]
    group = setup.split()[-1]
    assert f"requirements/{group}.txt" in DOCKERFILE and (ROOT / "requirements" / f"{group}.txt").is_file()


def test_the_weights_it_fetches_exist() -> None:
    [names] = [line.removeprefix("WEIGHTS=") for line in instructions("ARG", DOCKERFILE) if "WEIGHTS" in line]
    fetched = set(names.strip('"').split())
    assert fetched <= set(catalog.CATALOG)
    plans = [Recipe.read(ROOT / "training" / f"{name}.toml") for name in ("starter", "full")]
    sections = [section for plan in plans for section in plan.sections().values()]
    assert fetched >= {s.public_encoder for s in sections if s.public_encoder is not None}
    assert any(line == "video-sentiment weights fetch $WEIGHTS" for line in instructions("RUN", DOCKERFILE))


def test_the_files_it_copies_can_train(tmp_path: Path) -> None:
    """The entry point runs on a copy of only these files, with every option that a job passes."""
    image = lay_out_image(tmp_path, DOCKERFILE)
    [entry] = instructions("ENTRYPOINT", DOCKERFILE)
    python, *module = json.loads(entry)
    assert python == "python"
    environment = os.environ | {"PYTHONPATH": str(image), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, *module, "--help"], cwd=image, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    job = {"VIDEO_SENTIMENT_RECIPE": "r", "SM_CHANNEL_CORPORA": "d", "SM_MODEL_DIR": "o", "VIDEO_SENTIMENT_WORK": "w"}
    for option in arguments(job)[::2]:
        assert option in done.stdout


def test_the_registry_lists_the_content_types_of_the_server() -> None:
    assert (*MEDIA_TYPES, JSON_TYPE) == CONTENT_TYPES
