"""What teachers are given to read, and how their judgements are put together."""

from pathlib import Path

import pytest
import torch

from training import teachers
from training.teachers import averaged, read_by


def test_every_second_teacher_reads_utterances_alone(tmp_path: Path) -> None:
    rows = ["0,0,Hello there.,Joey,joy,positive", "0,1,Go away!,Ross,anger,negative"]
    header = "Dialogue_ID,Utterance_ID,Utterance,Speaker,Emotion,Sentiment"
    (tmp_path / "train_sent_emo.csv").write_text("\n".join([header, *rows]) + "\n")
    read = [read_by(teacher, tmp_path) for teacher in range(3)]
    assert [[row.text for row, _ in lines] for lines in read] == [["Hello there.", "Go away!"]] * 3
    assert [[said for _, said in lines] for lines in read] == [[[], ["Hello there."]], [[], []], [[], ["Hello there."]]]


@pytest.mark.parametrize(
    "setting",
    ["EPOCHS", "BATCH", "LEARNING_RATE", "HEAD_LEARNING_RATE", "WEIGHT_DECAY", "LABEL_SMOOTHING", "MAX_TOKENS"],
)
def test_what_was_said_by_other_settings_is_asked_anew(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = teachers._file("mpnet-base", [], 1)
    assert teachers._file("mpnet-base", [], 1) == before != teachers._file("mpnet-base", [], 2)
    monkeypatch.setattr(teachers, setting, 2 * getattr(teachers, setting))
    assert teachers._file("mpnet-base", [], 1) != before


def test_teachers_are_averaged_as_probabilities() -> None:
    first, second = torch.tensor([[0.9, 0.1], [0.5, 0.5]]), torch.tensor([[0.1, 0.9], [0.25, 0.75]])
    torch.testing.assert_close(averaged([first.log(), second.log()]).exp(), (first + second) / 2)
    torch.testing.assert_close(averaged([first.log()]), first.log())
