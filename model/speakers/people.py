"""The speakers of a video as people of its result."""

from collections.abc import Callable, Sequence

from model.contract import Overall, Person, Utterance
from model.speakers.diarization import Diarizer, SpeechSpan
from model.vision.video_worker import FaceView

Summarize = Callable[[Sequence[int]], Overall]
"""Summarizes the utterances with these indices."""


def with_people(
    utterances: Sequence[Utterance], views: Sequence[FaceView | None], diarizer: Diarizer, summarize: Summarize
) -> tuple[list[Utterance], list[Person]]:
    """Return the utterances with their speakers, and the speakers in the order in which they first speak.

    `views`: the face of who speaks in each utterance, where the picture shows it.
    """
    spoken = [i for i, utterance in enumerate(utterances) if utterance.text]
    speakers = diarizer.speakers_of([SpeechSpan(utterances[i].start_time, utterances[i].end_time) for i in spoken])
    of_speaker: dict[int, list[int]] = {}
    for i, speaker in zip(spoken, speakers, strict=True):
        if speaker is not None:
            of_speaker.setdefault(speaker, []).append(i)
    named = list(utterances)
    for speaker, indices in of_speaker.items():
        for i in indices:
            named[i] = named[i].model_copy(update={"speaker": _id(speaker)})
    return named, [
        _person(speaker, utterances, views, of_speaker[speaker], summarize) for speaker in sorted(of_speaker)
    ]


def _person(
    speaker: int,
    utterances: Sequence[Utterance],
    views: Sequence[FaceView | None],
    indices: Sequence[int],
    summarize: Summarize,
) -> Person:
    seen = [i for i in indices if views[i] is not None and "face" in utterances[i].modalities]
    longest = max(seen, key=lambda i: utterances[i].duration, default=None)
    view = None if longest is None else views[longest]
    return Person(
        id=_id(speaker),
        label=f"Speaker {speaker + 1}",
        seconds=round(sum(utterances[i].duration for i in indices), 3),
        summary=summarize(indices),
        thumbnail_time=None if view is None else round(view.time, 3),
        thumbnail_box=None if view is None else [round(edge, 4) for edge in view.box],
    )


def _id(speaker: int) -> str:
    return f"S{speaker + 1}"
