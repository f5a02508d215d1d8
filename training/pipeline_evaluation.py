"""Evaluation of labeled clips through the whole pipeline, as `analyze` processes a user's file.

Used for rows of a manifest that name a video and give neither words nor times: speech is detected and transcribed,
faces are detected and tracked, utterances are cut. A clip's prediction is that of its whole analysis, the mean over its
utterances weighted by duration, and likewise for every subset of the modalities.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from model.bundle import Bundle
from model.contract import Modality
from model.features import Sample
from model.media import MediaError, Reader
from model.network import EmotionNetwork
from model.pipeline import Models, analyze, models_of
from training.corpora.base import Example, Split
from training.corpora.clips import Clip
from training.corpora.manifest import clips_of
from training.data.content_hash import hash_recording
from training.evaluation.confidence import Floats, Probabilities, Targets
from training.evaluation.scoring import Encoded, Predictions, Rows, encode


@dataclass(frozen=True)
class Analyzed(Encoded):
    """n clips. `utterances` are those the pipeline found, `owner` is the clip of each, `seconds` its duration.

    A clip has a modality if any of its utterances does; its own logits and embeddings are empty.
    """

    utterances: Encoded | None = None
    owner: Targets | None = None
    seconds: Floats | None = None

    @property
    def inner(self) -> tuple[Encoded, Targets, Floats]:
        assert self.utterances is not None and self.owner is not None and self.seconds is not None
        return self.utterances, self.owner, self.seconds

    def rows(self, chosen: Rows) -> "Analyzed":
        """Select clips, with their utterances."""
        utterances, owner, seconds = self.inner
        rows = np.flatnonzero(np.isin(owner, chosen))
        place = {int(clip): i for i, clip in enumerate(chosen)}
        base = Encoded.rows(self, chosen)
        owners = np.asarray([place[int(o)] for o in owner[rows]], dtype=np.int64)
        return _analyzed(base, utterances.rows(rows), owners, seconds[rows])

    def only(self, subset: Sequence[Modality]) -> "Analyzed":
        """Return the clips with only the modalities of `subset` in every utterance."""
        utterances, owner, seconds = self.inner
        return _analyzed(Encoded.only(self, subset), utterances.only(subset), owner, seconds)

    def parts(self) -> Encoded:
        """Return the utterances, which are predicted individually."""
        return self.inner[0]

    def pooled(self, predictions: Predictions) -> Predictions:
        """Average the predictions per clip, weighted by the duration of utterances that have evidence."""
        utterances, owner, seconds = self.inner
        weight = seconds * utterances.present.any(dim=1).numpy()

        def mean(probabilities: Probabilities, weight: Floats = weight) -> Probabilities:
            summed = np.zeros((len(self), probabilities.shape[1]))
            np.add.at(summed, owner, probabilities * weight[:, None])
            return np.asarray(summed / np.maximum(summed.sum(axis=1, keepdims=True), 1e-12))

        per_modality = {
            m: mean(p, seconds * utterances.present[:, i].numpy())
            for i, (m, p) in enumerate((m, predictions.per_modality[m]) for m in utterances.modalities)
        }
        return Predictions(mean(predictions.emotions), mean(predictions.sentiments), per_modality)


def has_video(data: Path, split: Split) -> bool:
    """Return True if all clips of a manifest are whole videos without words."""
    clips = [clip for clip, its_split in clips_of(data) if split in ("all", its_split)]
    if not clips or any(clip.path is None or clip.text or clip.start or clip.end is not None for clip in clips):
        return False
    first = next((clip.path for clip in clips if clip.path is not None and clip.path.is_file()), None)
    if first is None:
        return False
    with Reader(first) as reader:
        return reader.info.has_video


def read_analyzed(bundle: Bundle, data: Path, split: Split, transcriber: str) -> Analyzed:
    """Analyze every clip of a manifest; report and skip those that cannot be read or contain nothing to analyze.

    Raises ValueError if none remains, and the errors of reading a manifest or loading a transcriber.
    """
    models = models_of(bundle, transcriber)
    clips: list[tuple[Clip, list[tuple[Sample, float]]]] = []
    skipped = []
    for clip, its_split in clips_of(data):
        if clip.path is None or split not in ("all", its_split):
            continue
        try:
            found = _analyze(models, clip.path)
        except (MediaError, OSError) as error:
            skipped.append(f"{clip.path.name} ({error})")
            continue
        if found:
            clips.append((clip, found))
        else:
            skipped.append(f"{clip.path.name} (no speech, voice or face)")
    if skipped:
        Console(stderr=True).print(f"skipped {len(skipped)} clips: {'; '.join(skipped)}")
    return _encoded(bundle.network, clips)


def _analyze(models: Models, path: Path) -> list[tuple[Sample, float]]:
    """Return the samples that the pipeline prepares from a clip, with the durations of their utterances in seconds."""
    with _samples_of(models.bundle.network) as samples:
        analysis = analyze(path, models)
    return list(zip(samples, (u.duration for u in analysis.utterances), strict=True))


@contextmanager
def _samples_of(network: EmotionNetwork) -> Iterator[list[Sample]]:
    """Collect the samples that the network is called with."""
    collected: list[Sample] = []

    def collect(_: Any, arguments: tuple[Sequence[Sample]]) -> None:
        collected.extend(arguments[0])

    handle = network.register_forward_pre_hook(collect)
    try:
        yield collected
    finally:
        handle.remove()


def _encoded(network: EmotionNetwork, clips: Sequence[tuple[Clip, list[tuple[Sample, float]]]]) -> Analyzed:
    examples = [
        Example(sample, clip.emotion, clip.sentiment, clip.group, hash_recording(clip.path))
        for clip, found in clips
        if clip.path is not None
        for sample, _ in found
    ]
    utterances = encode(network, examples)
    owner = np.asarray([i for i, (_, found) in enumerate(clips) for _ in found], dtype=np.int64)
    seconds = np.asarray([duration for _, found in clips for _, duration in found])
    first = np.asarray([int(np.flatnonzero(owner == i)[0]) for i in range(len(clips))], dtype=np.int64)
    base = utterances.rows(first)
    present = torch.stack([utterances.present[torch.from_numpy(owner == i)].any(dim=0) for i in range(len(clips))])
    return _analyzed(replace(base, present=present), utterances, owner, seconds)


def _analyzed(base: Encoded, utterances: Encoded, owner: Targets, seconds: Floats) -> Analyzed:
    fields = {name: getattr(base, name) for name in Encoded.__dataclass_fields__}
    return Analyzed(**fields, utterances=utterances, owner=owner, seconds=seconds)
