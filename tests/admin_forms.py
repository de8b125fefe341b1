"""The back office's forms, as a browser fills them in."""

from html.parser import HTMLParser
from typing import Any

from django.urls import reverse

from shopfolio.ecommerce.models import Product


def change_page(product: Product) -> str:
    return reverse("admin:ecommerce_product_change", args=[product.pk])


class Fields(HTMLParser):
    """The names and values in the form of an admin page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self.choices: set[str] = set()
        self.select = self.textarea = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in pairs}
        name = words.get("name", "")
        if tag == "input" and words.get("type") not in {"submit", "file", "checkbox", "radio"} and name:
            self.found[name] = words.get("value", "")
        elif tag == "input" and words.get("type") == "radio":
            self.choices.add(name)
            self.found.setdefault(name, words["value"])
        elif tag == "input" and name and "checked" in words:
            self.note(name, words.get("value", "on"))
        elif tag in {"select", "textarea"}:
            self.select, self.textarea = (name, "") if tag == "select" else ("", name)
            self.choices |= {self.select} - {""}
            if "multiple" not in words:
                self.found[name] = ""
        elif tag == "option" and "selected" in words and self.select:
            self.note(self.select, words.get("value", ""))

    def note(self, name: str, value: str) -> None:
        """Of what may be chosen several times, all."""
        before = self.found.get(name)
        if not before:
            self.found[name] = value
        else:
            self.found[name] = [*(before if isinstance(before, list) else [before]), value]

    def handle_data(self, text: str) -> None:
        if self.textarea:
            self.found[self.textarea] += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.textarea = ""


def filled_in(page: Any) -> dict[str, Any]:
    """What a browser would send back for the form as it was shown."""
    return read_form(page).found


def read_form(page: Any) -> Fields:
    parser, text = Fields(), page.content.decode()
    parser.feed(text[text.index('id="content-main"') :])
    parser.found = {
        name: value
        for name, value in parser.found.items()
        if "__prefix__" not in name and not name.startswith(("csrf", "_"))
    }
    return parser
