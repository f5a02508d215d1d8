"""The network: an encoder for each modality, and the fusion of their evidence.

Each encoder turns its modality into an embedding, from which a linear head computes logits. The logits minus the log of
the prior that they were trained under, divided by a temperature, are the *evidence*: it does not depend on the class
frequencies of the corpus. With a fitted `fusion` in the configuration, evidence adds up as `model.fusion` defines it.
Otherwise the network averages it, as bundles before 0.7 did and as training still does:

    fused = log(prior) + (sum over present m of gate_m * evidence_m + joint(embeddings)) / temperature

separately for emotions and sentiments. Gates are normalized over the modalities present; gates and joint head are zero
unless they were trained on utterances with several modalities. In both cases a missing modality is masked, never
padded with zeros, and the fusion leaves the prediction of a single modality unchanged.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS, Modality
from model.features import Sample
from model.fusion import Fusion, add_up, bias_table, weight_table
from model.modalities.base import Encoder, EncoderConfig, Slice, TimedEncoder, TwoStageEncoder
from model.modalities.registry import AnyConfig, AnySpec, spec_of

N_EMOTIONS, N_SENTIMENTS = len(EMOTIONS), len(SENTIMENTS)
N_LOGITS = N_EMOTIONS + N_SENTIMENTS  # a head's row: emotions first, then sentiments

Encoded = tuple[Modality, Tensor, Tensor]
"""Embeddings of one modality: its name, the rows int64 [k] of the utterances that have it, embeddings [k, width]."""


class Calibration(BaseModel):
    """Fitted constants of one modality.

    `prior_*` is the class distribution that its logits were effectively trained under, `temperature_*` the divisor
    fitted on held-out data, `reliability` its information gain over the prior on that data, in nats.
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
    """Configuration of an `EmotionNetwork`: the shapes of its encoders and its constants, without weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    encoders: dict[Modality, AnyConfig] = Field(min_length=1, description="an encoder's shape for each modality")
    calibration: dict[Modality, Calibration] = {}
    fused_temperature_emotion: float = Field(default=1.0, gt=0.0, description="for utterances with several modalities")
    fused_temperature_sentiment: float = Field(default=1.0, gt=0.0)
    prior_emotion: tuple[float, ...] = Field(default=(1.0 / N_EMOTIONS,) * N_EMOTIONS, min_length=N_EMOTIONS)
    prior_sentiment: tuple[float, ...] = Field(default=(1.0 / N_SENTIMENTS,) * N_SENTIMENTS, min_length=N_SENTIMENTS)
    fusion: Fusion | None = Field(default=None, description="fitted additive fusion; None: gates and joint head")

    def with_fused_temperatures(self, emotion: float = 1.0, sentiment: float = 1.0) -> "NetworkConfig":
        """Return a copy with these temperatures of the fusion; by default 1, which has no effect."""
        update = {"fused_temperature_emotion": emotion, "fused_temperature_sentiment": sentiment}
        return self.model_copy(update=update)

    @field_validator("encoders")
    @classmethod
    def _encoders_read_their_modality(cls, encoders: dict[Modality, EncoderConfig]) -> dict[Modality, EncoderConfig]:
        for modality, config in encoders.items():
            if spec_of(config).modality != modality:
                raise ValueError(f"{modality}: {spec_of(config).kind} encodes {spec_of(config).modality}")
        return encoders

    @classmethod
    def of(cls, *encoders: EncoderConfig, **constants: Any) -> "NetworkConfig":
        """Return the configuration of a network of these encoders; omitted constants are those without calibration."""
        return cls(encoders={spec_of(config).modality: config for config in encoders}, **constants)

    def with_uniform_prior(self) -> "NetworkConfig":
        """Return a copy with a uniform class prior."""
        emotion, sentiment = (1.0 / N_EMOTIONS,) * N_EMOTIONS, (1.0 / N_SENTIMENTS,) * N_SENTIMENTS
        return self.model_copy(update={"prior_emotion": emotion, "prior_sentiment": sentiment})

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities in the contract's order, which is also that of the network's columns."""
        return tuple(m for m in MODALITIES if m in self.encoders)

    @property
    def specs(self) -> dict[Modality, AnySpec]:
        """Specs of the modalities' encoders, in the same order."""
        return {m: spec_of(self.encoders[m]) for m in self.modalities}


@dataclass(frozen=True)
class Prediction:
    """Log-probabilities of n utterances.

    `emotions` [n, 7], `sentiments` [n, 3]; `per_modality` the emotions [n, 7] that each modality predicts by itself;
    `weights` [n, modalities] the gates, zero for missing modalities, with columns in the order of `modalities`. A
    fitted fusion has no gates; `weights` are then equal over the modalities present.

    `emotions` are the log-softmax of `base` [n, 7] plus the sum of the modalities' `terms` [n, modalities, 7].
    `slices` are the emotions [slices, 7] that a modality predicts by itself from each slice that was requested.
    """

    modalities: tuple[Modality, ...]
    emotions: Tensor
    sentiments: Tensor
    per_modality: dict[Modality, Tensor]
    weights: Tensor
    terms: Tensor
    base: Tensor
    slices: Mapping[Modality, Tensor] = field(default_factory=dict)


class _SliceEmbeddings:
    """Embeddings of one modality's slices, collected batch by batch."""

    def __init__(self, slices: Sequence[Slice], width: int) -> None:
        self._slices = slices
        self.embeddings = torch.zeros(len(slices), width)

    def in_batch(self, batch: Sequence[int]) -> tuple[list[int], list[Slice]]:
        """Return the indices of the slices of a batch's rows, and the slices with their rows in the batch."""
        place = {row: position for position, row in enumerate(batch)}
        chosen = [i for i, one in enumerate(self._slices) if one.row in place]
        return chosen, [replace(self._slices[i], row=place[self._slices[i].row]) for i in chosen]

    def add(self, indices: Sequence[int], embeddings: Tensor) -> None:
        """Add the embeddings [k, width] of the slices with these indices."""
        self.embeddings[list(indices)] = embeddings.to(self.embeddings.device)


class EmotionNetwork(nn.Module):
    """Encoders, heads and fusion, for any subset of modalities in the network and in each sample."""

    log_prior: Tensor
    log_train_prior: Tensor
    temperature: Tensor
    log_reliability: Tensor
    fused_temperature: Tensor
    fusion_weight: Tensor
    fusion_bias: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.modalities, self.specs = config.modalities, config.specs
        self.encoders = nn.ModuleDict({m: spec.encoder(config.encoders[m]) for m, spec in self.specs.items()})
        widths = {m: self.encoder(m).width for m in self.modalities}
        self.heads = nn.ModuleDict({m: nn.Linear(widths[m], N_LOGITS) for m in self.modalities})
        self.gates = nn.ModuleDict({m: _zero(nn.Linear(widths[m], 1)) for m in self.modalities})
        self.joint = _zero(nn.Linear(sum(widths.values()), N_LOGITS))
        self.set_constants(config)

    def set_constants(self, config: NetworkConfig) -> None:
        """Set priors, temperatures and reliabilities, which change with calibration and not with training."""
        constants = [config.calibration.get(m, Calibration.uninformed()) for m in self.modalities]
        rows = {
            "log_prior": _log([*config.prior_emotion, *config.prior_sentiment]),
            "log_train_prior": torch.stack([_log([*c.prior_emotion, *c.prior_sentiment]) for c in constants]),
            "temperature": torch.tensor([_row(c.temperature_emotion, c.temperature_sentiment) for c in constants]),
            "log_reliability": _log([c.reliability for c in constants]),
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

    def forward(
        self,
        samples: Sequence[Sample],
        between: Callable[[], None] = lambda: None,
        slices: Mapping[Modality, Sequence[Slice]] | None = None,
    ) -> Prediction:
        """Predict n samples, and slices of their inputs; a sample with none of the network's modalities gets the prior.

        `between` is called before each batch of an encoder and may abort by raising. Slices are those of modalities
        with a TimedEncoder, which runs only once for them and the samples.
        """
        parts = {m: _SliceEmbeddings(chosen, self.encoder(m).width) for m, chosen in (slices or {}).items()}
        encoded = self.gather(len(samples), self._encode_in_batches(samples, between, parts))
        found = {m: self._slices_alone(m, collected.embeddings) for m, collected in parts.items()}
        return replace(self.fuse(*encoded), slices=found)

    def _slices_alone(self, modality: Modality, embeddings: Tensor) -> Tensor:
        """Return the emotions' log-probabilities [k, 7] that one modality predicts from embeddings [k, width]."""
        column = self.modalities.index(modality)
        logits = self.heads[modality](embeddings.to(self.log_prior.device)).float()
        return self._alone((logits - self.log_train_prior[column]) / self.temperature[column])

    def _alone(self, evidence: Tensor) -> Tensor:
        """Return the emotions' log-probabilities [k, 7] by one modality's evidence [k, N_LOGITS] alone."""
        single: Tensor = self.log_prior + evidence
        return single[:, :N_EMOTIONS].log_softmax(dim=1)

    def encode(
        self, samples: Sequence[Sample], between: Callable[[], None] = lambda: None
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return an embedding [n, width] per modality, logits [n, modalities, N_LOGITS], present bool [n, modalities].

        An encoder runs only on the samples that have its modality; rows of the others are zero.
        """
        return self.gather(len(samples), self._encode_in_batches(samples, between, {}))

    def _encode_in_batches(
        self, samples: Sequence[Sample], between: Callable[[], None], parts: Mapping[Modality, _SliceEmbeddings]
    ) -> Iterator[Encoded]:
        """Yield the embeddings of the samples, and add those of the slices to `parts`."""
        for modality, spec in self.specs.items():
            rows = [i for i, sample in enumerate(samples) if sample.get(modality) is not None]
            # Batch inputs of similar length: padding costs as much as content.
            rows.sort(key=lambda i: spec.size(samples[i].get(modality)))  # noqa: B023  (called immediately)
            for start in range(0, len(rows), spec.batch):
                between()
                batch = rows[start : start + spec.batch]
                inputs = spec.collate([samples[i].get(modality) for i in batch])
                if modality in parts:
                    embedding = self._embed_with_slices(modality, inputs, batch, parts[modality])
                else:
                    embedding = self.embed(modality, inputs, len(batch))
                yield modality, torch.tensor(batch, device=embedding.device), embedding

    def _embed_with_slices(
        self, modality: Modality, inputs: Sequence[Tensor], batch: Sequence[int], parts: _SliceEmbeddings
    ) -> Tensor:
        """Embed one collated batch of the samples at the rows [k], as `embed` does, and add its slices to `parts`."""
        encoder = cast(TimedEncoder, self.encoder(modality))
        indices, moved = parts.in_batch(batch)
        embedding, embedded = encoder.encode_slices(self._moved(modality, inputs), len(batch), moved)
        parts.add(indices, embedded.float())
        return embedding.float()

    def gather(self, n: int, parts: Iterable[Encoded]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Place embeddings and the heads' logits at their utterances' rows; return as `encode` does."""
        device = self.log_prior.device
        present = torch.zeros(n, len(self.modalities), dtype=torch.bool, device=device)
        embeddings = [torch.zeros(n, self.encoder(m).width, device=device) for m in self.modalities]
        logits = [torch.zeros(n, N_LOGITS, device=device) for _ in self.modalities]
        for modality, rows, part in parts:
            column = self.modalities.index(modality)
            present[rows, column] = True
            embeddings[column] = embeddings[column].index_copy(0, rows, part)
            head_logits = self.heads[modality](part).float()  # half precision under autocast
            logits[column] = logits[column].index_copy(0, rows, head_logits)
        return embeddings, torch.stack(logits, dim=1), present

    @property
    def timed(self) -> tuple[Modality, ...]:
        """Modalities whose slices can be predicted."""
        return tuple(m for m in self.modalities if isinstance(self.encoder(m), TimedEncoder))

    def encoder(self, modality: Modality) -> Encoder:
        """Return the encoder of one modality."""
        return cast(Encoder, self.encoders[modality])

    def embed(self, modality: Modality, inputs: Sequence[Tensor], count: int, encoded: bool = False) -> Tensor:
        """Embed one collated batch of `count` samples; return float32 [count, width].

        With `encoded`, the inputs are the `statistics` of a TwoStageEncoder.
        """
        encoder, moved = self.encoder(modality), self._moved(modality, inputs)
        output = cast(TwoStageEncoder, encoder).embed(moved[0]) if encoded else encoder.encode(moved, count)
        return output.float()

    def _moved(self, modality: Modality, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Move a collated batch to the encoder's device, type and memory format."""
        first, layout = next(self.encoder(modality).parameters()), self.specs[modality].layout
        moved = [t.to(first.device, first.dtype if t.is_floating_point() else None) for t in inputs]
        if layout is not None:
            moved[0] = moved[0].contiguous(memory_format=layout)
        return moved

    def fuse(self, embeddings: Sequence[Tensor], logits: Tensor, present: Tensor) -> Prediction:
        """Fuse by the formula in this module's docstring; arguments as `encode` returns them."""
        evidence = (logits - self.log_train_prior) / self.temperature
        if self.config.fusion is not None:
            terms, bias = add_up(evidence, present, self.fusion_weight, self.fusion_bias)
            weights = present / present.sum(dim=1, keepdim=True).clamp_min(1)
        else:
            terms, bias, weights = self._average(embeddings, evidence, present)
        base = self.log_prior + bias
        fused = base + terms.sum(dim=1)
        return Prediction(
            modalities=self.modalities,
            emotions=fused[:, :N_EMOTIONS].log_softmax(dim=1),
            sentiments=fused[:, N_EMOTIONS:].log_softmax(dim=1),
            per_modality={m: self._alone(evidence[:, i]) for i, m in enumerate(self.modalities)},
            weights=weights,
            terms=terms[:, :, :N_EMOTIONS],
            base=base[:, :N_EMOTIONS],
        )

    def _average(
        self, embeddings: Sequence[Tensor], evidence: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Fuse embeddings without a fitted fusion: gated terms plus a joint head.

        Returns the modalities' terms [n, modalities, N_LOGITS], the joint head's term [n, N_LOGITS] and the gates
        [n, modalities].
        """
        scores = torch.stack([self.gates[m](e).squeeze(-1) for m, e in zip(self.modalities, embeddings, strict=True)])
        scores = (scores.T + self.log_reliability).masked_fill(~present, -math.inf)
        weights = torch.nan_to_num(scores.softmax(dim=1))  # zeros for a row without any modality
        several = present.sum(dim=1, keepdim=True) > 1
        temperature = torch.where(several, self.fused_temperature, 1.0)
        mask = present.unsqueeze(-1).to(evidence.dtype)
        terms = weights.unsqueeze(-1) * mask * evidence / temperature.unsqueeze(1)
        joint: Tensor = self.joint(torch.cat(list(embeddings), dim=1)) * several
        return terms, joint / temperature, weights


def log_probabilities(logits: Tensor) -> Tensor:
    """Normalize a head's logits [n, N_LOGITS] to log-probabilities: emotions and sentiments separately."""
    parts = logits[:, :N_EMOTIONS].log_softmax(dim=1), logits[:, N_EMOTIONS:].log_softmax(dim=1)
    return torch.cat(parts, dim=1)


def _row(emotion: float, sentiment: float) -> list[float]:
    """Repeat one value for each of a head's N_LOGITS."""
    return [emotion] * N_EMOTIONS + [sentiment] * N_SENTIMENTS


def _log(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).log()


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
