"""Teachers: larger text models, fine-tuned on a corpus's training split, whose soft labels a small one learns from.

Hinton et al. 2015, "Distilling the knowledge in a neural network". They read the training split alone, and are
needed for training alone: no bundle holds any of them. What those of starter.toml said is kept in the repository,
as they take as long as half of the rest of training; a file's name says of which utterances and by which settings,
and others are asked anew.

    python -m training.teachers --data DIR    # ask them again, and keep what they say
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import typer
from accelerate import Accelerator
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from model.compat import ensure_torchvision
from model.modalities.text import CONTEXT_UTTERANCES, PLAIN_MARKS
from model.network import N_EMOTIONS, N_LOGITS, log_probabilities
from model.weights import catalog
from training.cli.recipe_loading import read_recipe
from training.corpora import IGNORED, Example
from training.data.batches import Batches
from training.data.stage import StageContext, read_split
from training.engine.optim import accelerator
from training.engine.stage_store import tokenizer_of
from training.engine.trainer import PlainLearner, Settings, Trainer
from training.files import whole
from training.recipe import STARTER

Tokenized = tuple[list[int], int]  # ids of context and utterance, and where the utterance starts
KEPT = Path(__file__).resolve().parent / "soft_labels"
EPOCHS = 2  # a third makes it sure of what it has seen: its labels then tell no more than the corpus's own
BATCH = 32
LEARNING_RATE, HEAD_LEARNING_RATE = 3e-5, 1e-3
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05
MAX_TOKENS = 96


class Line(NamedTuple):
    """A labeled utterance in words, and what was said before it."""

    text: str
    emotion: int
    sentiment: int
    said: tuple[str, ...]


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
        ids, mask, own = (t.to(self.head.weight.device) for t in (ids, mask, own))
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = own.unsqueeze(-1).to(hidden.dtype)
        logits: Tensor = self.head((hidden * weight).sum(dim=1) / weight.sum(dim=1))
        return logits


class TeacherLoss(nn.Module):
    """The cross-entropy of a teacher's emotions and sentiments."""

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.teacher = teacher

    def forward(self, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """ids, mask, own as the teacher takes them, and the targets int64 [n, 2] -> the mean loss."""
        *inputs, targets = batch
        logits: Tensor = self.teacher(*inputs).float()
        targets = targets.to(logits.device)
        loss = logits.new_zeros(())
        for part, wanted in ((logits[:, :N_EMOTIONS], targets[:, 0]), (logits[:, N_EMOTIONS:], targets[:, 1])):
            if bool((wanted != IGNORED).any()):
                loss = loss + F.cross_entropy(part, wanted, ignore_index=IGNORED, label_smoothing=LABEL_SMOOTHING)
        return loss


def soft_labels(name: str, count: int, examples: Sequence[Example], context: StageContext) -> Tensor:
    """Log-probabilities [n, 10] of a corpus's n training examples, emotions then sentiments; NaN for one without words.

    Those of the averaged predictions of `count` teachers; `name` is an entry of weights.CATALOG. What each predicted
    for the same data is found in KEPT or in the stage's work folder, where it is put otherwise.
    """
    with_words = [i for i, example in enumerate(examples) if example.line is not None]
    each = _each(count, examples, context.recipe.seed)
    labels = torch.full((len(examples), N_LOGITS), torch.nan)
    labels[with_words] = averaged([_labels_of_one(name, lines, own, context) for lines, own in each])
    return labels


def _each(count: int, examples: Sequence[Example], seed: int) -> list[tuple[list[Line], int]]:
    """Return the training lines that each of `count` teachers reads, and its seed."""
    return [(read_by(number, examples), seed + number) for number in range(count)]


def read_by(teacher: int, examples: Iterable[Example]) -> list[Line]:
    """The examples that have words, as the first, second ... (0, 1 ...) teacher reads them: every second one without
    what was said before. Two that see different things judge the better together.
    """
    lines = [(e, *e.line) for e in examples if e.line is not None]
    return [Line(text, e.emotion, e.sentiment, () if teacher % 2 else said) for e, text, said in lines]


def averaged(said: Sequence[Tensor]) -> Tensor:
    """Log of the mean of distributions that are given as log-probabilities, all of one shape."""
    return torch.stack(list(said)).logsumexp(dim=0) - math.log(len(said))


def _labels_of_one(name: str, lines: Sequence[Line], seed: int, context: StageContext) -> Tensor:
    file = _file(name, lines, seed)
    path = KEPT / file if (KEPT / file).exists() else context.work / file
    if not path.exists():
        _ask(name, lines, seed, context, path)
    return torch.from_numpy(np.load(path)).float()


def _ask(name: str, lines: Sequence[Line], seed: int, context: StageContext, path: Path) -> None:
    """Fine-tune a teacher on the lines, and keep what it predicts for them."""
    engine = accelerator(context.recipe.precision, context.device, accumulate=1)
    torch.manual_seed(seed)
    folder = catalog.fetch(name)
    teacher = Teacher(folder)
    tokens = _tokenize(lines, Tokenizer.from_file(str(folder / "tokenizer.json")))
    _fine_tune(teacher, lines, tokens, seed, engine)
    labels = _predict(teacher, tokens, engine).half()
    if engine.is_main_process:
        with whole(path) as partial, partial.open("wb") as file:
            np.save(file, labels.numpy())
    engine.wait_for_everyone()


def _file(name: str, lines: Sequence[Line], seed: int) -> str:
    """A name that says what a teacher learns from, and how."""
    how = [seed, EPOCHS, BATCH, LEARNING_RATE, HEAD_LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING, MAX_TOKENS]
    read = [tuple(line) for line in lines]
    return f"{name}-{hashlib.sha256(json.dumps([how, read]).encode()).hexdigest()[:16]}.npy"


def _tokenize(lines: Sequence[Line], tokenizer: Tokenizer) -> list[Tokenized]:
    """<s> context </s></s> utterance </s> of each line, and where the utterance starts."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    start, end = (int(tokenizer.token_to_id(token) or 0) for token in ("<s>", "</s>"))

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text.translate(PLAIN_MARKS), add_special_tokens=False).ids
        return found

    result = []
    for line in lines:
        own = ids(line.text)[: MAX_TOKENS - 4]
        earlier = ids(" ".join(line.said[-CONTEXT_UTTERANCES:]))
        earlier = earlier[max(0, len(earlier) - (MAX_TOKENS - 4 - len(own))) :]
        head = [start, *earlier, end, end] if earlier else [start]
        result.append(([*head, *own, end], len(head)))
    return result


def _fine_tune(
    teacher: Teacher, lines: Sequence[Line], tokens: Sequence[Tokenized], seed: int, engine: Accelerator
) -> None:
    groups = [
        {"params": list(teacher.encoder.parameters()), "lr": LEARNING_RATE},
        {"params": list(teacher.head.parameters()), "lr": HEAD_LEARNING_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)
    batches = Batches([len(ids) for ids, _ in tokens], BATCH, seed, engine.num_processes)
    targets = torch.tensor([(line.emotion, line.sentiment) for line in lines])

    def collate(rows: list[int]) -> tuple[Tensor, ...]:
        return (*_collate([tokens[i] for i in rows]), targets[rows])

    learner = PlainLearner(TeacherLoss(teacher), teacher, batches, collate)
    Trainer(learner, optimizer, Settings("teacher", EPOCHS, seed), engine).run()


@torch.inference_mode()
def _predict(teacher: Teacher, tokens: Sequence[Tokenized], engine: Accelerator) -> Tensor:
    """Log-probabilities [n, 10], on the CPU."""
    teacher.eval()
    labels = torch.zeros(len(tokens), N_LOGITS)
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i][0]))
    for start in range(0, len(order), 2 * BATCH):
        rows = order[start : start + 2 * BATCH]
        with engine.autocast():
            logits = teacher(*_collate([tokens[i] for i in rows])).float()
        labels[rows] = log_probabilities(logits).cpu()
    return labels


def _collate(rows: Sequence[Tokenized]) -> tuple[Tensor, Tensor, Tensor]:
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
    loaded = read_recipe(recipe)
    tokenizer = tokenizer_of(loaded)
    asked: dict[str, set[Path]] = {}
    for stage in loaded.stages():
        context = StageContext(loaded, stage, data, KEPT)
        for source in stage.sources:
            teacher = source.options.teacher
            if teacher is None:
                continue
            examples = read_split(source, data, "train", tokenizer)
            for lines, seed in _each(source.options.teachers, examples, loaded.seed):
                path = KEPT / _file(teacher, lines, seed)
                _ask(teacher, lines, seed, context, path)
                asked.setdefault(teacher, set()).add(path)
    for name, kept in asked.items():
        for old in set(KEPT.glob(f"{name}-*.npy")) - kept:
            old.unlink()


if __name__ == "__main__":
    typer.run(main)
