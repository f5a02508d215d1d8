"""Training options and augmentation of video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from model.features import Evidence
    from model.modalities.registry import AnySpec


class VideoRecipe(ModalityRecipe):
    """Fine-tuning R3D-18."""

    modality = "video"
    kind = "r3d18"
    flip_clips: bool = False  # mirror half of the clips

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import flip_clips

        return [flip_clips(inputs[0])] if self.flip_clips else list(inputs)

    @staticmethod
    def pack(evidence: Evidence, spec: AnySpec) -> npt.NDArray[np.generic] | None:  # noqa: ARG004  (stored unprepared)
        """Return uint8 [up to CLIP_FRAMES, h, w, 3]; subsampling here and in preparation selects the same frames."""
        from model.modalities.video import CLIP_FRAMES
        from training.data.images import subsample

        return subsample(evidence.frames, CLIP_FRAMES)

    @staticmethod
    def unpack(packed: npt.NDArray[np.generic], spec: AnySpec) -> Any:
        from training.data.images import evidence_of_images

        return spec.prepare(evidence_of_images(frames=packed))


RECIPE = VideoRecipe
