import pytest

from shopfolio.lib.measures import hold_together


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("on 300 g cotton paper", "on 300~g cotton paper"),
        ("50 × 70 cm, 2025", "50~×~70~cm, 2025"),
        ("0,4 s, 23 %.", "0,4~s, 23~%."),
    ],
)
def test_a_number_keeps_its_unit(written, shown):
    assert hold_together(written) == shown.replace("~", "\u00a0")


@pytest.mark.parametrize("text", ["12 men", "in 2025 a wall", "7 left", "1 × Night Bus", "a g b", ""])
def test_other_words_may_part(text):
    assert hold_together(text).replace("1\u00a0×", "1 ×") == text
