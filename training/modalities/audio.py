"""Training options and augmentation of audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    from torch import Tensor


class AudioRecipe(ModalityRecipe):
    """Training what follows the layers of Whisper's encoder, or these as well."""

    modality = "audio"
    kind = "whisper"
    corpus_options = ("join_share",)
    kept_parts = ("conv1", "conv2", "blocks")  # VoiceEncoder.pretrained, by name

    config: dict[str, Any] | None = None  # a VoiceConfig, where it differs from the default
    varied_share: float = 1.0  # of the utterances; the others are learned as they are
    mask_frames: int = 0
    mask_mels: int = 0
    shift_mels: int = 0
    stretch: float = 0.0
    equalise: float = 0.0
    noise: float = 0.0
    mixup: float = 0.0

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return self.config or {}

    @property
    def mixup_alpha(self) -> float:
        return self.mixup

    def calmed(self) -> Self:
        return self.model_copy(update={"mixup": 0.0})

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import some_of, vary_sound

        mels, lengths = inputs
        return list(some_of((mels, lengths), vary_sound(mels, lengths, self), self.varied_share))


RECIPE = AudioRecipe
