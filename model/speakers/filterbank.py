"""Log-mel filter bank energies as Kaldi computes them, which speaker networks are trained on.

Povey et al. 2011, "The Kaldi speech recognition toolkit": 25 ms every 10 ms without padding, pre-emphasis, Povey's
window, triangles on the mel scale 1127 ln(1 + f / 700). Not the spectrogram of `model.spectrogram`, which is Whisper's.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from model.spectrogram import HOP_LENGTH, SAMPLE_RATE, FloatArray

DoubleArray = npt.NDArray[np.float64]

N_MELS = 80
FRAME_LENGTH = 400  # samples, 25 ms
FFT_LENGTH = 512  # the next power of two
PRE_EMPHASIS = 0.97
POVEY_EXPONENT = 0.85
MEL_LOW_HZ, MEL_HIGH_HZ = 20.0, 8_000.0
FLOOR = float(np.finfo(np.float32).eps)


def filter_bank(audio: FloatArray) -> FloatArray:
    """Mono samples [n] at SAMPLE_RATE, n >= FRAME_LENGTH -> log energies float32 [1 + (n - 400) // 160, N_MELS]."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME_LENGTH)[::HOP_LENGTH].astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.fft.rfft((frames - PRE_EMPHASIS * before) * _window(), FFT_LENGTH)
    energies = (np.square(spectrum.real) + np.square(spectrum.imag)) @ _mel_filters()
    return np.log(np.maximum(energies, FLOOR)).astype(np.float32)


@cache
def _window() -> DoubleArray:
    """Povey's window [FRAME_LENGTH]: Hann's to a power, so that its edges are steeper."""
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME_LENGTH) / (FRAME_LENGTH - 1))
    return np.asarray(hann**POVEY_EXPONENT)


@cache
def _mel_filters() -> DoubleArray:
    """Triangles that are straight on the mel scale, of height 1: [FFT_LENGTH // 2 + 1, N_MELS]."""
    low, high = _mel(np.array([MEL_LOW_HZ, MEL_HIGH_HZ]))
    edges = np.linspace(low, high, N_MELS + 2)
    bins = _mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT_LENGTH // 2 + 1))[:, None]
    width = edges[1] - edges[0]
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(bins - edges[1:-1]) / width))


def _mel(frequency: npt.NDArray[np.floating]) -> DoubleArray:
    return np.asarray(1127.0 * np.log1p(frequency / 700.0))
