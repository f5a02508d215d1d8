"""Recordings of speakers to compose conversations of: some speakers to tune with, others to report on."""

from collections import defaultdict
from pathlib import Path
from typing import Literal

from training.corpora.manifest import NAME, clips_of
from training.corpora.ravdess import SPEECH, SUFFIXES

Part = Literal["tune", "report"]
Recordings = dict[str, list[Path]]
"""Recordings by speaker."""


def recordings_in(folder: Path) -> Recordings:
    """Return the recordings of a folder with a manifest, or of RAVDESS. Raises ValueError for another."""
    found: Recordings = defaultdict(list)
    if (folder / NAME).is_file():
        for clip, _ in clips_of(folder):
            if clip.path is not None:
                found[clip.group].append(clip.path)
    else:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            fields = path.stem.split("-")
            if len(fields) == 7 and fields[1] == SPEECH:
                found[f"actor {fields[6]}"].append(path)
    if not found:
        raise ValueError(f"{folder} holds neither a {NAME} nor RAVDESS's files")
    return dict(found)


def speakers_of(recordings: Recordings, part: Part) -> Recordings:
    """Return every other speaker, by name: those to tune with, or those to report on."""
    names = sorted(recordings)
    return {name: recordings[name] for name in names[part == "tune" :: 2]}
