"""Exports, read back by independent parsers."""

import csv
import html
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS, Analysis
from model.reports.formats import to_csv, to_json, to_srt, to_vtt
from tests.unit.analyses import analyses, analysis_of, spoken_by_two, utterance

TIMING = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)[,.](\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)[,.](\d{3})")
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


@dataclass(frozen=True)
class Cue:
    """Times in milliseconds."""

    start: int
    end: int
    payload: str


def milliseconds(hours: str, minutes: str, seconds: str, rest: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest)


def parse_cue(timing: str, payload: str) -> Cue:
    match = TIMING.fullmatch(timing)
    assert match, timing
    return Cue(milliseconds(*match.groups()[:4]), milliseconds(*match.groups()[4:]), payload)


def parse_srt(text: str) -> list[Cue]:
    cues = []
    for number, block in enumerate(filter(None, text.split("\n\n")), start=1):
        written, timing, payload = block.removesuffix("\n").split("\n")
        assert written == str(number)
        cues.append(parse_cue(timing, payload))
    return cues


def parse_vtt(text: str) -> list[Cue]:
    header, *blocks = text.split("\n\n")
    assert header.removesuffix("\n") == "WEBVTT"
    return [parse_cue(*block.removesuffix("\n").split("\n")) for block in blocks if block]


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def in_order(analysis: Analysis) -> list[str]:
    """Return the expected payloads of the cues."""
    ordered = sorted(analysis.utterances, key=lambda u: (u.start_time, u.end_time))
    return [" ".join([f"[{'unclear' if u.unclear else u.emotions[0].label}]", *u.text.split()]) for u in ordered]


@given(analyses())
def test_json_reads_back_as_the_same_analysis(analysis: Analysis) -> None:
    assert Analysis.model_validate_json(to_json(analysis)) == analysis


def test_json_is_for_people_too() -> None:
    text = to_json(analysis_of(utterance(0, 1, "Grüße, 世界")))
    assert "Grüße, 世界" in text
    assert '\n  "utterances": [' in text
    assert json.loads(text)["utterances"][0]["emotions"][0] == {"label": "joy", "confidence": 0.7}


@given(analyses())
def test_csv_reads_back(analysis: Analysis) -> None:
    rows = read_csv(to_csv(analysis))
    assert len(rows) == len(analysis.utterances)
    for row, expected in zip(rows, analysis.utterances, strict=True):
        assert float(row["start_time"]) == expected.start_time
        assert float(row["end_time"]) == expected.end_time
        assert row["emotion"] == expected.emotions[0].label
        assert float(row["emotion_confidence"]) == expected.emotions[0].confidence
        assert row["sentiment"] == expected.sentiments[0].label
        assert {label: float(row[f"emotion_{label}"]) for label in EMOTIONS} == {
            score.label: score.confidence for score in expected.emotions
        }
        assert {label: float(row[f"sentiment_{label}"]) for label in SENTIMENTS} == {
            score.label: score.confidence for score in expected.sentiments
        }
        for modality in MODALITIES:
            share = expected.modalities.get(modality)
            assert float(row[f"weight_{modality}"]) == (share.weight if share else 0.0)
            assert float(row[f"contribution_{modality}"]) == (share.contribution if share else 0.0)
        assert float(row["contribution_bias"]) == expected.bias and row["decided_by"] == expected.decided_by
        assert (row["unclear"], row["contradictory"]) == (str(expected.unclear), str(expected.contradictory))


@given(analyses())
def test_csv_keeps_text_and_lets_no_formula_through(analysis: Analysis) -> None:
    for row, expected in zip(read_csv(to_csv(analysis)), analysis.utterances, strict=True):
        dangerous = FORMULA.match(expected.text) is not None
        assert row["text"] == ("'" if dangerous else "") + expected.text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_csv_formula_is_made_inert(text: str) -> None:
    assert read_csv(to_csv(analysis_of(utterance(0, 1, text))))[0]["text"] == f"'{text}"


def test_csv_columns() -> None:
    header = to_csv(analysis_of()).removesuffix("\r\n").split(",")
    assert header[:3] == ["start_time", "end_time", "text"]
    assert header[3:7] == ["emotion", "emotion_confidence", "sentiment", "sentiment_confidence"]
    assert header[7:14] == [f"emotion_{label}" for label in EMOTIONS]
    assert header[14:17] == [f"sentiment_{label}" for label in SENTIMENTS]
    assert header[17:21] == ["weight_text", "weight_audio", "weight_video", "weight_face"]
    assert header[21:25] == [f"contribution_{modality}" for modality in MODALITIES]
    assert header[25:] == ["contribution_bias", "decided_by", "unclear", "contradictory", "language", "speaker"]


def test_results_of_schema_1_are_read_and_exported() -> None:
    """Stored results of schema 1 have constant weights and no contributions."""
    old = json.loads(to_json(analysis_of(utterance(0, 1, "Hello"))))
    old["schema_version"] = "1.0"
    for field in ("bias", "decided_by", "contradictory", "unclear"):
        del old["utterances"][0][field]
    for share in old["utterances"][0]["modalities"].values():
        del share["contribution"]
    old["overall"] = {kind: old["overall"][kind] for kind in ("emotions", "sentiments")}
    del old["model"]["prior"]
    (row,) = read_csv(to_csv(Analysis.model_validate(old)))
    assert row["weight_audio"] == "0.75" and row["contribution_audio"] == row["contribution_bias"] == ""


def test_who_speaks_is_in_the_table_and_the_subtitles() -> None:
    analysis = spoken_by_two("Anna & <Co>", "=Bert")
    assert [row["speaker"] for row in read_csv(to_csv(analysis))] == ["Anna & <Co>", "'=Bert", ""]
    assert [cue.payload for cue in parse_srt(to_srt(analysis))] == ["Anna & <Co>: [joy] Hi", "=Bert: [joy] Ho", "[joy]"]
    assert [cue.payload for cue in parse_vtt(to_vtt(analysis))] == [
        "<v Anna &amp; &lt;Co&gt;>[joy] Hi</v>",
        "<v =Bert>[joy] Ho</v>",
        "[joy]",
    ]


def test_one_speaker_is_not_named_in_subtitles() -> None:
    analysis = spoken_by_two("Anna", "Bert")
    alone = analysis.model_copy(update={"people": analysis.people[:1]})
    assert parse_srt(to_srt(alone))[0].payload == "[joy] Hi"


def test_an_unclear_emotion_is_no_subtitle() -> None:
    analysis = analysis_of(utterance(0, 1, "Hm.", confidence=0.3), utterance(1, 2, "Ha!"))
    assert "[unclear] Hm." in to_srt(analysis) and "[joy] Ha!" in to_srt(analysis)
    assert "[unclear] Hm." in to_vtt(analysis)


SPOKEN = analysis_of(
    utterance(0.696, 7.6164, "Hello,\n\nyou <there> & --> you"),
    utterance(9.0, 3725.5, "", emotion="sadness"),
    duration=3725.5,
)


def test_srt() -> None:
    assert to_srt(SPOKEN) == (
        "1\n00:00:00,696 --> 00:00:07,616\n[joy] Hello, you <there> & → you\n"
        "\n"
        "2\n00:00:09,000 --> 01:02:05,500\n[sadness]\n"
    )


def test_vtt() -> None:
    assert to_vtt(SPOKEN) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.696 --> 00:00:07.616\n[joy] Hello, you &lt;there&gt; &amp; --&gt; you\n"
        "\n"
        "00:00:09.000 --> 01:02:05.500\n[sadness]\n"
    )


def test_nothing_to_subtitle() -> None:
    assert to_srt(analysis_of()) == ""
    assert to_vtt(analysis_of()) == "WEBVTT\n"


@given(analyses())
def test_srt_reads_back(analysis: Analysis) -> None:
    payloads = [cue.payload for cue in parse_srt(to_srt(analysis))]
    assert payloads == [expected.replace("-->", "→") for expected in in_order(analysis)]


@given(analyses())
def test_vtt_reads_back(analysis: Analysis) -> None:
    payloads = [cue.payload for cue in parse_vtt(to_vtt(analysis))]
    assert [html.unescape(payload) for payload in payloads] == in_order(analysis)
    assert not any("<" in payload or ">" in payload for payload in payloads)


@given(analyses())
def test_cues_follow_one_another_on_a_line_each(analysis: Analysis) -> None:
    for cues in (parse_srt(to_srt(analysis)), parse_vtt(to_vtt(analysis))):
        assert all(cue.start < cue.end for cue in cues)
        assert all(before.end <= after.start for before, after in zip(cues, cues[1:], strict=False))
        assert all(len(cue.payload.splitlines()) == 1 and "-->" not in cue.payload for cue in cues)


def test_overlapping_utterances_and_moments_keep_their_words() -> None:
    overlapping = analysis_of(utterance(5, 8, "second"), utterance(0, 6, "first"), utterance(8, 8, "moment"))
    assert parse_srt(to_srt(overlapping)) == [
        Cue(0, 6000, "[joy] first"),
        Cue(6000, 8000, "[joy] second"),
        Cue(8000, 8001, "[joy] moment"),
    ]


def test_more_than_ninety_nine_hours() -> None:
    assert "100:00:00.000 --> 100:00:01.000" in to_vtt(analysis_of(utterance(360_000, 360_001, "late")))


def test_needs_only_the_contract() -> None:
    heavy = {"torch", "numpy", "jinja2", "av", "cv2", "transformers"}
    code = f"import sys, model.reports.formats; print(sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
