"""The HTML report: self-contained, safe against injection, without network requests."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from model.contract import EMOTIONS, Analysis, Curves
from model.media import MediaError
from model.reports import html_report
from model.reports.html_report import render_report, write_report
from tests.unit.analyses import analysis_of, spoken_by_two, utterance

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
JPEG_START = b"\xff\xd8\xff"


class Page(HTMLParser):
    """Elements as (tag, attributes), and the text inside each kind of element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._tag = ""

    def handle_data(self, data: str) -> None:
        self.texts.append((self._tag, data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_in(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]

    @property
    def text(self) -> str:
        return "".join(text for tag, text in self.texts if tag not in ("script", "style", "title"))


def content_of(url: str | None) -> bytes:
    assert url is not None and url.startswith("data:")
    return base64.b64decode(url.partition("base64,")[2])


@pytest.fixture(scope="module")
def hostile() -> Analysis:
    return analysis_of(utterance(1, 4, HOSTILE), utterance(5, 9, "", "sadness", 0.3), warnings=(f"careful: {HOSTILE}",))


@pytest.fixture(scope="module")
def page(hostile: Analysis) -> Page:
    return Page(render_report(hostile, Path(__file__).parents[1] / "media" / "face_and_speech.mp4"))


def test_text_is_never_markup(page: Page) -> None:
    assert [script.get("id") for script in page.all("script")] == ["data", None]
    assert HOSTILE in page.text_in("p")
    assert f"careful: {HOSTILE}" in page.text_in("li")
    handlers = [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert handlers == []
    assert not any(image.get("src") == "x" for image in page.all("img"))


def test_embedded_data_cannot_leave_its_script(page: Page) -> None:
    data = page.text_in("script")[0]
    assert not re.search("[<>&\u2028\u2029]", data)
    assert [u["start"] for u in json.loads(data)["utterances"]] == [1, 5]


def test_the_page_makes_no_requests(page: Page) -> None:
    loading = {"src", "href", "srcset", "poster", "data", "action", "xlink:href"}
    urls = [value or "" for _, attributes in page.elements for name, value in attributes.items() if name in loading]
    assert urls
    assert all(url.startswith("data:") for url in urls)
    everything = "".join(text for _, text in page.texts)
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", everything)


def test_policy_allows_its_own_style_and_script_only(page: Page) -> None:
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for text, directive in ((page.text_in("style")[0], "style-src"), (page.text_in("script")[1], "script-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not any("style" in attributes for _, attributes in page.elements)  # the policy would drop them


def test_every_utterance_is_there(page: Page, hostile: Analysis) -> None:
    cards = page.of_class("utterance")
    assert len(cards) == len(hostile.utterances)
    assert page.text_in("strong")[:2] == ["joy", "sadness"]
    assert "0:01 – 0:04" in page.text_in("button")
    assert "No speech" in page.text_in("p")
    for name in ("Text", "Voice"):
        assert [text for _, text in page.texts].count(name) == 2 * len(cards), "contribution, and own prediction"


def test_only_unclear_results_are_marked(page: Page) -> None:
    assert [text for text in page.text_in("span") if text == "unclear"] == ["unclear"]  # the second utterance


def test_contributions_are_shown_as_effects_on_the_odds(page: Page) -> None:
    shown = [text for text in page.text_in("span") if text[:1] in "×÷" and text]
    assert shown[-4:] == ["×1.6", "×4.5", "÷1.3", "×5.8"], "text, voice, base rate and total"


def test_mixed_signals_and_decisions_by_the_prior_are_marked(sample: Path) -> None:
    mixed = utterance(1, 4, "Great.").model_copy(update={"contradictory": True, "decided_by": "prior"})
    page = Page(render_report(analysis_of(mixed), sample))
    assert "mixed signals" in page.text_in("span")
    assert "No signal in this video favors joy; it ranks first because it is the more common of the two." in page.text


def test_limitations_are_stated(page: Page) -> None:
    assert "apparent emotion" in page.text
    assert "research and evaluation only" in page.text
    assert "not on real clips" in page.text


def test_player_holds_the_file_and_every_utterance_a_picture(page: Page, sample: Path) -> None:
    (player,) = page.all("video")
    assert (player["src"] or "").startswith("data:video/mp4;")
    assert content_of(player["src"]) == sample.read_bytes()
    pictures = [content_of(image["src"]) for image in page.all("img")]
    assert len(pictures) == 2
    assert all(picture.startswith(JPEG_START) and len(picture) < 20_000 for picture in pictures)
    assert pictures[0] != pictures[1]


def test_timeline_has_a_band_per_emotion_that_fill_its_height(page: Page, hostile: Analysis) -> None:
    bands = {path["data-emotion"]: path["d"] or "" for path in page.all("path") if "data-emotion" in path}
    assert set(bands) == set(EMOTIONS)
    heights = {label: [float(h) for h in re.findall(r"v([\d.]+)", path)] for label, path in bands.items()}
    for i, shown in enumerate(hostile.utterances):
        for score in shown.emotions:
            assert heights[score.label][i] == pytest.approx(100 * score.confidence, abs=1)
    assert bands["joy"].startswith("M50.00 0.00h150.00")  # 1 s to 4 s of 20 s, on a width of 1000


def test_the_curves_are_drawn_where_there_is_evidence(sample: Path) -> None:
    step = [0.1, 0.05, 0.05, 0.5, 0.2, 0.05, 0.05]
    curves = Curves(
        step_s=0.5, emotions=list(EMOTIONS), window_s={"face": 1.0}, modalities={"face": [None, step, step]}
    )
    analysis = analysis_of(utterance(0, 2, "Hello"), duration=2.0).model_copy(update={"curves": curves})
    page = Page(render_report(analysis, sample))
    paths = {path["data-curve"]: path["d"] or "" for path in page.all("path") if "data-curve" in path}
    assert set(paths) == {f"face-{label}" for label in EMOTIONS}
    assert paths["face-joy"].startswith("M250.00 0.00h250.00v50.00")  # 0.5 s to 1 s of 2 s, at the top
    assert paths["face-joy"].count("M") == 2


def test_too_large_a_video_is_not_embedded(hostile: Analysis, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_report, "MAX_EMBEDDED_BYTES", sample.stat().st_size - 1)
    page = Page(render_report(hostile, sample))
    assert not page.all("video")
    assert len(page.all("img")) == 2
    assert "too large to embed" in page.text


def test_formats_that_browsers_cannot_play_are_not_embedded(hostile: Analysis, sample: Path, tmp_path: Path) -> None:
    copy = tmp_path / "clip.avi"
    shutil.copy(sample, copy)
    page = Page(render_report(hostile, copy))
    assert not page.all("video")
    assert len(page.all("img")) == 2
    assert "cannot play avi" in page.text


def test_sound_alone(sample: Path) -> None:
    page = Page(render_report(analysis_of(utterance(1, 4, "Bonjour"), picture=False), sample.parent / "french.flac"))
    (player,) = page.all("audio")
    assert (player["src"] or "").startswith("data:audio/flac;")
    assert not page.all("video") and not page.all("img")
    assert "Bonjour" in page.text


def test_nothing_to_analyze(sample: Path) -> None:
    page = Page(render_report(analysis_of(warnings=("19.7 s with neither voice nor face were skipped.",)), sample))
    assert page.all("video")
    assert not page.of_class("utterance")
    assert "Nothing in this file could be analyzed" in page.text
    assert "19.7 s with neither" in page.text


def test_moments_without_length(sample: Path) -> None:
    page = Page(render_report(analysis_of(utterance(0, 0, "Oh"), duration=0.0), sample))
    assert "Oh" in page.text_in("p")
    assert "nan" not in page.text.lower()


def test_five_hundred_utterances(sample: Path) -> None:
    many = [utterance(5.0 * i, 5.0 * i + 4, f"sentence {i}.") for i in range(500)]
    page = Page(render_report(analysis_of(*many, duration=2500.0), sample))
    paragraphs = page.text_in("p")
    assert [text for text in paragraphs if text.startswith("sentence ")] == [u.text for u in many]
    assert len(page.all("img")) == 500
    assert len(page.all("path")) == 10
    assert "41:35 – 41:39" in page.text_in("button")


@pytest.mark.parametrize("name", ["日本語 «ü» 🎬.mp4", "<b onclick=alert(1)>&.mp4", "RECORDING.MP4"])
def test_file_names(name: str, sample: Path, tmp_path: Path) -> None:
    copy = tmp_path / name
    shutil.copy(sample, copy)
    out = tmp_path / "報告.html"
    write_report(analysis_of(utterance(1, 4, "Hello")), copy, out)
    page = Page(out.read_text("utf-8"))
    assert page.text_in("h1") == [name]
    assert page.text_in("title")[0] == f"{name}: emotions"  # the others are tooltips
    assert page.all("video")


def test_missing_video(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        render_report(analysis_of(utterance(1, 4, "Hello")), tmp_path / "gone.mp4")


def test_neutral_is_deemphasized(page: Page) -> None:
    """It alone is drawn behind the others, and thin in bars."""
    drawn = [e for e in page.all("path") + page.all("rect") if "-neutral" in str(e["class"])]
    assert drawn and all(str(e["class"]).endswith("-neutral back") for e in drawn)
    assert len(page.of_class("back")) == len(drawn) + len([e for e in page.all("i") if "back" in str(e["class"])])
    assert {e["height"] for e in page.all("rect") if "back" in str(e["class"])} == {"40%"}
    assert {e["height"] for e in page.all("rect") if "back" not in str(e["class"])} == {"100%"}
    for kind, labels in (("emotion", html_report.STACK), ("sentiment", html_report.SENTIMENT_STACK)):
        bands = [e[f"data-{kind}"] for e in page.all("path") if f"data-{kind}" in e]
        assert bands == ["neutral", *(label for label in labels if label != "neutral")]


def test_who_speaks_stands_before_the_words(sample: Path) -> None:
    page = render_report(spoken_by_two("Anna & Co", "Bert"), sample)
    assert "<strong>Anna &amp; Co:</strong> Hi" in page and "<strong>Bert:</strong> Ho" in page
