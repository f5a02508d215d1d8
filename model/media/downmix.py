"""Downmix of audio of any sample format and channel layout to mono, without cancellation."""

import av
import numpy as np

from model.features import FloatArray

# Channel weights. Dialogue is in the center channel or in both front channels; the low-frequency channel has no speech.
# The first channel of Ambisonics is omnidirectional, the others are directional.
CHANNEL_WEIGHTS = {"FC": 1.0, "FL": 0.5, "FR": 0.5, "LFE": 0.0, "LFE2": 0.0, "AMBI0": 1.0}
OTHER_WEIGHT = 0.35  # of surround channels, as in ITU-R BS.775 relative to 0.5 for the front
UNNAMED_WEIGHT = 0.5  # of discrete channels, for example one microphone each
INVERTED_BELOW = -0.5  # correlation at which a channel's polarity is inverted; it is restored above 0.5
FADE = 256  # samples of cross-fade at a polarity change, to avoid clicks


def to_float(frame: av.AudioFrame) -> FloatArray:
    """Return a frame's samples float32 [channels, n], nominally in [-1, 1]; NaN and infinity become 0."""
    samples = frame.to_ndarray()
    channels = len(frame.layout.channels)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, channels).T
    if samples.dtype.kind == "f":
        return np.nan_to_num(samples.astype(np.float32, copy=False), nan=0.0, posinf=0.0, neginf=0.0)
    middle = 128.0 if samples.dtype == np.uint8 else 0.0  # in FFmpeg only 8-bit samples are unsigned
    scaled = (samples.astype(np.float32) - middle) / 2.0 ** (8 * samples.dtype.itemsize - 1)
    return np.asarray(scaled, np.float32)


class Downmix:
    """Weighted sum of the channels of one track, block by block.

    A channel with inverted polarity, such as that of a miswired microphone, is inverted first. That is decided for each
    block by the correlation with the channels added before, with hysteresis.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._weights = channel_weights(names)
        self._order = sorted((i for i in range(len(names)) if self._weights[i] > 0), key=lambda i: -self._weights[i])
        self._signs = np.ones(len(names), np.float32)
        self._started = False

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Mix samples float32 [channels, n] to [n]."""
        if len(self._order) == 1:
            return np.asarray(samples[self._order[0]] * self._weights[self._order[0]], np.float32)
        before = self._signs.copy()
        mixed = np.zeros(samples.shape[1], np.float32)
        for i in self._order:
            self._signs[i] = self._sign(samples[i], mixed, self._signs[i])
            mixed = mixed + self._weights[i] * self._signs[i] * samples[i]
        if self._started and not np.array_equal(before, self._signs):
            fade = np.linspace(0.0, 1.0, min(FADE, len(mixed)), dtype=np.float32)
            # Not a matrix product, whose rounding depends on the BLAS kernel.
            earlier = np.sum((self._weights * before)[:, None] * samples[:, : len(fade)], axis=0)
            mixed[: len(fade)] = (1.0 - fade) * earlier + fade * mixed[: len(fade)]
        self._started = True
        return mixed

    @staticmethod
    def _sign(channel: FloatArray, others: FloatArray, sign: np.float32) -> np.float32:
        power = float(np.dot(channel, channel)) * float(np.dot(others, others))
        if power == 0.0:
            return sign
        correlation = float(np.dot(channel, others)) / power**0.5
        return np.float32(1.0 if correlation > (INVERTED_BELOW if sign > 0 else -INVERTED_BELOW) else -1.0)


def channel_weights(names: tuple[str, ...]) -> FloatArray:
    """Return the weight of each channel [channels], by FFmpeg's channel names."""
    if len(names) == 1:
        return np.ones(1, np.float32)
    if any(name.startswith("AMBI") for name in names):
        weights = [CHANNEL_WEIGHTS.get(name, 0.0) for name in names]
    elif {"FL", "FR", "FC"} & set(names):
        weights = [CHANNEL_WEIGHTS.get(name, OTHER_WEIGHT) for name in names]
    else:
        weights = [UNNAMED_WEIGHT] * len(names)
    return np.asarray(weights if any(weights) else [1.0] * len(names), np.float32)
