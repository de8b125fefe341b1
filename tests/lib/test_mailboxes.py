"""Many spellings of one mailbox."""

import pytest

from shopfolio.lib.forms import MailAddressField
from shopfolio.lib.mailboxes import mailbox, one_spelling


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana@example.org", "Ana@example.org"),
        ("ana@EXAMPLE.org", "ana@example.org"),
        ("ana@ｅxample.org", "ana@example.org"),
        ("ana@exa\u00admple.org", "ana@example.org"),
        ("ana@g\u0131thub.com", "ana@xn--gthub-n4a.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_a_field_keeps_one_spelling_of_an_address(typed, kept):
    assert MailAddressField().clean(typed) == kept


@pytest.mark.parametrize("typed", ["", "ana", "@", "ana@", "a@b..c", "a@" + "ü" * 70, "ana@exa mple.org"])
def test_what_is_no_address_stays_as_it_is(typed):
    assert one_spelling(typed) == typed


@pytest.mark.parametrize(
    "typed", ["Ana+news@example.org", '"ana"@example.org', '"a\\na+x"@Example.org', "a.na@example.org"]
)
def test_what_reaches_one_mailbox_counts_as_one(typed):
    assert mailbox(typed) == "ana@example.org"


def test_other_people_are_others():
    assert len({mailbox(each) for each in ("ana@example.org", "rui@example.org", "ana@example.com")}) == 3
