"""Warnings of an analysis: the parts of the video that could not be used, in sentences for the user."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.asr.language_names import language_name
from model.asr.segmenter import AudioSegmenter
from model.contract import Modality
from model.media import Summary

MIN_REPORTED_SECONDS = 0.1  # shorter omissions are not reported


@dataclass(frozen=True)
class Limits:
    """Inputs that an analysis could use. `modalities` and `languages` are the bundle's."""

    modalities: Sequence[Modality]
    found_face: bool
    languages: Sequence[str]  # ISO 639-1 codes that the text encoder reads
    translated: bool  # the text is in English, whatever the spoken language
    seconds_without_evidence: float  # skipped by the analysis

    @property
    def is_face_only(self) -> bool:
        """True if a result without audio is based on the face only."""
        return self.found_face and "face" in self.modalities and "video" not in self.modalities


def warnings_of(media: Summary, segmenter: AudioSegmenter, limits: Limits) -> list[str]:
    """Return one sentence for each input that was missing or could not be used."""
    return [
        *_video_warnings(media, limits),
        *_audio_warnings(media, segmenter, limits),
        *_skipped_warnings(limits.seconds_without_evidence),
    ]


def _video_warnings(media: Summary, limits: Limits) -> Iterator[str]:
    if "video" in media.failed:
        yield "The video could not be decoded; facial expression was not used."
    elif not media.info.has_video:
        yield "The file has no video track; facial expression was not used."
    elif "face" in limits.modalities and not limits.found_face:
        yield "No face was detected; facial expression was not used."


def _audio_warnings(media: Summary, segmenter: AudioSegmenter, limits: Limits) -> Iterator[str]:
    consequence = "based on the face only" if limits.is_face_only else "voice and text were not used"
    if "audio" in media.failed:
        yield f"The audio could not be decoded; {consequence}."
    elif not media.info.has_audio:
        yield f"The file has no audio track; {consequence}."
    elif not segmenter.is_audible:
        yield f"No audible sound; {consequence}."
    elif not segmenter.speech.seconds:
        yield "No speech was detected; text was not used."
    else:
        yield from _speech_warnings(segmenter, limits)


def _speech_warnings(segmenter: AudioSegmenter, limits: Limits) -> Iterator[str]:
    speech = segmenter.speech
    if speech.untranscribed_seconds:
        yield f"{speech.untranscribed_seconds:.1f} s of speech could not be transcribed; text was not used there."
    foreign = [language for language in speech.languages if language not in limits.languages]
    if foreign and not limits.translated and segmenter.found_words:
        partly, words = ("", "the words") if len(foreign) == len(speech.languages) else ("partly ", "those words")
        names, readable = _listed(foreign), _listed(limits.languages)
        yield f"Speech is {partly}in {names}; this model reads {readable}, so {words} were not used."
    if not speech.is_certain and speech.language is not None:
        name = language_name(speech.language)
        yield f"The language is uncertain; {name} is the most likely (p = {speech.probability:.2f})."
    if segmenter.assumed_english:
        yield "Speech was assumed to be English; this transcriber supports no other language."


def _skipped_warnings(seconds: float) -> Iterator[str]:
    if seconds >= MIN_REPORTED_SECONDS:
        yield f"{seconds:.1f} s with neither voice nor face were skipped."


def _listed(codes: Sequence[str]) -> str:
    """Return the languages' names, joined for a sentence."""
    *names, last = [language_name(code) for code in codes]
    return f"{', '.join(names)} and {last}" if names else last
