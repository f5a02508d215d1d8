"""Exports of an analysis: JSON, CSV, SubRip and WebVTT. Imports only the contract and the standard library."""

import csv
import html
import io
from collections.abc import Iterator
from dataclasses import dataclass

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS, Analysis, Utterance

CSV_COLUMNS = (
    *("start_time", "end_time", "text", "emotion", "emotion_confidence", "sentiment", "sentiment_confidence"),
    *(f"emotion_{emotion}" for emotion in EMOTIONS),
    *(f"sentiment_{sentiment}" for sentiment in SENTIMENTS),
    *(f"weight_{modality}" for modality in MODALITIES),
    *(f"contribution_{modality}" for modality in MODALITIES),
    *("contribution_bias", "decided_by", "unclear", "contradictory"),
    *("language", "speaker"),
)
UNCLEAR = "unclear"  # shown instead of an emotion with a low confidence

# Spreadsheets evaluate cells with these prefixes, full-width forms included, as formulas.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CONTROL_STARTS = ("\t", "\r", "\n")


def to_json(analysis: Analysis) -> str:
    """Export the full analysis as indented JSON; `Analysis.model_validate_json` reads it back."""
    return analysis.model_dump_json(indent=2) + "\n"


def to_csv(analysis: Analysis) -> str:
    """Export a CSV (RFC 4180) with a header and a row per utterance; times in seconds, probabilities 0 to 1.

    A missing modality has weight and contribution 0. Contributions and their bias, in nats, add up to
    log p(emotion) - log p(runner-up); they are empty in results of schema 1. `emotion` is the most probable one even if
    it is unclear. Text that a spreadsheet would evaluate as a formula gets a leading apostrophe. Lines end in CRLF, so
    write the file with newline="".
    """
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(CSV_COLUMNS)
    labels = analysis.labels
    table.writerows(_csv_row(utterance, labels.get(utterance.speaker or "", "")) for utterance in analysis.utterances)
    return out.getvalue()


def to_srt(analysis: Analysis) -> str:
    """Export SubRip subtitles, a cue per utterance: `[joy] Hello`, `[sadness]` without speech, `[unclear] Hm.`.

    With several speakers, cues name theirs: `Speaker 1: [joy] Hello`.
    """
    cues = (
        f"{number}\n{_timing(cue, ',')}\n{_spoken_by(cue).replace('-->', '→')}\n"
        for number, cue in enumerate(_cues(analysis), start=1)
    )
    return "\n".join(cues)


def to_vtt(analysis: Analysis) -> str:
    """Export WebVTT subtitles with the cues of `to_srt`; speakers are voice tags: `<v Speaker 1>[joy] Hello</v>`."""
    cues = (f"{_timing(cue, '.')}\n{_voiced(cue)}\n" for cue in _cues(analysis))
    return "\n".join(["WEBVTT\n", *cues])


def _csv_row(utterance: Utterance, speaker: str) -> list[str | float | None]:
    emotion, sentiment = utterance.emotions[0], utterance.sentiments[0]
    emotions = {score.label: score.confidence for score in utterance.emotions}
    sentiments = {score.label: score.confidence for score in utterance.sentiments}
    weights = {modality: share.weight for modality, share in utterance.modalities.items()}
    nats = {modality: share.contribution for modality, share in utterance.modalities.items()}
    explained = utterance.bias is not None
    return [
        *(utterance.start_time, utterance.end_time, _escape_formula(utterance.text)),
        *(emotion.label, emotion.confidence, sentiment.label, sentiment.confidence),
        *(emotions[label] for label in EMOTIONS),
        *(sentiments[label] for label in SENTIMENTS),
        *(weights.get(modality, 0.0) for modality in MODALITIES),
        *(nats.get(modality, 0.0) if explained else None for modality in MODALITIES),
        *(utterance.bias, utterance.decided_by, utterance.unclear, utterance.contradictory),
        *(utterance.language or "", _escape_formula(speaker)),
    ]


def _escape_formula(text: str) -> str:
    """Prefix text that a spreadsheet would evaluate as a formula; some ignore leading blanks."""
    dangerous = text.lstrip().startswith(FORMULA_STARTS) or text.startswith(CONTROL_STARTS)
    return f"'{text}" if dangerous else text


@dataclass(frozen=True)
class _Cue:
    """A one-line subtitle; times in milliseconds, end after start. `speaker` is "" unless several people speak."""

    start: int
    end: int
    payload: str
    speaker: str


def _cues(analysis: Analysis) -> Iterator[_Cue]:
    """Yield a cue per utterance, in order of time.

    Cues do not overlap and last at least a millisecond, so that players show all of them: an overlapping utterance
    starts later, and one without duration lasts a millisecond.
    """
    speakers = analysis.speaker_labels
    position = 0
    for utterance in sorted(analysis.utterances, key=lambda u: (u.start_time, u.end_time)):
        start = max(position, round(utterance.start_time * 1000))
        position = max(start + 1, round(utterance.end_time * 1000))
        label = UNCLEAR if utterance.unclear else utterance.emotions[0].label
        speaker = speakers.get(utterance.speaker or "", "")
        yield _Cue(start, position, f"[{label}] {_one_line(utterance.text)}".rstrip(), _one_line(speaker))


def _spoken_by(cue: _Cue) -> str:
    return f"{cue.speaker}: {cue.payload}" if cue.speaker else cue.payload


def _voiced(cue: _Cue) -> str:
    """Return the payload, in WebVTT's voice tag if the speaker is shown."""
    payload = html.escape(cue.payload, quote=False)
    return f"<v {html.escape(cue.speaker, quote=False)}>{payload}</v>" if cue.speaker else payload


def _one_line(text: str) -> str:
    """Return text without line breaks, because a blank line would end a cue."""
    return " ".join(text.split())


def _timing(cue: _Cue, decimal_mark: str) -> str:
    return f"{_timestamp(cue.start, decimal_mark)} --> {_timestamp(cue.end, decimal_mark)}"


def _timestamp(milliseconds: int, decimal_mark: str) -> str:
    """Format as hh:mm:ss,mmm, with more digits for 100 hours and more."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"
