"""What training minimises: the losses of the fused judgement and of each modality by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.features import Sample, Tokens
from model.network import N_EMOTIONS, N_LOGITS, Calibration, EmotionNetwork, collate, log_probabilities
from training.augment import augment
from training.corpora import IGNORED, Example, class_frequencies
from training.optimising import precision_of
from training.recipe import CorpusRecipe, ModalityRecipe
from training.remembered import Remembered


@dataclass(frozen=True)
class Batch:
    """n utterances: of each modality the `rows` [k] that have it and their collated inputs; targets [n].

    `teacher` [n, 10] holds a teacher's log-probabilities, emotions then sentiments; `numbers` int64 [n] says which
    of the training's examples they are. Where the inputs are `encoded`, the frozen part of the encoder has seen them
    already, varied.
    """

    TARGETS = ("emotion", "sentiment")
    inputs: dict[Modality, tuple[Tensor, list[Tensor]]]
    emotions: Tensor
    sentiments: Tensor
    teacher: Tensor | None = None
    encoded: bool = False
    numbers: Tensor | None = None


def to_batch(
    examples: Sequence[Example],
    modalities: Sequence[Modality],
    how: CorpusRecipe,
    marks: frozenset[int] = frozenset(),
    teacher: Tensor | None = None,
) -> Batch:
    """Collate examples, varied as the corpus's recipe asks: modalities left out, words without their `marks`."""
    samples = [_plainer(_alone(e.sample, how.context_dropout), how.plain_share, marks) for e in examples]
    kept = [_some([m for m in sample.present if m in modalities], how.modality_dropout) for sample in samples]
    inputs: dict[Modality, tuple[Tensor, list[Tensor]]] = {}
    for modality in modalities:
        rows = [i for i, present in enumerate(kept) if modality in present]
        if rows:
            inputs[modality] = torch.tensor(rows), collate(modality, [samples[i] for i in rows])
    emotions, sentiments = (torch.tensor([getattr(e, kind) for e in examples]) for kind in Batch.TARGETS)
    return Batch(inputs, emotions, sentiments, teacher)


def _alone(sample: Sample, chance: float) -> Sample:
    """The sample, by this chance without what was said before."""
    if chance == 0.0 or sample.text is None or float(torch.rand(())) >= chance:
        return sample
    return replace(sample, text=sample.text.alone())


def _plainer(sample: Sample, share: float, marks: frozenset[int]) -> Sample:
    """The sample, by this chance with words as some transcribers write them: without punctuation."""
    if share == 0.0 or sample.text is None or float(torch.rand(())) >= share:
        return sample
    kept = torch.tensor([token not in marks for token in sample.text.ids.tolist()])
    plain = Tokens(sample.text.ids[kept], sample.text.types[kept])
    return replace(sample, text=plain) if int(plain.types.sum()) > 1 else sample  # [SEP] counts as one


def _some(present: list[Modality], dropout: float) -> list[Modality]:
    if dropout == 0 or len(present) < 2:
        return present
    kept = [m for m in present if float(torch.rand(())) >= dropout]
    return kept or [present[int(torch.randint(0, len(present), ()))]]


class Objective(nn.Module):
    """A network, and the loss it is trained with. Called like a module, so that several GPUs can share the work."""

    def __init__(
        self,
        network: EmotionNetwork,
        sections: dict[Modality, ModalityRecipe],
        how: CorpusRecipe,
        calibration: Calibration,
        remembered: Remembered | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self._sections = self._varied = sections
        self._how = how
        self._remembered, self._remembered_share = remembered, 0.0
        for name, prior in (("emotion", calibration.prior_emotion), ("sentiment", calibration.prior_sentiment)):
            # The prior of a weighted loss is frequency^(1 - balance): the weights are known from it.
            balance = how.class_balance
            weight = torch.tensor(prior).pow(-balance / (1.0 - balance)) if balance else torch.ones(len(prior))
            self.register_buffer(f"{name}_weight", weight / weight.mean(), persistent=False)

    def start_epoch(self, epoch: int) -> None:
        """What follows from how much has been learned: the last epochs leave out what no real utterance looks like,
        and what the network said itself counts the more the later it is."""
        how = self._how
        calm = epoch >= round(how.epochs * (1.0 - how.calm_share))
        less = {"mixup": 0.0, "erase": 0.0, "crop": 1.0} if calm else {}
        self._sections = {m: section.model_copy(update=less) for m, section in self._varied.items()}
        self._remembered_share = how.remembered_share * epoch / how.epochs

    def forward(self, batch: Batch) -> Tensor:
        """The mean loss of a batch."""
        emotions, sentiments = (t.to(self.network.log_prior.device) for t in (batch.emotions, batch.sentiments))
        n = len(emotions)
        mixed = self._mixed(batch)
        embeddings, logits, present = self._encode(batch, n, mixed)
        total = logits.new_zeros(())
        for column in range(logits.shape[1]):
            rows = present[:, column].nonzero().flatten()
            if len(rows):
                total = total + self._loss(logits[rows, column], emotions[rows], sentiments[rows], batch, rows, mixed)
        if logits.shape[1] > 1:
            judged = self.network.fuse(embeddings, logits, present)
            rows = present.any(dim=1).nonzero().flatten()
            fused = torch.cat([judged.emotions, judged.sentiments], dim=1)
            total = total + self._loss(fused[rows], emotions[rows], sentiments[rows], batch, rows, None)
        return total

    def _encode(self, batch: Batch, n: int, mixed: tuple[Tensor, float] | None) -> tuple[list[Tensor], Tensor, Tensor]:
        """As `EmotionNetwork.encode`, on whole batches and with augmented inputs."""
        network, device = self.network, self.network.log_prior.device
        present = torch.zeros(n, len(network.modalities), dtype=torch.bool, device=device)
        embeddings, logits = [], []
        for column, modality in enumerate(network.modalities):
            embedding = torch.zeros(n, int(network.encoders[modality].width), device=device)  # type: ignore[arg-type]
            evidence = torch.zeros(n, N_LOGITS, device=device)
            if modality in batch.inputs:
                rows, inputs = batch.inputs[modality]
                rows = rows.to(device)
                varied = list(inputs) if batch.encoded else augment(modality, inputs, self._sections[modality])
                if mixed is not None:
                    order, share = mixed
                    varied[0] = share * varied[0] + (1.0 - share) * varied[0][order]
                with precision_of(modality):
                    part = network.embed(modality, varied, len(rows), batch.encoded)
                embedding = embedding.index_copy(0, rows, part)
                evidence = evidence.index_copy(0, rows, network.heads[modality](part).float())
                present[rows, column] = True
            embeddings.append(embedding)
            logits.append(evidence)
        return embeddings, torch.stack(logits, dim=1), present

    def _mixed(self, batch: Batch) -> tuple[Tensor, float] | None:
        """Mixup (Zhang et al. 2018) where the stage has one modality and asks for it: partners, and the own share."""
        modalities = list(batch.inputs)
        alpha = self._sections[modalities[0]].mixup if len(self.network.modalities) == 1 and modalities else 0.0
        if alpha == 0.0:
            return None
        share = float(torch.distributions.Beta(alpha, alpha).sample())
        return torch.randperm(len(batch.inputs[modalities[0]][0])), max(share, 1.0 - share)

    def _loss(
        self,
        logits: Tensor,
        emotions: Tensor,
        sentiments: Tensor,
        batch: Batch,
        rows: Tensor,
        mixed: tuple[Tensor, float] | None,
    ) -> Tensor:
        """Emotions' and sentiments' loss of logits [k, 10] at `rows`, both labels' where inputs were mixed."""
        own = self._labelled(logits, emotions, sentiments)
        if mixed is not None:
            order, share = mixed
            own = share * own + (1.0 - share) * self._labelled(logits, emotions[order], sentiments[order])
        if self._remembered is not None and batch.numbers is not None:
            numbers = batch.numbers[rows.cpu()]
            said = _divergence(logits, self._remembered.of(numbers).to(logits.device))
            own = (1.0 - self._remembered_share) * own + self._remembered_share * said
            self._remembered.add(numbers, logits)
        if batch.teacher is None:
            return own
        taught = _divergence(logits, batch.teacher.to(logits.device)[rows].exp())
        return (1.0 - self._how.teacher_share) * own + self._how.teacher_share * taught

    def _labelled(self, logits: Tensor, emotions: Tensor, sentiments: Tensor) -> Tensor:
        loss = logits.new_zeros(())
        if bool((emotions != IGNORED).any()):
            loss = loss + self._cross_entropy(logits[:, :N_EMOTIONS], emotions, self.get_buffer("emotion_weight"))
        if bool((sentiments != IGNORED).any()):
            weight = self.get_buffer("sentiment_weight")
            loss = loss + self._cross_entropy(logits[:, N_EMOTIONS:], sentiments, weight)
        return loss

    def _cross_entropy(self, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        smoothing = self._how.label_smoothing
        if self._how.focal == 0.0:
            return F.cross_entropy(logits, targets, weight, label_smoothing=smoothing, ignore_index=IGNORED)
        each = F.cross_entropy(
            logits, targets, weight, label_smoothing=smoothing, ignore_index=IGNORED, reduction="none"
        )
        known = targets != IGNORED
        right = logits.softmax(dim=1).gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1)
        return (each * (1.0 - right).pow(self._how.focal))[known].mean()


def effective_priors(examples: Sequence[Example], balance: float) -> Calibration:
    """The class distributions that a loss balanced by `balance` trains under: frequency^(1 - balance)."""
    frequencies = (
        class_frequencies([e.emotion for e in examples], len(EMOTIONS)),
        class_frequencies([e.sentiment for e in examples], len(SENTIMENTS)),
    )
    emotion, sentiment = (torch.tensor(f, dtype=torch.float64).pow(1.0 - balance) for f in frequencies)
    return Calibration(
        prior_emotion=tuple((emotion / emotion.sum()).tolist()),
        prior_sentiment=tuple((sentiment / sentiment.sum()).tolist()),
    )


def _divergence(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy against distributions [k, 10], a teacher's or the network's own (Hinton et al. 2015)."""
    return -(wanted * log_probabilities(logits)).sum(dim=1).mean()
