"""`training.launch train`: the request that SageMaker receives, and refused options."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.launch.conftest import BUCKET, IMAGE, REGION, ROOT, Account, check_refused, write_recipe
from training.sagemaker.job import METRICS, Job, hyperparameters

TrainCommand = tuple[str, ...]
ROLE_ARN = "arn:aws:iam::123456789012:role/TrainingRole"


@pytest.fixture(scope="module")
def job(account: Account, train_command: TrainCommand) -> str:
    """Name of a job launched with every option."""
    done = account.launch(*train_command)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"video-sentiment-trial-\d{14}\n", done.stdout), done.stdout
    return done.stdout.strip()


@pytest.fixture(scope="module")
def request_body(account: Account, job: str) -> dict[str, Any]:
    (body,) = [body for body in account.arrived("CreateTrainingJob") if body["TrainingJobName"] == job]
    return body


def test_the_job_has_all_requested_options(account: Account, job: str, recipe: Path) -> None:
    """Compare with `describe_training_job`; moto drops the environment and the metrics, see the next test."""
    found = account.client("sagemaker").describe_training_job(TrainingJobName=job)
    assert found["RoleArn"] == ROLE_ARN
    assert found["AlgorithmSpecification"]["TrainingImage"] == IMAGE
    assert found["AlgorithmSpecification"]["TrainingInputMode"] == "File"
    assert found["ResourceConfig"] == {"InstanceType": "ml.g5.12xlarge", "InstanceCount": 2, "VolumeSizeInGB": 250}
    assert found["EnableManagedSpotTraining"] is True
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 10800, "MaxWaitTimeInSeconds": 27000}
    assert found["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
    place = f"s3://{BUCKET}/video-sentiment/trial"
    assert re.fullmatch(rf"{place}/checkpoints/[0-9a-f]{{12}}", found["CheckpointConfig"]["S3Uri"])
    assert found["OutputDataConfig"]["S3OutputPath"] == f"{place}/output"
    assert found["HyperParameters"] == hyperparameters(recipe)
    tags = account.client("sagemaker").list_tags(ResourceArn=found["TrainingJobArn"])["Tags"]
    values = {tag["Key"]: tag["Value"] for tag in tags}
    assert values.pop("commit")
    assert values == {"project": "video-sentiment", "run": "trial", "team": "speech", "cost-center": "a=b"}


def test_metrics_and_environment_arrive(request_body: dict[str, Any]) -> None:
    metrics = request_body["AlgorithmSpecification"]["MetricDefinitions"]
    assert {m["Name"]: m["Regex"] for m in metrics} == METRICS
    environment = dict(request_body["Environment"])
    assert environment.pop("VIDEO_SENTIMENT_COMMIT")
    assert environment == {
        "VIDEO_SENTIMENT_RECIPE": "training/small.toml",
        "VIDEO_SENTIMENT_WORK": "/opt/ml/checkpoints",
    }


def test_the_channels_hold_data_code_and_distribution(
    account: Account, request_body: dict[str, Any], recipe: Path, tmp_path: Path
) -> None:
    places = channels(request_body)
    assert list(places) == ["corpora", "code", "sm_drivers"]
    assert places["corpora"] == f"s3://{BUCKET}/corpora/", "without the slash, corpora-old would be included"
    code = account.fetch(places["code"], tmp_path / "code")
    assert (code / "training" / "small.toml").read_bytes() == recipe.read_bytes()
    assert (code / "model" / "contract.py").read_bytes() == (ROOT / "model" / "contract.py").read_bytes()
    assert not list(code.rglob("__pycache__")) and not (code / "model" / "bundles").exists()
    drivers = account.fetch(places["sm_drivers"], tmp_path / "drivers")
    source = json.loads((drivers / "sourcecode.json").read_text())
    assert source["entry_script"] == "training/in_sagemaker.py" and (code / source["entry_script"]).is_file()
    assert json.loads((drivers / "distributed.json").read_text())["process_count_per_node"] is None, "one per GPU"
    assert "torchrun_driver.py" in (drivers / "sm_train.sh").read_text()


def test_a_dry_run_prints_the_request_and_sends_nothing(
    account: Account, request_body: dict[str, Any], train_command: TrainCommand
) -> None:
    jobs = len(account.arrived("CreateTrainingJob"))
    objects = account.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"]
    done = account.launch(*train_command, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert without_time(json.loads(done.stdout)) == without_time(request_body)
    assert len(account.arrived("CreateTrainingJob")) == jobs
    assert account.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == objects


def test_a_dry_run_needs_no_account(account: Account, train_command: TrainCommand) -> None:
    done = account.launch(
        *train_command, "--role", ROLE_ARN, "--region", REGION, "--dry-run",
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_ENDPOINT_URL="", AWS_DEFAULT_REGION="",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["RoleArn"] == ROLE_ARN


def test_on_demand_on_one_cpu(account: Account, train_command: TrainCommand) -> None:
    done = account.launch(
        *train_command, "--on-demand", "--instance", "ml.c6i.4xlarge", "--instances", "1", "--dry-run"
    )
    request = json.loads(done.stdout)
    assert request["EnableManagedSpotTraining"] is False
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 10800}, "AWS refuses a wait time without spot"


def test_amazons_container_installs_the_lock(account: Account, train_command: TrainCommand, tmp_path: Path) -> None:
    done = account.launch(*train_command, "--image", "pytorch", "--run", "amazon")
    assert done.returncode == 0, done.stderr
    request = account.arrived("CreateTrainingJob")[-1]
    image = request["AlgorithmSpecification"]["TrainingImage"]
    assert re.fullmatch(rf"\d+\.dkr\.ecr\.{REGION}\.amazonaws\.com/pytorch-training:[\d.]+-gpu-py3\d+", image), image
    code = account.fetch(channels(request)["code"], tmp_path / "code")
    drivers = account.fetch(channels(request)["sm_drivers"], tmp_path / "drivers")
    assert "install_requirements.py requirements/train.txt" in (drivers / "sm_train.sh").read_text()
    assert (code / "requirements" / "train.txt").read_bytes() == (ROOT / "requirements" / "train.txt").read_bytes()


def test_checkpoints_are_found_again_by_the_same_recipe_and_data_only(
    account: Account, train_command: TrainCommand, tmp_path: Path
) -> None:
    changed = write_recipe(tmp_path / "small.toml", licence="Another")
    variations = [(), ("--recipe", str(changed)), ("--data", f"s3://{BUCKET}/other"), ("--instances", "1")]
    requests = [json.loads(account.launch(*train_command, *options, "--dry-run").stdout) for options in variations]
    first, other_recipe, other_data, other_machines = (r["CheckpointConfig"]["S3Uri"] for r in requests)
    assert len({first, other_recipe, other_data}) == 3
    assert other_machines == first


def test_the_sdk_sends_no_telemetry(account: Account, train_command: TrainCommand) -> None:
    """Requests to any other host would go through the proxy, which must not receive any."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        done = account.launch(*train_command, "--run", "quiet", HTTPS_PROXY=address, HTTP_PROXY=address)
        assert done.returncode == 0, done.stderr
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (("--role", ""), {}, "no role"),
        (("--role", "NoSuchRole"), {}, "NoSuchRole"),
        (("--recipe", "missing.toml"), {}, "missing.toml: No such file"),
        (("--recipe", "README.md"), {}, "recipe README.md"),
        (("--recipe", "pyproject.toml"), {}, "recipe pyproject.toml: name: Field required"),
        (("--data", "/home/me/corpora"), {}, "not an S3 address"),
        (("--data", "s3://no-such-bucket/corpora"), {}, "its bucket does not exist"),
        (("--data", f"s3://{BUCKET}/corpora/faces"), {}, "it has no folder faces/"),
        (("--bucket", "no-such-bucket"), {}, "bucket no-such-bucket: it does not exist"),
        (("--run", "My Run"), {}, "run name"),
        (("--tag", "nothing"), {}, "not KEY=VALUE"),
        (("--max-wait-hours", "1"), {}, "--max-wait-hours"),
        ((), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials"),
        ((), {"AWS_DEFAULT_REGION": ""}, "no AWS region"),
        ((), {"AWS_PROFILE": "nobody"}, "nobody"),
        ((), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
    ],
)
def test_invalid_options_are_reported_in_one_line(
    account: Account, train_command: TrainCommand, options: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = account.launch(*train_command, *options, **environment)
    check_refused(done, message)


def test_metrics_are_found_in_the_line_that_training_prints() -> None:
    line = "metric epoch=3 loss=1.2345 dev_weighted_f1=0.5873 dev_sentiment_weighted_f1=0.6921"
    found = {name: re.findall(regex, line) for name, regex in METRICS.items()}
    assert found == {
        "epoch": ["3"],
        "loss": ["1.2345"],
        "dev_weighted_f1": ["0.5873"],
        "dev_sentiment_weighted_f1": ["0.6921"],
    }
    assert re.findall(METRICS["loss"], "metric epoch=12 loss=9.1e-05 dev_weighted_f1=0.5") == ["9.1e-05"]
    assert not any(re.search(regex, "epoch 3 of 4: loss=1.2") for regex in METRICS.values())


def test_hyperparameters_are_the_recipes_fields(recipe: Path, tmp_path: Path) -> None:
    flat = hyperparameters(recipe)
    assert flat["seed"] == "7" and flat["corpora_ravdess_epochs"] == "30" and flat["face_learning_rate"] == "0.003"
    assert len(flat) == 18
    odd = tmp_path / "odd.toml"
    odd.write_text('licence = "MELD\'s own"\n[text]\nfrozen = true\nsizes = [1, 2]\n')
    assert hyperparameters(odd) == {"licence": "MELD\u2019s own", "text_frozen": "true", "text_sizes": "[1, 2]"}


@pytest.mark.parametrize("path", sorted((ROOT / "training").glob("*.toml")), ids=lambda path: path.name)
def test_every_recipe_of_the_project_can_be_launched(path: Path) -> None:
    job = Job(path, f"s3://{BUCKET}/corpora", IMAGE, ROLE_ARN, BUCKET, "ml.g5.2xlarge")
    assert job.hyperparameters["name"] == job.loaded_recipe.name
    assert len(f"{job.name}-20260101000000") <= 63, "SageMaker's limit for a job's name"


def channels(request: dict[str, Any]) -> dict[str, str]:
    return {c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in request["InputDataConfig"]}


def without_time(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request without the timestamp in the job's name and in S3 URIs that contain it."""
    cleaned: dict[str, Any] = json.loads(re.sub(r"-\d{14}\b", "-TIME", json.dumps(request)))
    return cleaned
