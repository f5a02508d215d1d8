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
    """Training the residual CNN from nothing."""

    modality = "face"
    kind = "residual"
    needed_options = {"blur_least": "blur", "grain": "blur"}
    width: int = Field(gt=0)  # channels of the first stage
    rotate_degrees: float = Field(default=0.0, ge=0.0, le=180.0)  # at most, either way
    scale: PartialShare = 0.0
    shift: Share = 0.0
    squeeze: PartialShare = 0.0  # narrower or wider, as turned heads are
    gamma: Amount = 0.0  # other cameras
    shade: PartialShare = 0.0  # light from a side
    blur: Share = 0.0  # of the faces, as if they were small and grainy in their frame
    blur_least: float = Field(default=0.35, gt=0.0, le=1.0)  # of a crop's side: how small
    grain: Amount = 0.0  # of the deviation, where a face is blurred
    erase: Share = 0.0
    crop: float = Field(default=1.0, gt=0.0, le=1.0)  # side of the part of a face to learn from; serving sees all

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return {"width": self.width}

    def calmed(self) -> Self:
        return self.model_copy(update={"erase": 0.0, "crop": 1.0})

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import blur_faces, erase_patches, move_faces, relight_faces

        crops, owner = inputs
        lit = blur_faces(relight_faces(crops, self.gamma, self.shade), self.blur, self.blur_least, self.grain)
        moved = move_faces(lit, self.rotate_degrees, self.scale, self.shift, self.crop, self.squeeze)
        return [erase_patches(moved, self.erase), owner]

    @staticmethod
    def pack(evidence: Evidence, spec: AnySpec) -> npt.NDArray[np.generic] | None:  # noqa: ARG004  (kept unprepared)
        """uint8 [up to MAX_FACES, h, w]; thinning here and again when prepared chooses the same crops."""
        from model.modalities.face import MAX_FACES
        from training.data.images import thinned

        return thinned(evidence.crops, MAX_FACES)

    @staticmethod
    def unpack(kept: npt.NDArray[np.generic], spec: AnySpec) -> Any:
        from training.data.images import evidence_of_images

        return spec.prepare(evidence_of_images(crops=kept))


RECIPE = FaceRecipe
