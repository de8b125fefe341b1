"""Make the demo shop's downloads, the same bytes always: `python -m shopfolio.ecommerce.demo.make_files`."""

import io
import json
import math
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import typst

from shopfolio.ecommerce.demo import barca

HERE = Path(__file__).parent
FILES = HERE / "files"
MOMENT = (2026, 2, 10, 9, 0, 0)
TIMESTAMP = 1770714000  # the same moment, in seconds

Book = dict[str, Any]


class Typst(HTMLParser):
    """Simple HTML as Typst code: text only ever in string literals, so that none of it is markup."""

    OPEN = {"p": "\n#par[", "h2": "\n#heading(level: 2)[", "ul": "\n#list(", "li": "[", "em": "#emph[",
            "strong": "#strong[", "blockquote": "\n#quote(block: true)[", "pre": "\n#block(raw(block: true, ",
            "code": "#raw("}  # fmt: skip
    CLOSE = {"p": "]", "h2": "]", "ul": ")", "li": "],", "em": "]", "strong": "]", "blockquote": "]",
             "pre": "))", "code": ")"}  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.code: list[str] = []
        self.within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within.append(tag)
        if not self._code_in_pre():
            self.code.append(self.OPEN[tag])

    def handle_endtag(self, tag: str) -> None:
        if not self._code_in_pre():
            self.code.append(self.CLOSE[tag])
        self.within.pop()

    def handle_data(self, data: str) -> None:
        if self.within and (data.strip() or self.within[-1] in {"em", "strong", "code"}):
            literal = json.dumps(data, ensure_ascii=False)
            self.code.append(literal if self.within[-1] == "code" else f"#{literal}")

    def _code_in_pre(self) -> bool:
        return self.within[-2:] == ["pre", "code"]


def as_typst(html: str) -> str:
    parser = Typst()
    parser.feed(html)
    return "".join(parser.code)


def swell(width: int = 600, height: int = 520) -> str:
    """The cover's drawing: lines over a swell, some of which stop where the pen ran dry."""
    lines: list[str] = []
    for i in range(44):
        points = []
        for x in range(0, width + 1, 4):
            lift = math.exp(-(((x - width * 0.54) / 130) ** 2 + ((i - 20) / 11) ** 2))
            y = 60 + i * 10 - 62 * lift * math.cos((x - width * 0.54) / 41 + (i - 20) / 7) - 18 * lift
            points.append(f"{x},{y:.1f}")
        dry = 20 + (i * 53) % 90 if i % 7 == 3 else len(points)
        parts = [" ".join(part) for part in (points[:dry], points[dry + 9 :]) if len(part) > 1]
        lines.extend(f'<polyline points="{part}"/>' for part in parts)
    strokes = "".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<g fill="none" stroke="#1c3ebe" stroke-width="1.6" stroke-linejoin="round">{strokes}</g></svg>\n'
    )


def pdf(source: str, pictures: Mapping[str, str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "main.typ").write_text(source, encoding="utf-8")
        for name, content in pictures.items():
            (root / name).write_text(content, encoding="utf-8")
        made = typst.compile(
            root / "main.typ", root=root, format="pdf", ignore_system_fonts=True, timestamp=TIMESTAMP
        )
    if not isinstance(made, bytes):
        raise TypeError("Typst made several files of one document.")
    return made


BOOK_STYLE = """
#set document(title: TITLE, author: AUTHOR)
#set page(paper: "a5", margin: (x: 18mm, top: 20mm, bottom: 22mm))
#set text(font: "Libertinus Serif", size: 10.5pt, lang: "en", region: "GB")
#set par(justify: true, leading: 0.68em, spacing: 0.9em)
#set list(marker: [–], spacing: 0.9em)
#show raw: set text(font: "DejaVu Sans Mono", size: 7.6pt)
#show quote: set text(style: "italic")
#show heading.where(level: 1): it => { pagebreak(); text(20pt, weight: "regular", it.body); v(14pt) }
#show heading.where(level: 2): set block(above: 18pt, below: 8pt)
#show heading.where(level: 2): set text(11pt)
#text(30pt)[#TITLE]
#v(-10pt)
#text(13pt)[#SUBTITLE]
#v(1fr)
#image("swell.svg", width: 100%)
#v(1fr)
#text(11pt)[#AUTHOR]
#pagebreak()
#set page(numbering: "1")
#v(1fr)
#par[#EDITION. Drawn and written in Lisbon. The code in this book is free for any use.]
#par[This copy is yours. Please do not pass it on.]
#outline(title: none, depth: 1)
"""


def book_pdf(book: Book) -> bytes:
    source = BOOK_STYLE
    for name in ("SUBTITLE", "TITLE", "AUTHOR", "EDITION"):
        source = source.replace(name, json.dumps(book[name.lower()], ensure_ascii=False))
    for chapter in book["chapter"]:
        source += f"\n#heading(level: 1)[#{json.dumps(chapter['title'])}]\n" + as_typst(chapter["body"])
    return pdf(source, {"swell.svg": swell()})


def archive(files: Mapping[str, str | bytes], *, stored: str = "") -> bytes:
    """A zip file that depends on its content only. `stored` names the one that must not be compressed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            bundle.writestr(info, content)
    return made.getvalue()


def xhtml(title: str, body: str, *, attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="en" xml:lang="en">\n<head><title>{title}</title>'
        f'<link rel="stylesheet" href="style.css"/></head>\n<body{attributes}>\n{body}</body>\n</html>\n'
    )


CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

BOOK_CSS = """body { line-height: 1.5; margin: 0 5%; }
h1 { font-weight: normal; margin: 3em 0 1.5em; }
h2 { font-size: 1.1em; margin-top: 2em; }
pre { font-size: 0.8em; white-space: pre-wrap; }
blockquote { font-style: italic; }
"""


def package(book: Book, pages: list[str]) -> str:
    svg = {"title": ' properties="svg"'}
    manifest = "".join(
        f'<item id="{page}" href="{page}.xhtml" media-type="application/xhtml+xml"{svg.get(page, "")}/>\n'
        for page in pages
    )
    spine = "".join(f'<itemref idref="{page}"/>' for page in pages)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{book["identifier"]}</dc:identifier>
<dc:title>{book["title"]}: {book["subtitle"]}</dc:title>
<dc:creator>{book["author"]}</dc:creator>
<dc:language>en</dc:language>
<meta property="dcterms:modified">2026-02-10T09:00:00Z</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
{manifest}</manifest>
<spine>{spine}</spine>
</package>
"""


def book_epub(book: Book) -> bytes:
    chapters = {f"chapter-{number}": chapter for number, chapter in enumerate(book["chapter"], 1)}
    entries = "".join(f'<li><a href="{name}.xhtml">{c["title"]}</a></li>' for name, c in chapters.items())
    nav = f'<nav epub:type="toc"><h1>Contents</h1><ol>{entries}</ol></nav>\n'
    title = f"<h1>{book['title']}</h1>\n<p>{book['subtitle']}<br/>{book['author']}</p>\n{swell()}"
    title += f"<p>{book['edition']}</p>\n"
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "book/book.opf": package(book, ["title", *chapters]),
        "book/nav.xhtml": xhtml("Contents", nav),
        "book/style.css": BOOK_CSS,
        "book/title.xhtml": xhtml(book["title"], title),
    }
    for name, chapter in chapters.items():
        body = f"<h1>{chapter['title']}</h1>\n{chapter['body'].lstrip()}"
        files[f"book/{name}.xhtml"] = xhtml(chapter["title"], body)
    return archive(files, stored="mimetype")


SPECIMEN = """
#set document(title: "Barca 0.6, specimen", author: "Ines Calder")
#set page(paper: "a4", margin: 22mm)
#set text(font: "Libertinus Serif", size: 10pt, lang: "en", region: "GB")
#image("word.svg", width: 100%)
#v(6mm)
Barca 0.6, single-line SVG letters, by Ines Calder. Twenty-six small letters, each a path or two,
for a pen, a knife, a laser or a chisel. Red: baseline 0 and x-height 512.
#v(10mm)
#image("row-0.svg", height: 30mm)
#image("row-1.svg", height: 30mm)
#image("row-2.svg", height: 30mm)
#v(1fr)
Lisbon, 2026
#pagebreak()
#image("text-0.svg", height: 9.5mm)
#v(-2mm)
#image("text-1.svg", height: 9.5mm)
#v(-2mm)
#image("text-2.svg", height: 9.5mm)
#v(10mm)
#image("text-0.svg", height: 4mm)
#v(-2mm)
#image("text-1.svg", height: 4mm)
#v(-2mm)
#image("text-2.svg", height: 4mm)
#v(14mm)
*What it does.* Arches do not touch their stems: the gap closes when the ink spreads. Strokes are in the
order of the hand, so that the pen ends near the next letter.

*What it does not.* There is no font file, since font formats want closed outlines. There are no capitals,
no figures and no accents yet. Letters are spaced by a table of widths and not in pairs, so look at your
r and v before you draw a wall.
"""


def specimen_pdf() -> bytes:
    lines = {"word.svg": barca.line_svg("barca", rules=True)}
    for number, row in enumerate(("abcdefghi", "jklmnopqr", "stuvwxyz")):
        lines[f"row-{number}.svg"] = barca.line_svg(row)
    for number, text in enumerate(
        ("a small boat of the kind", "that carried everything", "before the bridges")
    ):
        lines[f"text-{number}.svg"] = barca.line_svg(text)
    return pdf(SPECIMEN, lines)


def barca_zip() -> bytes:
    files: dict[str, str | bytes] = {
        "barca-0.6/README.txt": barca.README,
        "barca-0.6/LICENCE.txt": barca.LICENCE,
        "barca-0.6/specimen.pdf": specimen_pdf(),
        "barca-0.6/widths.csv": barca.widths(),
    }
    files |= {f"barca-0.6/letters/{letter}.svg": barca.letter_svg(letter) for letter in barca.LETTERS}
    return archive(files)


def main() -> None:
    book = tomllib.loads((HERE / "handbook.toml").read_text(encoding="utf-8"))
    FILES.mkdir(exist_ok=True)
    for name, content in (
        ("pen-up-pen-down.pdf", book_pdf(book)),
        ("pen-up-pen-down.epub", book_epub(book)),
        ("barca-0.6.zip", barca_zip()),
    ):
        (FILES / name).write_bytes(content)
        sys.stdout.write(f"{name}  {len(content):,} bytes\n")


if __name__ == "__main__":
    main()
