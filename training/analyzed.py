"""Labeled clips through the real pipeline: what `analyze` predicts of each, as items to score.

Rows of a manifest that name a video and give neither words nor times are analyzed as a user's file is: speech is found
and recognized, faces are detected and followed, utterances are cut. A clip's prediction is that of its whole analysis,
the mean of its utterances by duration, and likewise for every subset of the modalities.
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
from training.data.content_hash import content_of_file
from training.evaluation.confidence import Floats, Probabilities, Targets
from training.evaluation.scoring import Encoded, Judged, Rows, encode


@dataclass(frozen=True)
class Analyzed(Encoded):
    """n clips; `utterances` are what the pipeline made of them, `owner` the clip of each, `seconds` how long it is.

    A clip has a modality where any of its utterances does; its own logits and embeddings are empty.
    """

    utterances: Encoded | None = None
    owner: Targets | None = None
    seconds: Floats | None = None

    @property
    def inner(self) -> tuple[Encoded, Targets, Floats]:
        assert self.utterances is not None and self.owner is not None and self.seconds is not None
        return self.utterances, self.owner, self.seconds

    def rows(self, chosen: Rows) -> "Analyzed":
        """Some of the clips, with their utterances."""
        utterances, owner, seconds = self.inner
        kept = np.flatnonzero(np.isin(owner, chosen))
        place = {int(clip): i for i, clip in enumerate(chosen)}
        base = Encoded.rows(self, chosen)
        owners = np.asarray([place[int(o)] for o in owner[kept]], dtype=np.int64)
        return _analyzed(base, utterances.rows(kept), owners, seconds[kept])

    def only(self, subset: Sequence[Modality]) -> "Analyzed":
        """Return the clips with every other modality left out of every utterance."""
        utterances, owner, seconds = self.inner
        return _analyzed(Encoded.only(self, subset), utterances.only(subset), owner, seconds)

    def parts(self) -> Encoded:
        """Return the utterances that are predicted."""
        return self.inner[0]

    def pooled(self, judged: Judged) -> Judged:
        """Average the utterances' predictions for each clip, weighted by the duration of those with evidence."""
        utterances, owner, seconds = self.inner
        weight = seconds * utterances.present.any(dim=1).numpy()

        def mean(probabilities: Probabilities, weight: Floats = weight) -> Probabilities:
            summed = np.zeros((len(self), probabilities.shape[1]))
            np.add.at(summed, owner, probabilities * weight[:, None])
            return np.asarray(summed / np.maximum(summed.sum(axis=1, keepdims=True), 1e-12))

        alone = {
            m: mean(p, seconds * utterances.present[:, i].numpy())
            for i, (m, p) in enumerate((m, judged.per_modality[m]) for m in utterances.modalities)
        }
        return Judged(mean(judged.emotions), mean(judged.sentiments), alone)


def has_video(data: Path, split: Split) -> bool:
    """Return True when a manifest names whole videos without words, which are analyzed as they are."""
    clips = [clip for clip, its_split in clips_of(data) if split in ("all", its_split)]
    if not clips or any(clip.path is None or clip.text or clip.start or clip.end is not None for clip in clips):
        return False
    there = next((clip.path for clip in clips if clip.path is not None and clip.path.is_file()), None)
    if there is None:
        return False
    with Reader(there) as reader:
        return reader.info.has_video


def read_analyzed(bundle: Bundle, data: Path, split: Split, transcriber: str) -> Analyzed:
    """Analyze every clip of a manifest. Those that cannot be read or hold nothing to analyze are named and left out.

    Raises ValueError where none is left, and what reading a manifest or loading a transcriber raises.
    """
    models = models_of(bundle, transcriber)
    clips: list[tuple[Clip, list[tuple[Sample, float]]]] = []
    left_out = []
    for clip, its_split in clips_of(data):
        if clip.path is None or split not in ("all", its_split):
            continue
        try:
            found = _analyze(models, clip.path)
        except (MediaError, OSError) as error:
            left_out.append(f"{clip.path.name} ({error})")
            continue
        if found:
            clips.append((clip, found))
        else:
            left_out.append(f"{clip.path.name} (neither speech nor sound nor a face)")
    if left_out:
        Console(stderr=True).print(f"{len(left_out)} clips are left out: {'; '.join(left_out)}")
    return _encoded(bundle.network, clips)


def _analyze(models: Models, path: Path) -> list[tuple[Sample, float]]:
    """The samples that the pipeline makes of a clip, with the seconds of their utterances."""
    with _samples_of(models.bundle.network) as samples:
        analysis = analyze(path, models)
    return list(zip(samples, (u.duration for u in analysis.utterances), strict=True))


@contextmanager
def _samples_of(network: EmotionNetwork) -> Iterator[list[Sample]]:
    """Collects what the network is called with."""
    seen: list[Sample] = []

    def note(_: Any, arguments: tuple[Sequence[Sample]]) -> None:
        seen.extend(arguments[0])

    handle = network.register_forward_pre_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


def _encoded(network: EmotionNetwork, clips: Sequence[tuple[Clip, list[tuple[Sample, float]]]]) -> Analyzed:
    examples = [
        Example(sample, clip.emotion, clip.sentiment, clip.group, content_of_file(clip.path))
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
