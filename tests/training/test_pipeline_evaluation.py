"""Evaluation of labeled videos by the predictions of `analyze`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from model.contract import EMOTIONS, Analysis
from model.pipeline import Models
from tests.training.commands import run_evaluate
from training.evaluation.protocol import Evaluation
from training.evaluation.scoring import predict
from training.pipeline_evaluation import has_video, read_analyzed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    root = tmp_path_factory.mktemp("clips")
    (root / "damaged.mp4").write_bytes(b"no video")
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "speaker", "emotion"])
        writer.writerows([[sample, "a", "joy"], [sample, "b", "neutral"], ["damaged.mp4", "c", "joy"]])
    return root


def test_a_clips_prediction_equals_its_analysis(folder: Path, models: Models, analysis: Analysis) -> None:
    items = read_analyzed(models.bundle, folder, "all", "tiny.en")
    assert len(items) == 2 and [EMOTIONS[e] for e in items.emotions] == ["joy", "neutral"]
    overall = {score.label: score.confidence for score in analysis.overall.emotions}
    predicted = predict(models.bundle.network, items).emotions
    np.testing.assert_allclose(predicted, [[overall[e] for e in EMOTIONS]] * 2, atol=1e-3)
    face = predict(models.bundle.network, items.rows(np.asarray([1])).only(["face"])).emotions
    assert face.shape == (1, 7) and not np.allclose(face, predicted[:1], atol=1e-3)
    np.testing.assert_allclose(face.sum(axis=1), 1.0)


def test_the_command_analyses_videos_without_words(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, output = run_evaluate(
        "starter", "--corpus", "manifest", "--data", folder, "--transcriber", "tiny.en", "--json", out
    )
    assert code == 0 and "skipped 1 clips: damaged.mp4" in output, output
    first = Evaluation.model_validate(json.loads(out.read_text())[0])
    assert first.prior == "declared" and first.items == 2 and first.several == 2
    assert ("text", "audio", "face") in {s.modalities for s in first.subsets}


def test_audio_and_rows_with_text_are_not_analyzed(folder: Path, sample: Path, tmp_path: Path) -> None:
    assert has_video(folder, "all")
    for row in (f"{sample.parent / 'french.flac'},joy,", f"{sample},joy,Hello", f"{tmp_path / 'gone.mp4'},joy,"):
        (tmp_path / "manifest.csv").write_text(f"path,emotion,text\n{row}\n")
        assert not has_video(tmp_path, "all")
