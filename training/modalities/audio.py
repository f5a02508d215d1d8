"""Training options and augmentation of audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from training.corpus_recipe import Amount, PartialShare, Share
from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    from torch import Tensor


class AudioRecipe(ModalityRecipe):
    """Training the layers after Whisper's encoder, and optionally the encoder."""

    modality = "audio"
    kind = "whisper"
    corpus_options = ("join_share",)
    kept_parts = ("conv1", "conv2", "blocks")  # VoiceEncoder.pretrained, by name

    input_options = (
        "mask_frames",
        "mask_mels",
        "shift_mels",
        "stretch",
        "equalise",
        "noise",
        "room",
        "room_seconds",
        "telephone",
        "cut",
        "cut_seconds",
    )
    needed_options = {"room_seconds": "room", "cut_seconds": "cut"}

    config: dict[str, Any] | None = None  # a VoiceConfig, if it differs from the default
    varied_share: float = Field(default=1.0, gt=0.0, le=1.0)  # share of utterances that are augmented
    mask_frames: int = Field(default=0, ge=0)
    mask_mels: int = Field(default=0, ge=0)
    shift_mels: int = Field(default=0, ge=0)
    stretch: PartialShare = 0.0
    equalise: Amount = 0.0
    noise: Amount = 0.0
    room: Share = 0.0  # share of augmented utterances with reverberation
    room_seconds: float = Field(default=0.6, gt=0.1, le=5.0)  # maximum decay time (60 dB)
    telephone: Share = 0.0  # share of augmented utterances with telephone bandwidth
    cut: Share = 0.0  # share of augmented utterances cut to a random part
    cut_seconds: float = Field(default=0.3, ge=0.1, le=5.0)  # minimum length of a part
    mixup: Amount = 0.0

    @model_validator(mode="after")
    def _something_is_varied(self) -> Self:
        if "varied_share" in self.model_fields_set and not self.varied_options():
            options = ", ".join(self.input_options)
            raise ValueError(f"varied_share: has no effect without augmentation; set one of {options}, or remove it")
        return self

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return self.config or {}

    @property
    def mixup_alpha(self) -> float:
        return self.mixup

    def without_strong_augmentation(self) -> Self:
        return self.model_copy(update={"mixup": 0.0})

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Augment a share of the spectrograms: pace, pitch, microphone, room, noise, bandwidth, cutting and masking."""
        from training.data import augmentation as vary

        plain, lengths = inputs
        mels, ends = vary.stretch_time(plain, lengths, self.stretch)
        mels, ends = vary.cut_short(mels, ends, self.cut, round(self.cut_seconds / vary.FRAME_SECONDS))
        mels = vary.reverberate(vary.shift_mels(mels, self.shift_mels), self.room, self.room_seconds)
        mels = vary.telephone(vary.equalise(mels, self.equalise), self.telephone)
        mels = vary.mask_spectrogram(vary.add_noise(mels, self.noise), self.mask_frames, self.mask_mels)
        varied = vary.silence_padding(mels, ends), ends
        return list(vary.some_of((plain, lengths), varied, self.varied_share))


RECIPE = AudioRecipe
