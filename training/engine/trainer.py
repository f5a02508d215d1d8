"""Training loop for any `Learner`: resumable at any batch, on a CPU or several GPUs."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from rich.progress import Progress
from torch import Tensor, nn
from torch.utils.data import DataLoader

from training.data.batches import Batches, seed_of
from training.engine.checkpoints import Checkpoints
from training.terminal import COLUMNS

MIN_STEPS = 20  # minimum for torch's OneCycleLR
LOADER_WORKERS = 4  # processes of the data loader on a GPU

Figures = dict[str, float]


@dataclass(frozen=True)
class Settings:
    """Duration and learning-rate schedule: warm-up for a share of the steps, then cosine decay to zero."""

    name: str
    epochs: int
    seed: int
    accumulate: int = 1  # batches per optimizer step
    warm_up: float = 0.1
    clip_gradient: float = 1.0


class Learner(Protocol):
    """Interface of the `Trainer`: a loss, and hooks for steps and epochs (0, 1, ...)."""

    @property
    def loss(self) -> nn.Module:
        """Module that computes a batch's loss; contains all trained weights."""

    @property
    def part(self) -> nn.Module:
        """Module whose weights are checkpointed."""

    @property
    def batches(self) -> Batches: ...
    @property
    def collate(self) -> Callable[[list[int]], Any]:
        """Function from row numbers to a batch."""

    def start_epoch(self, epoch: int) -> None: ...
    def end_step(self) -> None: ...
    def end_epoch(self, epoch: int) -> Figures: ...
    def should_stop(self, epoch: int) -> bool: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class PlainLearner:
    """`Learner` without weight averaging, scoring or early stopping."""

    def __init__(self, loss: nn.Module, part: nn.Module, batches: Batches, collate: Callable[[list[int]], Any]) -> None:
        self.loss, self.part, self.batches, self.collate = loss, part, batches, collate

    def start_epoch(self, epoch: int) -> None:  # noqa: ARG002  (all epochs are the same)
        """Set training mode."""
        self.loss.train()

    def end_step(self) -> None:
        """Do nothing."""

    def end_epoch(self, epoch: int) -> Figures:  # noqa: ARG002
        """Return no further figures."""
        return {}

    def should_stop(self, epoch: int) -> bool:  # noqa: ARG002
        """Return False: train all epochs."""
        return False

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass
class State:
    """Training state, checkpointed so that a killed run resumes at the next batch."""

    epoch: int = 0
    batch: int = 0  # next batch of the epoch, counted over all processes
    loss: float = 0.0  # of the first process, times the number of processes, summed over the epoch so far
    history: list[Figures] = field(default_factory=list)


class Trainer:
    """Minimizes a learner's loss. Without `checkpoints` a killed run starts over."""

    def __init__(
        self,
        learner: Learner,
        optimizer: torch.optim.Optimizer,
        settings: Settings,
        accelerator: Accelerator,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._learner, self._settings, self._accelerator = learner, settings, accelerator
        self._checkpoints = checkpoints
        on_gpu = accelerator.device.type == "cuda"
        loader: DataLoader[Any] = DataLoader(
            range(learner.batches.total),  # type: ignore[arg-type]
            batch_sampler=learner.batches,
            collate_fn=learner.collate,
            num_workers=LOADER_WORKERS if on_gpu else 0,
            generator=torch.Generator(),
        )
        steps = settings.epochs * math.ceil(len(learner.batches) / settings.accumulate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            [group["lr"] for group in optimizer.param_groups],
            total_steps=max(steps, MIN_STEPS),
            pct_start=settings.warm_up,
            cycle_momentum=False,
        )
        prepared = accelerator.prepare(
            learner.loss, optimizer, loader, schedule, device_placement=[True, True, False, True]
        )
        self._loss, self._optimizer, self._loader, self.schedule = prepared
        self.state = State()

    def run(self, log: Path | None = None, quiet: bool = False) -> list[Figures]:
        """Train, resuming from the last checkpoint if there is one; return the figures of every epoch.

        With a folder `log` they are printed, and written there for TensorBoard. `quiet` disables both.
        """
        self._resume()
        verbose = self._accelerator.is_main_process and not quiet
        writer = self._writer(log) if verbose and log is not None else None
        per_epoch, state = len(self._learner.batches), self.state
        with Progress(*COLUMNS, disable=not verbose) as progress:
            done = state.epoch * per_epoch + state.batch
            task = progress.add_task(self._settings.name, total=self._settings.epochs * per_epoch, completed=done)
            while state.epoch < self._settings.epochs and not self._learner.should_stop(state.epoch):
                self._epoch(lambda: progress.advance(task, self._accelerator.num_processes))
                figures = self._end_epoch()
                if writer is not None:
                    for name, value in figures.items():
                        writer.add_scalar(f"{self._settings.name}/{name}", value, int(figures["epoch"]))
                if log is not None and not quiet:
                    progress.console.print(format_metrics(figures), highlight=False, soft_wrap=True)  # one line
        if writer is not None:
            writer.close()
        return state.history

    def _epoch(self, advance: Callable[[], None]) -> None:
        accelerator, state, learner = self._accelerator, self.state, self._learner
        learner.batches.epoch, learner.batches.first = state.epoch, state.batch
        learner.start_epoch(state.epoch)
        for batch in self._loader:
            # Seed by step, so that a resumed run draws the same random numbers.
            torch.manual_seed(seed_of(self._settings.seed, state.epoch, state.batch, accelerator.process_index))
            with accelerator.accumulate(self._loss):
                with accelerator.autocast():
                    loss = self._loss(batch)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    self._check(accelerator.clip_grad_norm_(learner.part.parameters(), self._settings.clip_gradient))
                self._optimizer.step()
                self.schedule.step()
                self._optimizer.zero_grad()
            if accelerator.sync_gradients:
                learner.end_step()
            state.loss += accelerator.num_processes * float(loss.detach())
            state.batch += accelerator.num_processes
            advance()
            # Checkpoints do not contain accumulated gradients.
            if accelerator.sync_gradients and self._checkpoints is not None and self._checkpoints.is_due:
                self._save()

    def _check(self, norm: Tensor) -> None:
        """Raise FloatingPointError for a gradient that is not finite, before it corrupts the averaged weights."""
        if not bool(norm.isfinite()):
            position = f"epoch {self.state.epoch + 1}, batch {self.state.batch + 1}"
            raise FloatingPointError(
                f"the gradient of {self._settings.name} is not finite in {position}. Run the same command to resume "
                "from the last checkpoint; if it happens again, lower the learning rate, or set precision = "
                '"no" in the recipe'
            )

    def _end_epoch(self) -> Figures:
        """Record the epoch's figures, and save a checkpoint."""
        state = self.state
        figures = {"epoch": state.epoch + 1.0, "loss": state.loss / max(1, state.batch)}
        figures |= self._learner.end_epoch(state.epoch)
        state.history.append(figures)
        state.epoch, state.batch, state.loss = state.epoch + 1, 0, 0.0
        self._save()
        return figures

    def _save(self) -> None:
        if self._checkpoints is None or not self._accelerator.is_main_process:
            return
        self._checkpoints.save(
            {
                "state": asdict(self.state),
                "part": self._learner.part.state_dict(),
                "learner": self._learner.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
            }
        )

    def _resume(self) -> None:
        content = None if self._checkpoints is None else self._checkpoints.load()
        if content is None:
            return
        self.state = State(**content["state"])
        self._learner.part.load_state_dict(content["part"])
        self._learner.load_state_dict(content["learner"])
        self._optimizer.load_state_dict(content["optimizer"])
        self.schedule.load_state_dict(content["schedule"])
        self._accelerator.print(f"resuming in epoch {self.state.epoch + 1} at batch {self.state.batch + 1}")

    def _writer(self, log: Path) -> Any:
        from torch.utils.tensorboard import SummaryWriter  # slow import

        return SummaryWriter(str(log), purge_step=self.state.epoch + 1)


def format_metrics(figures: Figures) -> str:
    """Format figures as one line, also matched by the metric definitions of SageMaker."""
    parts = [f"epoch={int(figures['epoch'])}", *(f"{k}={v:.4f}" for k, v in figures.items() if k != "epoch")]
    return "metric " + " ".join(parts)
