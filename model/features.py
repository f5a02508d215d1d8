"""Preprocessing: from decoded media and words to the tensors the network takes.

The only copy of it: training calls these very functions, and a bundle stores `PREPROCESS_ID`, so
that weights can never be served behind another preprocessing than the one they were trained with.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.contract import MODALITIES, Modality

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

# Sound: the log-mel spectrogram that Whisper was trained on (Radford et al. 2022, section 2.2), whose
# encoder the voice is read with: 25 ms windows every 10 ms, Slaney's mel scale, the loudest 80 dB.
SAMPLE_RATE = 16_000
N_FFT = 400
HOP_LENGTH = 160
N_MELS = 80
MEL_HIGH_HZ = 8_000.0  # Nyquist
LOG_MEL_FLOOR = 1e-10
LOG_MEL_RANGE = 8.0  # decades below the loudest
VOICE_RMS = 0.05  # every utterance is brought to -26 dBFS: its level tells the distance to the microphone
SILENCE_RMS = 1e-3  # -60 dBFS: below, a microphone's noise floor, nothing to judge
MIN_AUDIO_SAMPLES = SAMPLE_RATE // 10
MAX_AUDIO_SAMPLES = 30 * SAMPLE_RATE  # what the encoder has positions for; utterances are 15 s at most

# Faces: grey, as FER2013 has them.
FACE_SIZE = 48
MAX_FACES = 16  # crops an utterance: beyond, neighbours repeat each other

# Clips for R3D-18: the values of torchvision's R3D_18_Weights.KINETICS400_V1.transforms().
CLIP_FRAMES = 16
CLIP_SIZE = 112
CLIP_RESIZE = (128, 171)  # height, width before the centre crop
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_STD = (0.22803, 0.22145, 0.216989)

# Words: [CLS] earlier utterances [SEP] utterance [SEP].
MAX_TOKENS = 128
MAX_UTTERANCE_TOKENS = 96  # what is left of MAX_TOKENS goes to the context
CONTEXT_UTTERANCES = 1  # more did not help an encoder of this size, and each doubles the work
# Typographers' marks, as transcripts have them and transcribers do not, to the ones on a keyboard.
PLAIN_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2014": "-", "\u2013": "-"}
)

PREPROCESS_VERSION = 2  # raise it with any change that the constants in the id do not show
PREPROCESS_ID = (
    f"v{PREPROCESS_VERSION}"
    f"/whispermel{N_MELS}-{N_FFT}-{HOP_LENGTH}@{SAMPLE_RATE}"
    f"/face{FACE_SIZE}x{MAX_FACES}"
    f"/clip{CLIP_FRAMES}x{CLIP_SIZE}"
    f"/tokens{MAX_UTTERANCE_TOKENS}-{MAX_TOKENS}-{CONTEXT_UTTERANCES}"
)


@dataclass(frozen=True)
class Tokens:
    """One utterance for BERT: `ids` and `types` int64 [n]; types are 1 on the utterance itself."""

    ids: Tensor
    types: Tensor

    def alone(self) -> "Tokens":
        """The utterance as if nothing had been said before it."""
        kept = self.types == 1
        kept[0] = True  # [CLS]
        kept[int((self.types == 0).sum()) - 1] = True  # the [SEP] before the utterance
        return Tokens(self.ids[kept], self.types[kept])


@dataclass(frozen=True)
class Sample:
    """One utterance as the network takes it. A modality that is not there is None."""

    text: Tokens | None = None
    audio: Tensor | None = None  # float32 [N_MELS, frames]
    video: Tensor | None = None  # float32 [3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE]
    face: Tensor | None = None  # float32 [crops, 1, FACE_SIZE, FACE_SIZE]

    @property
    def present(self) -> tuple[Modality, ...]:
        return tuple(m for m in MODALITIES if getattr(self, m) is not None)

    def only(self, *modalities: Modality) -> "Sample":
        """The same utterance with every other modality left out."""
        return Sample(**{f.name: getattr(self, f.name) for f in fields(self) if f.name in modalities})


class TextTokenizer:
    """WordPiece tokens of an utterance behind its dialogue context."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls = self._tokenizer.token_to_id("[CLS]")
        self._sep = self._tokenizer.token_to_id("[SEP]")

    @property
    def marks(self) -> frozenset[int]:
        """The tokens that are punctuation; the apostrophe is part of words."""
        vocabulary = self._tokenizer.get_vocab()
        return frozenset(i for word, i in vocabulary.items() if word != "'" and not re.search(r"[\w\[]", word))

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens | None:
        """Tokens of `text`, or None where it has none.

        `context` holds the earlier utterances, oldest first; the last CONTEXT_UTTERANCES are used, and
        what does not fit is cut from their beginning, farthest from the utterance.
        """
        words = self._ids(text)[:MAX_UTTERANCE_TOKENS]
        if not words:
            return None
        earlier = self._ids(" ".join(context[-CONTEXT_UTTERANCES:])) if context else []
        room = MAX_TOKENS - 3 - len(words)
        first = [self._cls, *earlier[max(0, len(earlier) - room) :], self._sep]
        second = [*words, self._sep]
        return Tokens(ids=torch.tensor(first + second), types=torch.tensor([0] * len(first) + [1] * len(second)))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text.translate(PLAIN_MARKS), add_special_tokens=False).ids
        return ids


def log_mel(audio: FloatArray) -> Tensor | None:
    """Mono float audio [n] at SAMPLE_RATE, in [-1, 1] -> float32 [N_MELS, n // HOP_LENGTH]; None when silent."""
    level = rms(audio)
    if audio.size < MIN_AUDIO_SAMPLES or level < SILENCE_RMS:
        return None
    samples = torch.from_numpy(np.ascontiguousarray(audio[:MAX_AUDIO_SAMPLES], dtype=np.float32)) * (VOICE_RMS / level)
    spectrum = torch.stft(samples, N_FFT, HOP_LENGTH, window=torch.hann_window(N_FFT), return_complex=True)
    power = spectrum[:, :-1].abs().square()
    decades = (_mel_filters() @ power).clamp_min(LOG_MEL_FLOOR).log10()
    return (decades.clamp_min(decades.max() - LOG_MEL_RANGE) + 4.0) / 4.0


def rms(audio: FloatArray) -> float:
    """Root mean square of samples [n]; 0 for none."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0


@cache
def _mel_filters() -> Tensor:
    """Triangles of equal area [N_MELS, N_FFT // 2 + 1] on Slaney's mel scale: linear to 1 kHz, then logarithmic.

    Slaney 1998, "Auditory toolbox"; the filters of librosa and of Whisper.
    """
    knee, linear, step = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0
    mels = np.linspace(0.0, knee / linear + np.log(MEL_HIGH_HZ / knee) / step, N_MELS + 2)
    edges = np.where(mels < knee / linear, mels * linear, knee * np.exp(step * (mels - knee / linear)))
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return torch.from_numpy(triangles.astype(np.float32))


def face_tensor(crops: Sequence[ByteArray]) -> Tensor | None:
    """Grey face crops, uint8 [h, w] each -> float32 [crops, 1, FACE_SIZE, FACE_SIZE]; None for none.

    At most MAX_FACES, evenly spread. Each crop is standardised by itself, which takes the lighting out.
    """
    if not crops:
        return None
    chosen = [crops[i] for i in spread(len(crops), min(len(crops), MAX_FACES))]
    resized = [cv2.resize(c, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA) for c in chosen]
    return standardise_faces(torch.from_numpy(np.stack(resized)))


def standardise_faces(crops: Tensor) -> Tensor:
    """uint8 [n, FACE_SIZE, FACE_SIZE] -> float32 [n, 1, FACE_SIZE, FACE_SIZE], zero mean, unit variance each."""
    faces = crops.unsqueeze(1).float()
    mean = faces.mean(dim=(2, 3), keepdim=True)
    deviation = faces.std(dim=(2, 3), keepdim=True)
    return (faces - mean) / deviation.clamp_min(1.0)  # an even grey crop stays at zero


def shrink_for_clip(frame: ByteArray) -> ByteArray:
    """RGB frame uint8 [h, w, 3] -> uint8 [CLIP_SIZE, CLIP_SIZE, 3]: resized, centre cropped."""
    height, width = CLIP_RESIZE
    resized = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    top, left = (height - CLIP_SIZE) // 2, (width - CLIP_SIZE) // 2
    return np.ascontiguousarray(resized[top : top + CLIP_SIZE, left : left + CLIP_SIZE], dtype=np.uint8)


def clip_tensor(frames: Sequence[ByteArray]) -> Tensor | None:
    """Frames from `shrink_for_clip` -> float32 [3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE]; None for none.

    CLIP_FRAMES of them spread over the whole utterance, repeating where it has fewer.
    """
    if not frames:
        return None
    clip = np.stack([frames[i] for i in spread(len(frames), CLIP_FRAMES)])
    tensor = torch.from_numpy(clip).permute(3, 0, 1, 2).float().div_(255.0)
    mean, std = (torch.tensor(v).view(3, 1, 1, 1) for v in (KINETICS_MEAN, KINETICS_STD))
    return tensor.sub_(mean).div_(std)


def spread(total: int, count: int) -> list[int]:
    """`count` indices spread evenly over range(total), first and last included; they repeat if count > total."""
    return [int(i) for i in np.linspace(0, total - 1, count).round()]
