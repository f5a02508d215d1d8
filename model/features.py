"""Data of one utterance: decoded media (`Evidence`), and the tensors that encoders take (`Sample`).

Each modality converts the one to the other: `ModalitySpec.prepare` in `model.modalities`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from model.contract import MODALITIES, Modality
from model.spectrogram import SAMPLE_RATE as SAMPLE_RATE  # of all audio, mono
from model.spectrogram import FloatArray as FloatArray

ByteArray = npt.NDArray[np.uint8]
SILENCE_RMS = 1e-3  # -60 dBFS; lower levels are a microphone's noise floor


@dataclass(frozen=True)
class Tokens:
    """Tokens of one utterance for a text encoder: `ids` and `types` int64 [n].

    Types are 1 for the utterance itself and 0 for its dialogue context.
    """

    ids: Tensor
    types: Tensor

    def without_context(self) -> "Tokens":
        """Return the tokens of the utterance without its dialogue context."""
        kept = self.types == 1
        kept[0] = True  # [CLS]
        kept[int((self.types == 0).sum()) - 1] = True  # the [SEP] before the utterance
        return Tokens(self.ids[kept], self.types[kept])


@dataclass(frozen=True)
class Evidence:
    """Decoded data of one utterance, before any modality prepares its tensors. Training caches it in this form.

    `sound` float32 [n] at SAMPLE_RATE; `frames` RGB uint8 as `video.shrink_for_clip` returns them; `crops` gray
    uint8 [h, w] of one face, taken at `crop_times` in seconds; `tokens` of the text, None without text.
    """

    sound: FloatArray
    frames: Sequence[ByteArray] = ()
    crops: Sequence[ByteArray] = ()
    tokens: Tokens | None = None
    crop_times: Sequence[float] = ()


class Sample:
    """Network inputs of one utterance by modality: `Sample(text=..., face=...)`.

    An attribute per modality holds its input, None if the utterance lacks the modality. The type is that of the
    modality's `prepare`: Tokens for text, a float32 tensor for the others.
    """

    def __init__(self, **inputs: Any) -> None:
        if unknown := inputs.keys() - set(MODALITIES):
            raise TypeError(f"unknown modality: {', '.join(sorted(unknown))}; known: {', '.join(MODALITIES)}")
        self._inputs: Mapping[str, Any] = {m: inputs[m] for m in MODALITIES if inputs.get(m) is not None}

    def __getattr__(self, name: str) -> Any:
        if name in MODALITIES:
            return self._inputs.get(name)
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"Sample({', '.join(self._inputs)})"

    @property
    def present(self) -> tuple[Modality, ...]:
        """Modalities that the utterance has."""
        return tuple(m for m in MODALITIES if m in self._inputs)

    def get(self, modality: Modality) -> Any:
        """Return the input of a modality; None if the utterance lacks it."""
        return self._inputs.get(modality)

    def only(self, *modalities: Modality) -> "Sample":
        """Return a copy with these modalities only."""
        return Sample(**{m: value for m, value in self._inputs.items() if m in modalities})

    def replaced(self, **inputs: Any) -> "Sample":
        """Return a copy with some inputs replaced; None removes one."""
        return Sample(**{**self._inputs, **inputs})


def rms(audio: FloatArray) -> float:
    """Return the root mean square of samples [n]; 0 for none."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0


def spread(total: int, count: int) -> list[int]:
    """Return `count` indices spread evenly over range(total), including both ends; they repeat if count > total."""
    return [int(i) for i in np.linspace(0, total - 1, count).round()]
