import pytest

from shopfolio.lib.measures import hold_together


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("on 300 g cotton paper", "on 300~g cotton paper"),
        ("50 × 70 cm, 2025", "50~×~70~cm, 2025"),
        ("0,4 s, 23 %.", "0,4~s, 23~%."),
        ("1 × Night Bus", "1~× Night Bus"),
    ],
)
def test_a_number_keeps_its_unit(written, shown):
    assert hold_together(written) == shown.replace("~", "\u00a0")


@pytest.mark.parametrize("text", ["12 men", "in 2025 a wall", "7 left", "a g b", ""])
def test_other_words_may_part(text):
    assert hold_together(text) == text
