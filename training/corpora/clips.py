"""Utterances that lie in media files, and the examples made of them by way of the feature cache."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from rich.console import Console

from model.features import Sample, Tokens
from model.modalities.base import Tokenizer
from training.corpora.base import Example
from training.data.content_hash import FileDigests, content_of, stretch_content
from training.data.extraction import Stretch
from training.data.feature_cache import Cache
from training.data.feature_cache_builder import fill

FEATURES_VARIABLE = "VIDEO_SENTIMENT_FEATURES"


@dataclass(frozen=True)
class Clip:
    """One labeled utterance: its words, the words before it, and the file and times of its picture and sound.

    `path` is None where there is text alone; `end` None means the file's end. Times in seconds.
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
    """An example whose tensors are made from the cache when `sample` is asked for, each time anew."""

    def __init__(self, clip: Clip, text: Tokens | None, content: str, cache: Cache | None) -> None:
        words = "" if text is None or cache is None else content_of(clip.text.encode())
        labels = {"emotion": clip.emotion, "sentiment": clip.sentiment, "group": clip.group}
        named = {"content": content, "words": words, "line": None if text is None else (clip.text, clip.context)}
        for name, value in {**labels, **named, "_text": text, "_cache": cache}.items():
            object.__setattr__(self, name, value)  # frozen

    @property
    def sample(self) -> Sample:
        cache: Cache | None = self._cache  # type: ignore[attr-defined]
        return Sample(text=self.text) if cache is None else cache.sample(self.content, self.text)

    @property
    def text(self) -> Tokens | None:
        """The words alone, without making the other tensors."""
        text: Tokens | None = self._text  # type: ignore[attr-defined]
        return text

    @property
    def audio_frames(self) -> int:
        """Length of the sound's tensor, without making it; 0 without sound."""
        cache: Cache | None = self._cache  # type: ignore[attr-defined]
        return 0 if cache is None else cache.shape(self.content, "audio")[-1]

    @property
    def length(self) -> int:
        return len(self.text.ids) if self.text is not None else self.audio_frames


class CachedExamples(Sequence[CachedExample]):
    """Examples in a fixed order; cheap to hold, copy and send to another process: the cache stays on the disk."""

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
    """Return the folder of a corpus's cached features: `features/` beside its files, or where the variable says."""
    chosen = os.environ.get(FEATURES_VARIABLE)
    return Path(chosen) if chosen else (data if data.is_dir() else data.parent) / "features"


def read_clips(clips: Sequence[Clip], folder: Path, tokenizer: Tokenizer | None) -> CachedExamples:
    """Examples of the clips, in their order; what the cache in `folder` lacks is decoded first.

    Clips that are not there, cannot be decoded or hold nothing to learn from are left out and counted.
    Raises FileNotFoundError where not one of those named is there.
    """
    stretches = contents_of(clips, folder)
    cache = Cache(folder) if stretches else None
    if cache is not None:
        fill(cache, {content: stretch for _, content, stretch in stretches})
    known = {id(clip): content for clip, content, _ in stretches if cache is not None and content in cache}
    examples = []
    for clip in clips:
        text = tokenizer(clip.text, clip.context) if tokenizer is not None and clip.text else None
        if clip.path is None and text is not None:
            examples.append(CachedExample(clip, text, content_of(clip.text.encode()), None))
        elif id(clip) in known and (text is not None or cache is not None and cache.has_parts(known[id(clip)])):
            examples.append(CachedExample(clip, text, known[id(clip)], cache))
    if len(examples) < len(clips):
        left_out = f"{len(clips) - len(examples)} of {len(clips)} utterances are left out"
        Console(stderr=True).print(f"{left_out}; python -m training.prepare says which and why")
    return CachedExamples(examples)


def contents_of(clips: Sequence[Clip], folder: Path) -> list[tuple[Clip, str, Stretch]]:
    """The clips whose files are there, each with what names its bytes. Raises FileNotFoundError if none is."""
    named = [(clip, clip.path) for clip in clips if clip.path is not None]
    there = [(clip, path) for clip, path in named if path.is_file()]
    if named and not there:
        raise FileNotFoundError(f"none of the {len(named)} files is there; the first would be {named[0][1]}")
    digests = FileDigests(folder / "sources.jsonl").of({path for _, path in there})
    return [
        (clip, stretch_content(digests[path], clip.start, clip.end), Stretch(path, clip.start, clip.end))
        for clip, path in there
    ]
