"""Knowledge distillation: soft labels from larger text models, fine-tuned on a corpus's training split.

Hinton et al. 2015, "Distilling the knowledge in a neural network". Teachers are trained on the training split only, and
no bundle contains them. The soft labels for starter.toml are kept in the repository, because the teachers take half as
long as the rest of training. A file's name is a hash of the utterances and settings; labels for others are computed.

    python -m training.teachers --data DIR    # recompute the soft labels in the repository
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
from training.data.stage_data import StageContext, read_split
from training.engine.optim import build_accelerator
from training.engine.stage_store import tokenizer_of
from training.engine.trainer import PlainLearner, Settings, Trainer
from training.files import atomic_write
from training.recipe import STARTER

Tokenized = tuple[list[int], int]  # ids of context and utterance, and the index of the utterance's first token
SOFT_LABELS = Path(__file__).resolve().parent / "soft_labels"
EPOCHS = 2  # after a third the soft labels approach the corpus's hard ones
BATCH = 32
LEARNING_RATE, HEAD_LEARNING_RATE = 3e-5, 1e-3
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05
MAX_TOKENS = 96


class Line(NamedTuple):
    """A labeled utterance as text, with the preceding utterances of its dialogue."""

    text: str
    emotion: int
    sentiment: int
    context: tuple[str, ...]


class Teacher(nn.Module):
    """MPNet, mean-pooled over the utterance's tokens, with a head for emotions and sentiments."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        ensure_torchvision()
        from transformers import MPNetModel

        self.encoder: Any = MPNetModel.from_pretrained(folder, add_pooling_layer=False)
        self.head = nn.Linear(int(self.encoder.config.hidden_size), N_LOGITS)

    def forward(self, ids: Tensor, mask: Tensor, own: Tensor) -> Tensor:
        """Compute logits [n, 10] from ids, mask, own int64 [n, tokens]; own is 1 on the utterance itself."""
        ids, mask, own = (t.to(self.head.weight.device) for t in (ids, mask, own))
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = own.unsqueeze(-1).to(hidden.dtype)
        logits: Tensor = self.head((hidden * weight).sum(dim=1) / weight.sum(dim=1))
        return logits


class TeacherLoss(nn.Module):
    """Cross-entropy of a teacher's emotions and sentiments."""

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.teacher = teacher

    def forward(self, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """Compute the mean loss of a batch: ids, mask and own of the teacher, and targets int64 [n, 2]."""
        *inputs, targets = batch
        logits: Tensor = self.teacher(*inputs).float()
        targets = targets.to(logits.device)
        loss = logits.new_zeros(())
        for part, labels in ((logits[:, :N_EMOTIONS], targets[:, 0]), (logits[:, N_EMOTIONS:], targets[:, 1])):
            if bool((labels != IGNORED).any()):
                loss = loss + F.cross_entropy(part, labels, ignore_index=IGNORED, label_smoothing=LABEL_SMOOTHING)
        return loss


def soft_labels(name: str, count: int, examples: Sequence[Example], context: StageContext) -> Tensor:
    """Return log-probabilities [n, 10] of n training examples, emotions then sentiments; NaN for those without text.

    They are the averaged predictions of `count` teachers; `name` is an entry of weights.CATALOG. Each teacher's labels
    are read from SOFT_LABELS or the stage's work folder, or computed and saved to the latter.
    """
    with_words = [i for i, example in enumerate(examples) if example.line is not None]
    each = _lines_and_seeds(count, examples, context.recipe.seed)
    labels = torch.full((len(examples), N_LOGITS), torch.nan)
    labels[with_words] = log_mean_probabilities([_labels_of_one(name, lines, own, context) for lines, own in each])
    return labels


def _lines_and_seeds(count: int, examples: Sequence[Example], seed: int) -> list[tuple[list[Line], int]]:
    """Return the training lines and the seed of each of `count` teachers."""
    return [(lines_for_teacher(number, examples), seed + number) for number in range(count)]


def lines_for_teacher(teacher: int, examples: Iterable[Example]) -> list[Line]:
    """Return the examples with text as inputs of a teacher, numbered from 0; odd-numbered ones get no context.

    Averaging teachers with different inputs improves their predictions.
    """
    lines = [(e, *e.line) for e in examples if e.line is not None]
    return [Line(text, e.emotion, e.sentiment, () if teacher % 2 else context) for e, text, context in lines]


def log_mean_probabilities(predictions: Sequence[Tensor]) -> Tensor:
    """Return the log of the mean of distributions given as log-probabilities of one shape."""
    return torch.stack(list(predictions)).logsumexp(dim=0) - math.log(len(predictions))


def _labels_of_one(name: str, lines: Sequence[Line], seed: int, context: StageContext) -> Tensor:
    file = _file_name(name, lines, seed)
    path = SOFT_LABELS / file if (SOFT_LABELS / file).exists() else context.work / file
    if not path.exists():
        _train_and_save(name, lines, seed, context, path)
    return torch.from_numpy(np.load(path)).float()


def _train_and_save(name: str, lines: Sequence[Line], seed: int, context: StageContext, path: Path) -> None:
    """Fine-tune a teacher on the lines, and save its predictions for them."""
    engine = build_accelerator(context.recipe.precision, context.device, accumulate=1)
    torch.manual_seed(seed)
    folder = catalog.fetch(name)
    teacher = Teacher(folder)
    tokens = _tokenize(lines, Tokenizer.from_file(str(folder / "tokenizer.json")))
    _fine_tune(teacher, lines, tokens, seed, engine)
    labels = _predict(teacher, tokens, engine).half()
    if engine.is_main_process:
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.save(file, labels.numpy())
    engine.wait_for_everyone()


def _file_name(name: str, lines: Sequence[Line], seed: int) -> str:
    """Return a file name with a hash of a teacher's training lines and settings."""
    settings = [seed, EPOCHS, BATCH, LEARNING_RATE, HEAD_LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING, MAX_TOKENS]
    rows = [tuple(line) for line in lines]
    return f"{name}-{hashlib.sha256(json.dumps([settings, rows]).encode()).hexdigest()[:16]}.npy"


def _tokenize(lines: Sequence[Line], tokenizer: Tokenizer) -> list[Tokenized]:
    """Tokenize each line as `<s> context </s></s> utterance </s>`."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    start, end = (int(tokenizer.token_to_id(token) or 0) for token in ("<s>", "</s>"))

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text.translate(PLAIN_MARKS), add_special_tokens=False).ids
        return found

    result = []
    for line in lines:
        own = ids(line.text)[: MAX_TOKENS - 4]
        earlier = ids(" ".join(line.context[-CONTEXT_UTTERANCES:]))
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
    """Compute log-probabilities [n, 10], on the CPU."""
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
    data: Annotated[Path, typer.Option(help="Folder that contains one folder per corpus (meld, ...).")],
    recipe: Annotated[Path, typer.Option(help="Recipe whose teachers are trained.")] = STARTER,
) -> None:
    """Train a recipe's teachers and save their soft labels in the repository."""
    loaded = read_recipe(recipe)
    tokenizer = tokenizer_of(loaded)
    written: dict[str, set[Path]] = {}
    for stage in loaded.stages():
        context = StageContext(loaded, stage, data, SOFT_LABELS)
        for source in stage.sources:
            teacher = source.options.teacher
            if teacher is None:
                continue
            examples = read_split(source, data, "train", tokenizer)
            for lines, seed in _lines_and_seeds(source.options.teachers, examples, loaded.seed):
                path = SOFT_LABELS / _file_name(teacher, lines, seed)
                _train_and_save(teacher, lines, seed, context, path)
                written.setdefault(teacher, set()).add(path)
    for name, current in written.items():
        for old in set(SOFT_LABELS.glob(f"{name}-*.npy")) - current:
            old.unlink()


if __name__ == "__main__":
    typer.run(main)
