"""docs/security.md names tests that exist, for every chapter that it promises something in."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
CHAPTERS = dict(re.findall(r"^## (V\d+) [^\n]+\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


@cache
def functions_of(place: str) -> set[str]:
    tree = ast.parse((ROOT / place).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("place", "test"), NAMED)
def test_what_the_document_names_is_a_test(place: str, test: str) -> None:
    assert (ROOT / place).is_file()
    assert not test or (test.startswith("test_") and test in functions_of(place))


def test_every_chapter_of_the_standard_is_there() -> None:
    assert list(CHAPTERS) == [f"V{number}" for number in range(1, 18)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_that_promises_something_names_its_tests(chapter: str) -> None:
    text = CHAPTERS[chapter]

    assert "Does not apply" in text or re.search(r"`tests/[\w/]+\.py::test_", text)


def test_the_document_is_read_rightly() -> None:
    assert len(NAMED) > 80
    assert all(line.count("`") % 2 == 0 for line in TEXT.splitlines())
