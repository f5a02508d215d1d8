"""Training options and augmentation of faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from training.corpus_recipe import Amount, PartialShare, Share
from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from model.features import Evidence
    from model.modalities.registry import AnySpec


class FaceRecipe(ModalityRecipe):
    """Training a residual CNN from scratch."""

    modality = "face"
    kind = "residual"
    needed_options = {"blur_least": "blur", "grain": "blur"}
    width: int = Field(gt=0)  # channels of the first stage
    rotate_degrees: float = Field(default=0.0, ge=0.0, le=180.0)  # maximum, in both directions
    scale: PartialShare = 0.0
    shift: Share = 0.0
    squeeze: PartialShare = 0.0  # horizontal, as for turned heads
    gamma: Amount = 0.0  # random, as of different cameras
    shade: PartialShare = 0.0  # light from one side
    blur: Share = 0.0  # share of faces that are shrunk and grainy
    blur_least: float = Field(default=0.35, gt=0.0, le=1.0)  # minimum size, as a share of the crop's side
    grain: Amount = 0.0  # noise of blurred faces, relative to their standard deviation
    erase: Share = 0.0
    crop: float = Field(default=1.0, gt=0.0, le=1.0)  # side of random crops for training; serving uses the whole face

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return {"width": self.width}

    def without_strong_augmentation(self) -> Self:
        return self.model_copy(update={"erase": 0.0, "crop": 1.0})

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import blur_faces, erase_patches, move_faces, relight_faces

        crops, owner = inputs
        lit = blur_faces(relight_faces(crops, self.gamma, self.shade), self.blur, self.blur_least, self.grain)
        moved = move_faces(lit, self.rotate_degrees, self.scale, self.shift, self.crop, self.squeeze)
        return [erase_patches(moved, self.erase), owner]

    @staticmethod
    def pack(evidence: Evidence, spec: AnySpec) -> npt.NDArray[np.generic] | None:  # noqa: ARG004  (stored unprepared)
        """Return uint8 [up to MAX_FACES, h, w]; subsampling here and in preparation selects the same crops."""
        from model.modalities.face import MAX_FACES
        from training.data.images import subsample

        return subsample(evidence.crops, MAX_FACES)

    @staticmethod
    def unpack(packed: npt.NDArray[np.generic], spec: AnySpec) -> Any:
        from training.data.images import evidence_of_images

        return spec.prepare(evidence_of_images(crops=packed))


RECIPE = FaceRecipe
