"""HTML report of an evaluation, parsed, and shown in a real browser if available."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from model.contract import EMOTIONS, SENTIMENTS
from tests.training.small_bundle import save_small_bundle, utterance
from training.data.training_items import save_training_items
from training.evaluation.protocol import Evaluation, Subject, evaluate
from training.evaluation.report import HEAT_STEPS, render_report
from training.evaluation.scoring import encode

VOID = {"meta", "link", "br", "rect", "line", "circle", "polyline"}


class Page(HTMLParser):
    """Parser that checks for balanced tags, and collects tags and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def count(self, tag: str, **attributes: str) -> int:
        return sum(t == tag and attributes.items() <= {**a, "class_": a.get("class")}.items() for t, a in self.tags)


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory: pytest.TempPathFactory) -> list[Evaluation]:
    """Evaluations of items with one and two modalities, of which six were in training."""
    folder = save_small_bundle(tmp_path_factory.mktemp("bundle") / "small")
    save_training_items(folder, [utterance(i).content for i in range(6)])
    subject = Subject.load(folder)
    examples = [utterance(i, text=i % 5 != 0, face=i % 5 != 1) for i in range(50)]
    return evaluate(subject, "meld", "held-out", encode(subject.bundle.network, examples))


@pytest.fixture(scope="module")
def html(evaluations: list[Evaluation]) -> str:
    return render_report(evaluations)


def test_it_has_plots_and_tables(html: str, evaluations: list[Evaluation]) -> None:
    page = Page(html)
    shown = (
        4  # all items and those not in training, under the declared prior (equal to the corpus's) and the uniform one
    )
    assert page.count("svg", class_="diagram") == 2 * shown
    assert page.count("table", class_="confusion") == page.count("table", class_="scores") == 2 * shown
    assert page.count("table", class_="subsets") == shown
    assert page.count("g", class_="before") == page.count("g", class_="after") == 2 * shown
    cells = sum(tag == "td" and "heat-" in (a.get("class") or "") for tag, a in page.tags)
    assert cells == shown * (len(EMOTIONS) ** 2 + len(SENTIMENTS) ** 2)
    first = evaluations[0].emotion
    assert first is not None
    for value in (
        first.accuracy,
        first.weighted_f1,
        *first.weighted_f1_interval,
        first.majority_weighted_f1,
        first.ece,
    ):
        assert f"{value:.3f}" in page.text
    assert "Text + Face" in page.text
    assert "6 of 50 items were in the bundle's training" in " ".join(page.text.split())
    assert "without training items" in page.text
    assert "apparent emotion" in page.text


def test_it_states_that_fusion_is_not_measured(tmp_path: Path) -> None:
    subject = Subject.load(save_small_bundle(tmp_path / "small"))
    encoded = encode(subject.bundle.network, [utterance(i, text=False) for i in range(10)])
    html = render_report(evaluate(subject, "fer2013", "all", encoded))
    assert "these figures do not measure fusion" in html
    assert "keeps no hashes" in html


def test_it_is_self_contained(html: str) -> None:
    assert not re.findall(r"https?://|url\(|@import|<script", html)
    page = Page(html)
    assert not [a for _, a in page.tags if "style" in a], "the policy forbids style attributes"
    linked = [a.get(name) for _, a in page.tags for name in ("src", "href") if a.get(name)]
    assert linked == ["data:,"]
    assert f".heat-{HEAT_STEPS}{{" in html


def test_names_are_escaped(evaluations: list[Evaluation]) -> None:
    hostile = [e.model_copy(update={"bundle": "<script>alert(1)</script>"}) for e in evaluations]
    assert "<script" not in render_report(hostile)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_in_a_browser(browser: Browser, html: str, tmp_path: Path, scheme: Literal["light", "dark"]) -> None:
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(path.as_uri())
    clipped = "() => [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(clipped) == 0, "no table needs scrolling on a desktop screen"
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()
    assert messages == []
