from tests import audit

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
WEAK = {
    "name": "pillow",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}],
}
SKIPPED = {"name": "typst", "skip_reason": "not found on PyPI"}


def test_when_everything_was_asked_about_and_nothing_is_known_all_is_well() -> None:
    assert audit.verdict({"dependencies": [CLEAN]}) == (["1 packages audited, 0 weaknesses known."], True)


def test_a_known_weakness_is_named_with_its_cure() -> None:
    lines, is_well = audit.verdict({"dependencies": [CLEAN, WEAK]})

    assert lines == ["pillow 1.0: PYSEC-1, mended in 1.1", "2 packages audited, 1 weaknesses known."]
    assert not is_well


def test_an_accepted_one_is_left_out(monkeypatch) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-1": "not on our way"})

    assert audit.verdict({"dependencies": [WEAK]})[1]


def test_what_was_not_asked_about_is_named_and_is_not_well() -> None:
    lines, is_well = audit.verdict({"dependencies": [CLEAN, SKIPPED]})

    assert lines[-1] == "Not audited (1): typst."
    assert not is_well


def test_no_answer_at_all_is_no_clean_bill() -> None:
    lines, is_well = audit.verdict({"dependencies": [SKIPPED]})

    assert lines == ["Nothing was audited: the advisory database (pypi.org) does not answer here."]
    assert not is_well
