"""Folders of acted voices: a `manifest.csv` with `path`, `speaker` and `emotion`, audio files beside it.

Unlike `manifest`, a recording is cut from its first word to its last, as an utterance is when it is served, and only
its sound is read.
"""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from model.features import Evidence
from model.media import read_audio
from model.modalities.base import Tokenizer
from model.modalities.registry import prepare, specs_of
from training.corpora.base import Example, Split
from training.corpora.clips import Clip
from training.corpora.manifest import NAME, clips_of
from training.corpora.ravdess import spoken_part
from training.data.content_hash import content_of_file


def read_voices(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """One manifest, the folder that holds it, or a folder of such folders.

    Those too quiet or too short to be judged are left out and counted. Raises FileNotFoundError where there is none.
    """
    examples, left_out = [], 0
    manifests = manifests_in(data)
    if not manifests:
        raise FileNotFoundError(f"{data} holds no {NAME}")
    for manifest in manifests:
        for clip, path in _recordings(manifest, split):
            sample = prepare(Evidence(spoken_part(read_audio(path))), specs_of("audio").values())
            if sample.audio is None:
                left_out += 1
            else:
                examples.append(Example(sample, clip.emotion, clip.sentiment, clip.group, content_of_file(path)))
    if left_out:
        Console(stderr=True).print(f"{left_out} recordings are left out, too quiet or too short to be judged")
    return examples


def manifests_in(data: Path) -> list[Path]:
    """The manifest that `data` is or holds, or those of the folders in it, by name."""
    if data.is_file():
        return [data]
    return [data / NAME] if (data / NAME).is_file() else sorted(data.glob(f"*/{NAME}"))


def _recordings(manifest: Path, split: Split) -> Iterator[tuple[Clip, Path]]:
    for clip, its_split in clips_of(manifest):
        if clip.path is not None and split in ("all", its_split):
            yield clip, clip.path
