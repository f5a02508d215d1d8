"""The TypeScript client's own checks: its types, its form, and its tests before servers that fail."""

import json

import pytest

from tests.clients import typescript

pytestmark = pytest.mark.skipif(typescript.MISSING is not None, reason=str(typescript.MISSING))


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    typescript.build("tsconfig.test.json")


def test_it_needs_neither_node_nor_a_dependency() -> None:
    """The sources compile without Node's types, so they run in browsers."""
    typescript.build("tsconfig.json")
    assert "dependencies" not in json.loads((typescript.FOLDER / "package.json").read_text())


def test_its_own_tests_pass() -> None:
    typescript.run_tests("client")


def test_it_is_formatted_and_linted() -> None:
    typescript.check_format()
    typescript.lint()
