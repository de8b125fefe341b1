"""Words as the search sees them; and nothing that anybody types makes it stumble."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shopfolio.lib.words import LONGEST, MOST_TYPED, MOST_WORDS, Query, composed, words

any_text = st.text(alphabet=st.characters(codec=None, exclude_categories=[]), max_size=60)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Résumé", {"resume"}),
        ("re\u0301sume\u0301", {"resume"}),
        ("Größe, GRÖSSE & Straße", {"grosse", "strasse"}),
        ("København łódź Þór", {"kobenhavn", "lodz", "thor"}),
        ("İstanbul ISPARTA ı", {"istanbul", "isparta", "i"}),
        ("C++, c# or F#?", {"c++", "c#", "or", "f#"}),
        (".NET node.js a+b #5 page#top", {"net", "node", "js", "a", "b", "5", "page", "top"}),
        ("don't well-kept e-mail snake_case", {"don", "t", "well", "kept", "e", "mail", "snake", "case"}),
        ("日本語", {"日", "本", "語", "日本", "本語"}),
        ("東京2026", {"東", "京", "東京", "2026"}),
        ("か\u3099", {"が"}),
        ("ไทย", {"ไ", "ท", "ย", "ไท", "ทย"}),
        ("한국어 हिन्दी", {"한국어", "हिन्दी"}),
        ("שָׁלוֹם كِتَاب", {"שלום", "كتاب"}),
        ("ёлка Ελλάδα", {"елка", "ελλαδα"}),
        ("❤\ufe0f 🎨🏽 👩\u200d🎨", {"❤", "🎨", "👩"}),
        ("ﬁn ① Ａ ½", {"fin", "1", "a", "2"}),
        ("soft\u00adhyphen \u200bzero", {"softhyphen", "zero"}),
        ("the of and", {"the", "of", "and"}),
        ("\x00 \ud800 !!! \"'\\ *:-()", set()),
        ("", set()),
    ],
)
def test_a_text_is_found_by_its_words(text, found):
    assert words(text) == found


def test_of_a_query_the_last_word_may_be_a_beginning():
    query = Query.of("  Pen pen PLOT ")

    assert (query.text, query.whole, query.beginning) == ("Pen pen PLOT", ("pen",), "plot")
    assert [query.wants(word) for word in ("pen", "pens", "plotter", "lot")] == [True, False, True, False]


def test_one_letter_is_a_word_and_no_beginning():
    query = Query.of("c")

    assert (query.whole, query.beginning) == (("c",), "")


def test_text_without_spaces_is_looked_for_by_every_two_signs():
    query = Query.of("日本語")

    assert (query.whole, query.beginning) == (("日本",), "本語")


def test_a_query_is_cut_to_what_somebody_may_mean():
    assert len(Query.of("x" * 10_000).text) == MOST_TYPED
    assert Query.of("x" * 10_000).beginning == "x" * LONGEST
    assert Query.of("y" * LONGEST).wants(min(words("y" * 500)))
    many = Query.of(" ".join(f"w{number}" for number in range(40)))
    assert len(many.whole) + bool(many.beginning) == MOST_WORDS


@pytest.mark.parametrize("empty", ["", "   ", "\x00", "\ud800", "!!!", "\u200b", "\u0301"])
def test_a_query_without_words_is_none(empty):
    assert not Query.of(empty)


@given(any_text)
@example("½ﷺŉ")
@example("a\u0301\u0345b")
@example("\U0001f469\u200d\U0001f3a8")
def test_any_text_is_found_by_what_it_says(text):
    """With the same text as query every word is wanted, and each place holds a word that is."""
    found, query = words(text), Query.of(text)

    assert {*query.whole, *([query.beginning] if query.beginning else [])} <= found
    assert all(word and not set(word) & set(" '\"\\*:&|!()<>=~") for word in found)
    places = list(query.places(composed(text)))
    assert bool(places) == bool(query)
    assert all(0 <= place.start < place.stop <= len(composed(text)) for place in places)


@pytest.mark.parametrize(
    ("typed", "text", "marked"),
    [
        ("resume", "Her Résumé, résumés", ["Résumé", "résumés"]),
        ("strasse", "die Straße", ["Straße"]),
        ("c++", "C++ and c", ["C++"]),
        ("fin", "ﬁn", ["ﬁn"]),
        ("b", "a 👩\u200d🎨 b", ["b"]),
        ("日本", "新日本語", ["日本"]),
    ],
)
def test_a_query_knows_where_its_words_stand(typed, text, marked):
    assert [text[place] for place in Query.of(typed).places(text)] == marked
