"""Warnings of an analysis: one sentence for each missing input, in a fixed order, without contradictions."""

from dataclasses import replace

import numpy as np
import pytest

from model.analysis_warnings import Limits, warnings_of
from model.asr.base import Clip, Encoded, Span
from model.asr.languages import Run
from model.asr.segmenter import AudioSegmenter
from model.media import MediaInfo, Summary

INFO = MediaInfo(duration=5.0, width=640, height=360, fps=30.0, has_audio=True, has_video=True)
LIMITS = Limits(
    modalities=("text", "audio", "face"),
    found_face=True,
    languages=("en", "fr"),
    translated=False,
    seconds_without_evidence=0.0,
)
NO_FACE = replace(LIMITS, found_face=False)
SPAN = Span(0, 32_000)  # two seconds
NO_VIDEO = "The file has no video track; facial expression was not used."
NO_AUDIO = "The file has no audio track; voice and text were not used."


def media(*failed: str, has_audio: bool = True, has_video: bool = True) -> Summary:
    return Summary(replace(INFO, has_audio=has_audio, has_video=has_video), frozenset(failed), [])


def spoken(*languages: str, audible: bool = True, probability: float = 0.9, untranscribed: int = 0) -> AudioSegmenter:
    """Return a segmenter after two seconds of speech per language, with `untranscribed` samples without words."""
    segmenter = AudioSegmenter(None, None, False)
    segmenter.is_audible, segmenter.found_words = audible, bool(languages)
    for language in languages:
        clip = Encoded(Clip((SPAN,), np.zeros(SPAN.end, np.float32)), None)
        run = Run(language, [clip], {language: probability})
        segmenter.speech.add([run], [SPAN], [Span(0, untranscribed)] if untranscribed else [])
    return segmenter


@pytest.mark.parametrize(
    ("summary", "limits", "expected"),
    [
        (media(), LIMITS, []),
        (media("video"), NO_FACE, ["The video could not be decoded; facial expression was not used."]),
        (media(has_video=False), NO_FACE, [NO_VIDEO]),
        (media(), NO_FACE, ["No face was detected; facial expression was not used."]),
        (media(), replace(NO_FACE, modalities=("text", "audio")), []),
        (media(), replace(LIMITS, seconds_without_evidence=0.04), []),
        (
            media(),
            replace(LIMITS, seconds_without_evidence=1.3),
            ["1.3 s with neither voice nor face were skipped."],
        ),
    ],
)
def test_warnings_of_the_video(summary: Summary, limits: Limits, expected: list[str]) -> None:
    assert warnings_of(summary, spoken("en"), limits) == expected


@pytest.mark.parametrize(
    ("summary", "segmenter", "expected"),
    [
        (media("audio"), spoken(audible=False), ["The audio could not be decoded; based on the face only."]),
        (media(has_audio=False), spoken(audible=False), ["The file has no audio track; based on the face only."]),
        (media(), spoken(audible=False), ["No audible sound; based on the face only."]),
        (media(), spoken(), ["No speech was detected; text was not used."]),
        (
            media(),
            spoken("en", untranscribed=24_000),
            ["1.5 s of speech could not be transcribed; text was not used there."],
        ),
        (
            media(),
            spoken("en", probability=0.4),
            ["The language is uncertain; English is the most likely (p = 0.40)."],
        ),
    ],
)
def test_warnings_of_the_audio(summary: Summary, segmenter: AudioSegmenter, expected: list[str]) -> None:
    assert warnings_of(summary, segmenter, LIMITS) == expected


@pytest.mark.parametrize(
    ("languages", "which", "words"),
    [
        (("de",), "in German", "the words"),
        (("en", "de"), "partly in German", "those words"),
        (("de", "it"), "in German and Italian", "the words"),
    ],
)
def test_languages_that_the_bundle_does_not_read_are_named(languages: tuple[str, ...], which: str, words: str) -> None:
    warning = f"Speech is {which}; this model reads English and French, so {words} were not used."
    assert warnings_of(media(), spoken(*languages), LIMITS) == [warning]
    assert warnings_of(media(), spoken(*languages), replace(LIMITS, translated=True)) == []


def test_a_transcriber_of_english_alone_is_named() -> None:
    segmenter = spoken("en")
    segmenter.assumed_english = True
    expected = ["Speech was assumed to be English; this transcriber supports no other language."]
    assert warnings_of(media(), segmenter, LIMITS) == expected


@pytest.mark.parametrize(
    "limits", [NO_FACE, replace(LIMITS, modalities=("text", "audio", "video", "face")), replace(NO_FACE, modalities=())]
)
def test_only_a_result_that_is_based_on_the_face_alone_is_called_so(limits: Limits) -> None:
    """Without a face, or with the scene as well, the warning must not mention the face as the only basis."""
    assert "No audible sound; voice and text were not used." in warnings_of(media(), spoken(audible=False), limits)


def test_several_warnings_stand_in_order() -> None:
    limits = replace(NO_FACE, seconds_without_evidence=2.0)
    found = warnings_of(media(has_audio=False, has_video=False), spoken(audible=False), limits)
    assert found == [NO_VIDEO, NO_AUDIO, "2.0 s with neither voice nor face were skipped."]
