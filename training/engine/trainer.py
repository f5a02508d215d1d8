"""Train one stage: its network on its corpus, resumable to the very batch, on a CPU or on several GPUs."""

import copy
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.metrics import f1_score
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from model.network import Calibration, EmotionNetwork
from training.corpora import IGNORED, Example
from training.data.batches import Batches
from training.data.collate import Feed, encode_variants, seed_of
from training.engine.batch_norms import refit_batch_norms
from training.engine.loss import Objective
from training.engine.optim import Part, accelerator, freeze, lay_out, moving_average, optimiser_of
from training.engine.self_distillation import Remembered
from training.engine.stage_store import fingerprint
from training.evaluation.confidence import Probabilities, Targets
from training.evaluation.scoring import encode, judge
from training.files import whole
from training.recipe import Recipe, Stage

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
LEAST_STEPS = 20  # that torch's schedule can divide into a rise and a fall
LOADERS = 4  # processes that collate for a GPU
CHECKPOINT_SECONDS = float(os.environ.get("TRAINING_CHECKPOINT_SECONDS", "60"))  # between two within an epoch


@dataclass
class State:
    """Where training is: saved with the weights, so that a killed run goes on at the next batch."""

    epoch: int = 0
    batch: int = 0  # within the epoch: the next one, of those that all processes share
    loss: float = 0.0  # of the first process, times their number, summed over the epoch so far
    best: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


class Training:
    """One stage's training. `run` leaves the network with the weights to ship."""

    def __init__(
        self,
        network: EmotionNetwork,
        plan: Recipe,
        stage: Stage,
        train: Sequence[Example],
        dev: Sequence[Example],
        work: Path,
        priors: Calibration,
        marks: frozenset[int] = frozenset(),
        teacher: Tensor | None = None,
        device: str = "auto",
        variants: Tensor | None = None,
        quiet: bool = False,
    ) -> None:
        """`variants` as `encode_variants` makes them, where they are there already; `quiet`: no words, no scalars."""
        how = stage.how
        self._seed, self._quiet = plan.seed, quiet
        self._network, self._stage, self._how, self._train, self._dev = network, stage, how, train, dev
        self._accelerator = accelerator(plan.precision, device, how.accumulate)
        self._checkpoint = work / f"{stage.name}.checkpoint.pt"
        self._fingerprint = fingerprint(plan, stage, train)
        self._part = Part(network, *stage.modalities)
        lay_out(self._part)
        sections = {m: plan.sections()[m] for m in stage.modalities}
        self._frozen = freeze(self._part, {m: s.frozen for m, s in sections.items()})
        speeds = {m: (s.learning_rate, s.head_learning_rate) for m, s in sections.items()}
        optimiser = optimiser_of(self._part, speeds, how)
        processes = self._accelerator.num_processes
        if how.remembered_share and processes > 1:
            raise ValueError(f"{stage.name}: remembered_share is for one process: each would remember its own part")
        self._sampler = Batches([e.length for e in train], how.batch, plan.seed, processes)
        if how.variants and variants is None:
            with self._accelerator.autocast():
                variants = encode_variants(network, train, stage, sections["audio"], plan.seed)
        self.variants = variants
        self._feed = Feed(train, stage, plan.seed, marks, teacher, variants)
        on_gpu = self._accelerator.device.type == "cuda"
        loader: DataLoader[Any] = DataLoader(
            list(range(len(train))),  # type: ignore[arg-type]
            batch_sampler=self._sampler,
            collate_fn=self._feed,
            num_workers=LOADERS if on_gpu else 0,
            generator=torch.Generator(),
        )
        steps = how.epochs * math.ceil(len(self._sampler) / how.accumulate)
        rates = [group["lr"] for group in optimiser.param_groups]
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, rates, total_steps=max(steps, LEAST_STEPS), pct_start=how.warm_up, cycle_momentum=False
        )
        self._remembered = Remembered(len(train)) if how.remembered_share else None
        objective = Objective(network, sections, how, priors, self._remembered)
        prepared = self._accelerator.prepare(
            objective, optimiser, loader, schedule, device_placement=[True, True, False, True]
        )
        self._objective, self._optimiser, self._loader, self._schedule = prepared
        self._average = AveragedModel(self._part, multi_avg_fn=moving_average(how.average_decay), use_buffers=True)
        self._best: dict[str, Tensor] | None = None
        self.state = State()

    def run(self) -> list[dict[str, float]]:
        """Train to the end, from the last checkpoint where there is one. -> the figures of every epoch."""
        self._resume()
        writer = self._writer()
        with Progress(*COLUMNS, disable=not self._speaks) as progress:
            done = self.state.epoch * len(self._sampler) + self.state.batch
            task = progress.add_task(self._stage.name, total=self._how.epochs * len(self._sampler), completed=done)
            while self.state.epoch < self._how.epochs and not self._is_stuck():
                self._epoch(lambda: progress.advance(task, self._accelerator.num_processes))
                figures = self._finish_epoch()
                if writer is not None:
                    for name, value in figures.items():
                        writer.add_scalar(f"{self._stage.name}/{name}", value, int(figures["epoch"]))
                if not self._quiet:
                    progress.console.print(describe(figures), highlight=False, soft_wrap=True)  # one line
        if writer is not None:
            writer.close()
        self._part.load_state_dict(self._best or copy.deepcopy(self._average.module.state_dict()))
        self._refit_batch_norms()
        return self.state.history

    def _refit_batch_norms(self) -> None:
        if self.variants is not None:  # what the encoder made of the sounds is kept so that nobody runs it again
            self._network.eval()
            return
        self._sampler.epoch, self._sampler.first = self._how.epochs, 0  # an order that no epoch had
        with self._accelerator.autocast():
            refit_batch_norms(self._network, self._stage.modalities, self._train, self._sampler, self._frozen)

    @property
    def _speaks(self) -> bool:
        return self._accelerator.is_main_process and not self._quiet

    def discard_checkpoint(self) -> None:
        """Call when the result is safe: the checkpoint is as large as the network, thrice."""
        self._checkpoint.unlink(missing_ok=True)

    def _epoch(self, advance: Callable[[], None]) -> None:
        processes = self._accelerator.num_processes
        self._sampler.epoch = self._feed.epoch = self.state.epoch
        self._sampler.first = self.state.batch
        saved = time.monotonic()
        self._accelerator.unwrap_model(self._objective).start_epoch(self.state.epoch)
        self._train_mode()
        for batch in self._loader:
            # Chance follows from the step alone: a run that goes on after a kill meets the same.
            torch.manual_seed(seed_of(self._seed, self.state.epoch, self.state.batch, self._accelerator.process_index))
            with self._accelerator.accumulate(self._objective):
                with self._accelerator.autocast():
                    loss = self._objective(batch)
                self._accelerator.backward(loss)
                if self._accelerator.sync_gradients:
                    norm = self._accelerator.clip_grad_norm_(self._part.parameters(), self._how.clip_gradient)
                    self._check(norm)
                self._optimiser.step()
                self._schedule.step()
                self._optimiser.zero_grad()
            if self._accelerator.sync_gradients:
                self._average.update_parameters(self._part)
            self.state.loss += processes * float(loss.detach())
            self.state.batch += processes
            advance()
            # What is added up so far is in no checkpoint.
            if self._accelerator.sync_gradients and time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()

    def _check(self, norm: Tensor) -> None:
        """Clipped to nothing or spread by the moving average, it would spoil all that was learned, and in silence."""
        if not bool(norm.isfinite()):
            where = f"epoch {self.state.epoch + 1}, batch {self.state.batch + 1}"
            raise FloatingPointError(
                f"the gradient of {self._stage.name} is not finite in {where}. The last checkpoint is whole: go on "
                "from it with the same command; if it happens again, lower the learning rate, or set precision = "
                '"no" in the recipe'
            )

    def _finish_epoch(self) -> dict[str, float]:
        """Score the averaged weights, keep them if they are the best, and note it all in a checkpoint."""
        state = self.state
        figures = {"epoch": state.epoch + 1.0, "loss": state.loss / max(1, state.batch)}
        if self._dev and self._is_scored(state.epoch):
            figures |= self._score_once()
            if self._how.selection > 0 and figures["dev_weighted_f1"] > state.best:
                state.best, state.best_epoch = figures["dev_weighted_f1"], state.epoch
                self._best = copy.deepcopy(self._average.module.state_dict())
        state.history.append(figures)
        state.epoch, state.batch, state.loss = state.epoch + 1, 0, 0.0
        self._save()
        return figures

    def _is_scored(self, epoch: int) -> bool:
        how = self._how
        return how.selection > 0 or (epoch + 1) % how.score_every == 0 or epoch + 1 == how.epochs

    def _score_once(self) -> dict[str, float]:
        """The first process's figures for all: each has statistics of its own batches, and two that did not agree on
        which epoch was the best would wait for each other."""
        scored = [self._score() if self._accelerator.is_main_process else {}]
        found: dict[str, float] = broadcast_object_list(scored)[0]
        return found

    def _score(self) -> dict[str, float]:
        current = copy.deepcopy(self._part.state_dict())
        self._part.load_state_dict(self._average.module.state_dict())
        self._network.eval()
        with self._accelerator.autocast():
            encoded = encode(self._network, self._dev)
            judged = judge(self._network, encoded)
        self._part.load_state_dict(current)
        return {
            "dev_weighted_f1": weighted_f1(judged.emotions, encoded.emotions),
            "dev_sentiment_weighted_f1": weighted_f1(judged.sentiments, encoded.sentiments),
        }

    def _train_mode(self) -> None:
        self._objective.train()
        for module in self._frozen:
            module.eval()  # a frozen batch norm must not follow the data either

    def _is_stuck(self) -> bool:
        return self._how.selection > 0 and self.state.epoch - self.state.best_epoch > self._how.patience

    def _save(self) -> None:
        if not self._accelerator.is_main_process:
            return
        content = {
            "fingerprint": self._fingerprint,
            "state": self.state,
            "part": self._part.state_dict(),
            "average": self._average.state_dict(),
            "best": self._best,
            "remembered": None if self._remembered is None else self._remembered.said,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        with whole(self._checkpoint) as partial:
            torch.save(content, partial)

    def _resume(self) -> None:
        if not self._checkpoint.exists():
            return
        with torch.serialization.safe_globals([State]):
            content = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        if content["fingerprint"] != self._fingerprint:
            self._accelerator.print(f"{self._checkpoint} is of another recipe or data: starting over")
            return
        self.state, self._best = content["state"], content["best"]
        self._part.load_state_dict(content["part"])
        self._average.load_state_dict(content["average"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._schedule.load_state_dict(content["schedule"])
        if self._remembered is not None:
            self._remembered.said = content["remembered"]
        self._accelerator.print(f"going on in epoch {self.state.epoch + 1} at batch {self.state.batch + 1}")

    def _writer(self) -> Any:
        if not self._speaks:
            return None
        from torch.utils.tensorboard import SummaryWriter  # seconds

        return SummaryWriter(str(self._checkpoint.parent / "tensorboard"), purge_step=self.state.epoch + 1)


def weighted_f1(probabilities: Probabilities, targets: Targets) -> float:
    """Of the rows [n] that have a target; 0 where none has."""
    known = targets != IGNORED
    predicted = probabilities.argmax(axis=1)[known]
    return float(f1_score(targets[known], predicted, average="weighted", zero_division=0.0)) if known.any() else 0.0


def describe(figures: dict[str, float]) -> str:
    """One line for people, and for a training service's metric definitions."""
    parts = [f"epoch={int(figures['epoch'])}", *(f"{k}={v:.4f}" for k, v in figures.items() if k != "epoch")]
    return "metric " + " ".join(parts)
