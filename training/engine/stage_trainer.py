"""Training of one stage: its network on its corpora."""

from statistics import fmean
from typing import Any

from accelerate.utils import broadcast_object_list
from sklearn.metrics import f1_score
from torch import Tensor

from model.network import EmotionNetwork
from training.corpora import IGNORED
from training.data.batches import Batches
from training.data.collate import BatchCollator
from training.data.stage_data import StageContext, StageData
from training.engine.averaging import AveragedWeights
from training.engine.batch_norms import refit_batch_norms
from training.engine.checkpoints import Checkpoints
from training.engine.loss import StageLoss
from training.engine.optim import StageModules, build_accelerator, build_optimizer, freeze, set_memory_format
from training.engine.selection import Selection
from training.engine.self_distillation import SelfDistillation
from training.engine.stage_store import stage_fingerprint
from training.engine.trainer import Figures, Settings, Trainer
from training.engine.variants import encode_variants
from training.evaluation.confidence import Probabilities, Targets
from training.evaluation.scoring import encode, predict


class StageTrainer:
    """`Learner` of a stage. After `run` the network has the weights to ship."""

    def __init__(self, network: EmotionNetwork, context: StageContext, data: StageData, quiet: bool = False) -> None:
        """`quiet` disables terminal output and TensorBoard logs."""
        corpus, sections = context.corpus, context.sections
        self._network, self._context, self._data, self._quiet = network, context, data, quiet
        self._accelerator = build_accelerator(context.recipe.precision, context.device, corpus.accumulate)
        processes = self._accelerator.num_processes
        if corpus.remembered_share and processes > 1:
            raise ValueError(f"{context.name}: remembered_share needs a single process, as targets are not shared")
        self.part = StageModules(network, *context.modalities)
        set_memory_format(self.part)
        self._frozen = freeze(self.part, {m: s.frozen for m, s in sections.items()})
        mixture = context.mixture(data.source_sizes)
        self.batches = Batches([e.length for e in data.train], corpus.batch, context.recipe.seed, processes, mixture)
        self.variants = self._variants()
        self.collate = BatchCollator(context, data, self.variants)
        self._distillation = SelfDistillation(len(data.train)) if corpus.remembered_share else None
        self.loss = StageLoss(network, sections, corpus, data.priors, self._distillation)
        self.checkpoints = self._checkpoints()
        rates = {m: (s.learning_rate, s.head_learning_rate) for m, s in sections.items()}
        optimizer = build_optimizer(self.part, rates, corpus)
        self.trainer = Trainer(self, optimizer, self._settings(), self._accelerator, self.checkpoints)
        # After the trainer has moved the modules to its device.
        self.average = AveragedWeights(self.part, corpus.average_decay)
        self._selection = Selection(corpus.selection, corpus.patience)

    def _variants(self) -> Tensor | None:
        """Return the frozen encoder's outputs for the examples, if the recipe caches them."""
        if not self._context.corpus.variants or self._data.variants is not None:
            return self._data.variants
        with self._accelerator.autocast():
            return encode_variants(self._network, self._context, self._data)

    def _checkpoints(self) -> Checkpoints:
        path = self._context.work / f"{self._context.name}.checkpoint.pt"
        return Checkpoints(path, stage_fingerprint(self._context, self._data.train), self._accelerator.print)

    def _settings(self) -> Settings:
        corpus = self._context.corpus
        return Settings(
            name=self._context.name,
            epochs=corpus.epochs,
            seed=self._context.recipe.seed,
            accumulate=corpus.accumulate,
            warm_up=corpus.warm_up,
            clip_gradient=corpus.clip_gradient,
        )

    def run(self) -> list[Figures]:
        """Train, resuming from the last checkpoint if there is one; return the figures of every epoch."""
        history = self.trainer.run(self._context.work / "tensorboard", self._quiet)
        self.part.load_state_dict(self._selection.weights or self.average.weights)
        self._refit_batch_norms()
        return history

    def start_epoch(self, epoch: int) -> None:
        """Set the epoch, and training mode for all but frozen modules."""
        self.collate.epoch = epoch
        self.loss.start_epoch(epoch)
        self.loss.train()
        for module in self._frozen:
            module.eval()  # frozen batch norms must not update their statistics

    def end_step(self) -> None:
        """Update the weight average."""
        self.average.update()

    def end_epoch(self, epoch: int) -> Figures:
        """Score the averaged weights, and select them if they are the best."""
        if not self._data.dev or not self._is_scored(epoch):
            return {}
        figures = self._score_once()
        self._selection.update(epoch, figures["dev_weighted_f1"], self.average.weights)
        return figures

    def should_stop(self, epoch: int) -> bool:
        """Return True if early stopping ends training before this epoch."""
        return self._selection.should_stop(epoch)

    def state_dict(self) -> dict[str, Any]:
        return {
            "average": self.average.state_dict(),
            "selection": self._selection.state_dict(),
            "distillation": None if self._distillation is None else self._distillation.targets,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.average.load_state_dict(state["average"])
        self._selection.load_state_dict(state["selection"])
        if self._distillation is not None:
            self._distillation.targets = state["distillation"]

    def _is_scored(self, epoch: int) -> bool:
        corpus = self._context.corpus
        return self._selection.is_on or (epoch + 1) % corpus.score_every == 0 or epoch + 1 == corpus.epochs

    def _score_once(self) -> Figures:
        """Score in the first process and broadcast the figures.

        Statistics of batch norms differ between processes; if these disagreed on the best epoch, they would deadlock.
        """
        scored = [self._score() if self._accelerator.is_main_process else {}]
        found: Figures = broadcast_object_list(scored)[0]
        return found

    def _score(self) -> Figures:
        """Return the mean scores over the corpora, weighted equally."""
        emotions, sentiments = [], []
        with self.average.applied(), self._accelerator.autocast():
            self._network.eval()
            for examples in self._data.dev_parts:
                encoded = encode(self._network, examples)
                predictions = predict(self._network, encoded)
                emotions.append(weighted_f1(predictions.emotions, encoded.emotions))
                sentiments.append(weighted_f1(predictions.sentiments, encoded.sentiments))
        return {"dev_weighted_f1": fmean(emotions), "dev_sentiment_weighted_f1": fmean(sentiments)}

    def _refit_batch_norms(self) -> None:
        if self.variants is not None:  # with cached variants the encoder is not run again
            self._network.eval()
            return
        self.batches.epoch, self.batches.first = self._context.corpus.epochs, 0  # an order that no epoch used
        with self._accelerator.autocast():
            refit_batch_norms(self._network, self._context.modalities, self._data.train, self.batches, self._frozen)


def weighted_f1(probabilities: Probabilities, targets: Targets) -> float:
    """Return the weighted F1 of the rows [n] that have a target; 0 without any."""
    known = targets != IGNORED
    predicted = probabilities.argmax(axis=1)[known]
    return float(f1_score(targets[known], predicted, average="weighted", zero_division=0.0)) if known.any() else 0.0
