"""Teachers: their inputs, and the combination of their predictions."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from model.compat import ensure_torchvision
from model.contract import EMOTIONS
from model.features import Sample, Tokens
from training import teachers
from training.corpora import Example, read_meld_text
from training.data.stage_data import NO_MARKS, StageContext
from training.recipe import Recipe
from training.teachers import Line, TeacherLoss, lines_for_teacher, log_mean_probabilities, soft_labels


def test_every_second_teacher_gets_no_context(tmp_path: Path) -> None:
    rows = ["0,0,Hello there.,Joey,joy,positive", "0,1,Go away!,Ross,anger,negative"]
    header = "Dialogue_ID,Utterance_ID,Utterance,Speaker,Emotion,Sentiment"
    (tmp_path / "train_sent_emo.csv").write_text("\n".join([header, *rows]) + "\n")
    examples = read_meld_text(tmp_path, "train", SplitTokenizer())
    read = [lines_for_teacher(teacher, examples) for teacher in range(3)]
    assert [[line.text for line in lines] for lines in read] == [["Hello there.", "Go away!"]] * 3
    contexts = [[line.context for line in lines] for lines in read]
    assert contexts == [[(), ("Hello there.",)], [(), ()], [(), ("Hello there.",)]]


def test_file_names_of_soft_labels_are_stable() -> None:
    """Files in the repository are found by a hash of lines and settings."""
    lines = [Line("Hello there.", 3, 2, ()), Line("Go away!", 0, 0, ("Hello there.",))]
    assert teachers._file_name("mpnet-base", lines, 20260) == "mpnet-base-ace922a442c547ca.npy"


def test_examples_without_text_have_no_soft_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [Example(Sample(), 0, 0, "g", line=line) for line in (("Hi.", ()), None, ("No.", ("Hi.",)))]
    monkeypatch.setattr(teachers, "_labels_of_one", lambda _, lines, *__: torch.zeros(len(lines), 10).log_softmax(1))
    labels = soft_labels("tiny", 2, examples, context_of("tiny", tmp_path))
    assert labels.isnan().all(dim=1).tolist() == [False, True, False] and not labels[[0, 2]].isnan().any()


def test_missing_labels_do_not_count_in_the_loss() -> None:
    logits = torch.zeros(2, 10)
    loss = TeacherLoss(lambda *_: logits)  # type: ignore[arg-type]
    both, emotions = (loss((*[logits] * 3, torch.tensor(t))) for t in ([[0, 0], [1, -100]], [[0, -100], [1, -100]]))
    assert float(emotions) == pytest.approx(math.log(7)) and float(both) == pytest.approx(math.log(7) + math.log(3))


class SplitTokenizer:
    """Tokenizer with one token per word, without context."""

    marks: Mapping[int, int | None] = NO_MARKS

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens:  # noqa: ARG002  (unused)
        ones = torch.ones(len(text.split()), dtype=torch.int64)
        return Tokens(ones, ones)


def context_of(teacher: str, folder: Path) -> StageContext:
    recipe = Recipe.model_validate(
        {
            "name": "x", "version": "0", "licence": "none", "seed": 4, "precision": "no",
            "corpora": {"meld-text": {"folder": "meld", "epochs": 1, "batch": 8, "teacher": teacher}},
            "text": {"corpus": "meld-text", "learning_rate": 1.0, "head_learning_rate": 1.0},
        }
    )  # fmt: skip
    return StageContext(recipe, recipe.stages()[0], folder, folder / "work", "cpu")


@pytest.mark.parametrize(
    "setting",
    ["EPOCHS", "BATCH", "LEARNING_RATE", "HEAD_LEARNING_RATE", "WEIGHT_DECAY", "LABEL_SMOOTHING", "MAX_TOKENS"],
)
def test_settings_change_the_file_name(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = teachers._file_name("mpnet-base", [], 1)
    assert teachers._file_name("mpnet-base", [], 1) == before != teachers._file_name("mpnet-base", [], 2)
    monkeypatch.setattr(teachers, setting, 2 * getattr(teachers, setting))
    assert teachers._file_name("mpnet-base", [], 1) != before


def test_teachers_are_averaged_as_probabilities() -> None:
    first, second = torch.tensor([[0.9, 0.1], [0.5, 0.5]]), torch.tensor([[0.1, 0.9], [0.25, 0.75]])
    torch.testing.assert_close(log_mean_probabilities([first.log(), second.log()]).exp(), (first + second) / 2)
    torch.testing.assert_close(log_mean_probabilities([first.log()]), first.log())


def test_a_teacher_is_trained_and_its_labels_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny teacher on lines whose label depends on a single word."""
    make_teacher(tmp_path / "weights")
    monkeypatch.setattr("model.weights.catalog.fetch", lambda _: tmp_path / "weights")
    for name, value in {"EPOCHS": 20, "BATCH": 8, "LEARNING_RATE": 0.01, "HEAD_LEARNING_RATE": 0.05}.items():
        monkeypatch.setattr(teachers, name, value)
    (tmp_path / "meld").mkdir()
    (tmp_path / "work").mkdir()
    words = [("good", "joy", "positive"), ("bad", "anger", "negative")]
    rows = [f"{i},0,{words[i % 2][0]} {'so ' * (i % 5)},Joey,{words[i % 2][1]},{words[i % 2][2]}" for i in range(40)]
    header = "Dialogue_ID,Utterance_ID,Utterance,Speaker,Emotion,Sentiment"
    (tmp_path / "meld" / "train_sent_emo.csv").write_text("\n".join([header, *rows]) + "\n")
    context, examples = context_of("tiny", tmp_path), read_meld_text(tmp_path / "meld", "train", SplitTokenizer())
    labels = soft_labels("tiny", 1, examples, context)
    assert labels.shape == (40, 10) and torch.isfinite(labels).all()
    torch.testing.assert_close(labels[:, :7].exp().sum(dim=1), torch.ones(40), atol=1e-2, rtol=0.0)
    right = labels[:, :7].argmax(dim=1) == torch.tensor([EMOTIONS.index(words[i % 2][1]) for i in range(40)])
    assert right.all() and len(list((tmp_path / "work").glob("tiny-*.npy"))) == 1
    monkeypatch.setattr(teachers, "_train_and_save", lambda *_: pytest.fail("it was trained again"))
    assert torch.equal(soft_labels("tiny", 1, examples, context), labels)


def make_teacher(folder: Path) -> None:
    """Write weights and tokenizer of a tiny teacher in the form of the catalog's."""
    ensure_torchvision()
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=32,
    )  # fmt: skip
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    vocabulary = {word: i for i, word in enumerate(("<s>", "<pad>", "</s>", "<unk>", "good", "bad", "so"))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
