"""Log-mel spectrogram that is bit-identical under any BLAS kernel and number of threads.

Transcribed words and their times are sensitive to the last digits: a difference of 1e-6 moves a word by 20 ms, and with
it the audio that the voice encoder reads. The rounding of BLAS matrix products depends on the kernel
(`OPENBLAS_CORETYPE`) and the number of threads, so every sum here is computed in double precision and a fixed order.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

SAMPLE_RATE = 16_000
N_FFT = 400  # 25 ms
HOP_LENGTH = 160  # 10 ms
MEL_HIGH_HZ = 8_000.0  # Nyquist
LOG_MEL_FLOOR = 1e-10
LOG_MEL_RANGE = 8.0  # decades below the maximum
BLOCK_FRAMES = 512  # frames per FFT batch, so that intermediates fit into the CPU cache


def log_mel_spectrogram(samples: npt.NDArray[np.floating], n_mels: int) -> FloatArray:
    """Compute the spectrogram float32 [n_mels, n // HOP_LENGTH] of mono samples [n] at SAMPLE_RATE, n > N_FFT // 2.

    Whisper's input (Radford et al. 2022, section 2.2): windows of 25 ms every 10 ms, Slaney's mel scale, a dynamic
    range of 80 dB.
    """
    energies = _mel_energies(np.asarray(samples, np.float64), n_mels)
    decades = np.log10(np.maximum(energies, LOG_MEL_FLOOR))
    loudest = decades.max(initial=np.log10(LOG_MEL_FLOOR))
    return np.ascontiguousarray((np.maximum(decades, loudest - LOG_MEL_RANGE) + 4.0) / 4.0, dtype=np.float32)


def _mel_energies(samples: DoubleArray, n_mels: int) -> DoubleArray:
    """Compute mel-band energies [n_mels, n // HOP_LENGTH] of samples [n]."""
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[:-1:HOP_LENGTH][: len(samples) // HOP_LENGTH]
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)
    energies = np.empty((n_mels, len(windows)))
    bins, weights, first = _mel_terms(n_mels)
    for start in range(0, len(windows), BLOCK_FRAMES):
        spectrum = np.fft.rfft(windows[start : start + BLOCK_FRAMES] * hann)
        power = np.square(spectrum.real.T) + np.square(spectrum.imag.T)
        energies[:, start : start + BLOCK_FRAMES] = np.add.reduceat(power[bins] * weights[:, None], first, axis=0)
    return energies


@cache
def _mel_terms(n_mels: int) -> tuple[npt.NDArray[np.intp], DoubleArray, npt.NDArray[np.intp]]:
    """Return the nonzero filter weights, filter by filter: bins, weights, and the index of each filter's first one."""
    filters = mel_filters(n_mels)
    inside = filters > 0.0
    inside[~inside.any(axis=1), 0] = True  # a filter between two bins sums to zero
    band, bins = np.nonzero(inside)
    return bins, filters[band, bins], np.searchsorted(band, np.arange(n_mels))


def mel_filters(n_mels: int) -> DoubleArray:
    """Return triangular filters of equal area [n_mels, N_FFT // 2 + 1] on Slaney's mel scale.

    The scale is linear up to 1 kHz, then logarithmic (Slaney 1998, "Auditory toolbox"), as in librosa and Whisper.
    """
    knee, linear, step = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0
    mels = np.linspace(0.0, knee / linear + np.log(MEL_HIGH_HZ / knee) / step, n_mels + 2)
    edges = np.where(mels < knee / linear, mels * linear, knee * np.exp(step * (mels - knee / linear)))
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None])
