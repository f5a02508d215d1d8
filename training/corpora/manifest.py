"""Custom corpora, described by a manifest: a CSV with a row per utterance.

Columns, all optional: `path` (relative to the manifest), `start` and `end` (seconds; by default the whole file),
`text`, `speaker`, `dialogue`, `emotion`, `sentiment`, `split`. The rows of a dialogue are in order of time; earlier
ones are the context of later ones.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from model.modalities.base import Tokenizer
from model.modalities.text import CONTEXT_UTTERANCES
from training.corpora.base import Example, Split, targets
from training.corpora.clips import Clip, features_folder, read_clips
from training.corpora.tables import read_table
from training.data.content_hash import hash_fraction

COLUMNS = ("path", "start", "end", "text", "speaker", "dialogue", "emotion", "sentiment", "split")
SPLITS = tuple(split for split in get_args(Split) if split != "all")
HELD_OUT_SHARE = 0.15  # of the dialogues or speakers, without a split column
FEW_GROUPS, MIN_HELD_OUT = 4, 2  # with FEW_GROUPS groups or more, at least MIN_HELD_OUT are held out
NAME = "manifest.csv"


def read_manifest(data: Path, split: Split, tokenizer: Tokenizer | None) -> Sequence[Example]:
    """Read a manifest, or the folder of `manifest.csv`; media files are read through the feature cache.

    Raises ValueError with the row for invalid values.
    """
    clips = [clip for clip, row_split in clips_of(data) if split in ("all", row_split)]
    return read_clips(clips, features_folder(data), tokenizer)


def clips_of(data: Path) -> list[tuple[Clip, Split]]:
    """Read all rows, each with its split."""
    path = data if data.is_file() else data / NAME
    texts: dict[str, list[str]] = defaultdict(list)
    clips: list[tuple[Clip, Split | None]] = []
    split_of_group: dict[str, Split | None] = {}
    for line, row in enumerate(_rows(path), start=2):
        where = f"{path}, row {line}"
        clip = _clip(path.parent, row, texts[row["dialogue"] or row["path"]], where)
        texts[row["dialogue"] or row["path"]].append(row["text"])
        row_split = _named_split(row["split"], where)
        if split_of_group.setdefault(clip.group, row_split) != row_split:
            raise ValueError(f"{where}: {clip.group} is in two splits; training items would be scored")
        clips.append((clip, row_split))
    hashed_splits = _hashed_splits([group for group, row_split in split_of_group.items() if row_split is None])
    return [(clip, row_split or hashed_splits[clip.group]) for clip, row_split in clips]


def _rows(path: Path) -> list[dict[str, str]]:
    """Read the rows with all columns; missing ones are empty."""
    columns, rows = read_table(path)
    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise ValueError(f"{path} has unknown columns {sorted(unknown)}; known: {', '.join(COLUMNS)}")
    return [{column: (row.get(column) or "").strip() for column in COLUMNS} for row in rows]


def _clip(folder: Path, row: dict[str, str], texts: Sequence[str], where: str) -> Clip:
    if not row["path"] and not row["text"]:
        raise ValueError(f"{where}: it has neither a path nor a text")
    emotion, sentiment = targets(row["emotion"], row["sentiment"], where)
    group = next(f"{name} {row[name]}" for name in ("dialogue", "speaker", "path", "text") if row[name])
    path = folder / row["path"] if row["path"] else None
    try:
        start, end = float(row["start"] or 0.0), float(row["end"]) if row["end"] else None
    except ValueError as error:
        raise ValueError(f"{where}: start and end must be seconds, like 12.5") from error
    if start < 0 or (end is not None and end <= start):
        raise ValueError(f"{where}: end must be after start")
    context = tuple(text for text in texts if text)[-CONTEXT_UTTERANCES:]
    return Clip(row["text"], context, emotion, sentiment, group, path, start, end)


def _named_split(named: str, where: str) -> Split | None:
    """Return a row's split; None without one."""
    if named and named not in SPLITS:
        raise ValueError(f"{where}: split {named!r} is not one of {', '.join(SPLITS)}")
    return next((split for split in SPLITS if split == named), None)


def _hashed_splits(groups: Sequence[str]) -> dict[str, Split]:
    """Assign each group to a split by a hash of its name, so that splits are stable when rows are added.

    Among few groups the hashes may hold none out; then the groups with the lowest hashes are held out, which may change
    when groups are added. The column `split` fixes them.
    """
    by_hash = sorted(groups, key=hash_fraction)
    minimum = MIN_HELD_OUT if len(groups) >= FEW_GROUPS else 0
    count = max(minimum, sum(hash_fraction(group) < HELD_OUT_SHARE for group in groups))
    return {group: "held-out" if place < count else "train" for place, group in enumerate(by_hash)}
