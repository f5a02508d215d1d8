"""From corpus files to a bundle, on corpora small enough to learn in seconds."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from model import weights
from model.contract import EMOTIONS, SENTIMENTS
from model.features import SAMPLE_RATE, TextTokenizer
from model.network import N_EMOTIONS, EmotionNetwork, NetworkConfig
from tests.model.media_files import Sound, write
from training import evaluate as evaluate_module
from training.augment import drop_tokens, mask_spectrogram, move_faces
from training.corpora import IGNORED, class_frequencies, read_fer2013, read_meld_text, read_ravdess
from training.loop import fit, predict
from training.recipe import ModalityRecipe, Recipe

# Not narrower: oneDNN's AVX2 kernels can hang on the gradient of a 4-channel convolution in channels-last layout.
FACE = ModalityRecipe(
    corpus="fer2013", folder=".", width=16, epochs=6, batch=16, learning_rate=3e-3, head_learning_rate=3e-3,
    weight_decay=0.0, label_smoothing=0.0, average_decay=0.5, rotate_degrees=5.0, scale=0.05, shift=0.03,
)  # fmt: skip


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in FER2013's format: each class is a bar at a height of its own, in noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(210) % 7
    images = rng.integers(0, 90, (210, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 6] = 250
    path = tmp_path_factory.mktemp("faces")
    for name in ("train.npz", "validation.npz"):
        np.savez(path / name, images=images, labels=labels, classes=np.array(EMOTIONS))
    return path


def test_training_learns(faces: Path) -> None:
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig(face_width=16))
    examples = read_fer2013(faces, "train", None)
    targets = torch.tensor([e.emotion for e in examples])
    before = (predict(network, "face", examples)[:, :N_EMOTIONS].argmax(1) == targets).float().mean()
    fit(network, "face", examples, FACE, seed=1)
    after = (predict(network, "face", examples)[:, :N_EMOTIONS].argmax(1) == targets).float().mean()
    assert before < 0.4 and after > 0.9


def test_the_same_seed_trains_the_same_network(faces: Path) -> None:
    examples = read_fer2013(faces, "train", None)[:64]
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        network = EmotionNetwork(NetworkConfig(face_width=16))
        fit(network, "face", examples, FACE.model_copy(update={"epochs": 1}), seed=4)
        results.append(predict(network, "face", examples))
    torch.testing.assert_close(results[0], results[1])


def test_fer2013_is_read_as_served(faces: Path) -> None:
    """The corpus's crops go through the very function that serving uses."""
    from model.features import face_tensor

    with np.load(faces / "train.npz") as archive:
        image = archive["images"][3]
    served = face_tensor([image])
    trained = read_fer2013(faces, "train", None)[3]
    assert served is not None and trained.sample.face is not None
    torch.testing.assert_close(served, trained.sample.face)
    assert trained.emotion == 3 and trained.sentiment == SENTIMENTS.index("positive")


def test_meld_keeps_dialogues_together_and_gives_context(tmp_path: Path) -> None:
    rows = [
        ("1", "1", "And you?", "Monica", "surprise", "positive"),
        ("0", "0", "Hello.", "Joey", "neutral", "neutral"),
        ("0", "1", "Go away!", "Ross", "anger", "negative"),
    ]
    path = tmp_path / "dev_sent_emo.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Dialogue_ID", "Utterance_ID", "Utterance", "Speaker", "Emotion", "Sentiment"])
        writer.writerows(rows)
    tokenizer = TextTokenizer(weights.fetch("minilm-l6") / "tokenizer.json")
    first, second, third = read_meld_text(path, "held-out", tokenizer)
    assert [e.group for e in (first, second, third)] == ["dialogue 0", "dialogue 0", "dialogue 1"]
    assert second.emotion == EMOTIONS.index("anger") and second.sentiment == SENTIMENTS.index("negative")
    context = tokenizer("Go away!", ["Hello."])
    alone = tokenizer("And you?")
    assert second.sample.text is not None and third.sample.text is not None and context and alone
    assert second.sample.text.ids.tolist() == context.ids.tolist()
    assert third.sample.text.ids.tolist() == alone.ids.tolist(), "context must not cross dialogues"


def test_ravdess_is_split_by_actor(tmp_path: Path) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sound = (0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
    for emotion, actor in (("02", "01"), ("08", "16"), ("05", "17")):
        write(tmp_path / f"03-01-{emotion}-01-01-01-{actor}.wav", [], [Sound(sound)])
    train, held_out = read_ravdess(tmp_path, "train", None), read_ravdess(tmp_path, "held-out", None)
    assert [(EMOTIONS[e.emotion], e.group) for e in train] == [("neutral", "actor 01"), ("surprise", "actor 16")]
    assert train[1].sentiment == IGNORED, "surprise is neither positive nor negative"
    assert [e.group for e in held_out] == ["actor 17"]
    assert len(read_ravdess(tmp_path, "all", None)) == 3


def test_frequencies_leave_out_what_is_ignored() -> None:
    assert class_frequencies([0, 0, 1, IGNORED], 3) == pytest.approx((3 / 6, 2 / 6, 1 / 6))


def test_augmentation_varies_but_keeps_what_matters() -> None:
    torch.manual_seed(0)
    ids, types = torch.arange(95, 135).repeat(8, 1), torch.ones(8, 40, dtype=torch.int64)
    dropped = drop_tokens(ids, types, 0.5)
    assert (dropped[:, :9] == ids[:, :9]).all() and 0.3 < (dropped[:, 9:] == 103).float().mean() < 0.7
    mels = torch.ones(4, 64, 100)
    masked = mask_spectrogram(mels, FACE.model_copy(update={"mask_frames": 30, "mask_mels": 10}))
    assert 0.0 < (masked == 0).float().mean() < 0.9 and (mels == 1).all()
    crops = torch.randn(16, 1, 48, 48)
    moved = move_faces(crops, FACE)
    assert moved.shape == crops.shape and not torch.allclose(moved, crops)
    still = FACE.model_copy(update={"rotate_degrees": 0.0, "scale": 0.0, "shift": 0.0})
    unmoved = move_faces(crops, still)
    mirrored = [bool(torch.allclose(u, c.flip(-1), atol=1e-4)) for u, c in zip(unmoved, crops, strict=True)]
    same = [bool(torch.allclose(u, c, atol=1e-4)) for u, c in zip(unmoved, crops, strict=True)]
    assert all(m or s for m, s in zip(mirrored, same, strict=True)) and any(mirrored) and any(same)


def test_the_committed_recipe_is_valid() -> None:
    recipe = Recipe.read(Path(__file__).parents[2] / "training" / "starter.toml")
    assert set(recipe.sections()) == {"text", "audio", "face"}


def test_evaluate_scores_any_file_in_a_corpus_format(faces: Path, tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(evaluate_module.main)
    out = tmp_path / "figures.json"
    arguments = ["starter", "--corpus", "fer2013", "--data", str(faces / "validation.npz"), "--json", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    by_prior = {e["prior"]: e for e in json.loads(out.read_text())}
    assert set(by_prior) == {"corpus", "declared"}
    assert by_prior["corpus"]["emotion"]["items"] == 210
    missing = CliRunner().invoke(app, ["starter", "--corpus", "fer2013", "--data", str(tmp_path / "no.npz")])
    assert missing.exit_code == 2 and "does not exist" in " ".join(missing.output.replace("│", " ").split())
