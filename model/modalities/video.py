"""Video modality: the scene of an utterance, encoded by R3D-18."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from model.compat import ensure_torchvision
from model.features import ByteArray, spread
from model.modalities.base import Encoder, EncoderConfig, ModalitySpec

# Values of torchvision's R3D_18_Weights.KINETICS400_V1.transforms().
CLIP_FRAMES = 16
CLIP_SIZE = 112
CLIP_RESIZE = (128, 171)  # height, width before the center crop
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_STD = (0.22803, 0.22145, 0.216989)

VERSION = 2  # increment it with any change that the constants in the id do not reflect
PREPROCESS_ID = f"clip{CLIP_FRAMES}x{CLIP_SIZE}/v{VERSION}"


class VideoConfig(EncoderConfig):
    """Shape of a `VideoEncoder`; torchvision's r3d_18 has only one."""

    kind: Literal["r3d18"] = "r3d18"


def shrink_for_clip(frame: ByteArray) -> ByteArray:
    """Resize and center-crop an RGB frame uint8 [h, w, 3] to [CLIP_SIZE, CLIP_SIZE, 3]."""
    height, width = CLIP_RESIZE
    resized = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    top, left = (height - CLIP_SIZE) // 2, (width - CLIP_SIZE) // 2
    return np.ascontiguousarray(resized[top : top + CLIP_SIZE, left : left + CLIP_SIZE], dtype=np.uint8)


def clip_tensor(frames: Sequence[ByteArray]) -> Tensor | None:
    """Convert frames of `shrink_for_clip` to float32 [3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE]; None without frames.

    CLIP_FRAMES frames are spread over the utterance and repeat if it has fewer.
    """
    if not frames:
        return None
    clip = np.stack([frames[i] for i in spread(len(frames), CLIP_FRAMES)])
    tensor = torch.from_numpy(clip).permute(3, 0, 1, 2).float().div_(255.0)
    mean, std = (torch.tensor(v).view(3, 1, 1, 1) for v in (KINETICS_MEAN, KINETICS_STD))
    return tensor.sub_(mean).div_(std)


class VideoEncoder(Encoder):
    """R3D-18 (Tran et al. 2018, "A closer look at spatiotemporal convolutions") without its classifier."""

    def __init__(self, _: VideoConfig) -> None:
        super().__init__()
        ensure_torchvision()
        from torchvision.models.video import r3d_18  # slow to import

        self.r3d = r3d_18(weights=None)
        self.width = int(self.r3d.fc.in_features)
        self.r3d.fc = nn.Identity()

    def pretrained(self) -> list[nn.Module]:
        """Return the whole network."""
        return [self.r3d]

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """Read torchvision's weights without the classifier."""
        state = torch.load(folder / "r3d_18.pth", weights_only=True)
        return {f"r3d.{key}": value for key, value in state.items() if not key.startswith("fc.")}

    def forward(self, clips: Tensor) -> Tensor:
        """Map clips float [n, 3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE] to [n, 512]."""
        features: Tensor = self.r3d(clips)
        return features


SPEC = ModalitySpec(
    modality="video",
    config=VideoConfig,
    encoder=VideoEncoder,
    preprocess_id=PREPROCESS_ID,
    reads="frames",
    prepare=lambda evidence: clip_tensor(evidence.frames),
    collate=lambda clips: [torch.stack(list(clips))],
    batch=2,
    layout=torch.channels_last_3d,
    # On CPUs, oneDNN's bfloat16 gradient of the last filters (512 channels, 2x7x7 positions) reads uninitialized memory
    # (torch 2.13), so R3D-18 is trained in float32. GPUs are not affected.
    cpu_autocast=False,
)
