"""Folders of acted voices: a `manifest.csv` with `path`, `speaker` and `emotion`, and audio files.

Unlike in `manifest`, recordings are trimmed to speech, as utterances are in serving, and only audio is read.
"""

from collections.abc import Iterator
from pathlib import Path

from model.media import MediaError
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split
from training.corpora.clips import Clip
from training.corpora.manifest import NAME, clips_of
from training.corpora.recordings import read_recording, report_skipped
from training.data.content_hash import hash_recording


def read_voices(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """Read one manifest, its folder, or a folder of such folders.

    Recordings that are too quiet or too short are skipped and reported. Raises FileNotFoundError without a manifest,
    and ValueError with the row for invalid rows or unreadable files.
    """
    examples: list[Example] = []
    skipped: list[str] = []
    manifests = manifests_in(data)
    if not manifests:
        raise FileNotFoundError(f"{data} has no {NAME}")
    for manifest in manifests:
        for clip, path, where in _recordings(manifest, split):
            try:
                sample = read_recording(path)
            except MediaError as error:
                raise ValueError(f"{where}: {error}") from error
            if sample.audio is None:
                skipped.append(path.name)
            else:
                examples.append(Example(sample, clip.emotion, clip.sentiment, clip.group, hash_recording(path)))
    report_skipped(skipped, len(examples), "recordings")
    return examples


def manifests_in(data: Path) -> list[Path]:
    """Return the manifest that `data` is or contains, or those of its subfolders, by name."""
    if data.is_file():
        return [data]
    return [data / NAME] if (data / NAME).is_file() else sorted(data.glob(f"*/{NAME}"))


def _recordings(manifest: Path, split: Split) -> Iterator[tuple[Clip, Path, str]]:
    """Yield the split's recordings, with file and location in the manifest. Raises ValueError."""
    for line, (clip, row_split) in enumerate(clips_of(manifest), start=2):
        where = f"{manifest}, row {line}"
        if clip.path is None:
            raise ValueError(f"{where}: it has no path; voices are trained on recordings only")
        if clip.start or clip.end is not None:
            raise ValueError(f"{where}: start and end are not supported for voices; cut the file instead")
        if not clip.group.startswith("speaker "):
            raise ValueError(f"{where}: name the speaker, without a dialogue; voices are split by speaker")
        if split in ("all", row_split):
            yield clip, clip.path, where
