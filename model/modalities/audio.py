"""Audio modality: tone of voice, encoded by the first layers of Whisper's encoder."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from model.features import SAMPLE_RATE, SILENCE_RMS, FloatArray, rms
from model.modalities.base import EncoderConfig, ModalitySpec, Slice, TimedEncoder, TwoStageEncoder
from model.spectrogram import HOP_LENGTH, N_FFT, log_mel_spectrogram
from model.weights.ctranslate2_file import Variables, as_float, read_variables

N_MELS = 80  # of Whisper's spectrogram (spectrogram.py)
VOICE_RMS = 0.05  # -26 dBFS, to which every utterance is normalized: its level depends on the microphone's distance
MIN_AUDIO_SAMPLES = SAMPLE_RATE // 10
MAX_AUDIO_SAMPLES = 30 * SAMPLE_RATE  # Whisper's window; utterances have at most 15 s
VOICE_WINDOW = 200  # frames, 2 s: the length of the training clips

VERSION = 2  # increment it with any change that the constants in the id do not reflect
PREPROCESS_ID = f"whispermel{N_MELS}-{N_FFT}-{HOP_LENGTH}@{SAMPLE_RATE}/v{VERSION}"


class VoiceConfig(EncoderConfig):
    """Shape of a `VoiceEncoder`; by default that of Whisper base, up to the layers that suit voice best."""

    kind: Literal["whisper"] = "whisper"
    layers: int = Field(default=3, ge=1)
    width: int = Field(default=512, gt=0)
    heads: int = Field(default=8, gt=0)
    hidden: int = Field(default=256, gt=0, description="width of the embedding")


def log_mel(audio: FloatArray) -> Tensor | None:
    """Compute the spectrogram float32 [N_MELS, n // HOP_LENGTH] of mono audio [n] at SAMPLE_RATE; None if silent."""
    if not is_audible(audio):
        return None
    samples = np.asarray(audio[:MAX_AUDIO_SAMPLES], np.float64) * (VOICE_RMS / rms(audio))
    return torch.from_numpy(log_mel_spectrogram(samples, N_MELS))


def is_audible(audio: FloatArray) -> bool:
    """Return True when samples [n] at SAMPLE_RATE are long and loud enough to predict from."""
    return audio.size >= MIN_AUDIO_SAMPLES and rms(audio) >= SILENCE_RMS


class VoiceEncoder(TwoStageEncoder, TimedEncoder):
    """First layers of Whisper's encoder, with mean and standard deviation over time of a mixture of them.

    Whisper's training on 680,000 hours generalizes to voices that acted corpora lack. Its lower and middle layers keep
    the manner of speaking, which the upper ones discard in favor of the words.
    """

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        size = config.width
        self.conv1 = nn.Conv1d(N_MELS, size, 3, padding=1)
        self.conv2 = nn.Conv1d(size, size, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(size, config.heads, 4 * size, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(config.layers)
        )
        self.mixture = nn.Parameter(torch.zeros(config.layers + 1))
        self.norm = nn.BatchNorm1d(2 * size * (config.layers + 1), affine=False)
        self.drop = nn.Dropout(0.4)
        self.squeeze = nn.Linear(2 * size, config.hidden)
        self.drop_hidden = nn.Dropout(0.6)
        self.width = config.hidden

    def pretrained(self) -> list[nn.Module]:
        """Return the layers of Whisper."""
        return [self.conv1, self.conv2, self.blocks]

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """Read the weights of Whisper's encoder from a CTranslate2 model."""
        return _whisper(read_variables(folder / "model.bin", "encoder/"), len(self.blocks))

    def embed(self, statistics: Tensor) -> Tensor:
        """Map the output of `statistics` to embeddings [n, width]."""
        flat = statistics.flatten(1)
        single = self.training and len(flat) == 1  # batch statistics of one sample are undefined
        norm = F.batch_norm(flat, self.norm.running_mean, self.norm.running_var) if single else self.norm(flat)
        mixed = (self.mixture.softmax(0)[:, None] * norm.unflatten(1, (len(self.mixture), -1))).sum(dim=1)
        hidden: Tensor = self.drop_hidden(F.relu(self.squeeze(self.drop(mixed))))
        return hidden

    def statistics(self, mels: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]  # its inputs, by name
        """Return mean and standard deviation over time of every layer [n, layers + 1, 2 * width].

        mels float [n, N_MELS, frames], zero beyond lengths int64 [n] (valid frames). An utterance is encoded in equal
        windows of at most two seconds, each from Whisper's first position on: the output depends on the position, and
        must not depend on the utterance's length. Frames beyond its end are masked, so that the result does not depend
        on the rest of the batch.
        """
        layers, valid, owner = self._layers(mels, lengths)
        return _statistics(layers, valid, owner, len(mels))

    def encode_slices(self, inputs: Sequence[Tensor], count: int, slices: Sequence[Slice]) -> tuple[Tensor, Tensor]:
        """Embed as TimedEncoder does; the time steps are those of the spectrogram."""
        mels, lengths = inputs
        layers, valid, owner = self._layers(mels, lengths)
        whole = self.embed(_statistics(layers, valid, owner, count))
        if not slices:
            return whole, whole[:0]
        ranges = _encoded_ranges(lengths.tolist(), slices)
        inside = valid.squeeze(2) > 0
        parts = [_statistics_of_ranges(layer[inside], ranges) for layer in layers]
        return whole, self.embed(torch.stack(parts, dim=1))

    def _layers(self, mels: Tensor, lengths: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return every layer's output [windows, time, width], its mask [windows, time, 1] and the windows' owners."""
        windows, sizes, owner = _windows(mels.to(self.conv1.weight.dtype), lengths)
        x = F.gelu(self.conv1(windows)) * _time_mask(sizes, windows.shape[-1], windows.dtype).unsqueeze(1)
        x = F.gelu(self.conv2(x)).transpose(1, 2)  # [windows, time, width]
        x = x + _sinusoids(x.shape[1], x.shape[2]).to(x)
        valid = _time_mask((sizes + 1) // 2, x.shape[1], x.dtype).unsqueeze(2)
        padding = None if bool(valid.all()) else valid.squeeze(2) == 0
        layers: list[Tensor] = [x]
        for block in self.blocks:
            layers.append(block(layers[-1], src_key_padding_mask=padding))
        return layers, valid, owner


def _time_mask(lengths: Tensor, size: int, dtype: torch.dtype) -> Tensor:
    """Return a mask [n, size] that is 1 for the first lengths[i] steps and 0 for the rest."""
    return (torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)).to(dtype)


def _sinusoids(length: int, channels: int) -> Tensor:
    """Return Whisper's position encodings [length, channels] (Vaswani et al. 2017, sines and cosines in halves)."""
    rates = torch.exp(-math.log(10_000.0) / (channels // 2 - 1) * torch.arange(channels // 2))
    angles = torch.arange(length)[:, None] * rates[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _statistics(layers: Sequence[Tensor], valid: Tensor, owner: Tensor, count: int) -> Tensor:
    """Pool every layer [windows, time, width] over each utterance: [count, layers, 2 * width]."""
    return torch.stack([_mean_and_deviation(layer, valid, owner, count) for layer in layers], dim=1)


def _window_size(length: int) -> int:
    """Return the length of the equal windows that a spectrogram of `length` frames is split into."""
    return -(-length // max(1, -(-length // VOICE_WINDOW)))


def _encoded_ranges(lengths: Sequence[int], slices: Sequence[Slice]) -> list[tuple[int, int]]:
    """Convert slices of spectrograms to ranges of the encoder's valid steps, which all utterances' windows line up."""

    def step(frame: int, size: int) -> int:
        """Return the step that covers a frame; each window has its own, of two frames each."""
        window, rest = divmod(frame, max(1, size))
        return window * ((size + 1) // 2) + rest // 2

    sizes = [_window_size(length) for length in lengths]
    counts = [step(length - 1, size) + 1 for length, size in zip(lengths, sizes, strict=True)]
    first = [sum(counts[:row]) for row in range(len(counts))]
    ends = [(step(s.start, sizes[s.row]), step(s.end - 1, sizes[s.row]) + 1) for s in slices]
    return [(first[s.row] + start, first[s.row] + end) for s, (start, end) in zip(slices, ends, strict=True)]


def _statistics_of_ranges(steps: Tensor, ranges: Sequence[tuple[int, int]]) -> Tensor:
    """Pool ranges of steps [time, width] as `_mean_and_deviation` pools windows: float32 [ranges, 2 * width]."""
    parts = [steps[first:end].float() for first, end in ranges]
    return torch.stack([torch.cat([part.mean(dim=0), (part.var(dim=0, correction=0) + 1e-5).sqrt()]) for part in parts])


def _windows(mels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Split each spectrogram of [n, N_MELS, frames] into equal windows of at most VOICE_WINDOW frames.

    Returns windows [windows, N_MELS, longest], zero beyond each one's end, their lengths, and their owners (indices
    into n).
    """
    pieces, owner = [], []
    for row, length in enumerate(lengths.tolist()):
        size = _window_size(length)
        for start in range(0, max(1, length), max(1, size)):
            pieces.append(mels[row, :, start : min(start + size, length)])
            owner.append(row)
    sizes = torch.tensor([piece.shape[1] for piece in pieces], device=mels.device)
    longest = int(sizes.max())
    windows = torch.stack([F.pad(piece, (0, longest - piece.shape[1])) for piece in pieces])
    return windows, sizes, torch.tensor(owner, device=mels.device)


def _mean_and_deviation(steps: Tensor, valid: Tensor, owner: Tensor, count: int) -> Tensor:
    """Pool steps [windows, time, width], with mask `valid` [windows, time, 1], to float32 [count, 2 * width]."""
    steps, valid = steps.float(), valid.float()

    def total(each: Tensor) -> Tensor:
        """Sum [windows, time, k] over the steps of each utterance's windows: [count, k]."""
        return each.new_zeros(count, each.shape[2]).index_add(0, owner, (each * valid).sum(dim=1))

    frames = total(torch.ones_like(valid)).clamp_min(1.0)
    mean = total(steps) / frames
    variance = total((steps - mean[owner].unsqueeze(1)).square()) / frames
    return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)


def _whisper(variables: Variables, layers: int) -> dict[str, Tensor]:
    """Rename CTranslate2's variables to the names of this encoder (those of nn.TransformerEncoderLayer)."""
    names = {
        f"{layer}.{kind}": f"encoder/{layer}/{kind}" for layer in ("conv1", "conv2") for kind in ("weight", "bias")
    }
    for i in range(layers):
        attention, feed_forward = (f"encoder/layer_{i}/{part}" for part in ("self_attention", "ffn"))
        for kind, stored in (("weight", "gamma"), ("bias", "beta")):
            names[f"blocks.{i}.norm1.{kind}"] = f"{attention}/layer_norm/{stored}"
            names[f"blocks.{i}.norm2.{kind}"] = f"{feed_forward}/layer_norm/{stored}"
        for kind in ("weight", "bias"):
            names[f"blocks.{i}.self_attn.in_proj_{kind}"] = f"{attention}/linear_0/{kind}"
            names[f"blocks.{i}.self_attn.out_proj.{kind}"] = f"{attention}/linear_1/{kind}"
            names[f"blocks.{i}.linear1.{kind}"] = f"{feed_forward}/linear_0/{kind}"
            names[f"blocks.{i}.linear2.{kind}"] = f"{feed_forward}/linear_1/{kind}"
    return {ours: torch.from_numpy(np.ascontiguousarray(as_float(variables, theirs))) for ours, theirs in names.items()}


def collate(mels: Sequence[Tensor]) -> list[Tensor]:
    """Return spectrograms [n, N_MELS, frames], zero beyond each one's length, and the lengths int64 [n]."""
    lengths = torch.tensor([m.shape[1] for m in mels])
    return [torch.stack([F.pad(m, (0, int(lengths.max()) - m.shape[1])) for m in mels]), lengths]


SPEC = ModalitySpec(
    modality="audio",
    config=VoiceConfig,
    encoder=VoiceEncoder,
    preprocess_id=PREPROCESS_ID,
    reads="sound",
    prepare=lambda evidence: log_mel(evidence.sound),
    collate=collate,
    batch=8,
    size=lambda mels: mels.shape[1],
)
