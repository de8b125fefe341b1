import json

import pytest
from django.core.exceptions import ValidationError

from shopfolio.lib.lists import MOST_ITEMS, ListFormField, country, row_of, web_address, word

FIGURE = row_of("value", "unit", "label")
LINK = row_of("label", url=web_address)


def clean(text, item=FIGURE):
    return ListFormField(item=item, required=False).clean(text)


def test_a_list_is_kept_as_it_was_written():
    text = '[{"value": "38", "unit": "m", "label": "of wall"}, {"value": "120", "label": "é 日本 👩‍🎨"}]'

    assert clean(text) == json.loads(text)


@pytest.mark.parametrize("text", ["", " \n", "[]"])
def test_an_empty_box_is_an_empty_list(text):
    assert clean(text) == []


def test_numbers_are_words_and_what_is_empty_is_left_out():
    assert clean('[{"value": 38, "unit": "", "label": null}, {"value": 1.5}]') == [
        {"value": "38"},
        {"value": "1.5"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x", "{}", "5", '"words"', "null", "true", "NaN", "[", "[1,]", "[{'value': '38'}]", "[NaN",
        "9" * 5_000, "[" + "9" * 5_000 + "]", "[" * 100_000, '["' + "x" * 20, "[“38”]", "\ufeff[]",
    ],
)  # fmt: skip
def test_what_is_no_list_is_named(text):
    with pytest.raises(ValidationError, match="This is no list as in the example"):
        clean(text)


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ('{"value": "\\ud800"}', "Item 2: There is a sign in it that cannot be written down."),
        ('{"value": "a\\u0000b"}', "Item 2: There is a sign in it that cannot be written down."),
        ('{"value": "a\\nb"}', "Item 2: There is a sign in it that cannot be written down."),
        ('{"value": " "}', "Item 2: A word or a few are missing."),
        ('{"value": ["38"]}', "Item 2: A word or a few are missing."),
        ('{"value": {}}', "Item 2: A word or a few are missing."),
        ('{"value": true}', "Item 2: A word or a few are missing."),
        ('{"value": "%s"}' % ("x" * 501), "Item 2: A word or a few are missing."),
        ('{"label": "of wall"}', "Item 2: Its names must be: value, unit, label."),
        ('{"value": "1", "colour": "red"}', "Item 2: Its names must be: value, unit, label."),
        ('"38"', "Item 2: Its names must be: value, unit, label."),
        ("38", "Item 2: Its names must be: value, unit, label."),
        ("null", "Item 2: Its names must be: value, unit, label."),
        ("[[]]", "Item 2: Its names must be: value, unit, label."),
    ],
)
def test_a_wrong_item_is_named_by_its_number(item, fault):
    with pytest.raises(ValidationError) as refused:
        clean(f'[{{"value": "1"}}, {item}]')

    assert refused.value.messages == [fault]


def test_half_a_character_is_no_word_even_when_its_other_half_is_near():
    assert word("\U0001f469") == "\U0001f469"
    assert clean('[{"value": "\\ud83d\\udc69"}]') == [{"value": "\U0001f469"}]
    with pytest.raises(ValidationError):
        clean('[{"value": "\\udc69\\ud83d"}]')


@pytest.mark.parametrize("url", ["https://example.org/é?a=b", "http://example.org", "mailto:ana@example.org"])
def test_a_link_leads_to_the_web_or_a_mailbox(url):
    assert clean(json.dumps([{"label": "Code", "url": url}]), LINK) == [{"label": "Code", "url": url}]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//example.org", "data:text/html,x", "ftp://example.org", "x"]
)
def test_a_link_that_leads_elsewhere_is_refused(url):
    with pytest.raises(ValidationError, match="No web address such as"):
        clean(json.dumps([{"label": "Code", "url": url}]), LINK)


def test_countries_are_known():
    assert clean('["PT", "ES"]', country) == ["PT", "ES"]
    for code in ("pt", "XX", "PRT", "P", "12", "19"):
        with pytest.raises(ValidationError, match="is no country’s code"):
            clean(json.dumps([code]), country)


def test_too_long_a_list_is_refused():
    assert len(clean(json.dumps([{"value": "1"}] * MOST_ITEMS))) == MOST_ITEMS
    with pytest.raises(ValidationError, match="More than 200 do not fit"):
        clean(json.dumps([{"value": "1"}] * (MOST_ITEMS + 1)))


def test_what_was_typed_comes_back_as_it_was_typed():
    field = ListFormField(item=FIGURE)

    assert field.prepare_value('[{"value" : "38"') == '[{"value" : "38"'
    assert field.prepare_value([{"value": "é"}]) == '[{"value": "é"}]'
