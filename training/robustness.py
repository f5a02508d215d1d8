"""Robustness of bundles to degraded faces and voices, with degradations that no constant was fitted on.

    python -m training.robustness starter OTHER --data CORPORA

Fitting uses training.fusion.degrading: shrinking, grain, occlusion, a raised noise floor and cutting. This module uses
other degradations: FER+ faces that are out of focus, motion-blurred, compressed or dark, and recordings of nEMO's
held-out actors and of the Korean corpus with babble, reverberation, telephone bandwidth, clipping or a low bit rate.
For each kind it prints the log-loss (against people's votes where known), the accuracy under the samples' class
frequencies, and the mean probability of neutral. Transcription errors: `python -m training.respoken`.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import av
import cv2
import numpy as np
import torch
import typer
from rich.table import Table
from scipy.signal import butter, fftconvolve, sosfilt

from model.bundle import load_bundle
from model.contract import EMOTIONS, Modality
from model.features import SAMPLE_RATE, ByteArray, FloatArray, Sample, rms
from model.media import read_audio
from model.modalities.audio import log_mel
from model.modalities.face import FACE_SIZE, standardize_faces
from model.network import N_EMOTIONS, EmotionNetwork
from training.corpora import CORPORA, Example
from training.corpora.base import Split, class_frequencies
from training.corpora.manifest import clips_of
from training.corpora.recordings import trim_to_speech
from training.data.content_hash import hash_fraction
from training.evaluation.scoring import encode, predict_under_prior
from training.face_crops import gray_levels
from training.fusion.fitting import EMOTION_COLUMNS
from training.fusion.modality_calibration import target_shares
from training.terminal import table_console

TINY = 1e-12
FIGURES = ("log-loss", "accuracy", "p(neutral)")
VOICES: tuple[tuple[str, Split], ...] = (("nemo", "held-out"), ("korean_emotiontts", "all"))  # folders of --data/voices


@dataclass(frozen=True)
class Kind:
    """Samples of one modality with one kind of degradation."""

    modality: Modality
    corpus: str
    name: str
    examples: Sequence[Example]


def main(
    bundles: Annotated[list[str], typer.Argument(help="Bundles to compare: names or folders.")],
    data: Annotated[Path, typer.Option(help="Folder that contains ferplus and voices.")],
    count: Annotated[int, typer.Option(help="Number of samples per corpus.", min=10)] = 500,
) -> None:
    """Print the figures of bundles on degraded faces and voices."""
    networks = {name: load_bundle(name).network for name in bundles}
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("", "corpus", "kind", "n", "bundle", *FIGURES):
        table.add_column(column, no_wrap=True)
    for kind in (*faces(data / "ferplus", count), *voices(data / "voices", count)):
        for name, network in networks.items():
            cells = [f"{value:.3f}" for value in figures(network, kind)]
            table.add_row(kind.modality, kind.corpus, kind.name, str(len(kind.examples)), name, *cells)
    table_console().print(table)


def figures(network: EmotionNetwork, kind: Kind) -> tuple[float, float, float]:
    """Return log-loss, accuracy and mean probability of neutral, under the samples' class frequencies."""
    encoded = encode(network, kind.examples)
    own = class_frequencies(encoded.emotions.tolist(), N_EMOTIONS)
    probabilities = predict_under_prior(network, encoded, own)
    shares = target_shares(encoded.votes, encoded.emotions, EMOTION_COLUMNS, N_EMOTIONS)
    loss = float(-(shares * np.log(np.maximum(probabilities, TINY))).sum(axis=1).mean())
    accuracy = float((probabilities.argmax(axis=1) == encoded.emotions).mean())
    return loss, accuracy, float(probabilities[:, EMOTIONS.index("neutral")].mean())


def faces(data: Path, count: int) -> Iterator[Kind]:
    """Yield the held-out faces of FER+, clean and with each degradation."""
    examples = _sample(CORPORA["ferplus"].read(data, "held-out", None), count)
    images = [gray_levels(example) for example in examples]
    for name, degrade in FACE_KINDS.items():
        rng = np.random.default_rng(0)
        shown = [standardize_faces(torch.from_numpy(degrade(image, rng)).unsqueeze(0)) for image in images]
        degraded = [replace(e, sample=Sample(face=face)) for e, face in zip(examples, shown, strict=True)]
        yield Kind("face", "FER+", name, degraded)


def voices(data: Path, count: int) -> Iterator[Kind]:
    """Yield recordings of the voice corpora, clean and with each degradation; skip those that become too quiet."""
    for corpus, split in VOICES:
        clips = [clip for clip, part in clips_of(data / corpus) if clip.path is not None and split in ("all", part)]
        chosen = sorted(clips, key=lambda clip: hash_fraction(str(clip.path)))[:count]
        sounds = [trim_to_speech(read_audio(clip.path)) for clip in chosen if clip.path is not None]
        for name, degrade in VOICE_KINDS.items():
            rng = np.random.default_rng(0)
            mels = [log_mel(degrade(sound, rng, sounds)) for sound in sounds]
            examples = [
                Example(Sample(audio=mel), clip.emotion, clip.sentiment, clip.group)
                for clip, mel in zip(chosen, mels, strict=True)
                if mel is not None
            ]
            yield Kind("audio", corpus, name, examples)


def _sample(examples: Sequence[Example], count: int) -> list[Example]:
    return sorted(examples, key=lambda example: hash_fraction(example.content))[:count]


Image = Callable[[ByteArray, np.random.Generator], ByteArray]
Sound = Callable[[FloatArray, np.random.Generator, Sequence[FloatArray]], FloatArray]


def out_of_focus(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Blur with a Gaussian of one to three pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(1.0, 3.0)), np.uint8)


def moved(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Apply motion blur along a line of 5 to 13 pixels."""
    size = 2 * int(rng.integers(2, 7)) + 1
    angle, kernel = rng.uniform(0.0, np.pi), np.zeros((size, size), np.float32)
    for step in np.linspace(-(size // 2), size // 2, 4 * size):
        kernel[round(size // 2 + step * np.sin(angle)), round(size // 2 + step * np.cos(angle))] = 1.0
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def compressed(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Compress as JPEG with a quality of 3 to 15 (of 100)."""
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(3, 16))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def dark(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Reduce to 0.1 to 0.3 of the gray levels, with a gamma of 1.5 to 3."""
    return np.asarray((255.0 * rng.uniform(0.1, 0.3) * (image / 255.0) ** rng.uniform(1.5, 3.0)).round(), np.uint8)


def far_away(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Shrink to 12 to 24 pixels, and compress."""
    small = cv2.resize(image, (int(rng.integers(12, 25)),) * 2, interpolation=cv2.INTER_AREA)
    coarse = compressed(np.asarray(small, np.uint8), rng)
    return np.asarray(cv2.resize(coarse, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_LINEAR), np.uint8)


FACE_KINDS: dict[str, Image] = {
    "clean": lambda image, _: image,
    "out of focus": out_of_focus,
    "moved": moved,
    "compressed": compressed,
    "dark": dark,
    "far away": far_away,
}


def among_talkers(sound: FloatArray, rng: np.random.Generator, others: Sequence[FloatArray]) -> FloatArray:
    """Add babble of five other recordings, in total 0 to 10 dB below the voice."""
    babble = sum(np.resize(others[int(i)], len(sound)) for i in rng.integers(len(others), size=5))
    level = rms(sound) / max(rms(np.asarray(babble, np.float32)), TINY) * 10.0 ** (-rng.uniform(0.0, 10.0) / 20.0)
    return np.asarray(sound + level * babble, np.float32)


def in_a_room(sound: FloatArray, rng: np.random.Generator, _: Sequence[FloatArray]) -> FloatArray:
    """Add reverberation that decays by 60 dB in 0.3 to 1 s, at half to full voice level (diffuse tail, Polack 1988)."""
    length = round(rng.uniform(0.3, 1.0) * SAMPLE_RATE)
    tail = rng.standard_normal(length) * 10.0 ** (-3.0 * np.arange(length) / length)
    tail *= rng.uniform(0.5, 1.0) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0  # direct sound
    return np.asarray(fftconvolve(sound, tail)[: len(sound)], np.float32)


def telephone(sound: FloatArray, _: np.random.Generator, __: Sequence[FloatArray]) -> FloatArray:
    """Limit to 300 to 3,400 Hz and quantize to 8-bit mu-law (ITU-T G.711)."""
    narrow = sosfilt(butter(4, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos"), sound)
    level = np.abs(narrow).max() + TINY
    coded = np.round(np.sign(narrow) * np.log1p(255.0 * np.abs(narrow) / level) / np.log(256.0) * 127.0) / 127.0
    return np.asarray(np.sign(coded) * (256.0 ** np.abs(coded) - 1.0) / 255.0, np.float32)


def overdriven(sound: FloatArray, rng: np.random.Generator, _: Sequence[FloatArray]) -> FloatArray:
    """Amplify by up to 18 dB and clip."""
    return np.asarray(np.clip(sound / np.abs(sound).max() * rng.uniform(2.0, 8.0), -1.0, 1.0), np.float32)


def low_rate(sound: FloatArray, _: np.random.Generator, __: Sequence[FloatArray]) -> FloatArray:
    """Compress with Opus at 6 kbit/s."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=SAMPLE_RATE)
        stream.bit_rate, stream.layout = 6000, "mono"
        samples = (np.clip(sound, -1.0, 1.0) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for each in (frame, None):
            out.mux(stream.encode(each))
    file.seek(0)
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(file, "r") as coded:
        parts = [part.to_ndarray()[0] for f in coded.decode(audio=0) for part in resampler.resample(f)]
    return np.asarray(np.concatenate(parts)[: len(sound)], np.float32)


VOICE_KINDS: dict[str, Sound] = {
    "clean": lambda sound, _, __: sound,
    "among talkers": among_talkers,
    "in a room": in_a_room,
    "telephone": telephone,
    "overdriven": overdriven,
    "low rate": low_rate,
}


if __name__ == "__main__":
    typer.run(main)
