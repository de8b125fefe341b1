"""Short lists that the owner writes, a row for each item: checked one by one, for pages trust their shape."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from unicodedata import category

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shopfolio.lib.locales import countries, locale_of

MOST_ITEMS = 200

Item = Callable[[Any], Any]
"""Gives an item as it is to be kept; raises ValidationError for what is none."""


NAMES = {
    "fluency": _("How well"),
    "label": _("Name"),
    "language": _("Language"),
    "unit": _("Unit"),
    "url": _("Address"),
    "value": _("Figure"),
}
"""What people read above the parts of a row."""

SPARE_ROWS = 2


class RowsWidget(forms.Widget):
    """A line of boxes for each item, and some for new ones; what is empty is left out.

    The field speaks JSON, which this puts into boxes and takes out of them.
    """

    template_name = "includes/rows.html"
    use_fieldset = True

    def __init__(self, names: Sequence[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.names = names

    def id_for_label(self, id_: str) -> str:
        return ""  # each box says itself what it is

    @property
    def media(self) -> forms.Media:
        return forms.Media(js=[forms.Script("shopfolio/rows.js", type="module")])  # type: ignore[list-item]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        try:
            items = json.loads(value or "[]")
        except ValueError:
            items = []
        kept = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        context["names"] = [NAMES[part] for part in self.names]
        context["rows"] = [
            [(f"{name}-{number}-{part}", NAMES[part], row.get(part, "")) for part in self.names]
            for number, row in enumerate([*kept, *[{}] * SPARE_ROWS])
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        rows = []
        for number in range(MOST_ITEMS + 1):
            typed = {part: data.get(f"{name}-{number}-{part}") for part in self.names}
            if all(text is None for text in typed.values()):
                break
            if any(text and text.strip() for text in typed.values()):
                rows.append(typed)
        return json.dumps(rows)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-0-{self.names[0]}" not in data


class CountriesWidget(forms.CheckboxSelectMultiple):
    """Countries by name, each with a box; the field speaks JSON here too."""

    template_name = "includes/ticks.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"title": _("Countries"), **(attrs or {})})

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        # What is ticked comes first: two hundred others are below.
        self.choices = sorted(countries([], get_language() or "en"), key=lambda each: each[0] not in value)
        return super().optgroups(name, value, attrs)

    def format_value(self, value: Any) -> list[str]:
        try:
            codes = json.loads(value or "[]")
        except ValueError:
            codes = []
        return [str(code) for code in codes] if isinstance(codes, list) else []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return json.dumps(data.getlist(name))


class ListFormField(forms.CharField):
    default_error_messages = {"invalid": _("This is no list as in the example; mind its quotation marks.")}

    def __init__(self, *, item: Item, **kwargs: Any) -> None:
        names = getattr(item, "names", None)
        widget = RowsWidget(names) if names else CountriesWidget() if item is country else forms.Textarea()
        super().__init__(**({"widget": widget} | kwargs))
        self.item = item

    def prepare_value(self, value: Any) -> Any:
        """What was typed comes back as it was typed."""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return [self._kept(number, item) for number, item in enumerate(self._read(text or "[]"), start=1)]

    def _read(self, text: str) -> list[Any]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):  # no JSON; a number of 5,000 digits; a thousand brackets
            found = None
        if not isinstance(found, list):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(found) > MOST_ITEMS:
            raise ValidationError(_("More than %(most)s do not fit."), params={"most": MOST_ITEMS})
        return found

    def _kept(self, number: int, item: Any) -> Any:
        try:
            return self.item(item)
        except ValidationError as error:
            fault = {"number": number, "fault": " ".join(error.messages)}
            raise ValidationError(_("Item %(number)s: %(fault)s"), params=fault) from error


def word(value: Any) -> str:
    """Text that every database holds. JSON's escapes can write half a character, which none does."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value}"
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise ValidationError(_("A word or a few are missing."))
    if any(category(sign) in {"Cc", "Cs"} for sign in value):
        raise ValidationError(_("There is a sign in it that cannot be written down."))
    return value.strip()


def web_address(value: Any) -> str:
    address = word(value)
    if not address.startswith("mailto:"):
        URLValidator(schemes=["http", "https"], message=_("No web address such as https://example.org."))(
            address
        )
    return address


def country(value: Any) -> str:
    code = word(value)
    if len(code) != 2 or not code.isalpha() or code not in locale_of("en").territories:
        raise ValidationError(_("“%(code)s” is no country’s code, such as PT."), params={"code": code})
    return code


def row_of(*names: str, **others: Item) -> Item:
    """Items with these names; the first must be there. others: names whose values are more than words."""
    items = dict.fromkeys(names, word) | others

    def row(value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or value.keys() - items.keys() or next(iter(items)) not in value:
            raise ValidationError(_("Its names must be: %(names)s."), params={"names": ", ".join(items)})
        return {name: items[name](part) for name, part in value.items() if part not in ("", None)}

    row.names = tuple(items)  # type: ignore[attr-defined]
    return row
