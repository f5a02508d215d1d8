"""Warnings of an analysis: what it had to do without, in words for its user."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.asr.language_names import language_name
from model.asr.segmenter import AudioSegmenter
from model.media import Summary

NOTED_SECONDS = 0.1  # shorter parts that were left out are not mentioned


@dataclass(frozen=True)
class Limits:
    """Parts of a video that the models could not use. `reads_faces` and `languages` are the bundle's."""

    reads_faces: bool
    found_face: bool
    languages: Sequence[str]  # ISO 639-1 codes that the text encoder reads
    translated: bool  # the words are in English, whatever was spoken
    seconds_without_evidence: float  # left out of the analysis


def warnings_of(media: Summary, segmenter: AudioSegmenter, limits: Limits) -> list[str]:
    """Return one sentence for each thing that the analysis had to do without."""
    return [
        *_video_warnings(media, limits),
        *_audio_warnings(media, segmenter, limits),
        *_left_out(limits.seconds_without_evidence),
    ]


def _video_warnings(media: Summary, limits: Limits) -> Iterator[str]:
    if "video" in media.failed:
        yield "The video could not be read; facial expression was not used."
    elif not media.info.has_video:
        yield "The file has no video; facial expression was not used."
    elif limits.reads_faces and not limits.found_face:
        yield "No face was found; facial expression was not used."


def _audio_warnings(media: Summary, segmenter: AudioSegmenter, limits: Limits) -> Iterator[str]:
    if "audio" in media.failed:
        yield "The audio could not be read; voice and words were not used."
    elif not media.info.has_audio:
        yield "The file has no audio; voice and words were not used."
    elif not segmenter.is_audible:
        yield "No audible sound; voice and words were not used."
    elif not segmenter.speech.seconds:
        yield "No speech was found; words were not used."
    else:
        yield from _speech_warnings(segmenter, limits)


def _speech_warnings(segmenter: AudioSegmenter, limits: Limits) -> Iterator[str]:
    speech = segmenter.speech
    if speech.unread_seconds:
        yield f"{speech.unread_seconds:.1f} s of speech could not be transcribed; no words were used there."
    foreign = [language for language in speech.languages if language not in limits.languages]
    if foreign and not limits.translated and segmenter.found_words:
        partly = "" if len(foreign) == len(speech.languages) else "partly "
        names, readable = _listed(foreign), _listed(limits.languages)
        yield f"Speech is {partly}in {names}; this model reads {readable}, so the words were not used."
    if not speech.is_sure and speech.language is not None:
        yield f"The language is uncertain: {language_name(speech.language)} fits best (p = {speech.probability:.2f})."
    if segmenter.assumed_english:
        yield "Speech was assumed to be English: this transcriber knows no other language."


def _left_out(seconds: float) -> Iterator[str]:
    if seconds >= NOTED_SECONDS:
        yield f"{seconds:.1f} s without voice and without a face were left out."


def _listed(codes: Sequence[str]) -> str:
    """Join the names of languages for a sentence."""
    *names, last = [language_name(code) for code in codes]
    return f"{', '.join(names)} and {last}" if names else last
