"""The glossary's rules that a program can check: docstrings, replaced names, replaced messages (docs/glossary.md)."""

import ast
import re
from collections.abc import Iterable, Set
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "app.py",
    "bench",
    "clients/python/src",
    "common",
    "lambdas",
    "local",
    "model",
    "scripts",
    "stacks",
    "training",
)

# A docstring names what it describes (a noun phrase) or what a call does (an imperative).
RIDDLE = re.compile(r"(What|Where|Of|Whether|As|How|When|Whoever|Whatever|Everything|All that|Nothing)\b")

# Names that have been replaced, as words or as parts of identifiers.
REPLACED = {
    r"judg(e|es|ed|ing|ement)\b(?!.*people)": "predict (people alone judge)",
    r"\bdoors?\b|_DOOR\b": "entry point",
    r"\b(took_for_english|becoming|handover)\b": "assumed_english, atomic_dir, sagemaker/cli",
    r"\bmodel\.(watching|passages)\b": "model.vision.video_worker, model.asr.segmenter",
    r"\blambdas\.core\.(describing|destinations|notices|receiving)\b": "see lambdas/core/",
    r"\blambdas\.core\.(reading|publishing|batches|containers)\b": "see lambdas/core/",
    r"\blambdas\.api\.(doors|views|waiting|documents|startup)\b": "see lambdas/api/",
}

# Messages that users no longer see.
OLD_MESSAGES = (
    "There is no such thing",
    "Too much is going on at once",
    "requests come too fast",
    "ask again at",
    "The password does not do",
    "The address or the password is not right",
    "the code that the app shows now",
    "Back to signing in",
    "Switch it on",
    "Export everything",
    "with the share that each had",
    "is heard apart from what it says",
    "The face of who speaks",
    "Judged from three sides",
    "Three ways in",
    "Webhooks tell",
    "It is no ground for a decision",
    "nothing judged here",
    "judged by starter",
    "What counted, and what each said alone",
    "each utterance counted by its length",
    "judged without the words",
    "the sound is silent throughout",
    "its content counts, not its name",
    "waiting for its turn",
    "appears here by itself",
    "repeated until it is taken",
    "starts again on",
    "There is no such page",
    "To the start",
    "what is as likely may change places",
)
SITE = ("frontend_site/app", "frontend_site/src")
SHOWN = {".py", ".ts", ".tsx", ".html", ".md", ".json"}


def files(places: Iterable[str], suffixes: Set[str]) -> list[Path]:
    """Return the files below these places of the checkout, by their suffixes."""
    roots = [ROOT / place for place in places]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return [path for path in found if path.suffix in suffixes and path.is_file()]


SOURCES = files(PACKAGES, {".py"})


def test_no_docstring_begins_as_a_riddle() -> None:
    riddles = [
        f"{path.relative_to(ROOT)}: {docstring.splitlines()[0]}"
        for path in [*SOURCES, *files(("tests",), {".py"})]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (docstring := ast.get_docstring(node)) is not None
        and RIDDLE.match(docstring)
    ]
    assert not riddles, "\n".join(riddles)


@pytest.mark.parametrize("pattern", REPLACED)
def test_replaced_names_do_not_come_back(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not found, f"use: {REPLACED[pattern]}\n" + "\n".join(found)


def test_replaced_messages_do_not_come_back() -> None:
    own = Path(__file__).resolve()
    found = [
        f"{path.relative_to(ROOT)}: {message}"
        for path in files((*PACKAGES, *SITE, "docs", "tests", "README.md"), SHOWN)
        if path.resolve() != own
        for text in [" ".join(path.read_text().split())]
        for message in OLD_MESSAGES
        if message in text
    ]
    assert not found, "\n".join(found)
