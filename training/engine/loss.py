"""Loss of a stage: of the fused prediction, and of each modality's own."""

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
from training.engine.optim import autocast_for
from training.engine.self_distillation import SelfDistillation
from training.evaluation.confidence import Floats
from training.modalities.base import ModalityRecipe

CLASSES = (len(EMOTIONS), len(SENTIMENTS))


class StageLoss(nn.Module):
    """A network and its training loss; a module, so that DistributedDataParallel can wrap it."""

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
            # The prior of a weighted loss is frequency^(1 - balance); the weights follow from it.
            balance = corpus.class_balance
            weight = torch.tensor(prior).pow(-balance / (1.0 - balance)) if balance else torch.ones(len(prior))
            self.register_buffer(f"{name}_weight", weight / weight.mean(), persistent=False)

    def start_epoch(self, epoch: int) -> None:
        """Set the epoch's augmentation and the weight of self-distillation, which grows linearly.

        The last epochs (`calm_share`) omit augmentations that make unrealistic inputs.
        """
        corpus = self._corpus
        calm = epoch >= round(corpus.epochs * (1.0 - corpus.calm_share))
        self._sections = {
            m: section.without_strong_augmentation() if calm else section for m, section in self._varied.items()
        }
        self._distilled_share = corpus.remembered_share * epoch / corpus.epochs

    def forward(self, batch: Batch) -> Tensor:
        """Compute the mean loss of a batch."""
        device = self.network.log_prior.device
        batch = replace(batch, emotions=batch.emotions.to(device), sentiments=batch.sentiments.to(device))
        mixed = self._draw_mixup(batch)
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
        """Encode the batch, augmented, modality by modality."""
        network = self.network
        for modality, (rows, inputs) in batch.inputs.items():
            varied = list(inputs) if batch.encoded else self._sections[modality].augment(inputs)
            if mixed is not None:
                order, share = mixed
                varied[0] = share * varied[0] + (1.0 - share) * varied[0][order]
            with autocast_for(network.specs[modality]):
                part = network.embed(modality, varied, len(rows), batch.encoded)
            yield modality, rows.to(part.device), part

    def _draw_mixup(self, batch: Batch) -> tuple[Tensor, float] | None:
        """Draw mixup partners and the example's own weight (Zhang et al. 2018); None without mixup."""
        modalities = list(batch.inputs)
        alpha = self._sections[modalities[0]].mixup_alpha if len(self.network.modalities) == 1 and modalities else 0.0
        if alpha == 0.0:
            return None
        share = float(torch.distributions.Beta(alpha, alpha).sample())
        return torch.randperm(len(batch.inputs[modalities[0]][0])), max(share, 1.0 - share)

    def _loss(self, logits: Tensor, batch: Batch, rows: Tensor, mixed: tuple[Tensor, float] | None) -> Tensor:
        """Compute the loss of logits [k, 10] at `rows`, against both labels of mixed inputs.

        If only some utterances have soft labels, it is the mean over these and the others.
        """
        if batch.teacher is None:
            return self._corpus_loss(logits, batch, rows, mixed)
        soft_labels, share = batch.teacher.to(logits.device)[rows], self._corpus.teacher_share

        def from_labels(chosen: Tensor) -> Tensor:
            return self._corpus_loss(logits[chosen], batch, rows[chosen], mixed)

        def from_teacher(chosen: Tensor) -> Tensor:
            of_teacher = _divergence(logits[chosen], soft_labels[chosen].exp())
            return (1.0 - share) * from_labels(chosen) + share * of_teacher

        return _mean_over_parts(~soft_labels.isnan().any(dim=1), from_teacher, from_labels)

    def _corpus_loss(self, logits: Tensor, batch: Batch, rows: Tensor, mixed: tuple[Tensor, float] | None) -> Tensor:
        """Compute the loss against labels or votes and, with self-distillation, the network's earlier predictions."""
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
        """Compute the mean loss against vote shares, and against labels for utterances without votes."""
        assert batch.votes is not None
        shares, emotions, sentiments = batch.votes.to(logits.device)[rows], batch.emotions[rows], batch.sentiments[rows]
        return _mean_over_parts(
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
    """Return the effective training priors of a loss balanced by `balance`: frequency^(1 - balance).

    `weights` are the mean occurrences of each example per epoch, if they differ. `votes` [n, 10] are the vote shares
    used in place of labels, NaN for examples without votes.
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
    """Return emotion and sentiment frequencies, from votes where available, with one added to every count."""
    shares, each = votes.double().numpy(), np.asarray(weights, np.float64)
    voted = ~np.isnan(shares).any(axis=1)
    of_votes = np.split(each[voted] @ shares[voted], [N_EMOTIONS])
    unvoted = np.where(voted, 0.0, each).tolist()
    return [
        as_frequencies(class_counts(its_labels, k, unvoted) + counts)
        for its_labels, k, counts in zip(labels, CLASSES, of_votes, strict=True)
    ]


def _mean_over_parts(
    there: Tensor, of_these: Callable[[Tensor], Tensor], of_others: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the mean loss of k > 0 utterances with two loss functions, selected by `there`, bool [k].

    Each function takes the indices of its utterances and returns their mean loss.
    """
    parts = ((there.nonzero().flatten(), of_these), ((~there).nonzero().flatten(), of_others))
    return torch.stack([len(chosen) / len(there) * loss(chosen) for chosen, loss in parts if len(chosen)]).sum()


def _divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Compute the cross-entropy against distributions [k, 10] (Hinton et al. 2015)."""
    return -(target * log_probabilities(logits)).sum(dim=1).mean()
