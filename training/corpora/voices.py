"""Folders of acted voices: a `manifest.csv` with `path`, `speaker` and `emotion`, audio files beside it.

Unlike `manifest`, a recording is cut from its first word to its last, as an utterance is when it is served, and only
its sound is read.
"""

from collections.abc import Iterator
from pathlib import Path

from model.media import MediaError
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split
from training.corpora.clips import Clip
from training.corpora.manifest import NAME, clips_of
from training.corpora.recordings import read_recording, report_left_out
from training.data.content_hash import content_of_file


def read_voices(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """Read one manifest, the folder that holds it, or a folder of such folders.

    Recordings that are too quiet or too short to predict from are left out and named. Raises FileNotFoundError
    without a manifest, and ValueError, with the row, for one that cannot be followed or a file that cannot be read.
    """
    examples: list[Example] = []
    left_out: list[str] = []
    manifests = manifests_in(data)
    if not manifests:
        raise FileNotFoundError(f"{data} holds no {NAME}")
    for manifest in manifests:
        for clip, path, where in _recordings(manifest, split):
            try:
                sample = read_recording(path)
            except MediaError as error:
                raise ValueError(f"{where}: {error}") from error
            if sample.audio is None:
                left_out.append(path.name)
            else:
                examples.append(Example(sample, clip.emotion, clip.sentiment, clip.group, content_of_file(path)))
    report_left_out(left_out, len(examples), "recordings")
    return examples


def manifests_in(data: Path) -> list[Path]:
    """The manifest that `data` is or holds, or those of the folders in it, by name."""
    if data.is_file():
        return [data]
    return [data / NAME] if (data / NAME).is_file() else sorted(data.glob(f"*/{NAME}"))


def _recordings(manifest: Path, split: Split) -> Iterator[tuple[Clip, Path, str]]:
    """Yield the split's recordings, each with its file and its place in the manifest. Raises ValueError."""
    for line, (clip, its_split) in enumerate(clips_of(manifest), start=2):
        where = f"{manifest}, row {line}"
        if clip.path is None:
            raise ValueError(f"{where}: it has no path; voices are learned from recordings alone")
        if clip.start or clip.end is not None:
            raise ValueError(f"{where}: recordings of voices are read whole; cut the file, without start and end")
        if not clip.group.startswith("speaker "):
            raise ValueError(f"{where}: name its speaker, and no dialogue: voices are split by their speakers")
        if split in ("all", its_split):
            yield clip, clip.path, where
