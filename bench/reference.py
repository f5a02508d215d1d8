"""Sequential reference: a typical multimodal pipeline that processes one segment at a time.

    for each segment of Whisper:
        cut it out of the file, re-encoded (libx264 and AAC with their defaults)
        decode the first 30 frames of the cut, at 224x224
        write the audio of the cut to a wav file, read it back, compute a mel spectrogram
        BERT on the text padded to 128 tokens, R3D-18 on the frames, the voice encoder on the audio: batch 1, fp32
        fuse, softmax

It is straightforward code without deliberate inefficiency. It uses the faster of common alternatives: it seeks before
it cuts, encoder and decoder use all cores, models are loaded once, and gradients are disabled. Like typical pipelines
it does not analyze faces; the engine does, in the same time.

It uses the weights of the bundle it is compared with, through that bundle's encoders, heads and fusion;
`bench.whisper_checkpoint` converts Whisper's weights.
"""

import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol

import av
import cv2
import numpy as np
import torch
from av.container import InputContainer
from torch import Tensor
from torch.nn import functional as F

from bench.clip import Progress, read_sound
from bench.whisper_checkpoint import checkpoint
from model.bundle import Bundle
from model.contract import Modality
from model.features import SAMPLE_RATE, FloatArray
from model.modalities.audio import log_mel
from model.modalities.video import KINETICS_MEAN, KINETICS_STD
from model.network import N_LOGITS, Prediction
from model.weights import catalog

PICTURES, PICTURE_SIDE = 30, 224
PADDED_TOKENS = 128

Speech = Literal["openai-whisper", "faster-whisper"]


@dataclass(frozen=True)
class Segment:
    """A segment of Whisper; times in seconds of the file."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Predicted:
    """A segment and its prediction, a batch of one."""

    segment: Segment
    prediction: Prediction


class Segmenter(Protocol):
    """Callable that segments a file."""

    def __call__(self, path: Path) -> list[Segment]: ...


class Reference:
    """The reference pipeline, with its models loaded once."""

    def __init__(self, bundle: Bundle, speech: Speech, whisper_model: str) -> None:
        self._tokenizer = bundle.tokenizer
        self._network = bundle.network.float().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self._segment: Segmenter = (
            OpenAISegments(whisper_model) if speech == "openai-whisper" else FasterSegments(whisper_model)
        )

    @torch.no_grad()
    def analyze(self, path: Path, progress: Progress | None = None) -> list[Predicted]:
        """Predict each segment. Files must have both audio and video, as for typical pipelines."""
        predicted: list[Predicted] = []
        segments = self._segment(path)
        for segment in segments:
            predicted.append(Predicted(segment, self.predict(path, segment)))
            if progress:
                progress(len(predicted) / len(segments))
        return predicted

    def predict(self, path: Path, segment: Segment) -> Prediction:
        """Cut a segment out and predict it."""
        with tempfile.TemporaryDirectory() as folder:
            piece, sound = Path(folder) / "segment.mp4", Path(folder) / "segment.wav"
            cut(path, segment, piece)
            inputs: dict[Modality, list[Tensor] | None] = {
                "text": self._text_inputs(segment.text),
                "audio": audio_inputs(piece, sound),
                "video": [first_pictures(piece)],
            }
        return self._predict(inputs)

    def _text_inputs(self, text: str) -> list[Tensor] | None:
        tokens = self._tokenizer(text) if self._tokenizer else None
        if tokens is None:
            return None
        padding = (0, PADDED_TOKENS - len(tokens.ids))
        return [F.pad(t, padding)[None] for t in (tokens.ids, tokens.types, torch.ones_like(tokens.ids))]

    def _predict(self, inputs: dict[Modality, list[Tensor] | None]) -> Prediction:
        """Run the encoders one after another, then the network's fusion; missing modalities are masked."""
        embeddings, logits, present = [], [], []
        for modality in self._network.modalities:
            encoder, arguments = self._network.encoders[modality], inputs.get(modality)
            width = int(encoder.width)
            embedding: Tensor = torch.zeros(1, width) if arguments is None else encoder(*arguments)
            embeddings.append(embedding)
            logits.append(torch.zeros(1, N_LOGITS) if arguments is None else self._network.heads[modality](embedding))
            present.append(arguments is not None)
        prediction: Prediction = self._network.fuse(embeddings, torch.stack(logits, dim=1), torch.tensor([present]))
        return prediction


class OpenAISegments:
    """OpenAI's implementation with its defaults: PyTorch, fp32."""

    def __init__(self, model: str) -> None:
        import whisper

        self._model: Any = whisper.load_model(str(checkpoint(model)), device="cpu")

    def __call__(self, path: Path) -> list[Segment]:
        found = self._model.transcribe(read_sound(path, SAMPLE_RATE), fp16=False)["segments"]
        return [Segment(float(s["start"]), float(s["end"]), str(s["text"])) for s in found]


class FasterSegments:
    """faster-whisper as documented for CPUs: int8, one window at a time.

    Decoding is greedy, as in the engine; the default of five beams would take longer.
    """

    def __init__(self, model: str) -> None:
        from faster_whisper import WhisperModel

        folder = catalog.fetch(f"whisper-{model}")
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8")

    def __call__(self, path: Path) -> list[Segment]:
        found, _ = self._model.transcribe(str(path), beam_size=1)
        return [Segment(float(s.start), float(s.end), str(s.text)) for s in found]


def cut(path: Path, segment: Segment, target: Path) -> None:
    """Write a segment of a file to another file, re-encoded so that it starts with its first frame."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        picture.thread_type = "AUTO"
        video = out.add_stream("libx264", rate=picture.average_rate)
        video.width, video.height, video.pix_fmt = picture.width, picture.height, "yuv420p"
        video.codec_context.thread_count = 0  # all cores, the ffmpeg command's default
        audio = out.add_stream("aac", rate=sound.rate, layout=sound.layout.name)
        for frame in frames_between(source, segment.start, segment.end):
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(Fraction(segment.start) / frame.time_base)
            if isinstance(frame, av.VideoFrame):
                frame.pict_type = av.video.frame.PictureType.NONE  # chosen by the encoder
                out.mux(video.encode(frame))
            else:
                out.mux(audio.encode(frame))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def frames_between(source: InputContainer, start: float, end: float) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Yield decoded frames and audio of [start, end), in seconds; decoding starts at the preceding key frame."""
    source.seek(round(start * av.time_base))
    finished = set()
    for frame in source.decode(source.streams.video[0], source.streams.audio[0]):
        if not isinstance(frame, av.VideoFrame | av.AudioFrame) or frame.time is None or frame.time < start:
            continue
        if frame.time < end:
            yield frame
        else:
            finished.add(type(frame))
            if len(finished) == 2:  # video and audio
                return


def first_pictures(path: Path) -> Tensor:
    """Return the first frames as float32 [1, 3, PICTURES, PICTURE_SIDE, PICTURE_SIDE], padded with black frames."""
    clip = np.zeros((PICTURES, PICTURE_SIDE, PICTURE_SIDE, 3), np.uint8)
    with av.open(str(path)) as source:
        source.streams.video[0].thread_type = "AUTO"
        for index, frame in zip(range(PICTURES), source.decode(video=0), strict=False):
            clip[index] = cv2.resize(frame.to_ndarray(format="rgb24"), (PICTURE_SIDE, PICTURE_SIDE))
    tensor = torch.from_numpy(clip).permute(3, 0, 1, 2).float() / 255.0
    mean, std = (torch.tensor(values).view(3, 1, 1, 1) for values in (KINETICS_MEAN, KINETICS_STD))
    return ((tensor - mean) / std)[None]


def audio_inputs(path: Path, wav: Path) -> list[Tensor] | None:
    """Return the spectrogram [1, N_MELS, frames] of a file's audio, via a wav file, and its length [1]."""
    write_wav(wav, read_sound(path, SAMPLE_RATE))
    mels = log_mel(read_wav(wav))
    return None if mels is None else [mels[None], torch.tensor([mels.shape[1]])]


def write_wav(path: Path, sound: FloatArray) -> None:
    """Write mono float audio at SAMPLE_RATE as 16-bit wav."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> FloatArray:
    """Read 16-bit wav as float32 [n]."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768.0
