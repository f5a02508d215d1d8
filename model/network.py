"""Encoders for each modality, and the fusion of their evidence.

Each encoder turns its modality into an embedding, and a linear head reads logits off it. Logits minus
the log of the prior they were trained under, divided by a temperature, are *evidence*: what the input says, free of how
often a class occurred in that corpus. Where the configuration holds a fitted `fusion`, evidence adds up as
`model.fusion` defines it. Otherwise the network averages it, as bundles before 0.7 did and as training still does:

    fused = log(prior) + (sum over present m of gate_m * evidence_m + joint(embeddings)) / temperature

once for the emotions and once for the sentiments. Gates are normalised over the modalities present; gates and joint
head are zero unless they were trained on utterances that have several modalities. In either case a missing modality is
masked, never padded with zeros, and one modality alone predicts through the fusion what it predicts by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS, Modality
from model.encoders import FaceEncoder, TextEncoder, VideoEncoder, VoiceConfig, VoiceEncoder
from model.features import Sample, Tokens
from model.fusion import Fusion, add_up, bias_table, weight_table

N_EMOTIONS, N_SENTIMENTS = len(EMOTIONS), len(SENTIMENTS)
N_LOGITS = N_EMOTIONS + N_SENTIMENTS  # a head's row: emotions first, then sentiments
# Utterances at a time: this bounds memory. A face's 16 crops take a megabyte each between the layers, so that a
# passage's faces at once were the most that an analysis held, and the more the longer the passage happened to be.
ENCODER_BATCH: dict[Modality, int] = {"text": 64, "audio": 8, "video": 2, "face": 2}


class Calibration(BaseModel):
    """What training found out about one modality; the network's constants.

    `prior_*` is the class distribution its logits were effectively trained under, `temperature_*` the
    divisor fitted on held-out data, `reliability` what it told there, in nats over the prior alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    prior_emotion: tuple[float, ...] = Field(min_length=N_EMOTIONS, max_length=N_EMOTIONS)
    prior_sentiment: tuple[float, ...] = Field(min_length=N_SENTIMENTS, max_length=N_SENTIMENTS)
    temperature_emotion: float = Field(default=1.0, gt=0.0)
    temperature_sentiment: float = Field(default=1.0, gt=0.0)
    reliability: float = Field(default=1.0, gt=0.0)

    @classmethod
    def uninformed(cls) -> "Calibration":
        return cls(prior_emotion=(1.0 / N_EMOTIONS,) * N_EMOTIONS, prior_sentiment=(1.0 / N_SENTIMENTS,) * N_SENTIMENTS)


class NetworkConfig(BaseModel):
    """Everything needed to build an `EmotionNetwork` before its weights are loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: dict[str, Any] | None = Field(default=None, description="a transformers BertConfig, as a dictionary")
    audio: VoiceConfig | None = Field(default=None, description="the shape of VoiceEncoder")
    video: bool = Field(default=False, description="torchvision's r3d_18")
    face_width: int | None = Field(default=None, description="channels of the first stage of FaceEncoder")
    calibration: dict[Modality, Calibration] = {}
    fused_temperature_emotion: float = Field(default=1.0, gt=0.0, description="where several modalities are there")
    fused_temperature_sentiment: float = Field(default=1.0, gt=0.0)
    prior_emotion: tuple[float, ...] = Field(default=(1.0 / N_EMOTIONS,) * N_EMOTIONS, min_length=N_EMOTIONS)
    prior_sentiment: tuple[float, ...] = Field(default=(1.0 / N_SENTIMENTS,) * N_SENTIMENTS, min_length=N_SENTIMENTS)
    fusion: Fusion | None = Field(default=None, description="fitted additive fusion; None: gates and joint head")

    def with_fused_temperatures(self, emotion: float = 1.0, sentiment: float = 1.0) -> "NetworkConfig":
        """The same with these temperatures of the whole; with none where they are left out."""
        found = {"fused_temperature_emotion": emotion, "fused_temperature_sentiment": sentiment}
        return self.model_copy(update=found)

    def with_uniform_prior(self) -> "NetworkConfig":
        """The same without any class favoured."""
        emotion, sentiment = (1.0 / N_EMOTIONS,) * N_EMOTIONS, (1.0 / N_SENTIMENTS,) * N_SENTIMENTS
        return self.model_copy(update={"prior_emotion": emotion, "prior_sentiment": sentiment})

    @property
    def modalities(self) -> tuple[Modality, ...]:
        has = {
            "text": self.text is not None,
            "audio": self.audio is not None,
            "video": self.video,
            "face": self.face_width is not None,
        }
        return tuple(m for m in MODALITIES if has[m])


@dataclass(frozen=True)
class Judgement:
    """Log-probabilities for a batch of n utterances.

    emotions [n, 7], sentiments [n, 3]; `alone` holds the emotions [n, 7] of each modality by itself, and
    `weights` [n, modalities] the gates, zero where a modality is missing; columns in `modalities` order. Where a fitted
    fusion adds evidence up there are no gates, and `weights` are equal over the modalities present.

    `emotions` are the log-softmax of `base` [n, 7] plus the sum of `terms` [n, modalities, 7], what each modality adds.
    """

    modalities: tuple[Modality, ...]
    emotions: Tensor
    sentiments: Tensor
    alone: dict[Modality, Tensor]
    weights: Tensor
    terms: Tensor
    base: Tensor


class EmotionNetwork(nn.Module):
    """Encoders, heads and fusion. Any subset of modalities, in the network and in each sample."""

    log_prior: Tensor
    log_train_prior: Tensor
    temperature: Tensor
    log_reliability: Tensor
    fused_temperature: Tensor
    fusion_weight: Tensor
    fusion_bias: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        if not config.modalities:
            raise ValueError("a network needs at least one modality")
        self.config = config
        self.modalities = config.modalities
        self.encoders = nn.ModuleDict({m: _build_encoder(m, config) for m in self.modalities})
        widths = {m: int(self.encoders[m].width) for m in self.modalities}  # type: ignore[arg-type]
        self.heads = nn.ModuleDict({m: nn.Linear(widths[m], N_LOGITS) for m in self.modalities})
        self.gates = nn.ModuleDict({m: _zero(nn.Linear(widths[m], 1)) for m in self.modalities})
        self.joint = _zero(nn.Linear(sum(widths.values()), N_LOGITS))
        self.set_constants(config)

    def set_constants(self, config: NetworkConfig) -> None:
        """Take over priors, temperatures and reliabilities (they change with calibration, not with training)."""
        facts = [config.calibration.get(m, Calibration.uninformed()) for m in self.modalities]
        rows = {
            "log_prior": _log([*config.prior_emotion, *config.prior_sentiment]),
            "log_train_prior": torch.stack([_log([*c.prior_emotion, *c.prior_sentiment]) for c in facts]),
            "temperature": torch.tensor([_row(c.temperature_emotion, c.temperature_sentiment) for c in facts]),
            "log_reliability": _log([c.reliability for c in facts]),
            "fused_temperature": torch.tensor(
                _row(config.fused_temperature_emotion, config.fused_temperature_sentiment)
            ),
        }
        fusion = config.fusion or Fusion(weights={})
        rows["fusion_weight"] = weight_table(fusion, self.modalities)
        rows["fusion_bias"] = bias_table(fusion, self.modalities)
        for name, value in rows.items():
            self.register_buffer(name, value, persistent=False)
        self.config = config

    def forward(self, samples: Sequence[Sample]) -> Judgement:
        """Judge n samples; those without any of the network's modalities get the prior."""
        embeddings, logits, present = self.encode(samples)
        return self.fuse(embeddings, logits, present)

    def encode(self, samples: Sequence[Sample]) -> tuple[list[Tensor], Tensor, Tensor]:
        """-> an embedding [n, width] per modality, logits [n, modalities, N_LOGITS], present bool [n, modalities].

        An encoder runs only on the samples that have its modality; rows of the others are zero.
        """
        device = self.log_prior.device
        present = torch.zeros(len(samples), len(self.modalities), dtype=torch.bool, device=device)
        embeddings, logits = [], []
        for column, modality in enumerate(self.modalities):
            rows = [i for i, sample in enumerate(samples) if getattr(sample, modality) is not None]
            present[rows, column] = True
            width = int(self.encoders[modality].width)  # type: ignore[arg-type]
            embedding = torch.zeros(len(samples), width, device=device)
            evidence = torch.zeros(len(samples), N_LOGITS, device=device)
            # Neighbours in length share a batch: padding costs as much as content.
            rows.sort(key=lambda i: _size(samples[i], modality))
            for start in range(0, len(rows), ENCODER_BATCH[modality]):
                batch = rows[start : start + ENCODER_BATCH[modality]]
                part = self.embed(modality, collate(modality, [samples[i] for i in batch]), len(batch))
                index = torch.tensor(batch, device=device)
                embedding = embedding.index_copy(0, index, part)
                evidence = evidence.index_copy(0, index, self.heads[modality](part).float())  # autocast halves it
            embeddings.append(embedding)
            logits.append(evidence)
        return embeddings, torch.stack(logits, dim=1), present

    def embed(self, modality: Modality, inputs: Sequence[Tensor], count: int, encoded: bool = False) -> Tensor:
        """One batch from `collate`, of `count` samples, or voices' statistics (`encoded`) -> [count, width] float32."""
        encoder = self.encoders[modality]
        first = next(encoder.parameters())
        moved = [t.to(first.device, first.dtype if t.is_floating_point() else None) for t in inputs]
        if modality == "video":  # the layout its convolutions are fastest in
            moved[0] = moved[0].contiguous(memory_format=torch.channels_last_3d)
        if modality == "face":
            output: Tensor = encoder(*moved, count=count)
        elif encoded:
            output = encoder.embed(moved[0])  # type: ignore[operator]
        else:
            output = encoder(*moved)
        return output.float()

    def fuse(self, embeddings: Sequence[Tensor], logits: Tensor, present: Tensor) -> Judgement:
        """The formula at the head of this module; arguments as `encode` returns them."""
        evidence = (logits - self.log_train_prior) / self.temperature
        if self.config.fusion is not None:
            terms, bias = add_up(evidence, present, self.fusion_weight, self.fusion_bias)
            weights = present / present.sum(dim=1, keepdim=True).clamp_min(1)
        else:
            terms, bias, weights = self._average(embeddings, evidence, present)
        base = self.log_prior + bias
        fused, alone = base + terms.sum(dim=1), self.log_prior + evidence
        return Judgement(
            modalities=self.modalities,
            emotions=fused[:, :N_EMOTIONS].log_softmax(dim=1),
            sentiments=fused[:, N_EMOTIONS:].log_softmax(dim=1),
            alone={m: alone[:, i, :N_EMOTIONS].log_softmax(dim=1) for i, m in enumerate(self.modalities)},
            weights=weights,
            terms=terms[:, :, :N_EMOTIONS],
            base=base[:, :N_EMOTIONS],
        )

    def _average(
        self, embeddings: Sequence[Tensor], evidence: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Without a fitted fusion: each modality's term [n, modalities, N_LOGITS], the joint head's [n, N_LOGITS], and
        the gates [n, modalities]."""
        scores = torch.stack([self.gates[m](e).squeeze(-1) for m, e in zip(self.modalities, embeddings, strict=True)])
        scores = (scores.T + self.log_reliability).masked_fill(~present, -math.inf)
        weights = torch.nan_to_num(scores.softmax(dim=1))  # a row without any modality: all zero, not NaN
        several = present.sum(dim=1, keepdim=True) > 1
        temperature = torch.where(several, self.fused_temperature, 1.0)
        there = present.unsqueeze(-1).to(evidence.dtype)
        terms = weights.unsqueeze(-1) * there * evidence / temperature.unsqueeze(1)
        joint: Tensor = self.joint(torch.cat(list(embeddings), dim=1)) * several
        return terms, joint / temperature, weights


def log_probabilities(logits: Tensor) -> Tensor:
    """A head's rows [n, N_LOGITS] as two distributions each: emotions, then sentiments."""
    parts = logits[:, :N_EMOTIONS].log_softmax(dim=1), logits[:, N_EMOTIONS:].log_softmax(dim=1)
    return torch.cat(parts, dim=1)


def collate(modality: Modality, samples: Sequence[Sample]) -> list[Tensor]:
    """The encoder's arguments for samples that all have `modality`, padded to the longest among them."""
    if modality == "text":
        return _collate_text([s.text for s in samples if s.text is not None])
    if modality == "audio":
        mels = [s.audio for s in samples if s.audio is not None]
        lengths = torch.tensor([m.shape[1] for m in mels])
        return [torch.stack([F.pad(m, (0, int(lengths.max()) - m.shape[1])) for m in mels]), lengths]
    if modality == "video":
        return [torch.stack([s.video for s in samples if s.video is not None])]
    crops = [s.face for s in samples if s.face is not None]
    owner = torch.repeat_interleave(torch.arange(len(crops)), torch.tensor([len(c) for c in crops]))
    return [torch.cat(crops), owner]


def _collate_text(tokens: Sequence[Tokens]) -> list[Tensor]:
    longest = max(len(t.ids) for t in tokens)
    ids = torch.stack([F.pad(t.ids, (0, longest - len(t.ids))) for t in tokens])
    types = torch.stack([F.pad(t.types, (0, longest - len(t.types))) for t in tokens])
    mask = torch.stack([F.pad(torch.ones_like(t.ids), (0, longest - len(t.ids))) for t in tokens])
    return [ids, types, mask]


def _size(sample: Sample, modality: Modality) -> int:
    """Length of a modality's input, for batching neighbours; clips are all of one size."""
    if modality == "text" and sample.text is not None:
        return len(sample.text.ids)
    if modality == "audio" and sample.audio is not None:
        return sample.audio.shape[1]
    return 0


def _build_encoder(modality: Modality, config: NetworkConfig) -> nn.Module:
    if modality == "text":
        return TextEncoder(config.text or {})
    if modality == "audio":
        return VoiceEncoder(config.audio or VoiceConfig())
    if modality == "face":
        return FaceEncoder(config.face_width or 0)
    return VideoEncoder()


def _row(emotion: float, sentiment: float) -> list[float]:
    """One value for each of a head's N_LOGITS."""
    return [emotion] * N_EMOTIONS + [sentiment] * N_SENTIMENTS


def _log(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).log()


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
