"""Any folder of recordings or sentences, described by a manifest: a CSV with a row for each utterance.

Columns, each of which may be absent or empty: `path` (relative to the manifest), `start` and `end` (seconds;
the whole file without them), `text`, `speaker`, `dialogue`, `emotion`, `sentiment`, `split`. The rows of a
dialogue stand in order of time: what was said in the earlier ones is the context of the later.
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
from training.data.content_hash import drawn

COLUMNS = ("path", "start", "end", "text", "speaker", "dialogue", "emotion", "sentiment", "split")
SPLITS = tuple(split for split in get_args(Split) if split != "all")
HELD_OUT_SHARE = 0.15  # of the dialogues or speakers, where no column says which
FEW_GROUPS, LEAST_HELD_OUT = 4, 2  # of so many groups or more, so many are held out whatever their hashes
NAME = "manifest.csv"


def read_manifest(data: Path, split: Split, tokenizer: Tokenizer | None) -> Sequence[Example]:
    """A manifest, or the folder of `manifest.csv`, by way of the feature cache where it names files.

    Raises ValueError, with the row, for what cannot be meant.
    """
    clips = [clip for clip, its_split in clips_of(data) if split in ("all", its_split)]
    return read_clips(clips, features_folder(data), tokenizer)


def clips_of(data: Path) -> list[tuple[Clip, Split]]:
    """All rows with the split that each is in."""
    path = data if data.is_file() else data / NAME
    said: dict[str, list[str]] = defaultdict(list)
    clips: list[tuple[Clip, Split | None]] = []
    split_of_group: dict[str, Split | None] = {}
    for line, row in enumerate(_rows(path), start=2):
        where = f"{path}, row {line}"
        clip = _clip(path.parent, row, said[row["dialogue"] or row["path"]], where)
        said[row["dialogue"] or row["path"]].append(row["text"])
        its_split = _named_split(row["split"], where)
        if split_of_group.setdefault(clip.group, its_split) != its_split:
            raise ValueError(f"{where}: {clip.group} stands in two splits; it would be scored on what it learned")
        clips.append((clip, its_split))
    drawn_splits = _drawn_splits([group for group, its_split in split_of_group.items() if its_split is None])
    return [(clip, its_split or drawn_splits[clip.group]) for clip, its_split in clips]


def _rows(path: Path) -> list[dict[str, str]]:
    """The file's rows with every column; absent ones are empty."""
    columns, rows = read_table(path)
    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise ValueError(f"{path} has unknown columns {sorted(unknown)}; known: {', '.join(COLUMNS)}")
    return [{column: (row.get(column) or "").strip() for column in COLUMNS} for row in rows]


def _clip(folder: Path, row: dict[str, str], said: Sequence[str], where: str) -> Clip:
    if not row["path"] and not row["text"]:
        raise ValueError(f"{where}: it has neither a path nor a text")
    emotion, sentiment = targets(row["emotion"], row["sentiment"], where)
    group = next(f"{name} {row[name]}" for name in ("dialogue", "speaker", "path", "text") if row[name])
    path = folder / row["path"] if row["path"] else None
    try:
        start, end = float(row["start"] or 0.0), float(row["end"]) if row["end"] else None
    except ValueError as error:
        raise ValueError(f"{where}: start and end are seconds, like 12.5") from error
    if start < 0 or (end is not None and end <= start):
        raise ValueError(f"{where}: it ends before it starts")
    context = tuple(text for text in said if text)[-CONTEXT_UTTERANCES:]
    return Clip(row["text"], context, emotion, sentiment, group, path, start, end)


def _named_split(named: str, where: str) -> Split | None:
    """Return the split that a row states; None where it states none."""
    if named and named not in SPLITS:
        raise ValueError(f"{where}: split {named!r} is not one of {', '.join(SPLITS)}")
    return next((split for split in SPLITS if split == named), None)


def _drawn_splits(groups: Sequence[str]) -> dict[str, Split]:
    """Return a split for each group, by a hash of its name, so that it stays when rows are added.

    Of few groups the hashes may choose none to score on: then those of the lowest hashes are held out, which another
    group may change. The column `split` keeps them.
    """
    by_hash = sorted(groups, key=drawn)
    least = LEAST_HELD_OUT if len(groups) >= FEW_GROUPS else 0
    count = max(least, sum(drawn(group) < HELD_OUT_SHARE for group in groups))
    return {group: "held-out" if place < count else "train" for place, group in enumerate(by_hash)}
