"""RAVDESS (Livingstone & Russo 2018): two sentences spoken by 24 actors in eight emotions."""

from pathlib import Path

from model.contract import Emotion
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split, targets
from training.corpora.recordings import read_recording, report_skipped
from training.data.content_hash import hash_recording

# File names are modality-channel-emotion-intensity-statement-repetition-actor. "Calm" (02) was recorded as a second
# baseline and counts as neutral.
EMOTIONS_OF_CODES: dict[str, Emotion] = {
    "01": "neutral", "02": "neutral", "03": "joy", "04": "sadness",
    "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
SPEECH = "01"  # channel; 02 is song
SUFFIXES = {".opus", ".wav", ".flac", ".mp3", ".ogg", ".m4a"}
HELD_OUT_ACTORS = frozenset({"17", "18", "19", "20"})
TEST_ACTORS = frozenset({"21", "22", "23", "24"})


def read_ravdess(data: Path, split: Split, _: Tokenizer | None) -> list[Example]:
    """Read the speech files in `data`, or in its folders of actors; 17-20 are held out, 21-24 are the test split.

    Files that are too quiet or too short are skipped and reported.
    """
    examples: list[Example] = []
    skipped: list[str] = []
    for path in sorted(p for p in data.rglob("*") if p.suffix.lower() in SUFFIXES):
        fields = path.stem.split("-")
        if len(fields) != 7 or fields[1] != SPEECH or split not in ("all", split_of_actor(fields[6])):
            continue
        sample = read_recording(path)
        if sample.audio is None:
            skipped.append(path.name)
        else:
            emotion, sentiment = targets(EMOTIONS_OF_CODES[fields[2]], "", str(path))
            examples.append(Example(sample, emotion, sentiment, f"actor {fields[6]}", hash_recording(path)))
    report_skipped(skipped, len(examples), "files")
    return examples


def split_of_actor(actor: str) -> Split:
    """Return the split of an actor's recordings."""
    return "held-out" if actor in HELD_OUT_ACTORS else "test" if actor in TEST_ACTORS else "train"


def sex_of_actor(group: str) -> str:
    """Return the actor's sex by RAVDESS's numbering: even numbers are female."""
    return "female" if int(group.rpartition(" ")[2]) % 2 == 0 else "male"
