"""Voice activity detection: spans of speech, and of other voiced sounds.

The whole engine uses `detect_voice`: to select the speech to transcribe, the pauses to cut windows in and the audio
evidence of the voice, and for the warnings.

Speech is what Silero VAD detects. It misses laughter, cries and screams in a third of 210 clips of EmoGator, which are
detected as harmonic sounds with at least a small speech probability. Both criteria are needed: instruments are as
harmonic as voices, and noise sometimes has some speech probability. Measurements: `docs/experiments.md`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from model.asr.base import Span
from model.features import SAMPLE_RATE, SILENCE_RMS, FloatArray

BoolArray = npt.NDArray[np.bool_]
Frames = npt.NDArray[np.float64]

FRAME = 512  # samples, 32 ms: Silero VAD's input

SPEECH_PROBABILITY = 0.5
NO_SPEECH_PROBABILITY = 0.35  # speech starts at SPEECH_PROBABILITY and ends below this
JOIN_SECONDS = 0.16  # spans with a shorter silence between them are joined
PAD_SECONDS = 0.2  # added around speech, because voices fade in and out
MIN_SPAN_SECONDS = 0.2
MAX_SPAN_SECONDS = 29.0  # padding included; within the 30 s window of Whisper

# Thresholds of voiced sounds other than speech. Instruments hold their pitch; a voice varies it continuously.
VOICE_PROBABILITY = 0.1
MIN_HARMONICITY = 0.6  # normalized autocorrelation at the lag of the pitch
MIN_PITCH_CHANGE = 0.008  # of its logarithm, from frame to frame, in the median of five frames
MIN_PITCH_HZ, MAX_PITCH_HZ = 80.0, 1000.0  # from a low male voice to a scream
MIN_VOICED_FRAMES = 3  # consecutive


@dataclass(frozen=True)
class Voice:
    """Voice activity, in samples.

    `speech`: spans to transcribe, padded and joined. `voiced`: all parts with speech or other voiced sounds, unpadded.
    """

    speech: list[Span]
    voiced: list[Span]

    def voiced_between(self, start: int, end: int) -> list[Span]:
        """Return the voiced parts of samples `start` to `end`."""
        inside = (Span(max(span.start, start), min(span.end, end)) for span in self.voiced)
        return [span for span in inside if span.start < span.end]


def detect_voice(audio: FloatArray) -> Voice:
    """Detect speech and voiced sounds in float32 [n] at SAMPLE_RATE."""
    probabilities = speech_probabilities(audio)
    active = _active_frames(probabilities)
    frames = active | _voiced_frames(audio, probabilities, candidates=~active & (probabilities >= VOICE_PROBABILITY))
    voiced = [Span(first * FRAME, min(last * FRAME, len(audio))) for first, last in _runs(frames)]
    return Voice(speech_spans(probabilities, len(audio)), voiced)


def find_speech(audio: FloatArray) -> list[Span]:
    """Detect speech in float32 [n] at SAMPLE_RATE; return padded spans, in order."""
    return speech_spans(speech_probabilities(audio), len(audio))


def speech_probabilities(audio: FloatArray) -> FloatArray:
    """Return the probability of speech in each frame of FRAME samples, the last one padded: float32 [frames]."""
    from faster_whisper.vad import get_vad_model  # loads CTranslate2

    if not len(audio):
        return np.zeros(0, np.float32)
    probabilities: FloatArray = get_vad_model()(np.pad(audio, (0, -len(audio) % FRAME))).reshape(-1)
    return probabilities


def speech_spans(probabilities: FloatArray, length: int) -> list[Span]:
    """Return spans of speech in audio of `length` samples: joined, padded, at most MAX_SPAN_SECONDS long."""
    pad, longest = round(PAD_SECONDS * SAMPLE_RATE), round(MAX_SPAN_SECONDS * SAMPLE_RATE)
    limit = (longest - 2 * pad) // FRAME
    runs = [part for run in _runs(_active_frames(probabilities)) for part in _cut_run(probabilities, *run, limit)]
    edges = [(first * FRAME, min(last * FRAME, length)) for first, last in runs]
    # A silence too short for the padding of both its neighbors is shared equally.
    gaps = [(end, start) for (_, end), (start, _) in pairwise(edges)]
    starts = [max(0, edges[0][0] - pad), *(b - min(pad, (b - a) // 2) for a, b in gaps)] if edges else []
    ends = [*(a + min(pad, (b - a) // 2) for a, b in gaps), min(length, edges[-1][1] + pad)] if edges else []
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _active_frames(probabilities: FloatArray) -> BoolArray:
    """Mark speech frames, bool [frames], with hysteresis; runs shorter than MIN_SPAN_SECONDS are dropped."""
    join = JOIN_SECONDS * SAMPLE_RATE / FRAME
    active = np.zeros(len(probabilities), bool)
    start = quiet = None
    for i, probability in enumerate([*probabilities, 0.0]):
        if probability >= SPEECH_PROBABILITY:
            start, quiet = i if start is None else start, None
        elif start is not None and probability < NO_SPEECH_PROBABILITY:
            quiet = i if quiet is None else quiet
            if i - quiet >= join or i == len(probabilities):
                active[start:quiet] = quiet - start > MIN_SPAN_SECONDS * SAMPLE_RATE / FRAME
                start = quiet = None
    return active


def _cut_run(probabilities: FloatArray, first: int, last: int, limit: int) -> list[tuple[int, int]]:
    """Split frames `first` to `last` into parts of at most `limit`, where speech is least probable."""
    if last - first <= limit:
        return [(first, last)]
    candidates = probabilities[first + limit // 2 : first + limit]
    cut = first + limit // 2 + int(candidates.argmin())
    return [(first, cut), *_cut_run(probabilities, cut, last, limit)]


def _voiced_frames(audio: FloatArray, probabilities: FloatArray, candidates: BoolArray) -> BoolArray:
    """Mark the candidate frames with a voiced sound of varying pitch, bool [frames]."""
    voiced = np.zeros(len(probabilities), bool)
    for first, last in _runs(candidates):
        if last - first >= MIN_VOICED_FRAMES:
            harmonicity, pitch = _pitch(_frames_of(audio, first, last))
            changes = np.abs(np.diff(np.log(pitch), prepend=np.log(pitch[:1])))
            changing = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(changes, 2, mode="edge"), 5), axis=1)
            kept = (harmonicity >= MIN_HARMONICITY) & (changing >= MIN_PITCH_CHANGE)
            for a, b in _runs(kept):
                voiced[first + a : first + b] = b - a >= MIN_VOICED_FRAMES
    return voiced


def _frames_of(audio: FloatArray, first: int, last: int) -> Frames:
    """Return windows [frames, 2 * FRAME] of samples, centered on the frames `first` to `last`."""
    start, end = first * FRAME - FRAME // 2, last * FRAME + FRAME // 2
    part = audio[max(0, start) : end].astype(np.float64)
    before = max(0, -start)
    padded = np.pad(part, (before, end - start - before - len(part)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * FRAME)[::FRAME]


def _pitch(frames: Frames) -> tuple[Frames, Frames]:
    """Return the harmonicity, 0 to 1, and the pitch in Hz of windows [frames, samples]; both [frames].

    The autocorrelation of the windowed signal is divided by that of the window (Boersma 1993, "Accurate short-term
    analysis of the fundamental frequency"); the pitch is the shortest lag whose peak is within 10% of the highest.
    Windows below SILENCE_RMS or without a peak have harmonicity 0.
    """
    count, samples = frames.shape
    window = np.hanning(samples)
    correlation, norm = (_autocorrelation(x) for x in ((frames - frames.mean(1, keepdims=True)) * window, window))
    low, high = int(SAMPLE_RATE / MAX_PITCH_HZ), int(SAMPLE_RATE / MIN_PITCH_HZ)
    energy = np.maximum(correlation[:, :1], np.finfo(np.float64).tiny)
    lags = (correlation / energy / (norm / norm[0]))[:, low - 1 : high + 1]
    inner = lags[:, 1:-1]
    peaks = (inner >= lags[:, :-2]) & (inner >= lags[:, 2:])
    highest = np.where(peaks, inner, 0.0).max(axis=1, keepdims=True)
    chosen = (peaks & (inner >= 0.9 * highest)).argmax(axis=1)
    rows = np.arange(count)
    left, middle, right = (lags[rows, chosen + i] for i in range(3))
    curvature = left - 2.0 * middle + right
    shift = np.divide(left - right, 2.0 * curvature, out=np.zeros(count), where=curvature != 0.0)
    audible = (np.sqrt(np.square(frames).mean(axis=1)) >= SILENCE_RMS) & (highest[:, 0] > 0.0)
    return np.where(audible, middle, 0.0), SAMPLE_RATE / (low + chosen + np.clip(shift, -0.5, 0.5))


def _autocorrelation(signals: Frames) -> Frames:
    """Return the autocorrelation of signals [..., samples] by lag, [..., samples]."""
    samples = signals.shape[-1]
    return np.fft.irfft(np.square(np.abs(np.fft.rfft(signals, 2 * samples))))[..., :samples]


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return first and last (exclusive) index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
