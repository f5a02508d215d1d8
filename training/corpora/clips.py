"""Utterances in media files, as examples backed by the feature cache."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from rich.console import Console

from model.features import Sample, Tokens
from model.modalities.base import Tokenizer
from training.corpora.base import Example
from training.data.content_hash import FileDigests, hash_bytes, hash_span
from training.data.extraction import MediaSpan
from training.data.feature_cache import FeatureCache
from training.data.feature_cache_builder import fill

FEATURES_VARIABLE = "VIDEO_SENTIMENT_FEATURES"


@dataclass(frozen=True)
class Clip:
    """One labeled utterance: text, context, labels, and the span of a media file.

    `path` is None for text without media; `end` None means the file's end. Times in seconds.
    """

    text: str
    context: tuple[str, ...]
    emotion: int
    sentiment: int
    group: str
    path: Path | None = None
    start: float = 0.0
    end: float | None = None


class CachedExample(Example):
    """Example whose tensors are read from the cache on each access of `sample`."""

    def __init__(self, clip: Clip, text: Tokens | None, content: str, cache: FeatureCache | None) -> None:
        words = "" if text is None or cache is None else hash_bytes(clip.text.encode())
        labels = {"emotion": clip.emotion, "sentiment": clip.sentiment, "group": clip.group}
        named = {"content": content, "words": words, "line": None if text is None else (clip.text, clip.context)}
        for name, value in {**labels, **named, "_text": text, "_cache": cache}.items():
            object.__setattr__(self, name, value)  # the dataclass is frozen

    @property
    def sample(self) -> Sample:
        cache: FeatureCache | None = self._cache  # type: ignore[attr-defined]
        return Sample(text=self.text) if cache is None else cache.sample(self.content, self.text)

    @property
    def text(self) -> Tokens | None:
        """Tokens, without reading the other tensors."""
        text: Tokens | None = self._text  # type: ignore[attr-defined]
        return text

    @property
    def audio_frames(self) -> int:
        """Number of audio frames, without reading the tensor; 0 without audio."""
        cache: FeatureCache | None = self._cache  # type: ignore[attr-defined]
        return 0 if cache is None else cache.shape(self.content, "audio")[-1]

    @property
    def length(self) -> int:
        return len(self.text.ids) if self.text is not None else self.audio_frames


class CachedExamples(Sequence[CachedExample]):
    """Sequence of examples that is cheap to hold and to pickle, as features stay on disk."""

    def __init__(self, examples: Sequence[CachedExample]) -> None:
        self._examples = list(examples)

    def __len__(self) -> int:
        return len(self._examples)

    @overload
    def __getitem__(self, index: int) -> CachedExample: ...
    @overload
    def __getitem__(self, index: slice) -> "CachedExamples": ...
    def __getitem__(self, index: int | slice) -> "CachedExample | CachedExamples":
        return CachedExamples(self._examples[index]) if isinstance(index, slice) else self._examples[index]


def features_folder(data: Path) -> Path:
    """Return the folder of a corpus's cached features: FEATURES_VARIABLE, or `features/` beside its files."""
    chosen = os.environ.get(FEATURES_VARIABLE)
    return Path(chosen) if chosen else (data if data.is_dir() else data.parent) / "features"


def read_clips(clips: Sequence[Clip], folder: Path, tokenizer: Tokenizer | None) -> CachedExamples:
    """Return examples of the clips, in order; clips that the cache in `folder` lacks are decoded first.

    Clips that are missing, cannot be decoded or have no usable content are skipped and counted. Raises
    FileNotFoundError if no file exists.
    """
    spans = resolve_clips(clips, folder)
    cache = FeatureCache(folder) if spans else None
    if cache is not None:
        fill(cache, {content: span for _, content, span in spans})
    known = {id(clip): content for clip, content, _ in spans if cache is not None and content in cache}
    examples = []
    for clip in clips:
        text = tokenizer(clip.text, clip.context) if tokenizer is not None and clip.text else None
        if clip.path is None and text is not None:
            examples.append(CachedExample(clip, text, hash_bytes(clip.text.encode()), None))
        elif id(clip) in known and (text is not None or cache is not None and cache.has_parts(known[id(clip)])):
            examples.append(CachedExample(clip, text, known[id(clip)], cache))
    if len(examples) < len(clips):
        skipped = f"skipped {len(clips) - len(examples)} of {len(clips)} utterances"
        Console(stderr=True).print(f"{skipped}; python -m training.prepare lists them with reasons")
    return CachedExamples(examples)


def resolve_clips(clips: Sequence[Clip], folder: Path) -> list[tuple[Clip, str, MediaSpan]]:
    """Return the clips whose files exist, with content hash and span. Raises FileNotFoundError if none does."""
    named = [(clip, clip.path) for clip in clips if clip.path is not None]
    existing = [(clip, path) for clip, path in named if path.is_file()]
    if named and not existing:
        raise FileNotFoundError(f"none of the {len(named)} files exists; the first is {named[0][1]}")
    digests = FileDigests(folder / "sources.jsonl").of({path for _, path in existing})
    return [
        (clip, hash_span(digests[path], clip.start, clip.end), MediaSpan(path, clip.start, clip.end))
        for clip, path in existing
    ]
