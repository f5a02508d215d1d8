"""Teachers: larger text models, fine-tuned on the same training split, whose soft labels a small one learns from.

Hinton et al. 2015, "Distilling the knowledge in a neural network". They read the training split alone, and are
needed for training alone: no bundle holds any of them. What those of starter.toml said is kept in the repository,
as they take as long as half of the rest of training; a file's name says of which utterances and by which settings,
and others are asked anew.

    python -m training.teachers --data DIR    # ask them again, and keep what they say
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import track
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from model import weights
from model.compat import ensure_torchvision
from model.modalities.text import CONTEXT_UTTERANCES, PLAIN_MARKS
from model.network import N_EMOTIONS, N_LOGITS, log_probabilities
from training.cli.recipe_loading import read_recipe
from training.corpora.meld import PARTS, Row, find, in_context, read_rows
from training.engine.optim import precision
from training.files import whole
from training.recipe import STARTER

Line = tuple[Row, list[str]]  # an utterance and what was said before it
KEPT = Path(__file__).resolve().parent / "soft_labels"
EPOCHS = 2  # a third makes it sure of what it has seen: its labels then tell no more than the corpus's own
BATCH = 32
LEARNING_RATE, HEAD_LEARNING_RATE = 3e-5, 1e-3
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05
MAX_TOKENS = 96


class Teacher(nn.Module):
    """MPNet, averaged over the tokens of the utterance, and a head for emotions and sentiments."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        ensure_torchvision()
        from transformers import MPNetModel

        self.encoder: Any = MPNetModel.from_pretrained(folder, add_pooling_layer=False)
        self.head = nn.Linear(int(self.encoder.config.hidden_size), N_LOGITS)

    def forward(self, ids: Tensor, mask: Tensor, own: Tensor) -> Tensor:
        """ids, mask, own int64 [n, tokens] (own: 1 on the utterance itself) -> logits [n, 10]."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = own.unsqueeze(-1).to(hidden.dtype)
        logits: Tensor = self.head((hidden * weight).sum(dim=1) / weight.sum(dim=1))
        return logits


def soft_labels(name: str, count: int, data: Path, work: Path, seed: int, precision: torch.dtype | None) -> Tensor:
    """Log-probabilities [n, 10] of the training split's n utterances, emotions then sentiments.

    Those of the averaged judgements of `count` teachers; `name` is an entry of weights.CATALOGUE. What each said of
    the same data is found in KEPT or under `work`, where it is put otherwise.
    """
    return averaged([_labels_of_one(name, lines, work, own, precision) for lines, own in _each(count, data, seed)])


def _each(count: int, data: Path, seed: int) -> list[tuple[list[Line], int]]:
    """What each teacher reads, and the seed that it learns by."""
    return [(read_by(number, data), seed + number) for number in range(count)]


def read_by(teacher: int, data: Path) -> list[Line]:
    """The training split, as the first, second ... (0, 1 ...) teacher reads it: every second one without what was said
    before. Two that see different things judge the better together."""
    lines = in_context(read_rows(find(data, PARTS["train"].csv)))
    return [(row, [] if teacher % 2 else said) for row, said in lines]


def averaged(said: Sequence[Tensor]) -> Tensor:
    """Log of the mean of distributions that are given as log-probabilities, all of one shape."""
    return torch.stack(list(said)).logsumexp(dim=0) - math.log(len(said))


def _labels_of_one(name: str, lines: Sequence[Line], work: Path, seed: int, precision: torch.dtype | None) -> Tensor:
    file = _file(name, lines, seed)
    path = KEPT / file if (KEPT / file).exists() else work / file
    if not path.exists():
        _ask(name, lines, seed, precision, path)
    return torch.from_numpy(np.load(path)).float()


def _ask(name: str, lines: Sequence[Line], seed: int, precision: torch.dtype | None, path: Path) -> None:
    """Fine-tune a teacher on the lines, and keep what it says of them."""
    torch.manual_seed(seed)
    folder = weights.fetch(name)
    teacher = Teacher(folder)
    tokens = _tokenise(lines, Tokenizer.from_file(str(folder / "tokenizer.json")))
    _fine_tune(teacher, lines, tokens, precision)
    labels = _judge(teacher, tokens, precision).half()
    with whole(path) as partial, partial.open("wb") as file:
        np.save(file, labels.numpy())


def _file(name: str, lines: Sequence[Line], seed: int) -> str:
    """A name that says what a teacher learns from, and how."""
    how = [seed, EPOCHS, BATCH, LEARNING_RATE, HEAD_LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING, MAX_TOKENS]
    read = [(row.text, row.emotion, row.sentiment, said) for row, said in lines]
    return f"{name}-{hashlib.sha256(json.dumps([how, read]).encode()).hexdigest()[:16]}.npy"


def _tokenise(lines: Sequence[Line], tokenizer: Tokenizer) -> list[tuple[list[int], int]]:
    """<s> context </s></s> utterance </s> of each line, and where the utterance starts."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    start, end = (int(tokenizer.token_to_id(token) or 0) for token in ("<s>", "</s>"))

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text.translate(PLAIN_MARKS), add_special_tokens=False).ids
        return found

    result = []
    for row, said in lines:
        own = ids(row.text)[: MAX_TOKENS - 4]
        earlier = ids(" ".join(said[-CONTEXT_UTTERANCES:]))
        earlier = earlier[max(0, len(earlier) - (MAX_TOKENS - 4 - len(own))) :]
        head = [start, *earlier, end, end] if earlier else [start]
        result.append(([*head, *own, end], len(head)))
    return result


def _fine_tune(
    teacher: Teacher, lines: Sequence[Line], tokens: list[tuple[list[int], int]], precision: torch.dtype | None
) -> None:
    groups = [
        {"params": list(teacher.encoder.parameters()), "lr": LEARNING_RATE},
        {"params": list(teacher.head.parameters()), "lr": HEAD_LEARNING_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)
    steps = EPOCHS * (len(lines) // BATCH)
    rates = [LEARNING_RATE, HEAD_LEARNING_RATE]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps + 1, pct_start=0.1)
    teacher.train()
    batches = [batch for _ in range(EPOCHS) for batch in _shuffled(tokens)]
    for rows in track(batches, description="teacher"):
        with torch.autocast("cpu", precision or torch.float32, enabled=precision is not None):
            logits = teacher(*_collate([tokens[i] for i in rows])).float()
        emotions, sentiments = (torch.tensor([getattr(lines[i][0], k) for i in rows]) for k in ("emotion", "sentiment"))
        loss = F.cross_entropy(logits[:, :N_EMOTIONS], emotions, label_smoothing=LABEL_SMOOTHING)
        loss = loss + F.cross_entropy(logits[:, N_EMOTIONS:], sentiments, label_smoothing=LABEL_SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimiser.step()
        schedule.step()


@torch.inference_mode()
def _judge(teacher: Teacher, tokens: list[tuple[list[int], int]], precision: torch.dtype | None) -> Tensor:
    teacher.eval()
    labels = torch.zeros(len(tokens), N_LOGITS)
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i][0]))
    for start in range(0, len(order), 2 * BATCH):
        rows = order[start : start + 2 * BATCH]
        with torch.autocast("cpu", precision or torch.float32, enabled=precision is not None):
            logits = teacher(*_collate([tokens[i] for i in rows])).float()
        labels[rows] = log_probabilities(logits)
    return labels


def _shuffled(tokens: list[tuple[list[int], int]]) -> Iterator[list[int]]:
    """Full batches of lines of about a length, in random order."""
    order = torch.randperm(len(tokens)).tolist()
    pool = 16 * BATCH
    pools = [sorted(order[k : k + pool], key=lambda i: len(tokens[i][0])) for k in range(0, len(order), pool)]
    batches = [pool[k : k + BATCH] for pool in pools for k in range(0, len(pool) - BATCH + 1, BATCH)]
    yield from (batches[i] for i in torch.randperm(len(batches)).tolist())


def _collate(rows: Sequence[tuple[list[int], int]]) -> tuple[Tensor, Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.ones(len(rows), longest, dtype=torch.int64)  # 1 is MPNet's padding
    mask, own = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, (tokens, start) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
        own[row, start : len(tokens)] = 1
    return ids, mask, own


def main(
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora's folders (meld, ...).")],
    recipe: Annotated[Path, typer.Option(help="Whose teachers to ask.")] = STARTER,
) -> None:
    """Ask a recipe's teachers again, and keep what they say in the repository."""
    plan = read_recipe(recipe)
    for stage in plan.stages():
        name = stage.how.teacher
        if name is None:
            continue
        asked = set()
        for lines, seed in _each(stage.how.teachers, data / stage.how.folder, plan.seed):
            path = KEPT / _file(name, lines, seed)
            _ask(name, lines, seed, precision(plan.precision), path)
            asked.add(path)
        for old in set(KEPT.glob(f"{name}-*.npy")) - asked:
            old.unlink()


if __name__ == "__main__":
    typer.run(main)
