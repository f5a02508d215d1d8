"""Training job as SageMaker runs it: the uploaded code and scripts, in a container's folder layout."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.launch.conftest import BUCKET, FOLDERS, ROOT, Account
from training.sagemaker.job import METRICS
from training.sagemaker.registry import BUNDLE_FILES

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
RECIPE = """
name = "faces"
version = "0.1.0"
licence = "Research only: it's small"
seed = 7
[corpora.fer2013]
folder = "faces"
epochs = 2
batch = 16
[face]
corpus = "fer2013"
width = 32
learning_rate = 3e-3
head_learning_rate = 3e-3
"""


class Container:
    """File system of a training container, with `root` in the place of / (only /opt/ml is used)."""

    def __init__(self, root: Path, account: Account, request: dict[str, Any]) -> None:
        self.ml = root / "opt" / "ml"
        self.request = request
        for channel in request["InputDataConfig"]:
            place = channel["DataSource"]["S3DataSource"]["S3Uri"]
            account.fetch(place, self.ml / "input" / "data" / channel["ChannelName"])
        for script in (self.ml / "input" / "data" / "sm_drivers").rglob("*"):
            if script.suffix in (".py", ".sh"):
                script.write_text(script.read_text().replace("/opt/ml", str(self.ml)))
        for folder in ("model", "checkpoints", "output/data", "input/config"):
            (self.ml / folder).mkdir(parents=True)
        self._configure()

    def _configure(self) -> None:
        hosts = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}
        hosts["current_instance_type"] = self.request["ResourceConfig"]["InstanceType"]
        channels: dict[str, object] = {channel["ChannelName"]: {} for channel in self.request["InputDataConfig"]}
        contents = {
            "resourceconfig": hosts,
            "inputdataconfig": channels,
            "hyperparameters": self.request["HyperParameters"],
        }
        for name, content in contents.items():
            (self.ml / "input" / "config" / f"{name}.json").write_text(json.dumps(content))

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run SageMaker's entry script with the packages of `.venv` in the place of the training image."""
        environment = {name: v.replace("/opt/ml", str(self.ml)) for name, v in self.request["Environment"].items()}
        environment |= {"TRAINING_JOB_NAME": self.request["TrainingJobName"], "HOME": os.environ["HOME"]}
        environment |= {"PATH": f"{ROOT / '.venv' / 'bin'}:/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            ["/bin/bash", self.ml / "input" / "data" / "sm_drivers" / "sm_train.sh"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def container(account: Account, train_command: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Container:
    """A job launched as for a GPU, and so by torchrun, on a corpus that trains in seconds."""
    folder = tmp_path_factory.mktemp("container")
    recipe = folder / "faces.toml"
    recipe.write_text(RECIPE)
    upload_faces(account, folder)
    data = f"s3://{BUCKET}/drawn"
    done = account.launch(*train_command, "--recipe", str(recipe), "--data", data, "--run", "faces", "--instances", "1")
    assert done.returncode == 0, done.stderr
    return Container(folder / "root", account, account.arrived("CreateTrainingJob")[-1])


def upload_faces(account: Account, folder: Path) -> None:
    """Upload a corpus in FER2013's format, in which each class is a bar at a different height, with noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(140) % 7
    images = rng.integers(0, 90, (140, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 6] = 250
    for name in ("train.npz", "validation.npz"):
        np.savez(folder / name, images=images, labels=labels, classes=np.array(EMOTIONS))
        account.client("s3").upload_file(str(folder / name), BUCKET, f"drawn/{FOLDERS[0]}/{name}")


def test_the_job_trains_prints_its_metrics_and_writes_a_bundle(container: Container) -> None:
    done = container.run()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert {path.name for path in (container.ml / "model").iterdir()} >= set(BUNDLE_FILES)
    assert re.findall(METRICS["epoch"], done.stdout) == ["1", "2"]
    for name in ("loss", "dev_weighted_f1"):
        assert len(re.findall(METRICS[name], done.stdout)) == 2, name
    assert any((container.ml / "checkpoints").rglob("*"))
    config = json.loads((container.ml / "model" / "config.json").read_text())
    assert config["training"]["commit"] == container.request["Environment"]["VIDEO_SENTIMENT_COMMIT"]


def test_a_restarted_job_resumes_from_its_checkpoints(container: Container) -> None:
    """SageMaker restores /opt/ml/checkpoints; /opt/ml/model is empty again."""
    for path in (container.ml / "model").iterdir():
        path.unlink()
    done = container.run()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.findall(METRICS["epoch"], done.stdout) == [], "both epochs were done before"
    assert {path.name for path in (container.ml / "model").iterdir()} >= set(BUNDLE_FILES)
