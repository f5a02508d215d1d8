"""People's judgments beside an analysis: read, matched by time, compared, shown."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from model.contract import EMOTIONS
from model.reports.html_report import render_report
from model.reports.people import (
    COLUMNS,
    Agreement,
    Condition,
    Judgments,
    JudgmentsError,
    RatedSegment,
    Votes,
    read_judgments,
)
from model.reports.table import print_analysis
from tests.unit.analyses import analysis_of, utterance

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "six_emotions.people.csv"
HEADER = ",".join(COLUMNS)
GOOD = f"{HEADER}\n0,4,together,0,0,0,3,1,0,0\n0,4,face,0,0,0,4,0,0,0\n4,9,together,2,0,2,0,0,0,0\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text)
    return path


def test_the_judgments_of_the_demonstration() -> None:
    """Majority for face and voice: neutral, joy, neutral (for the intended sadness), anger, fear, disgust."""
    people = read_judgments(EXAMPLE)
    assert [s.votes["together"].majority for s in people.segments] == [
        ("neutral",), ("joy",), ("neutral",), ("anger",), ("fear",), ("disgust",),
    ]  # fmt: skip
    assert all(set(s.votes) == {"audio", "face", "together"} for s in people.segments)
    assert all(9 <= s.votes["together"].total <= 11 for s in people.segments)
    assert all(a.end == b.start for a, b in zip(people.segments, people.segments[1:], strict=False))


def test_votes_below_the_first_rank_stand_in_words(tmp_path: Path) -> None:
    """The report also lists every vote as text, because bars are not accessible."""
    rows = f"{HEADER}\n1,4,together,1,3,0,5,0,0,0\n5,9,together,2,0,2,0,0,1,0\n"
    people = read_judgments(written(tmp_path, rows))
    assert [s.votes["together"].others for s in people.segments] == [", disgust 3, anger 1", ", sadness 1"]
    assert Votes({"joy": 3}).others == ""
    analysis = analysis_of(utterance(1, 4, "Well."), utterance(5, 9, ""))
    page = render_report(analysis, ROOT / "tests" / "media" / "face_and_speech.mp4", people)
    assert page.count('joy 5 of 9<span class="unseen">, disgust 3, anger 1</span>') == 2


def test_votes_are_counted_and_ties_are_ties(tmp_path: Path) -> None:
    first, second = read_judgments(written(tmp_path, GOOD)).segments
    assert first.votes["together"].first == "joy 3 of 4" and first.votes["face"].total == 4
    assert (
        second.votes["together"].majority == ("anger", "fear")
        and second.votes["together"].first == "anger or fear 2 of 4"
    )
    assert sum(second.votes["together"].shares.values()) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 20)), max_size=6), st.floats(0, 60), st.floats(0.1, 20))
def test_an_utterance_gets_the_votes_of_the_segment_with_the_largest_overlap(
    spans: list[tuple[float, float]], start: float, length: float
) -> None:
    kinds: tuple[Condition, ...] = ("together", "face")
    people = Judgments(
        tuple(RatedSegment(s, s + d, {kinds[i % 2]: Votes({"joy": i + 1})}) for i, (s, d) in enumerate(spans))
    )
    spoken = utterance(start, start + length, "Hello")
    shared = [max(0.0, min(spoken.end_time, s.end) - max(spoken.start_time, s.start)) for s in people.segments]
    found = people.of(spoken)
    for number, kind in enumerate(kinds):
        most = max(shared[number::2], default=0.0)
        if most < 0.5 * spoken.duration:
            assert kind not in found
        else:
            assert shared[found[kind].total - 1] == most, "the number of votes identifies the segment"


def test_one_kind_of_judgment_hides_no_other(tmp_path: Path) -> None:
    """Segments may differ between conditions."""
    text = f"{HEADER}\n0,10,together,0,0,0,3,1,0,0\n0,4,text,0,0,0,0,4,0,0\n0,2.04,audio,1,0,0,0,0,0,0\n"
    found = read_judgments(written(tmp_path, text)).of(utterance(0.1, 2.04, "Hello"))
    assert set(found) == {"text", "audio", "together"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns start,end,judged,anger"),
        (GOOD.replace("judged", "who"), "expected the columns"),
        (f"{HEADER}\n0,4,together,1\n", "row 2: expected 10 fields"),
        (f"{HEADER}\n0,4,together,1,0,0,0,0,0,0,7\n", "row 2: expected 10 fields"),
        (GOOD.replace("4,9", "9,4"), "row 4: end must be after start"),
        (GOOD.replace("4,9", "nan,9"), "row 4: end must be after start"),
        (GOOD.replace("4,9", "4,inf"), "row 4: end must be after start"),
        (GOOD.replace("4,9", "soon,9"), "row 4: start and end must be seconds"),
        (GOOD.replace("4,0,0,0\n4", "few,0,0,0\n4"), "row 3: start and end must be seconds, and votes integers"),
        (GOOD.replace("face", "smell"), "row 3: judged is 'smell'; expected one of text, audio, face, together"),
        (GOOD.replace("2,0,2,", "-2,0,2,"), "row 4: votes must be integers from 0 to 1,000,000"),
        (GOOD.replace("2,0,2,", "9999999,0,2,"), "row 4: votes must be integers from 0 to 1,000,000"),
        (GOOD.replace("\n4,9,together,2,0,2", "\n\n\n4,9,together,2,0,-2"), "row 6: votes"),
        (GOOD.replace("2,0,2,", "0,0,0,"), "with at least one vote"),
        (GOOD.replace("face", "together"), "row 3: duplicate row for together, 0 to 4 s"),
    ],
)
def test_invalid_judgments_are_reported_with_their_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(JudgmentsError) as refused:
        read_judgments(written(tmp_path, text))
    assert message in str(refused.value) and str(tmp_path) in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe\x00")
    with pytest.raises(JudgmentsError, match="not a UTF-8 CSV file"):
        read_judgments(tmp_path / "people.csv")


def test_judgments_are_shown_beside_the_predictions(tmp_path: Path) -> None:
    people = read_judgments(written(tmp_path, GOOD))
    analysis = analysis_of(utterance(0.5, 3.5, "Hello"), utterance(4.5, 8.0, "Goodbye"), utterance(20.0, 24.0, "Late"))
    labels = [u.emotions[0].label for u in analysis.utterances]
    same = sum(label in of for label, of in zip(labels, (("joy",), ("anger", "fear")), strict=False))
    assert people.agreement(analysis.utterances) == Agreement(same, 2)
    out = io.StringIO()
    print_analysis(analysis, Path("talk.mp4"), Console(file=out, width=120), people)
    table = out.getvalue()
    assert "joy 3/4, face only joy 4/4" in table and "anger or fear 2/4" in table
    assert f"same top emotion in {same} of 2 utterances" in " ".join(table.split())
    video = ROOT / "tests" / "media" / "face_and_speech.mp4"
    page = " ".join(render_report(analysis, video, people).split())
    assert f"<strong>{same} of 2</strong>" in page and "Model and people" in page
    assert "Face only" in page and page.count("joy 3 of 4") == 2, "in the comparison, and at the utterance"
    assert "Model and people" not in render_report(analysis, video)


def test_without_matching_judgments_nothing_is_compared(tmp_path: Path) -> None:
    people = read_judgments(written(tmp_path, f"{HEADER}\n100,104,together,0,0,0,3,1,0,0\n"))
    analysis = analysis_of(utterance(0.5, 3.5, "Hello"))
    assert people.agreement(analysis.utterances).of == 0
    out = io.StringIO()
    print_analysis(analysis, Path("talk.mp4"), Console(file=out, width=120), people)
    assert "same top emotion" not in out.getvalue()
    assert "none of the rated segments matches an utterance" in " ".join(out.getvalue().split())
    video = ROOT / "tests" / "media" / "face_and_speech.mp4"
    assert "Model and people" not in render_report(analysis, video, people)


def test_every_emotion_has_its_column() -> None:
    assert COLUMNS[3:] == EMOTIONS


def refusal(*arguments: str | Path) -> str:
    """Return the error of `analyze`, which must fail before anything is loaded."""
    command = [sys.executable, "-m", "model.cli.main", "analyze", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    return " ".join(done.stderr.split())


def test_invalid_comparisons_are_rejected_before_the_analysis(tmp_path: Path) -> None:
    """And results never overwrite the judgments."""
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"video")
    good = written(tmp_path, GOOD)
    assert "applies to one video, but 2 were given" in refusal(tmp_path, "--people", good)
    assert "none.csv: No such file" in refusal(tmp_path / "a.mp4", "--people", tmp_path / "none.csv")
    assert "expected the columns" in refusal(tmp_path / "a.mp4", "--people", tmp_path / "a.mp4")
    assert "is the --people file" in refusal(tmp_path / "a.mp4", "--people", good, "--csv", good)
    assert good.read_text() == GOOD
