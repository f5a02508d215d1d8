"""The loss of a stage: that of the fused prediction and of each modality by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.network import N_EMOTIONS, Calibration, EmotionNetwork, Encoded, log_probabilities
from training.corpora import IGNORED, Example, class_frequencies
from training.corpora.base import as_frequencies, class_counts
from training.corpus_recipe import CorpusRecipe
from training.data.collate import Batch
from training.engine.optim import precision_of
from training.engine.self_distillation import SelfDistillation
from training.evaluation.confidence import Floats
from training.modalities.base import ModalityRecipe

CLASSES = (len(EMOTIONS), len(SENTIMENTS))


class StageLoss(nn.Module):
    """A network, and the loss it is trained with. Called like a module, so that several GPUs can share the work."""

    def __init__(
        self,
        network: EmotionNetwork,
        sections: dict[Modality, ModalityRecipe],
        corpus: CorpusRecipe,
        calibration: Calibration,
        distillation: SelfDistillation | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self._sections = self._varied = sections
        self._corpus = corpus
        self._distillation, self._distilled_share = distillation, 0.0
        for name, prior in (("emotion", calibration.prior_emotion), ("sentiment", calibration.prior_sentiment)):
            # The prior of a weighted loss is frequency^(1 - balance): the weights are known from it.
            balance = corpus.class_balance
            weight = torch.tensor(prior).pow(-balance / (1.0 - balance)) if balance else torch.ones(len(prior))
            self.register_buffer(f"{name}_weight", weight / weight.mean(), persistent=False)

    def start_epoch(self, epoch: int) -> None:
        """Set what depends on how much has been learned: the last epochs leave out what no real utterance looks like,
        and the network's own predictions count the more the later it is.
        """
        corpus = self._corpus
        calm = epoch >= round(corpus.epochs * (1.0 - corpus.calm_share))
        self._sections = {m: section.calmed() if calm else section for m, section in self._varied.items()}
        self._distilled_share = corpus.remembered_share * epoch / corpus.epochs

    def forward(self, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        device = self.network.log_prior.device
        batch = replace(batch, emotions=batch.emotions.to(device), sentiments=batch.sentiments.to(device))
        mixed = self._mixed(batch)
        embeddings, logits, present = self.network.gather(len(batch.emotions), self._embed(batch, mixed))
        total = logits.new_zeros(())
        for column in range(logits.shape[1]):
            rows = present[:, column].nonzero().flatten()
            if len(rows):
                total = total + self._loss(logits[rows, column], batch, rows, mixed)
        if logits.shape[1] > 1:
            predicted = self.network.fuse(embeddings, logits, present)
            rows = present.any(dim=1).nonzero().flatten()
            fused = torch.cat([predicted.emotions, predicted.sentiments], dim=1)
            total = total + self._loss(fused[rows], batch, rows, None)
        return total

    def _embed(self, batch: Batch, mixed: tuple[Tensor, float] | None) -> Iterator[Encoded]:
        """Whole batches, with augmented inputs."""
        network = self.network
        for modality, (rows, inputs) in batch.inputs.items():
            varied = list(inputs) if batch.encoded else self._sections[modality].augment(inputs)
            if mixed is not None:
                order, share = mixed
                varied[0] = share * varied[0] + (1.0 - share) * varied[0][order]
            with precision_of(network.specs[modality]):
                part = network.embed(modality, varied, len(rows), batch.encoded)
            yield modality, rows.to(part.device), part

    def _mixed(self, batch: Batch) -> tuple[Tensor, float] | None:
        """Mixup (Zhang et al. 2018) where the stage has one modality and asks for it: partners, and the own share."""
        modalities = list(batch.inputs)
        alpha = self._sections[modalities[0]].mixup_alpha if len(self.network.modalities) == 1 and modalities else 0.0
        if alpha == 0.0:
            return None
        share = float(torch.distributions.Beta(alpha, alpha).sample())
        return torch.randperm(len(batch.inputs[modalities[0]][0])), max(share, 1.0 - share)

    def _loss(self, logits: Tensor, batch: Batch, rows: Tensor, mixed: tuple[Tensor, float] | None) -> Tensor:
        """Emotions' and sentiments' loss of logits [k, 10] at `rows`, both labels' where inputs were mixed.

        Where a teacher has labeled only some of them, the mean of the loss of these and of the others.
        """
        if batch.teacher is None:
            return self._own(logits, batch, rows, mixed)
        wanted, share = batch.teacher.to(logits.device)[rows], self._corpus.teacher_share

        def untaught(chosen: Tensor) -> Tensor:
            return self._own(logits[chosen], batch, rows[chosen], mixed)

        def taught(chosen: Tensor) -> Tensor:
            of_teacher = _divergence(logits[chosen], wanted[chosen].exp())
            return (1.0 - share) * untaught(chosen) + share * of_teacher

        return _in_parts(~wanted.isnan().any(dim=1), taught, untaught)

    def _own(self, logits: Tensor, batch: Batch, rows: Tensor, mixed: tuple[Tensor, float] | None) -> Tensor:
        """The loss against the corpus's own labels and, with self-distillation, the network's earlier predictions."""
        emotions, sentiments = batch.emotions[rows], batch.sentiments[rows]
        own = self._labeled(logits, emotions, sentiments) if batch.votes is None else self._voted(logits, batch, rows)
        if mixed is not None:
            order, share = mixed
            own = share * own + (1.0 - share) * self._labeled(logits, emotions[order], sentiments[order])
        if self._distillation is not None and batch.numbers is not None:
            numbers = batch.numbers[rows.cpu()]
            own_past = _divergence(logits, self._distillation.of(numbers).to(logits.device))
            own = (1.0 - self._distilled_share) * own + self._distilled_share * own_past
            self._distillation.add(numbers, logits)
        return own

    def _labeled(self, logits: Tensor, emotions: Tensor, sentiments: Tensor) -> Tensor:
        loss = logits.new_zeros(())
        if bool((emotions != IGNORED).any()):
            loss = loss + self._cross_entropy(logits[:, :N_EMOTIONS], emotions, self.get_buffer("emotion_weight"))
        if bool((sentiments != IGNORED).any()):
            weight = self.get_buffer("sentiment_weight")
            loss = loss + self._cross_entropy(logits[:, N_EMOTIONS:], sentiments, weight)
        return loss

    def _voted(self, logits: Tensor, batch: Batch, rows: Tensor) -> Tensor:
        """The mean loss against the shares of people's votes, and against the one label of utterances without any."""
        assert batch.votes is not None
        shares, emotions, sentiments = batch.votes.to(logits.device)[rows], batch.emotions[rows], batch.sentiments[rows]
        return _in_parts(
            ~shares.isnan().any(dim=1),
            lambda chosen: _divergence(logits[chosen], shares[chosen]),
            lambda chosen: self._labeled(logits[chosen], emotions[chosen], sentiments[chosen]),
        )

    def _cross_entropy(self, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        smoothing = self._corpus.label_smoothing
        if self._corpus.focal == 0.0:
            return F.cross_entropy(logits, targets, weight, label_smoothing=smoothing, ignore_index=IGNORED)
        each = F.cross_entropy(
            logits, targets, weight, label_smoothing=smoothing, ignore_index=IGNORED, reduction="none"
        )
        known = targets != IGNORED
        right = logits.softmax(dim=1).gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1)
        return (each * (1.0 - right).pow(self._corpus.focal))[known].mean()


def effective_priors(
    examples: Sequence[Example],
    balance: float,
    weights: Sequence[float] | None = None,
    votes: Tensor | None = None,
) -> Calibration:
    """The class distributions that a loss balanced by `balance` trains under: frequency^(1 - balance).

    `weights` say how often each example comes in an epoch, where that differs. `votes` [n, 10] are the shares that are
    learned instead of labels, NaN for examples without.
    """
    labels = [e.emotion for e in examples], [e.sentiment for e in examples]
    if votes is None:
        frequencies = [class_frequencies(each, k, weights) for each, k in zip(labels, CLASSES, strict=True)]
    else:
        frequencies = _frequencies_of_votes(labels, np.ones(len(examples)) if weights is None else weights, votes)
    emotion, sentiment = (torch.tensor(f, dtype=torch.float64).pow(1.0 - balance) for f in frequencies)
    return Calibration(
        prior_emotion=tuple((emotion / emotion.sum()).tolist()),
        prior_sentiment=tuple((sentiment / sentiment.sum()).tolist()),
    )


def _frequencies_of_votes(
    labels: Sequence[Sequence[int]], weights: Sequence[float] | Floats, votes: Tensor
) -> list[tuple[float, ...]]:
    """Share of each emotion and of each sentiment, by votes where there are any, with one added to every count."""
    shares, each = votes.double().numpy(), np.asarray(weights, np.float64)
    voted = ~np.isnan(shares).any(axis=1)
    of_votes = np.split(each[voted] @ shares[voted], [N_EMOTIONS])
    unvoted = np.where(voted, 0.0, each).tolist()
    return [
        as_frequencies(class_counts(its_labels, k, unvoted) + counts)
        for its_labels, k, counts in zip(labels, CLASSES, of_votes, strict=True)
    ]


def _in_parts(there: Tensor, of_these: Callable[[Tensor], Tensor], of_others: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the mean loss of k > 0 utterances, some of which (`there`, bool [k]) are learned in another way.

    Each way takes the indices of its utterances and gives their mean loss.
    """
    parts = ((there.nonzero().flatten(), of_these), ((~there).nonzero().flatten(), of_others))
    return torch.stack([len(chosen) / len(there) * loss(chosen) for chosen, loss in parts if len(chosen)]).sum()


def _divergence(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy against distributions [k, 10], a teacher's or the network's own (Hinton et al. 2015)."""
    return -(wanted * log_probabilities(logits)).sum(dim=1).mean()
