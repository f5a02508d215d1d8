"""The speakers of a video as people of its result."""

from collections.abc import Callable, Sequence

from model.contract import Overall, Person, Utterance
from model.speakers.diarization import Diarizer, SpeechSpan

Summarize = Callable[[Sequence[int]], Overall]
"""Summarizes the utterances with these indices."""


def with_people(
    utterances: Sequence[Utterance], diarizer: Diarizer, summarize: Summarize
) -> tuple[list[Utterance], list[Person]]:
    """Return the utterances with their speakers, and the speakers in the order in which they first speak."""
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
    return named, [_person(speaker, utterances, of_speaker[speaker], summarize) for speaker in sorted(of_speaker)]


def _person(speaker: int, utterances: Sequence[Utterance], indices: Sequence[int], summarize: Summarize) -> Person:
    theirs = [utterances[i] for i in indices]
    seen = [utterance for utterance in theirs if "face" in utterance.modalities]
    clearest = max(seen, key=lambda utterance: utterance.duration, default=None)
    return Person(
        id=_id(speaker),
        label=f"Speaker {speaker + 1}",
        seconds=round(sum(utterance.duration for utterance in theirs), 3),
        summary=summarize(indices),
        thumbnail_time=None if clearest is None else round((clearest.start_time + clearest.end_time) / 2, 3),
    )


def _id(speaker: int) -> str:
    return f"S{speaker + 1}"
