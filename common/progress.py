"""Progress of an analysis, reported by the engine and shown by the API and the web app."""

from enum import StrEnum


class Stage(StrEnum):
    """Stage of an analysis in progress, in their order."""

    TRANSCRIBING = "transcribing"
    DETECTING = "detecting"  # faces and frames, where they take longer than the transcript
    PREDICTING = "predicting"
    DONE = "done"
